"""Uploads that go straight to storage, as the studio keeps them.

A slot waits for its bytes (`pending_upload`), has them (`uploaded`), and is then an asset
(`completed`), or is found to be none (`failed`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.studio import assets
from vidbuild.studio.batches import Standing, Word

_WORDS: dict[str, Word] = {
    "pending_upload": "queued",
    "uploaded": "processing",
    "completed": "completed",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One row. `mime` is the declared type; `sha256` what the bytes have to be, if said."""

    asset_id: str
    name: str
    mime: str
    bytes: int
    sha256: str | None
    expires_at: int
    state: str = "pending_upload"
    error: str | None = None

    @property
    def path(self) -> Path:
        """Where the bytes wait, relative to the studio's folder."""
        return Path("uploads") / self.asset_id


def add_slot(db: sqlite3.Connection, slot: Slot) -> None:
    db.execute(
        "INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            slot.asset_id,
            slot.name,
            slot.mime,
            slot.bytes,
            slot.sha256,
            slot.expires_at,
            slot.state,
            slot.error,
        ),
    )


def find_slot(db: sqlite3.Connection, asset_id: str) -> Slot | None:
    row = db.execute("SELECT * FROM slots WHERE asset_id = ?", (asset_id,)).fetchone()
    return None if row is None else Slot(**dict(row))


def move_slot(
    db: sqlite3.Connection, asset_id: str, state: str, error: Mapping[str, Any] | None = None
) -> None:
    """What has become of an upload."""
    said = None if error is None else json.dumps(error)
    db.execute(
        "UPDATE slots SET state = ?, error = ? WHERE asset_id = ? AND state != 'completed'",
        (state, said, asset_id),
    )


def delete_slot(db: sqlite3.Connection, asset_id: str) -> bool:
    """Forgets an upload; whether there was one."""
    return db.execute("DELETE FROM slots WHERE asset_id = ?", (asset_id,)).rowcount == 1


def standings(db: sqlite3.Connection, asset_ids: Sequence[str]) -> Mapping[str, Standing]:
    """Where each of these stands, those included that were uploaded in one request."""
    found: dict[str, Standing] = {}
    for asset_id in dict.fromkeys(asset_ids):
        slot = find_slot(db, asset_id)
        if slot is not None:
            error = None if slot.error is None else json.loads(slot.error)
            found[asset_id] = Standing(word=_WORDS[slot.state], error=error)
        elif assets.find_asset(db, asset_id) is not None:
            found[asset_id] = Standing(word="completed")
    return found
