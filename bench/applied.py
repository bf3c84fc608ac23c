"""The state that a finished apply leaves behind, made in seconds instead of rendered.

Entries, lock and receipts by the product's own code; the files in the output folder are small.
The journal has what an apply writes of every video: its answered intent, its finished render,
a receipt for each file. Its rows are inserted at once: a commit for each is what takes an apply
its time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vidbuild.apply.entry import Rules, pointed
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.model import Action, Change
from vidbuild.request.model import Request
from vidbuild.state.identity import make_key
from vidbuild.state.journal import Journal
from vidbuild.state.lock import encode_lock
from vidbuild.state.outputs import output_paths, receipt_of, receipt_path
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Lock, Output, Render, Status
from vidbuild.workspace.places import STATE, lock_path

ACCOUNT = "5f1d7a84db00"
SENT, DONE = "2026-01-05T09:00:00Z", "2026-01-05T09:04:00Z"
UNIX = 1767603600.0


def finish(folder: Path) -> None:
    """Lock, journal and output files of the project in `folder`, as if all of it was applied."""
    loaded = load(folder / "vidbuild.yaml")
    root, project = loaded.project.root, loaded.project
    journal = root / STATE / "state" / "journal.db"
    Journal(journal, project=project.name).close()
    rules = Rules(project=project.name, api=loaded.api, keep_history=project.output.keep_history)
    entries = {}
    with closing(sqlite3.connect(journal)) as connection, connection:
        for n, request in enumerate(loaded.requests.values()):
            render, receipts = _rendered(loaded, request, n)
            change = Change(name=request.name, action=Action.create, reason="new", request=request)
            entries[request.name] = pointed(rules, change, None, render)
            _record(connection, project.name, request, render)
            for receipt in receipts:
                _put(connection, "receipts", asdict(receipt))
                _put(connection, "received", {"sha256": receipt.sha256})
    lock = Lock(project=project.name, videos=entries)
    lock_path(root, project.profile).write_bytes(encode_lock(lock))


def _rendered(loaded: Loaded, request: Request, n: int) -> tuple[Render, list[Receipt]]:
    """A finished render with its files in place."""
    folder = loaded.project.root / loaded.project.output.dir
    video_id = hashlib.md5(request.name.encode(), usedforsecurity=False).hexdigest()
    render = Render(
        provider=request.provider,
        fingerprint=request.fingerprint,
        status=Status.completed,
        account=ACCOUNT,
        video_id=video_id,
        completed_at=DONE,
        cost_usd=round(0.4 + n % 50 / 100, 4),
        duration=round(12 + n % 97 / 10, 2),
        page_url=f"https://app.heygen.com/videos/{video_id}",
    )
    outputs: dict[str, Output | None] = {}
    receipts = []
    for kind, path in output_paths(loaded.api, request, loaded.project.output.files).items():
        data = f"{kind} of {request.name}\n".encode()
        file, sha256 = folder / path, hashlib.sha256(data).hexdigest()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        outputs[kind] = Output(path=path, bytes=len(data), sha256=sha256)
        receipts.append(
            receipt_of(
                file,
                name=receipt_path(file, root=loaded.project.root),
                sha256=sha256,
                video_id=str(render.video_id),
                kind=kind,
            )
        )
    return replace(render, outputs=outputs), receipts


def _record(connection: sqlite3.Connection, project: str, request: Request, render: Render) -> None:
    """What the journal has of a video once it is answered and finished."""
    both = {
        "project": project,
        "provider": render.provider,
        "account": render.account,
        "key": make_key(project, render.fingerprint, render.attempt),
        "fingerprint": render.fingerprint,
        "attempt": render.attempt,
    }
    sent = {"first_sent": UNIX, "last_sent": UNIX, "since": UNIX, "sends": 1, "refused": 0}
    _put(connection, "intents", both | sent | {"names": f'["{request.name}"]', "state": "answered"})
    done = {
        "video_id": render.video_id,
        "status": render.status.name,
        "rank": render.status.value,
        "sent_at": SENT,
        "completed_at": DONE,
        "duration": render.duration,
        "cost_usd": render.cost_usd,
        "page_url": render.page_url,
    }
    _put(connection, "renders", both | done)


def _put(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    names, places = ",".join(row), ",".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(row.values()))  # noqa: S608 - constants
