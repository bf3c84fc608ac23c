"""Videos as the studio keeps them: taken, rendered by one process, charged, deleted.

A video is `pending`, then `processing` while one studio process (its `owner`) renders
it, then `completed` or `failed` for good. Not for making pictures: `rendering` does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidbuild.studio.store import transaction

_TO_RENDER = "SELECT * FROM videos WHERE unfinished AND due_at IS NULL ORDER BY seq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One row. Times are unix seconds; `folder` is None where the bundled sample stands in."""

    seq: int
    video_id: str
    idempotency_key: str | None
    request: Mapping[str, Any]
    title: str | None
    status: str
    created_at: float
    due_at: float | None
    owner: str | None
    crashes: int
    completed_at: float | None
    duration: float | None
    folder: str | None
    failure_code: str | None
    failure_message: str | None
    charged_usd: float
    deleted: bool


def add(
    db: sqlite3.Connection,
    *,
    video_id: str,
    key: str | None,
    request: Mapping[str, Any],
    title: str | None,
    at: float,
    due_at: float | None,
) -> None:
    """Takes a job. `due_at`: when a simulated render will be done; None for a real one."""
    db.execute(
        "INSERT INTO videos (video_id, idempotency_key, request, title, status, created_at, due_at)"
        " VALUES (?, ?, ?, ?, 'pending', ?, ?)",
        (video_id, key, json.dumps(request), title, at, due_at),
    )


def find(db: sqlite3.Connection, video_id: str) -> Video | None:
    found = _rows(db, "SELECT * FROM videos WHERE video_id = ? AND NOT deleted", (video_id,))
    return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a video stands, in the words of its row, and why it failed."""

    word: str
    code: str | None
    message: str | None


def statuses(db: sqlite3.Connection, video_ids: Sequence[str]) -> dict[str, Status]:
    """The status of each id that exists."""
    found = db.execute(
        "SELECT video_id, status, failure_code, failure_message FROM videos"
        " WHERE video_id IN (SELECT value FROM json_each(?)) AND NOT deleted",
        (json.dumps(video_ids),),
    )
    return {row[0]: Status(word=row[1], code=row[2], message=row[3]) for row in found}


def page(
    db: sqlite3.Connection, *, limit: int, before: int | None, title: str | None
) -> list[Video]:
    """Newest first, at most `limit`, older than the row `before`, `title` in their title."""
    query = (
        "SELECT * FROM videos WHERE NOT deleted AND seq < COALESCE(?, seq + 1)"
        " AND (? IS NULL OR instr(title, ?)) ORDER BY seq DESC LIMIT ?"
    )
    return list(_rows(db, query, (before, title, title, limit)))


def ledger(db: sqlite3.Connection) -> Iterator[str]:
    """Every job ever taken, oldest first, deleted ones too, as JSON. The requests are JSON in the
    store and stay it: ten thousand of them are not read to be written."""
    for row in db.execute(
        "SELECT video_id, idempotency_key, charged_usd, created_at, request,"
        " CASE WHEN deleted THEN 'deleted' ELSE status END AS status FROM videos ORDER BY seq"
    ):
        facts = {name: row[name] for name in ("video_id", "idempotency_key", "status")}
        facts |= {"charged_usd": row["charged_usd"], "created_at": int(row["created_at"])}
        yield f'{json.dumps(facts)[:-1]}, "request": {row["request"]}}}'


def in_flight(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM videos WHERE unfinished").fetchone()[0])


def due(db: sqlite3.Connection, now: float) -> list[Video]:
    """Simulated renders whose time has come, in the order in which they came due."""
    query = "SELECT * FROM videos WHERE unfinished AND due_at <= ? ORDER BY due_at, seq"
    return list(_rows(db, query, (now,)))


def next_due(db: sqlite3.Connection) -> float | None:
    row = db.execute("SELECT MIN(due_at) FROM videos WHERE unfinished").fetchone()
    return None if row[0] is None else float(row[0])


def delete(db: sqlite3.Connection, video_id: str) -> Video | None:
    """Forgets a video for everybody but the ledger; gives what it was."""
    with transaction(db):
        video = find(db, video_id)
        db.execute("UPDATE videos SET deleted = 1 WHERE video_id = ?", (video_id,))
    return video


def anything_for(db: sqlite3.Connection, owner: str) -> bool:
    """Whether a claim might find something; asked often, so it takes no lock."""
    query = "SELECT 1 FROM videos WHERE unfinished AND due_at IS NULL AND owner IS NOT ? LIMIT 1"
    return db.execute(query, (owner,)).fetchone() is not None


def wanted(db: sqlite3.Connection, video_id: str) -> bool:
    """Whether a video is still to be rendered: neither ended nor deleted."""
    query = "SELECT 1 FROM videos WHERE video_id = ? AND unfinished"
    return db.execute(query, (video_id,)).fetchone() is not None


def claim(db: sqlite3.Connection, owner: str, alive: Callable[[str], bool]) -> Video | None:
    """The oldest job that nobody renders, now `owner`'s: also one whose owner has died."""
    with transaction(db):
        for video in _rows(db, _TO_RENDER, ()):
            if video.owner is None or (video.owner != owner and not alive(video.owner)):
                db.execute(
                    "UPDATE videos SET status = 'processing', owner = ? WHERE seq = ?",
                    (owner, video.seq),
                )
                return video
    return None


def release(db: sqlite3.Connection, video_id: str, *, crashed: bool) -> None:
    """Gives a job back: `crashed` counts, so that a job which kills its renderer ends."""
    db.execute(
        "UPDATE videos SET status = 'pending', owner = NULL, crashes = crashes + ?"
        " WHERE video_id = ? AND unfinished",
        (int(crashed), video_id),
    )


def complete(
    db: sqlite3.Connection,
    video_id: str,
    *,
    at: float,
    duration: float,
    charge: float,
    folder: str | None,
) -> bool:
    """Ends a render well and charges it, once. False where it had ended or was deleted."""
    done = db.execute(
        "UPDATE videos SET status = 'completed', completed_at = ?, duration = ?, charged_usd = ?,"
        " folder = ?, owner = NULL WHERE video_id = ? AND unfinished",
        (at, duration, charge, folder, video_id),
    )
    return done.rowcount == 1


def fail(db: sqlite3.Connection, video_id: str, *, at: float, code: str, message: str) -> bool:
    """Ends a render badly: nothing is charged."""
    done = db.execute(
        "UPDATE videos SET status = 'failed', completed_at = ?, failure_code = ?,"
        " failure_message = ?, owner = NULL WHERE video_id = ? AND unfinished",
        (at, code, message, video_id),
    )
    return done.rowcount == 1


def _rows(db: sqlite3.Connection, query: str, values: Sequence[Any]) -> Iterator[Video]:
    for row in db.execute(query, tuple(values)).fetchall():
        facts = dict(row)
        del facts["unfinished"]
        facts["request"] = json.loads(facts["request"])
        facts["deleted"] = bool(facts["deleted"])
        yield Video(**facts)
