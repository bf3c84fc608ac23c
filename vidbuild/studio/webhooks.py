"""Who is told about events, and the events: their rows in the store."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vidbuild.studio.answers import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address of the user's own. `events` None hears of everything, `entity_id` of one."""

    seq: int = 0
    endpoint_id: str
    url: str
    events: Sequence[str] | None
    entity_id: str | None
    secret: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was told; `seq` counts them."""

    seq: int
    event_id: str
    event_type: str
    entity_id: str
    event_data: dict[str, Any]
    created_at: float


def new_secret() -> str:
    """A key for signatures, never made from a seed."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def add(db: sqlite3.Connection, webhook: Webhook) -> None:
    db.execute(
        "INSERT INTO webhooks (endpoint_id, url, events, entity_id, secret, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            webhook.endpoint_id,
            webhook.url,
            None if webhook.events is None else json.dumps(list(webhook.events)),
            webhook.entity_id,
            webhook.secret,
            webhook.created_at,
        ),
    )


def find(db: sqlite3.Connection, endpoint_id: str) -> Webhook | None:
    row = db.execute("SELECT * FROM webhooks WHERE endpoint_id = ?", (endpoint_id,)).fetchone()
    return None if row is None else _webhook(row)


def page(db: sqlite3.Connection, *, limit: int, before: int) -> list[Webhook]:
    """Newest first, at most `limit`, older than the row `before`."""
    query = "SELECT * FROM webhooks WHERE seq < ? ORDER BY seq DESC LIMIT ?"
    return [_webhook(row) for row in db.execute(query, (before, limit))]


def change(
    db: sqlite3.Connection, endpoint_id: str, *, url: str, events: Sequence[str] | None
) -> None:
    said = None if events is None else json.dumps(list(events))
    db.execute(
        "UPDATE webhooks SET url = ?, events = ? WHERE endpoint_id = ?", (url, said, endpoint_id)
    )


def change_secret(db: sqlite3.Connection, endpoint_id: str, secret: str) -> None:
    """The old secret signs nothing more, what is still to be delivered included."""
    db.execute("UPDATE webhooks SET secret = ? WHERE endpoint_id = ?", (secret, endpoint_id))


def remove(db: sqlite3.Connection, endpoint_id: str) -> bool:
    """Forgets an address and what it was still to be told. Call it in a transaction."""
    db.execute("DELETE FROM deliveries WHERE endpoint_id = ?", (endpoint_id,))
    done = db.execute("DELETE FROM webhooks WHERE endpoint_id = ?", (endpoint_id,))
    return done.rowcount == 1


def anybody(db: sqlite3.Connection) -> bool:
    """Whether there is any address to tell."""
    return db.execute("SELECT 1 FROM webhooks LIMIT 1").fetchone() is not None


def hearers(db: sqlite3.Connection, kind: str, entity_id: str) -> list[str]:
    """The ids of those who want to hear of an event."""
    rows = db.execute(
        "SELECT * FROM webhooks WHERE entity_id IS NULL OR entity_id = ? ORDER BY seq",
        (entity_id,),
    )
    found = [_webhook(row) for row in rows]
    return [each.endpoint_id for each in found if each.events is None or kind in each.events]


def add_event(
    db: sqlite3.Connection,
    *,
    event_id: str,
    kind: str,
    entity_id: str,
    data: dict[str, Any],
    at: float,
) -> None:
    db.execute(
        "INSERT INTO events (event_id, event_type, entity_id, event_data, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (event_id, kind, entity_id, encode(data), at),
    )


def event_page(
    db: sqlite3.Connection, *, limit: int, before: int, kind: str | None, entity_id: str | None
) -> list[Event]:
    """Newest first, at most `limit`, older than the row `before`, of one kind or entity."""
    clauses = [
        clause
        for clause, wanted in (("event_type = :kind", kind), ("entity_id = :entity", entity_id))
        if wanted is not None
    ]
    where = " AND ".join(["seq < :before", *clauses])
    query = f"SELECT * FROM events WHERE {where} ORDER BY seq DESC LIMIT :limit"  # noqa: S608 - clauses of our own
    given = {"before": before, "limit": limit, "kind": kind, "entity": entity_id}
    return [
        Event(**{**dict(row), "event_data": json.loads(row["event_data"])})
        for row in db.execute(query, given)
    ]


def _webhook(row: sqlite3.Row) -> Webhook:
    facts = dict(row)
    facts["events"] = None if facts["events"] is None else json.loads(facts["events"])
    return Webhook(**facts)
