"""A command on a terminal: what it shows is read, and answers are typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cli.commands import CLEAN
from tests.forks import Forked

_PATIENCE = 30.0
_ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal:
    """`raw` is everything that was shown so far."""

    def __init__(self, process: Forked, master: int) -> None:
        self.process, self._master = process, master
        self.raw = ""

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    def until(self, wanted: str) -> str:
        """What is shown up to and with these words."""
        end = time.monotonic() + _PATIENCE
        while wanted not in self.text.replace("\n", " "):
            assert time.monotonic() < end, self.text
            assert self._read(), self.text
        return self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def ended_by(self, stop: Callable[[], None]) -> int:
        """The exit code after `stop`, which is repeated where it came in the moment between a
        question and the reading of its answer, as anybody would."""
        for _ in range(round(_PATIENCE)):
            stop()
            while select.select([self._master], [], [], 1.0)[0]:
                if not self._read():
                    return self.process.wait(timeout=_PATIENCE)
        raise AssertionError(f"it does not end:\n{self.text}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def code(self) -> int:
        """The exit code; everything is read until then."""
        while self._read():
            pass
        return self.process.wait(timeout=_PATIENCE)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], _PATIENCE)[0]:
            raise AssertionError(f"nothing more is shown:\n{self.text}")
        try:
            found = os.read(self._master, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.raw += found.decode("utf-8", "replace")
        return bool(found)


@contextmanager
def terminal(
    *arguments: str, cwd: Path, env: Mapping[str, str], columns: int = 100, rows: int = 30
) -> Iterator[Terminal]:
    """`vidbuild ARGUMENTS` with a terminal of its own."""
    master, slave = pty.openpty()
    process = Forked(
        [sys.executable, "-m", "vidbuild", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env={**CLEAN, "TERM": "xterm-256color", **env},
        terminal=True,
    )
    os.close(slave)
    shown = Terminal(process, master)
    shown.resize(columns, rows)
    try:
        yield shown
    finally:
        process.kill()
        process.wait()
        os.close(master)
