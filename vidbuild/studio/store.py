"""The studio's memory: one SQLite file that any number of processes may share.

Opening it, its tables, transactions, and the few facts that are neither a video, an
asset nor an answer: the signing secret, the wallet and the count of requests. The
tables' own rules live beside their records: `videos`, `assets`, `batches`, `replays`, ...
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidbuild.diagnostics import Diagnostic, Problems

_FIRST = 3  # older ones cannot be brought up to date

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE wallet (held REAL NOT NULL, spent REAL NOT NULL)",
    "CREATE TABLE requests (route TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE videos (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        video_id TEXT NOT NULL UNIQUE,
        idempotency_key TEXT,
        request TEXT NOT NULL,
        title TEXT,
        status TEXT NOT NULL,
        created_at REAL NOT NULL,
        due_at REAL,
        owner TEXT,
        crashes INTEGER NOT NULL DEFAULT 0,
        completed_at REAL,
        duration REAL,
        folder TEXT,
        failure_code TEXT,
        failure_message TEXT,
        charged_usd REAL NOT NULL DEFAULT 0,
        deleted INTEGER NOT NULL DEFAULT 0,
        unfinished INTEGER AS (status IN ('pending', 'processing') AND NOT deleted)
    )
    """,
    # Only what is in progress, so that looking for it costs the same after ten thousand jobs.
    "CREATE INDEX in_progress ON videos (due_at, seq) WHERE unfinished",
    """
    CREATE TABLE assets (
        asset_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        mime TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        path TEXT NOT NULL,
        uploaded_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE replays (
        scope TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        at REAL NOT NULL,
        owner TEXT NOT NULL,
        status INTEGER,
        body TEXT,
        PRIMARY KEY (scope, idempotency_key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX by_age ON replays (at)",
    """
    CREATE TABLE webhooks (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        endpoint_id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        events TEXT,
        entity_id TEXT,
        secret TEXT NOT NULL,
        created_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id TEXT NOT NULL UNIQUE,
        event_type TEXT NOT NULL,
        entity_id TEXT NOT NULL,
        event_data TEXT NOT NULL,
        created_at REAL NOT NULL
    )
    """,
    "CREATE INDEX events_by_entity ON events (entity_id)",
    """
    CREATE TABLE deliveries (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id TEXT NOT NULL,
        endpoint_id TEXT,
        callback_url TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at REAL,
        outcome TEXT
    )
    """,
    "CREATE INDEX undelivered ON deliveries (next_at, seq) WHERE next_at IS NOT NULL",
    "CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id)",
    # The sum is kept, not counted: a rehearsal of ten thousand videos asks for it at every one.
    """
    CREATE TRIGGER charged AFTER UPDATE OF charged_usd ON videos BEGIN
        UPDATE wallet SET spent = spent + NEW.charged_usd - OLD.charged_usd;
    END
    """,
)

# Batches, uploads sent straight to storage, spoken texts; assets in the order they came.
_RESOURCES = (
    "ALTER TABLE assets RENAME TO unordered",
    """
    CREATE TABLE assets (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        asset_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        mime TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        path TEXT NOT NULL,
        uploaded_at REAL NOT NULL
    )
    """,
    """
    INSERT INTO assets (asset_id, name, mime, bytes, path, uploaded_at)
        SELECT asset_id, name, mime, bytes, path, uploaded_at FROM unordered ORDER BY uploaded_at
    """,
    "DROP TABLE unordered",
    """
    CREATE TABLE slots (
        asset_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        mime TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        sha256 TEXT,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL,
        error TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE batches (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        batch_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        title TEXT,
        callback_url TEXT,
        created_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE batch_items (
        batch_id TEXT NOT NULL,
        item_index INTEGER NOT NULL,
        member_id TEXT,
        error TEXT,
        PRIMARY KEY (batch_id, item_index)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX by_member ON batch_items (member_id)",
    """
    CREATE TABLE speeches (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        speech_id TEXT NOT NULL UNIQUE,
        request TEXT NOT NULL,
        path TEXT NOT NULL,
        seconds REAL NOT NULL,
        charged_usd REAL NOT NULL,
        created_at REAL NOT NULL
    )
    """,
    """
    CREATE TRIGGER spoken AFTER INSERT ON speeches BEGIN
        UPDATE wallet SET spent = spent + NEW.charged_usd;
    END
    """,
)

# What makes a store of each layout from one of the layout before; never changed, only added to.
_STEPS = {_FIRST: _TABLES, 4: _RESOURCES}
LAYOUT = max(_STEPS)


def open_store(folder: Path, *, wallet: float) -> sqlite3.Connection:
    """The store in `folder`, made where there is none. `wallet` is what a new one holds (USD)."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = sqlite3.connect(folder / "studio.db", timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        # NORMAL survives the death of the process; only a power cut may cost the last moments.
        db.execute("PRAGMA synchronous = NORMAL")
        _lay_out(db, wallet)
    except (OSError, sqlite3.Error) as error:
        raise Problems([unusable(folder, error)]) from error
    return db


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Says what goes wrong with the folder as a problem, not as a traceback."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise Problems([unusable(folder, error)]) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing, and alone: the write lock is taken at the start."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        # A full disk ends a transaction by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def count_request(db: sqlite3.Connection, route: str) -> int:
    """Counts a request; gives how many there have been on this route."""
    rows = db.execute(
        "INSERT INTO requests VALUES (?, 1) ON CONFLICT (route) DO UPDATE SET n = n + 1"
        " RETURNING n",
        (route,),
    ).fetchall()
    return int(rows[0]["n"])


def next_number(db: sqlite3.Connection) -> int:
    """A number that this store has never given before: what ids are made of under a seed."""
    rows = db.execute(
        "UPDATE meta SET value = value + 1 WHERE name = 'minted' RETURNING value"
    ).fetchall()
    return int(rows[0]["value"])


def request_counts(db: sqlite3.Connection) -> dict[str, int]:
    return {row["route"]: row["n"] for row in db.execute("SELECT * FROM requests ORDER BY route")}


def signing_secret(db: sqlite3.Connection) -> bytes:
    row = db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()
    return bytes.fromhex(row["value"])


def balance(db: sqlite3.Connection) -> float:
    """What is left in the wallet, in USD: what it held at first less every charge."""
    return round(float(db.execute("SELECT held - spent FROM wallet").fetchone()[0]), 6)


def _lay_out(db: sqlite3.Connection, wallet: float) -> None:
    with transaction(db):
        layout = db.execute("PRAGMA user_version").fetchone()[0]
        if layout == LAYOUT:
            return
        if layout != 0 and not _FIRST <= layout < LAYOUT:
            raise sqlite3.DatabaseError(f"its layout is {layout}, this version knows {LAYOUT}")
        # Not executescript: that would commit the transaction which keeps two processes apart.
        for statement in (each for to, step in _STEPS.items() if layout < to for each in step):
            db.execute(statement)
        if layout == 0:
            db.execute("INSERT INTO meta VALUES ('secret', ?)", (secrets.token_hex(32),))
            db.execute("INSERT INTO meta VALUES ('minted', '0')")
            db.execute("INSERT INTO wallet VALUES (?, 0)", (wallet,))
        db.execute(f"PRAGMA user_version = {LAYOUT}")


def unusable(folder: Path, error: Exception) -> Diagnostic:
    return Diagnostic(
        code="VB802",
        message=f"the studio cannot use its folder {folder}: {reason_of(error)}",
        hint="make room and make the folder writable, or delete it to start with an empty studio",
    )


def reason_of(error: Exception) -> str:
    """What went wrong, without the path that it went wrong with."""
    return (getattr(error, "strerror", None) or str(error)).lower()
