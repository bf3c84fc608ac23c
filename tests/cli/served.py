"""A studio on a loopback port, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cli.commands import CLEAN
from tests.forks import Forked


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    url: str
    http: httpx.Client

    def ledger(self, key: str) -> dict[str, Any]:
        """Every job and charge, as the studio tells them."""
        answer = self.http.get(f"{self.url}/_studio/ledger", headers={"x-api-key": key})
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def serve(data: Path, *arguments: str, patient: bool = True) -> Iterator[Served]:
    """`vidbuild studio serve` on a free port; asked to end, and waited for, afterwards. One that
    is not `patient` would wait for its last answers, which nobody wants: it is killed."""
    command = [sys.executable, "-m", "vidbuild", "studio", "serve", "--port", "0"]
    process = Forked(
        [*command, "--data", str(data), *arguments], stdout=subprocess.PIPE, text=True, env=CLEAN
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Studio listening on http://127.0.0.1:"), line
        with httpx.Client(trust_env=False) as http:
            yield Served(url=line.split()[-1], http=http)
    finally:
        process.send_signal(signal.SIGTERM if patient else signal.SIGKILL)
        assert process.wait(timeout=20) in ((0, 130) if patient else (-signal.SIGKILL,))
        process.stdout.close()  # type: ignore[union-attr]  # asserted above
