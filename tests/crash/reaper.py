"""Where a process may be killed, put around everything that it leaves behind.

A step is every commit of a database, every HTTP call and every change of a file, each before
and after it has happened; a download also has a middle. The kill is a real SIGKILL: no
handler, no `finally`, no flush. Nothing in the program knows of it; the libraries are wrapped.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx

# A step's name, and which one of its name; any step of all under the empty name.
Point = tuple[str, int]
ANY = ""

_CHANGE = re.compile(
    r"(INSERT|UPDATE|DELETE|CREATE|ALTER)\b(?: OR \w+)?(?: INTO| FROM| TABLE)? (\w+)"
)
_WORD = re.compile(r"[a-z._-]*|v3")


class Reaper:
    """Writes down every step as it comes, and kills this process at one of them."""

    def __init__(self, log: int, at: Point | None) -> None:
        self._log = log
        self._at = at
        self._seen: Counter[str] = Counter()

    def __call__(self, step: str) -> None:
        self._seen.update((step, ANY))
        os.write(self._log, f"{step}\n".encode())
        if self._at in ((step, self._seen[step]), (ANY, self._seen[ANY])):
            os.kill(os.getpid(), signal.SIGKILL)


def follow(reaper: Reaper) -> None:
    """From now on this process steps through the reaper. It is not undone."""
    _databases(reaper)
    _calls(reaper)
    _files(reaper)


def _databases(reaper: Reaper) -> None:
    class Mortal(sqlite3.Connection):
        changes: tuple[str, ...] = ()

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith("PRAGMA synchronous"):
                sql = "PRAGMA synchronous=OFF"
            elif sql.startswith("BEGIN"):
                self.changes = ()
            elif sql == "COMMIT":
                name = "journal: " + (", ".join(self.changes) or "nothing")
                reaper(f"{name}: before")
                done = super().execute(sql)
                reaper(f"{name}: after")
                return done
            elif found := _CHANGE.match(sql.strip()):
                self.changes = (*self.changes, f"{found[1]} {found[2]}".lower())
            return super().execute(sql, *values)

    connect = sqlite3.connect
    vars(sqlite3)["connect"] = lambda *a, **k: connect(*a, **{"factory": Mortal, **k})


def _calls(reaper: Reaper) -> None:
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def step(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        parts = ("ID" if not _WORD.fullmatch(p) else p for p in request.url.path.split("/"))
        call = f"call: {request.method} {'/'.join(parts)}"
        reaper(f"{call}: before")
        response = await send(self, request)
        reaper(f"{call}: after")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        if "/files/" in call:
            response.stream = _Halved(response.stream, lambda: reaper(f"{call}: half"))
        return response

    setattr(httpx.AsyncHTTPTransport, "handle_async_request", step)  # noqa: B010 - mypy knows no assignment to methods


class _Halved(httpx.AsyncByteStream):
    """A body with a step behind its first piece."""

    def __init__(self, whole: httpx.AsyncByteStream, step: Callable[[], None]) -> None:
        self._whole = whole
        self._step: Callable[[], None] | None = step

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._whole:
            yield piece
            if self._step is not None:
                self._step()
                self._step = None

    async def aclose(self) -> None:
        await self._whole.aclose()


def _files(reaper: Reaper) -> None:
    def stepped(name: str, change: Callable[..., Any], which: int) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            if name == "unlink" and not more and not os.path.lexists(given[0]):
                return change(*given)
            label = f"file: {name} {_role(given[which])}"
            reaper(f"{label}: before")
            done = change(*given, **more)
            reaper(f"{label}: after")
            return done

        return step

    for name, which in (("replace", 1), ("rename", 1), ("unlink", 0)):
        vars(os)[name] = stepped(name, getattr(os, name), which)


def _role(path: Any) -> str:
    """What a file is for."""
    if isinstance(path, int):
        return "handle"
    name = Path(os.fsdecode(path))
    if "vidbuild.lock" in name.name:
        return "lock"
    if ".partial" in name.parts:
        return "staged"
    return "state" if ".vidbuild" in name.parts else "output"
