"""The journal's rows as records, and records as rows. Writing them is `journal`'s."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from vidbuild.state.identity import key_of
from vidbuild.state.recorded import Accepted, Intent, Receipt, Recorded, Refusal, Tombstone
from vidbuild.state.records import Render, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks of a journal that has much more: the renders of some contents or videos,
    the receipts of their files and of some others. What is open, refused or taken out on purpose
    comes along."""

    fingerprints: frozenset[str]
    video_ids: frozenset[str]
    paths: frozenset[str]


def load_wanted(connection: sqlite3.Connection, project: str, wanted: Wanted) -> Recorded:
    """The part of the records that is wanted. Raises `sqlite3.Error` or ValueError."""
    if not _has_tables(connection):
        return Recorded()
    connection.execute("PRAGMA temp_store=MEMORY")  # nothing is written, not even elsewhere
    connection.execute(
        "CREATE TEMP TABLE wanted (kind TEXT, value TEXT, PRIMARY KEY (kind, value))"
    )
    for kind, values in asdict(wanted).items():
        connection.executemany("INSERT INTO wanted VALUES (?, ?)", ((kind, v) for v in values))
    return Recorded(
        intents=tuple(_intents(connection, project)),
        refusals=tuple(_refusals(connection, project)),
        renders=tuple(_renders(connection, project, _WANTED_RENDERS)),
        tombstones=tuple(_tombstones(connection, project)),
        receipts={r.path: r for r in _receipts(connection, _WANTED_RECEIPTS)},
    )


_WANTED_RENDERS = (
    "(fingerprint IN (SELECT value FROM wanted WHERE kind='fingerprints')"
    " OR video_id IN (SELECT value FROM wanted WHERE kind='video_ids'))"
)
_WANTED_RECEIPTS = (
    "(path IN (SELECT value FROM wanted WHERE kind='paths')"  # noqa: S608 - constants only
    " OR video_id IN (SELECT value FROM wanted WHERE kind='video_ids')"
    f" OR video_id IN (SELECT video_id FROM renders WHERE {_WANTED_RENDERS}))"
)


def _has_tables(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name='intents'").fetchone()
    return found is not None


def load(connection: sqlite3.Connection, project: str) -> Recorded:
    """Everything recorded for the project. Raises `sqlite3.Error` or ValueError."""
    if not _has_tables(connection):
        return Recorded()
    return Recorded(
        intents=tuple(_intents(connection, project)),
        refusals=tuple(_refusals(connection, project)),
        renders=tuple(_renders(connection, project)),
        tombstones=tuple(_tombstones(connection, project)),
        receipts={r.path: r for r in _receipts(connection)},
        received=frozenset(row[0] for row in connection.execute("SELECT sha256 FROM received")),
        assets={
            (account, sha256): asset_id
            for account, sha256, asset_id in connection.execute(
                "SELECT account, sha256, asset_id FROM assets"
            )
        },
        applies=tuple(
            Accepted(digest=digest, changes=tuple(json.loads(changes)))
            for digest, changes in connection.execute(
                "SELECT digest, changes FROM applies WHERE project=? ORDER BY id", (project,)
            )
        ),
    )


def intent_row(project: str, intent: Intent) -> tuple[Any, ...]:
    """An open intent's values, in the order of its table."""
    return (
        project,
        intent.provider,
        intent.account or "",
        intent.key,
        intent.fingerprint,
        intent.attempt,
        in_json(intent.names),
        intent.title,
        in_json(intent.body),
        intent.first_sent,
        intent.last_sent,
        intent.sends,
        intent.refused,
        intent.first_sent,
    )


def render_row(project: str, render: Render, *, key: str) -> tuple[Any, ...]:
    """A render's values, in the order of its table."""
    return (
        project,
        render.provider,
        render.account or "",
        render.video_id,
        key,
        render.fingerprint,
        render.attempt,
        render.status.name,
        render.status.value,
        render.sent_at,
        render.completed_at,
        render.duration,
        render.cost_usd,
        render.page_url,
        render.failure_code,
        render.failure_message,
    )


def adoption(
    project: str, renders: Iterable[Render], answered: Iterable[Render]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What makes videos those of their contents, on somebody's word: nothing that was said of
    them before counts any more. Intents are closed whichever account they were sent to."""
    for intent in answered:
        yield (
            "UPDATE intents SET state='answered', body=NULL, title=NULL WHERE provider=? AND key=?",
            (intent.provider, key_of(project, intent)),
        )
    for render in renders:
        for table in ("tombstones", "renders"):
            statement = (
                f"DELETE FROM {table} WHERE provider=? AND account IN ('', ?) AND video_id=?"  # noqa: S608 - constants only
            )
            yield statement, (render.provider, render.account or "", render.video_id)
        values = render_row(project, render, key=key_of(project, render))
        yield f"INSERT INTO renders VALUES ({','.join('?' * len(values))})", values  # noqa: S608 - constants only


def burial(project: str, tombstones: Iterable[Tombstone]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What takes renders out of the pool; an open intent of a key is closed, its text gone."""
    for grave in tombstones:
        account, key = grave.account or "", grave.key or ""
        yield (
            "INSERT OR REPLACE INTO tombstones VALUES (?,?,?,?,?,?,?,?)",
            (
                project,
                grave.provider,
                account,
                grave.fingerprint,
                grave.attempt,
                grave.reason,
                grave.video_id or "",
                key,
            ),
        )
        closed = "UPDATE intents SET state='answered', body=NULL, title=NULL"
        yield f"{closed} WHERE provider=? AND account=? AND key=?", (grave.provider, account, key)


def in_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, default=dict)


def _intents(connection: sqlite3.Connection, project: str) -> Iterator[Intent]:
    for row in _rows(connection, "intents", project, "state='open'"):
        yield Intent(
            key=row["key"],
            provider=row["provider"],
            account=row["account"] or None,
            fingerprint=row["fingerprint"],
            attempt=row["attempt"],
            names=tuple(json.loads(row["names"])),
            title=row["title"],
            body=json.loads(row["body"]),
            first_sent=row["first_sent"],
            last_sent=row["last_sent"],
            sends=row["sends"],
            refused=row["refused"],
            unsure=bool(row.get("unsure")),  # not in the first format
        )


def _refusals(connection: sqlite3.Connection, project: str) -> Iterator[Refusal]:
    for row in _rows(connection, "intents", project, "state='refused'"):
        yield Refusal(
            key=row["key"],
            provider=row["provider"],
            account=row["account"] or None,
            first_sent=row["since"],
            last_sent=row["last_sent"],
        )


def _renders(connection: sqlite3.Connection, project: str, where: str = "1") -> Iterator[Render]:
    for row in _rows(connection, "renders", project, where):
        yield Render(
            provider=row["provider"],
            account=row["account"] or None,
            video_id=row["video_id"],
            key=row["key"],
            fingerprint=row["fingerprint"],
            attempt=row["attempt"],
            status=Status[row["status"]],
            sent_at=row["sent_at"],
            completed_at=row["completed_at"],
            duration=row["duration"],
            cost_usd=row["cost_usd"],
            page_url=row["page_url"],
            failure_code=row["failure_code"],
            failure_message=row["failure_message"],
        )


def _tombstones(connection: sqlite3.Connection, project: str) -> Iterator[Tombstone]:
    for row in _rows(connection, "tombstones", project, "1"):
        yield Tombstone(
            provider=row["provider"],
            account=row["account"] or None,
            fingerprint=row["fingerprint"],
            attempt=row["attempt"],
            reason=row["reason"],
            video_id=row["video_id"] or None,
            key=row["key"] or None,
        )


def _receipts(connection: sqlite3.Connection, where: str = "1") -> Iterator[Receipt]:
    for path, size, mtime_ns, sha256, video_id, kind in connection.execute(
        f"SELECT path, bytes, mtime_ns, sha256, video_id, kind FROM receipts WHERE {where}"  # noqa: S608 - constants only
    ):
        yield Receipt(
            path=path, bytes=size, mtime_ns=mtime_ns, sha256=sha256, video_id=video_id, kind=kind
        )


def _rows(
    connection: sqlite3.Connection, table: str, project: str, where: str
) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(
        f"SELECT * FROM {table} WHERE project=? AND {where}",  # noqa: S608 - constants only
        (project,),
    )
    columns = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(columns, row, strict=True))
