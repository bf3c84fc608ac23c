"""Processes of Python without its start-up: forked from one that has everything imported.

They are processes like any other, with streams, a session, signals and an exit code of their
own; only that nothing is imported any more, which takes ten times as long as what most of them
are started for. Not for tests of imports, of the start-up, or of how the interpreter takes its
environment.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import runpy
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

_ROOT = Path(__file__).parent.parent
_ORDER = 1 << 17  # bytes, an environment included

# What is imported only when it is used, by us and by others.
LATE = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "concurrent.futures.thread",
    "httpcore",
    "python_multipart",
    "sniffio",
    "starlette.formparsers",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
)


class Forked(subprocess.Popen[str]):
    """A `subprocess.Popen` of `[sys.executable, "-m", MODULE, ...]` or `"-c", CODE`; with
    `terminal`, its standard input is where its signals come from."""

    def __init__(self, command: Sequence[str], *, terminal: bool = False, **more: Any) -> None:
        self._terminal = terminal
        super().__init__(command, **more)

    def _execute_child(self, command: Sequence[str], *given: Any) -> None:
        """Where the interpreter would be started. `given` are all arguments of a `Popen`."""
        cwd, env, pipes = given[4], given[5], given[9:15]
        theirs = (pipes[0], pipes[3], pipes[5])
        order = {
            "command": list(command[1:]),
            "cwd": str(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
            "session": bool(given[-2]) or self._terminal,
            "terminal": self._terminal,
        }
        streams = [number if one == -1 else one for number, one in enumerate(theirs)]
        self.pid = _ask(order, streams)
        vars(self)["_child_created"] = True
        vars(subprocess.Popen)["_close_pipe_fds"](self, *pipes)

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid == self.pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """The process is a child of the one that was forked."""
        status = _ask({"wait": self.pid, "flags": flags})
        return (0, 0) if status < 0 else (self.pid, status)


def _ask(order: Mapping[str, Any], streams: Sequence[int] = ()) -> int:
    mother = _mother()
    socket.send_fds(mother, [json.dumps(order).encode()], streams)
    return int(mother.recv(64))


@cache
def _mother() -> socket.socket:
    """The way to the process that forks; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={n: v for n, v in os.environ.items() if not n.startswith(("VIDBUILD_", "HEYGEN_"))},
            cwd=_ROOT,
        )
    assert ours.recv(64) == b"0"

    def end() -> None:
        ours.close()
        process.wait(20)

    atexit.register(end)
    return ours


def main() -> None:
    """Takes orders until there are no more."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    load()
    orders.send(b"0")
    while True:
        text, streams, _, _ = socket.recv_fds(orders, _ORDER, 3)
        if not text:
            return
        order = json.loads(text)
        if "wait" in order:
            pid, status = os.waitpid(order["wait"], order["flags"])
            answer = status if pid else -1
        elif (answer := os.fork()) == 0:
            orders.close()
            _become(order, streams)
            return
        for number in streams:
            os.close(number)
        orders.send(b"%d" % answer)


def load() -> None:
    """Imports whatever a command may need, and makes what is made once."""
    import vidbuild
    from vidbuild.provider.wire import trust
    from vidbuild.schema.api import load_api

    for name in LATE:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(vidbuild.__path__, "vidbuild."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    load_api()
    trust(environment=False)
    hasten_ends()
    gc.collect()
    gc.freeze()


def hasten_ends() -> None:
    """A server looks more than ten times a second whether it is to end."""
    import uvicorn.server

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    vars(uvicorn.server)["asyncio"] = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})


def _become(order: Mapping[str, Any], streams: Sequence[int]) -> None:
    """From now on this process is what was ordered; it ends as that does."""
    if order["session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if order["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.stdin = _stream(0, "r", "strict")
    sys.stdout = _stream(1, "w", "strict")
    sys.stderr = _stream(2, "w", "backslashreplace")
    how, what, *arguments = order["command"]
    sys.argv = [how, *arguments]
    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as `python -c` does
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            _end(end.code or 0)
        raise
    _end(0)


def _end(code: int) -> NoReturn:
    """Without taking everything apart that was imported: most of it would be copied first."""
    vars(threading)["_shutdown"]()
    vars(atexit)["_run_exitfuncs"]()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    os._exit(code)


def _stream(number: int, mode: str, errors: str) -> IO[str]:
    """As the interpreter opens it: by lines on a terminal, and errors always."""
    lines = 1 if mode == "w" and (number == 2 or os.isatty(number)) else -1
    return open(number, mode, lines, encoding="utf-8", errors=errors, closefd=False)


if __name__ == "__main__":
    main()
