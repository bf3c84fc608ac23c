"""What every call of the studio works with, gathered once when it opens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from vidbuild.clock import Clock
from vidbuild.diagnostics import Diagnostic
from vidbuild.schema.api import Api
from vidbuild.studio import links
from vidbuild.studio.faults import Faults
from vidbuild.studio.owners import Owner

USERNAME = "studio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`key` None accepts any key; `due` tells when a simulated render of an id will be done,
    None for a real one; `mint` makes a new id; `settle` brings finished work into the store
    and sees that unfinished work goes on. `home` is the studio's own address, for links in what
    it tells of its own accord. `trouble` hears of what failed with no caller to tell.
    `at_work` are the operations and idempotency keys that are being answered just now.
    """

    db: sqlite3.Connection
    api: Api
    folder: Path
    owner: Owner
    clock: Clock
    key: str | None
    concurrency: int
    secret: bytes
    mint: Callable[[], str]
    due: Callable[[str], float | None]
    settle: Callable[[], None]
    home: str
    faults: Faults
    replay_errors: bool
    trouble: Callable[[Exception], Diagnostic]
    remark: Callable[[str, str], None]
    at_work: set[tuple[str, str]] = field(default_factory=set)

    @property
    def now(self) -> float:
        return self.clock.now()


def link(desk: Desk, request: Request, owner_id: str, name: str) -> str:
    """A fresh signed URL of one file, on the host that the caller reached us by."""
    return place(desk, str(request.base_url), owner_id, name)


def place(desk: Desk, base: str, owner_id: str, name: str) -> str:
    """The same on a given host."""
    path = f"/files/{owner_id}/{name}"
    signature = links.sign(desk.secret, path, int(desk.now) + links.LIFETIME)
    return f"{base.rstrip('/')}{path}?{signature}"
