"""What one process costs, everything of it counted: interpreter, imports, children.

Costs are compared in units of `U`, the CPU time of a small loop in the same interpreter, run
in between the others: what is quick or slow about a machine then falls out.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

UNIT = [sys.executable, "-c", "def f():\n s=0\n for i in range(3_000_000): s+=i&7\nf()"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of CPU (user and system, children included) and of the clock, peak memory in MB;
    `said` is all that the process printed."""

    cpu: float
    wall: float
    memory: float
    said: str


def cost(command: Sequence[str | Path], folder: Path, *, code: int = 0) -> Cost:
    """Runs a command in a folder to its end; raises unless it ends with `code`.

    The process that calls this has to be small: a child's peak memory counts what its parent
    had when it was started.
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as out:
        streams = [(os.POSIX_SPAWN_DUP2, out.fileno(), stream) for stream in (1, 2)]
        before, here = time.perf_counter(), Path.cwd()
        os.chdir(folder)
        try:
            child = os.posix_spawn(words[0], words, os.environ, file_actions=streams)
        finally:
            os.chdir(here)
        _, status, used = os.wait4(child, 0)
        wall = time.perf_counter() - before
        out.seek(0)
        said = out.read().decode(errors="replace")
    if os.waitstatus_to_exitcode(status) != code:
        raise SystemExit(f"{' '.join(words)} ended with {status}:\n{said}")
    memory = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(cpu=used.ru_utime + used.ru_stime, wall=wall, memory=memory, said=said)


def middle(costs: Iterable[Cost]) -> Cost:
    """The medians of each figure, the largest memory."""
    costs = list(costs)
    return Cost(
        cpu=median(each.cpu for each in costs),
        wall=median(each.wall for each in costs),
        memory=max(each.memory for each in costs),
        said=costs[-1].said,
    )


def pin() -> None:
    """Keeps this process and its children on the core that is quickest just now."""
    if not hasattr(os, "sched_setaffinity"):
        return
    speeds = {}
    for core in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {core})
        speeds[core] = min(cost(UNIT, Path.cwd()).cpu for _ in range(3))
    os.sched_setaffinity(0, {min(speeds, key=lambda core: speeds[core])})
