"""A process that has everything loaded and does nothing but fork: a new process in milliseconds.

The forked ones are real processes: they run the command line, may be killed, and share
nothing but what was imported. Run as `python -m tests.crash.nest`, it takes orders as lines
of JSON; `Nest` is the side that gives them.
"""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.commands import CLEAN
from tests.crash.reaper import Point
from tests.forks import Forked, load

# How much faster time passes for an apply: its pauses are there for servers far away.
PACE = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a process ended: its exit code (minus nine where it was killed) and what it said."""

    code: int
    stdout: str
    stderr: str
    steps: tuple[str, ...]

    @property
    def killed(self) -> bool:
        return self.code == -9

    @property
    def told(self) -> str:
        """What somebody needs who did not expect this end."""
        return f"exit code {self.code}\n{self.stdout}{self.stderr}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    pid: int
    folder: Path


class Nest:
    """Starts processes of the command line by forking. `folder` is where they write."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._number = 0

    def start(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        at: Point | None = None,
        pace: float = 1.0,
        trap: str = "",
    ) -> Running:
        """`at` is where it is killed; `trap` names a function that fails there instead."""
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        order = {
            "arguments": list(arguments),
            "cwd": str(cwd),
            "env": dict(env),
            "at": at,
            "pace": pace,
            "trap": trap,
            "folder": str(folder),
        }
        return Running(pid=self._ask({"start": order}), folder=folder)

    def wait(self, running: Running) -> Done:
        code = self._ask({"wait": running.pid})
        stdout, stderr, steps = (
            (running.folder / name).read_text("utf-8") for name in ("out", "err", "steps")
        )
        return Done(code=code, stdout=stdout, stderr=stderr, steps=tuple(steps.splitlines()))

    def run(self, arguments: Sequence[str], **more: Any) -> Done:
        return self.wait(self.start(arguments, **more))

    @contextmanager
    def serve(self, data: Path, key: str, *arguments: str) -> Iterator[str]:
        """`vidbuild studio serve`; killed at the end."""
        command = ("studio", "serve", "--port", "0", "--data", str(data), "--key", key)
        more = ("--render", "simulated", *arguments)
        running = self.start([*command, *more], cwd=data.parent, env={}, trap="pipe")
        try:
            with (running.folder / "out").open(encoding="utf-8") as said:
                line = said.readline()
            assert line.startswith("Studio listening on "), line
            yield line.split()[-1]
        finally:
            os.kill(running.pid, 9)
            self._ask({"wait": running.pid})

    def _ask(self, order: Mapping[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def opened(folder: Path) -> Iterator[Nest]:
    """A nest; it ends with all that it started."""
    folder.mkdir(parents=True, exist_ok=True)
    with Forked(
        [sys.executable, "-m", "tests.crash.nest"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**CLEAN, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=Path(__file__).parents[2],
    ) as process:
        yield Nest(process, folder)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def main() -> None:
    """Takes orders until there are no more."""
    load()
    while line := sys.stdin.readline():
        [(word, order)] = json.loads(line).items()
        answer = _start(order) if word == "start" else _wait(order)
        print(answer, flush=True)  # noqa: T201 - the answer


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _start(order: Mapping[str, Any]) -> int:
    folder = Path(order["folder"])
    if order["trap"] == "pipe":
        os.mkfifo(folder / "out")
    for name in ("err", "steps"):
        (folder / name).touch()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = _become(order, folder)
    except BaseException:  # noqa: BLE001 - a forked process must not return into the nest
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(order: Mapping[str, Any], folder: Path) -> int:
    """This process is now one of the command line's own."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(folder / "out", flags), 1)
    os.dup2(os.open(folder / "err", flags), 2)
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    _hurry(order["pace"])
    _hasten()
    if order["trap"] != "pipe":
        from tests.crash.reaper import Reaper, follow

        at = tuple(order["at"]) if order["at"] else None
        follow(Reaper(os.open(folder / "steps", flags), at))
    if order["trap"] not in ("", "pipe"):
        _spring(order["trap"])
    from vidbuild.cli import run

    return run(order["arguments"])


def _hasten() -> None:
    """What a process has written outlives it, however it ends."""

    class Hasty(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith("PRAGMA synchronous"):
                sql = "PRAGMA synchronous=OFF"
            return super().execute(sql, *values)

    connect = sqlite3.connect
    vars(sqlite3)["connect"] = lambda *a, **k: connect(*a, **{"factory": Hasty, **k})
    vars(os)["fsync"] = lambda _: None


def _hurry(pace: float) -> None:
    """Time passes faster: the same order of events in a part of the time."""
    import asyncio
    import time

    from vidbuild.clock import SystemClock

    began = time.time()

    async def sleep(_: SystemClock, seconds: float) -> None:
        await asyncio.sleep(seconds / pace)

    def now(_: SystemClock) -> float:
        return began + (time.time() - began) * pace

    if pace != 1.0:
        setattr(SystemClock, "now", now)  # noqa: B010 - mypy knows no assignment to methods
        setattr(SystemClock, "sleep", sleep)  # noqa: B010


def _spring(trap: str) -> None:
    """The named function fails as no function should."""
    module, _, name = trap.rpartition(".")

    def fail(*given: Any, **more: Any) -> Any:
        store = Path(os.environ.get("HEYGEN_CONFIG_DIR", ".")) / "credentials"
        secret = store.read_text("utf-8") if store.is_file() else dict(os.environ)
        raise RuntimeError(f"a bug: {given!r} {more!r} {secret!r}")

    setattr(importlib.import_module(module), name, fail)


if __name__ == "__main__":
    main()
