"""Texts that were spoken by themselves: what was asked, where the recording is, what it cost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """One row. `path` is relative to the studio's folder."""

    speech_id: str
    request: Mapping[str, Any]
    path: str
    seconds: float
    charged_usd: float
    created_at: float


def add_speech(db: sqlite3.Connection, speech: SpokenText) -> None:
    """Records and charges it."""
    db.execute(
        "INSERT INTO speeches (speech_id, request, path, seconds, charged_usd, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            speech.speech_id,
            json.dumps(speech.request),
            speech.path,
            speech.seconds,
            speech.charged_usd,
            speech.created_at,
        ),
    )


def find_speech(db: sqlite3.Connection, speech_id: str) -> SpokenText | None:
    found = _rows(db, "SELECT * FROM speeches WHERE speech_id = ?", speech_id)
    return next(found, None)


def all_speeches(db: sqlite3.Connection) -> Iterator[SpokenText]:
    """Oldest first: a part of the ledger."""
    return _rows(db, "SELECT * FROM speeches ORDER BY seq")


def _rows(db: sqlite3.Connection, query: str, *values: Any) -> Iterator[SpokenText]:
    for row in db.execute(query, values).fetchall():
        facts = dict(row)
        del facts["seq"]
        yield SpokenText(**{**facts, "request": json.loads(facts["request"])})
