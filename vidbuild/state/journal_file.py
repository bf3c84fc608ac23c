"""The journal's file: its tables, opening it without a trace, and what can be wrong with it.

Not for what is in it: `journal` writes that, `journal_rows` makes records of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vidbuild.diagnostics import Problems, Span, problem
from vidbuild.state.journal_rows import Wanted, load, load_wanted
from vidbuild.state.recorded import Recorded

VERSION = 2

SCHEMA = """
CREATE TABLE intents (
  project TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL,
  fingerprint TEXT NOT NULL, attempt INTEGER NOT NULL, names TEXT, title TEXT, body TEXT,
  first_sent REAL NOT NULL, last_sent REAL NOT NULL,
  sends INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  since REAL NOT NULL,  -- the first send of all under this key, refused ones included
  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'refused')),
  unsure INTEGER NOT NULL DEFAULT 0,  -- looked for in vain, too old to be sent again
  PRIMARY KEY (provider, account, key)
) WITHOUT ROWID;
CREATE TABLE renders (
  project TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL, video_id TEXT NOT NULL,
  key TEXT NOT NULL, fingerprint TEXT NOT NULL, attempt INTEGER NOT NULL,
  status TEXT NOT NULL, rank INTEGER NOT NULL, sent_at TEXT,
  completed_at TEXT, duration REAL, cost_usd REAL,
  page_url TEXT, failure_code TEXT, failure_message TEXT,
  PRIMARY KEY (provider, account, video_id)
) WITHOUT ROWID;
CREATE TABLE tombstones (
  project TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
  fingerprint TEXT NOT NULL, attempt INTEGER NOT NULL, reason TEXT NOT NULL,
  video_id TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (provider, account, video_id, key)
) WITHOUT ROWID;
CREATE TABLE receipts (
  path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  sha256 TEXT NOT NULL, video_id TEXT NOT NULL, kind TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE received (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE assets (
  account TEXT NOT NULL, sha256 TEXT NOT NULL, asset_id TEXT NOT NULL,
  PRIMARY KEY (account, sha256)
) WITHOUT ROWID;
CREATE TABLE applies (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL, digest TEXT NOT NULL, changes TEXT NOT NULL
);
"""

# What makes a journal of an earlier format one of the next.
UPGRADES = {1: "ALTER TABLE intents ADD COLUMN unsure INTEGER NOT NULL DEFAULT 0"}


def read_once(path: Path, project: str, wanted: Wanted | None) -> Recorded:
    """The project's part of a journal, or what is wanted of it. Raises `Problems` for a newer
    format; `sqlite3.Error`, OSError or ValueError for what is damaged, or changing just now."""
    connection = open_to_read(path)
    if connection is None:
        return Recorded()
    try:
        refuse_newer(connection, path)
        return load_wanted(connection, project, wanted) if wanted else load(connection, project)
    finally:
        connection.close()


def open_to_read(path: Path) -> sqlite3.Connection | None:
    """A connection that creates and changes no file.

    A journal at rest has no write-ahead log and is read as immutable. A log with its index
    (an apply is running, or was killed) is read through them, without touching the index; one
    without an index is read from a private copy.
    """
    if not path.exists():
        return None
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        return _connect(path, "immutable=1")
    if path.with_name(path.name + "-shm").exists():
        return _connect(path, "readonly_shm=1")
    return _copied(path, log)


def _connect(path: Path, option: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&{option}", uri=True)


def _copied(path: Path, log: Path) -> sqlite3.Connection:
    import shutil
    import tempfile

    memory = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory(prefix="vidbuild-") as folder:
        for file in (path, log):
            shutil.copy(file, folder)
        copy = sqlite3.connect(Path(folder) / path.name)
        try:
            copy.backup(memory)
        finally:
            copy.close()
    return memory


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise problem(
            "VB512",
            f"the journal has format {version}; this vidbuild reads {VERSION}",
            hint="use a newer vidbuild",
            span=Span(file=_shown(path)),
        )


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])


def broken(path: Path, error: Exception) -> Problems:
    span = Span(file=_shown(path))
    if isinstance(error, OSError | sqlite3.OperationalError):
        return problem(
            "VB513",
            f"the journal cannot be read or written: {error}",
            hint="check the permissions of the folder and the space on the disk",
            span=span,
        )
    return problem(
        "VB511",
        f"the journal is damaged: {error}",
        hint="move the file aside if no apply ran in the last 20 hours: the lock knows the rest",
        span=span,
    )
