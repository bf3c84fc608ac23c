"""What `vidbuild --version` costs beside a bare `import click`, in CPU seconds of a process.

    python bench/startup.py [RUNS]

Prints the medians and their ratio; `make bench` runs it.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys


def cpu(command: list[str]) -> float:
    """User and system seconds of one finished process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(runs: int) -> None:
    bare = [sys.executable, "-c", "import click"]
    ours = [sys.executable, "-m", "vidbuild", "--version"]
    pairs = [(cpu(ours), cpu(bare)) for _ in range(runs + 1)][1:]  # the first warms the disk up
    version, click = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"vidbuild --version {version:.3f} s, import click {click:.3f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
