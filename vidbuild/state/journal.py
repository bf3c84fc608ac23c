"""The journal: what this folder sent and received, on disk before anything follows from it.

SQLite in WAL mode, synchronous FULL, mode 0600, because an open intent holds a whole
request. Every write is one committed transaction. Losing the journal never pays twice
within the provider's replay window; keeping it is what makes that so for longer. Not for
anything shared: that is the lock.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vidbuild.state.journal_file import (
    SCHEMA,
    UPGRADES,
    VERSION,
    broken,
    read_once,
    refuse_newer,
)
from vidbuild.state.journal_rows import (
    Wanted,
    adoption,
    burial,
    in_json,
    intent_row,
    load,
    render_row,
)
from vidbuild.state.recorded import Accepted, Intent, Receipt, Recorded, Tombstone
from vidbuild.state.records import Render, Status

# An apply that begins or ends just now takes the log away, or brings one, under a reader.
_READS = 3


def read_journal(path: Path, *, project: str, wanted: Wanted | None = None) -> Recorded:
    """The project's part of the journal, read without writing a byte; empty where none is.
    `wanted` asks for less than all of it.

    Raises `Problems` for a journal that is damaged, unreadable or of a newer format.
    """
    tries = 0
    while True:
        tries += 1
        try:
            return read_once(path, project, wanted)
        except (sqlite3.Error, OSError, ValueError) as error:
            if tries == _READS:
                raise broken(path, error) from error


class Journal:
    """An open journal. Every method that writes has committed when it returns."""

    def __init__(self, path: Path, *, project: str) -> None:
        self._path = path
        self._project = project
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise broken(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Folds the write-ahead log into the file, so that no dropped text lingers in it."""
        self._connection.close()

    def recorded(self) -> Recorded:
        """Everything it knows of the project."""
        try:
            return load(self._connection, self._project)
        except (sqlite3.Error, ValueError) as error:
            raise broken(self._path, error) from error

    def intend(self, intent: Intent) -> None:
        """Before a create: the request and its key. An open intent of the key stays as it is."""
        self._write(
            "INSERT INTO intents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,'open',0)"
            " ON CONFLICT (provider, account, key) DO UPDATE SET names=excluded.names,"
            " title=excluded.title, body=excluded.body, state='open', unsure=0,"
            " sends=excluded.sends,"
            " refused=excluded.refused, first_sent=excluded.first_sent,"
            " last_sent=excluded.last_sent WHERE state<>'open'",
            intent_row(self._project, intent),
        )

    def sending(self, intent: Intent, *, at: float) -> None:
        """One more send is about to leave."""
        self._write(
            "UPDATE intents SET sends=sends+1, last_sent=max(last_sent, ?)"
            " WHERE provider=? AND account=? AND key=?",
            (at, *_which(intent)),
        )

    def doubt(self, intent: Intent) -> None:
        """It was looked for, and nobody can tell whether it was taken."""
        self._write(
            "UPDATE intents SET unsure=1 WHERE provider=? AND account=? AND key=?", _which(intent)
        )

    def refused(self, intent: Intent) -> bool:
        """A send was refused. True when all of them were: the intent is closed, its text gone."""
        self._write(
            "UPDATE intents SET refused=refused+1,"
            " state=CASE WHEN refused+1>=sends THEN 'refused' ELSE state END,"
            " body=CASE WHEN refused+1>=sends THEN NULL ELSE body END,"
            " title=CASE WHEN refused+1>=sends THEN NULL ELSE title END"
            " WHERE provider=? AND account=? AND key=?",
            _which(intent),
        )
        row = self._connection.execute(
            "SELECT state FROM intents WHERE provider=? AND account=? AND key=?", _which(intent)
        ).fetchone()
        return row is not None and row[0] == "refused"

    def answered(self, intent: Intent, video_id: str, *, sent_at: str) -> None:
        """The id of an intent; its text is dropped. A forgotten video that comes back is alive."""
        account = intent.account or ""
        with self._transaction():
            self._run(
                "UPDATE intents SET state='answered', body=NULL, title=NULL"
                " WHERE provider=? AND account=? AND key=?",
                _which(intent),
            )
            self._run(
                "INSERT INTO renders (project, provider, account, video_id, key, fingerprint,"
                " attempt, status, rank, sent_at) VALUES (?,?,?,?,?,?,?,?,?,?)"
                " ON CONFLICT (provider, account, video_id) DO NOTHING",
                (
                    self._project,
                    intent.provider,
                    account,
                    video_id,
                    intent.key,
                    intent.fingerprint,
                    intent.attempt,
                    Status.submitted.name,
                    Status.submitted.value,
                    sent_at,
                ),
            )
            self._run(
                "DELETE FROM tombstones WHERE provider=? AND account=? AND video_id=?"
                " AND reason='removed'",
                (intent.provider, account, video_id),
            )

    def advance(self, render: Render, *, key: str) -> None:
        """A render's newer status and what is known with it. A status never falls."""
        self.advance_all([(render, key)])

    def advance_all(self, renders: Iterable[tuple[Render, str]]) -> None:
        """The same of many, with their keys: all of it or nothing."""
        self._write_all(
            "INSERT INTO renders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (provider, account, video_id) DO UPDATE SET status=excluded.status,"
            " rank=excluded.rank, completed_at=coalesce(excluded.completed_at, completed_at),"
            " duration=coalesce(excluded.duration, duration),"
            " cost_usd=coalesce(excluded.cost_usd, cost_usd),"
            " page_url=coalesce(excluded.page_url, page_url),"
            " failure_code=excluded.failure_code, failure_message=excluded.failure_message"
            " WHERE excluded.rank >= rank",
            [render_row(self._project, render, key=key) for render, key in renders],
        )

    def adopt(self, renders: Iterable[Render], answered: Iterable[Render]) -> None:
        """Videos named as those of their contents, and the intents that they answer; or nothing."""
        with self._transaction():
            for statement, values in adoption(self._project, renders, answered):
                self._run(statement, values)

    def bury(self, *tombstones: Tombstone) -> None:
        """Takes renders out of the pool, all of them or none; an open intent of such a key is
        closed, its text gone."""
        with self._transaction():
            for statement, values in burial(self._project, tombstones):
                self._run(statement, values)

    def expect(self, contents: Iterable[str]) -> None:
        """Files of these contents, by their SHA-256 in hex, are about to be put in place: never a
        stranger's again."""
        self._write_all("INSERT OR IGNORE INTO received VALUES (?)", [(each,) for each in contents])

    def receive(self, receipts: Iterable[Receipt]) -> None:
        """Files were put in place."""
        self._write_all(
            "INSERT OR REPLACE INTO receipts VALUES (?,?,?,?,?,?)",
            [
                (each.path, each.bytes, each.mtime_ns, each.sha256, each.video_id, each.kind)
                for each in receipts
            ],
        )

    def forget_receipts(self, paths: Iterable[str]) -> None:
        """The files were removed."""
        self._write_all("DELETE FROM receipts WHERE path=?", [(path,) for path in paths])

    def uploaded(self, account: str | None, sha256: str, asset_id: str) -> None:
        """A file's id at the provider, for every later use of the same content."""
        self._write(
            "INSERT OR REPLACE INTO assets VALUES (?,?,?)", (account or "", sha256, asset_id)
        )

    def begin(self, accepted: Accepted) -> None:
        """An apply begins, under this list; one that goes on with an earlier list is the same."""
        self._write(
            "INSERT INTO applies (project, digest, changes) SELECT ?,?,? WHERE NOT EXISTS"
            " (SELECT 1 FROM applies WHERE project=? AND digest=?)",
            (
                self._project,
                accepted.digest,
                in_json(list(accepted.changes)),
                self._project,
                accepted.digest,
            ),
        )

    def finish(self, accepted: Accepted) -> None:
        """The list was carried out to its end: no later apply may lean on it."""
        self._write(
            "DELETE FROM applies WHERE project=? AND digest=?", (self._project, accepted.digest)
        )

    def _prepare(self) -> None:
        # Dropped text is overwritten, not only unlinked from its page.
        self._connection.execute("PRAGMA secure_delete=ON")
        refuse_newer(self._connection, self._path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA busy_timeout=5000")
        with self._transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            for statement in SCHEMA.split(";") if version == 0 else ():
                self._run(statement, ())
            for step in range(version, VERSION) if version else ():
                self._run(UPGRADES[step], ())
            if version != VERSION:
                self._run(f"PRAGMA user_version={VERSION}", ())

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing, and on disk before the next line runs."""
        try:
            self._run("BEGIN IMMEDIATE", ())
            try:
                yield
            except BaseException:
                self._run("ROLLBACK", ())
                raise
            self._run("COMMIT", ())
        except sqlite3.Error as error:
            raise broken(self._path, error) from error

    def _write(self, statement: str, values: Sequence[Any]) -> None:
        self._write_all(statement, [values])

    def _write_all(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._transaction():
            for values in rows:
                self._run(statement, values)

    def _run(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)


def _which(intent: Intent) -> tuple[str, str, str]:
    return (intent.provider, intent.account or "", intent.key)
