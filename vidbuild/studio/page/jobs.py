"""What the page asks the store: pages of jobs, how many there are of each kind, what they cost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["pending", "processing", "completed", "failed", "deleted"]
STATES: tuple[State, ...] = ("pending", "processing", "completed", "failed", "deleted")

_STATE = "CASE WHEN deleted THEN 'deleted' ELSE status END"
_COLUMNS = (
    f"seq, video_id, idempotency_key, request, title, {_STATE} AS state, created_at,"
    " completed_at, duration, failure_code, failure_message, charged_usd"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the ledger. Times are unix seconds."""

    seq: int
    video_id: str
    idempotency_key: str | None
    request: Mapping[str, Any]
    title: str | None
    state: State
    created_at: float
    completed_at: float | None
    duration: float | None
    failure_code: str | None
    failure_message: str | None
    charged_usd: float


def counts(db: sqlite3.Connection) -> dict[State, int]:
    """How many jobs there are in each state."""
    found = db.execute(f"SELECT {_STATE} AS state, COUNT(*) AS n FROM videos GROUP BY state")  # noqa: S608 - the same
    numbers = {row["state"]: row["n"] for row in found}
    return {state: numbers.get(state, 0) for state in STATES}


def page_of(
    db: sqlite3.Connection, *, states: tuple[State, ...], size: int, page: int
) -> list[Job]:
    """The jobs of a page (from 1) among those in `states`, newest first."""
    query = (
        f"SELECT {_COLUMNS} FROM videos WHERE {_STATE} IN (SELECT value FROM json_each(?))"  # noqa: S608 - the same
        " ORDER BY seq DESC LIMIT ? OFFSET ?"
    )
    return [_job(row) for row in db.execute(query, (json.dumps(states), size, (page - 1) * size))]


def one(db: sqlite3.Connection, video_id: str) -> Job | None:
    query = f"SELECT {_COLUMNS} FROM videos WHERE video_id = ?"  # noqa: S608 - the same
    row = db.execute(query, (video_id,)).fetchone()
    return None if row is None else _job(row)


def beside(db: sqlite3.Connection, job: Job) -> tuple[str | None, str | None]:
    """The ids of the next newer and the next older job that is not deleted."""
    newer, older = (
        db.execute(f"{query} LIMIT 1", (job.seq,)).fetchone()
        for query in (
            "SELECT video_id FROM videos WHERE seq > ? AND NOT deleted ORDER BY seq",
            "SELECT video_id FROM videos WHERE seq < ? AND NOT deleted ORDER BY seq DESC",
        )
    )
    return newer and newer[0], older and older[0]


def texts_spoken(db: sqlite3.Connection) -> int:
    """How many texts were spoken by themselves."""
    return int(db.execute("SELECT COUNT(*) FROM speeches").fetchone()[0])


def spent(db: sqlite3.Connection) -> float:
    """What all jobs and spoken texts together were charged, in USD."""
    return float(db.execute("SELECT spent FROM wallet").fetchone()[0])


def _job(row: sqlite3.Row) -> Job:
    facts = dict(row)
    facts["request"] = json.loads(facts["request"])
    return Job(**facts)
