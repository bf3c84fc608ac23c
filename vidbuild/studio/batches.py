"""Batches as the studio keeps them: what came in one request, each member by itself.

A member is a video or an upload; where it stands is in its own row, not here. One that was
refused has an error and no id.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["videos", "assets"]
Word = Literal["queued", "processing", "completed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One row."""

    seq: int
    batch_id: str
    kind: Kind
    title: str | None
    callback_url: str | None
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One member of a batch: its id, or why it was refused."""

    batch_id: str
    item_index: int
    member_id: str | None
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a member stands, and why it failed."""

    word: Word
    error: Mapping[str, Any] | None = None


def add_batch(
    db: sqlite3.Connection,
    *,
    batch_id: str,
    kind: Kind,
    title: str | None,
    callback_url: str | None,
    at: float,
    members: Sequence[str | Mapping[str, Any]],
) -> None:
    """Takes a batch. A member is an id, or the error that it was refused with."""
    db.execute(
        "INSERT INTO batches (batch_id, kind, title, callback_url, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (batch_id, kind, title, callback_url, at),
    )
    db.executemany(
        "INSERT INTO batch_items VALUES (?, ?, ?, ?)",
        [
            (batch_id, index, member, None)
            if isinstance(member, str)
            else (batch_id, index, None, json.dumps(member))
            for index, member in enumerate(members)
        ],
    )


def find_batch(db: sqlite3.Connection, kind: Kind, batch_id: str) -> Batch | None:
    query = "SELECT * FROM batches WHERE batch_id = ? AND kind = ?"
    row = db.execute(query, (batch_id, kind)).fetchone()
    return None if row is None else Batch(**dict(row))


def items(db: sqlite3.Connection, batch_id: str) -> list[Item]:
    """All members, in their order."""
    query = "SELECT * FROM batch_items WHERE batch_id = ? ORDER BY item_index"
    return [_item(row) for row in db.execute(query, (batch_id,))]


def memberships(db: sqlite3.Connection, member_ids: Sequence[str]) -> dict[str, Item]:
    """The batch that each of these came in, if it came in one."""
    found = db.execute(
        "SELECT * FROM batch_items WHERE member_id IN (SELECT value FROM json_each(?))",
        (json.dumps(member_ids),),
    )
    return {row["member_id"]: _item(row) for row in found}


def overall(words: Counter[str]) -> str:
    """Where a batch stands whose members stand so: it has failed where all of them have."""
    if words["queued"] or words["processing"]:
        return "processing"
    return "completed" if words["completed"] or not words else "failed"


def _item(row: sqlite3.Row) -> Item:
    error = row["error"]
    return Item(
        batch_id=row["batch_id"],
        item_index=row["item_index"],
        member_id=row["member_id"],
        error=None if error is None else json.loads(error),
    )
