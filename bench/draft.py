"""How fast drafts render: seconds of video for each second of CPU, everything counted.

    python bench/draft.py [ROUNDS]

Starts the studio's own worker process and gives it jobs as the studio does; adds up the CPU
time of that process and of its speech children: start-up, imports, speech, drawing, encoding.
Each job has words of its own, and no speech is kept. A row is the best round (others may be
using the machine) and, behind it, the middle one. Workers side by side are compared by the
clock and by the CPU time that each draft then takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

SCRIPT = (
    "Hello number {number}, and welcome to Acme Cloud. In the next half minute we will show you "
    "how a team keeps its training videos as text. A plan says exactly which videos would be "
    "rendered, why, and what that costs. Apply renders those and nothing else, downloads them, "
    "and writes down what it did. Nothing is ever paid for twice. Drafts like this one are free. "
    "Ready? Then open the first lesson, and let us begin."
)
REQUEST = {
    "type": "avatar",
    "avatar_id": "Abigail_expressive_2024112501",
    "voice_id": "73c0b6a2e29d4d38aca41454bf58c955",
    "title": "Welcome to Acme Cloud",
}
WEBM = {"resolution": "720p", "output_format": "webm"}
# What is measured, how many drafts a worker makes, and what is asked for (times real time).
ROWS: list[tuple[str, dict[str, str], int, int | None]] = [
    ("720p", {"resolution": "720p"}, 8, 50),
    ("720p, the first draft alone", {"resolution": "720p"}, 1, None),
    ("1080p", {"resolution": "1080p"}, 4, 25),
    ("4k", {"resolution": "4k"}, 2, None),
    ("webm, 720p", WEBM, 2, 5),
    ("webm, 1080p", WEBM | {"resolution": "1080p"}, 1, 5),
    ("webm, 4k", WEBM | {"resolution": "4k"}, 1, None),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One or more workers from start to end."""

    seconds: float  # of video
    cpu: float
    wall: float
    memory: float  # MB of the largest worker

    @property
    def pace(self) -> float:
        return self.seconds / self.cpu


def main(rounds: int) -> None:
    print(f"{'':34}{'x real time for each core':>28}{'asked':>8}{'MB, of 300':>12}")
    for name, changes, drafts, asked in ROWS:
        done = [measured(changes, drafts) for _ in range(rounds)]
        best, middle = max(r.pace for r in done), median(r.pace for r in done)
        memory = max(r.memory for r in done)
        print(
            f"{name:34}{best:>20.1f} ({middle:>5.1f}){asked or '':>8}{memory:>12.0f}",
            flush=True,
        )
    beside(rounds)


def beside(rounds: int) -> None:
    """Two workers against one, each with the same number of drafts."""
    pairs = [
        (measured({"resolution": "720p"}, 6), measured({"resolution": "720p"}, 6, workers=2))
        for _ in range(rounds)
    ]
    clock = [2 * one.wall / two.wall for one, two in pairs]
    cpu = [2 * two.pace / one.pace for one, two in pairs]
    print(
        f"two workers make {max(clock):.2f} ({median(clock):.2f}) times as much as one by the "
        f"clock, {median(cpu):.2f} by CPU time; asked 1.7"
    )


def measured(changes: dict[str, str], drafts: int, *, workers: int = 1) -> Round:
    """Workers side by side, each making so many drafts one after another."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        running = [spawned() for _ in range(workers)]
        seconds = 0.0
        for number in range(drafts):
            for place, worker in enumerate(running):
                give(worker, job(changes, f"{place}-{number}", folder))
            seconds += sum(taken(worker) for worker in running)
        wall = time.perf_counter() - start
        used = [ended(worker) for worker in running]
    return Round(
        seconds=seconds,
        cpu=sum(cpu for cpu, _ in used),
        wall=wall,
        memory=max(memory for _, memory in used),
    )


def spawned() -> subprocess.Popen[bytes]:
    # Byte code is kept, as it is on any user's machine.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-P", "-c", "from vidbuild.studio.worker import main; main()"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)


def job(changes: dict[str, str], name: str, folder: str) -> dict[str, Any]:
    request = REQUEST | changes | {"script": SCRIPT.format(number=name)}
    place = Path(folder, name)
    place.mkdir()
    return {"video_id": "draft", "request": request, "assets": {}, "output_dir": str(place)}


def give(worker: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(order).encode() + b"\n")
    worker.stdin.flush()


def taken(worker: subprocess.Popen[bytes]) -> float:
    """Waits for a draft; its length in seconds."""
    assert worker.stdout is not None
    return float(json.loads(worker.stdout.readline())["draft"]["duration"])


def ended(worker: subprocess.Popen[bytes]) -> tuple[float, float]:
    """CPU seconds of a worker and its speech children, and its peak memory in MB."""
    assert worker.stdin is not None
    worker.stdin.close()
    _, _, used = os.wait4(worker.pid, 0)
    worker.returncode = 0
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return used.ru_utime + used.ru_stime, used.ru_maxrss / unit


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
