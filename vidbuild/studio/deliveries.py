"""What is still to be delivered, when, and until when: the queue in the store.

A delivery that is being made is put off for a while first; so it comes back by itself when
the process that makes it dies, and an address may hear of an event twice but never not at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from vidbuild.studio.store import transaction

# Seconds after the event during which delivery is tried.
LIFETIME = 24 * 3600.0
# Seconds to the second try; each further wait is twice as long.
FIRST_WAIT = 30.0
# Longer than any try takes.
_LEASE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one address. `secret` None: a callback, which is not signed."""

    seq: int
    attempts: int
    event_id: str
    event_type: str
    event_data: str
    created_at: float
    url: str
    secret: str | None


def queue(
    db: sqlite3.Connection,
    event_id: str,
    *,
    endpoints: Sequence[str],
    callback: str | None,
    at: float,
) -> None:
    """Takes an event for some endpoints and for one callback."""
    rows: list[tuple[str, str | None, str | None, float]] = [
        (event_id, endpoint_id, None, at) for endpoint_id in endpoints
    ]
    if callback is not None:
        rows.append((event_id, None, callback, at))
    db.executemany(
        "INSERT INTO deliveries (event_id, endpoint_id, callback_url, next_at) VALUES (?, ?, ?, ?)",
        rows,
    )


def next_time(db: sqlite3.Connection) -> float | None:
    """When the next try is due."""
    row = db.execute("SELECT MIN(next_at) FROM deliveries WHERE next_at IS NOT NULL").fetchone()
    return None if row[0] is None else float(row[0])


def take(db: sqlite3.Connection, now: float) -> Delivery | None:
    """The delivery that has been due longest, now the caller's to try."""
    with transaction(db):
        row = db.execute(
            "SELECT d.seq, d.attempts, e.event_id, e.event_type, e.event_data, e.created_at,"
            " COALESCE(d.callback_url, w.url) AS url, w.secret"
            " FROM deliveries d JOIN events e ON e.event_id = d.event_id"
            " LEFT JOIN webhooks w ON w.endpoint_id = d.endpoint_id"
            " WHERE d.next_at IS NOT NULL AND d.next_at <= ? ORDER BY d.next_at, d.seq LIMIT 1",
            (now,),
        ).fetchone()
        if row is None:
            return None
        db.execute("UPDATE deliveries SET next_at = ? WHERE seq = ?", (now + _LEASE, row["seq"]))
    return Delivery(**dict(row))


def done(db: sqlite3.Connection, delivery: Delivery, outcome: str) -> None:
    """Heard, or never to be: there is no further try."""
    db.execute(
        "UPDATE deliveries SET next_at = NULL, attempts = attempts + 1, outcome = ? WHERE seq = ?",
        (outcome, delivery.seq),
    )


def again(db: sqlite3.Connection, delivery: Delivery, outcome: str, *, now: float) -> None:
    """Not heard: another try after twice the wait of the last, within a day of the event."""
    next_at = now + FIRST_WAIT * 2.0**delivery.attempts
    later = next_at if next_at <= delivery.created_at + LIFETIME else None
    db.execute(
        "UPDATE deliveries SET next_at = ?, attempts = attempts + 1, outcome = ? WHERE seq = ?",
        (later, outcome, delivery.seq),
    )


def give_back(db: sqlite3.Connection, delivery: Delivery, *, now: float) -> None:
    """A try that was broken off."""
    db.execute("UPDATE deliveries SET next_at = ? WHERE seq = ?", (now, delivery.seq))
