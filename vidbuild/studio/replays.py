"""Idempotency keys: the first answer under a key, replayed for a day.

A key belongs to one operation. While its first request runs the key is reserved by the
process that runs it; a reservation dies with that process.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from vidbuild.studio.store import transaction

LIFETIME = 24 * 3600.0
VALID_KEY = re.compile(r"[A-Za-z0-9_:.-]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The first answer, as it was sent."""

    status: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """The first request under this key is still being answered."""


def reserve(
    db: sqlite3.Connection,
    scope: str,
    key: str,
    *,
    owner: str,
    now: float,
    alive: Callable[[str], bool],
) -> Replay | Busy | None:
    """None: the key is ours until `keep` or `drop`. Keys that are too old are forgotten.

    `alive` says whether an owner is still at work on the key.
    """
    with transaction(db):
        db.execute("DELETE FROM replays WHERE at <= ?", (now - LIFETIME,))
        row = db.execute(
            "SELECT * FROM replays WHERE scope = ? AND idempotency_key = ?", (scope, key)
        ).fetchone()
        if row is not None:
            if row["status"] is not None:
                return Replay(status=row["status"], body=row["body"])
            if alive(row["owner"]):
                return Busy()
        db.execute(
            "INSERT OR REPLACE INTO replays VALUES (?, ?, ?, ?, NULL, NULL)",
            (scope, key, now, owner),
        )
    return None


def keep(db: sqlite3.Connection, scope: str, key: str, *, status: int, body: str) -> None:
    """The answer that every repeat gets. Call it in the transaction that did the work."""
    db.execute(
        "UPDATE replays SET status = ?, body = ? WHERE scope = ? AND idempotency_key = ?",
        (status, body, scope, key),
    )


def put(
    db: sqlite3.Connection, scope: str, key: str, *, owner: str, now: float, status: int, body: str
) -> None:
    """An answer in place of whatever the key has had."""
    db.execute(
        "INSERT OR REPLACE INTO replays VALUES (?, ?, ?, ?, ?, ?)",
        (scope, key, now, owner, status, body),
    )


def answered(db: sqlite3.Connection, scope: str, key: str) -> bool:
    """Whether the key has an answer, or will have the one of a request in progress."""
    query = "SELECT 1 FROM replays WHERE scope = ? AND idempotency_key = ?"
    return db.execute(query, (scope, key)).fetchone() is not None


def drop(db: sqlite3.Connection, scope: str, key: str) -> None:
    """Frees a key whose request came to nothing: a refusal is not replayed."""
    db.execute(
        "DELETE FROM replays WHERE scope = ? AND idempotency_key = ? AND status IS NULL",
        (scope, key),
    )
