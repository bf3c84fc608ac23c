"""`python bench/plan.py --quick` runs, and what it measures is linear and fits in memory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LINE = re.compile(
    r"^([\d,]+) (.+?), (nothing changed|one edited|all new, no cache): "
    r"([\d.]+) s CPU, [\d.]+ U, [\d.]+ s, (\d+) MB$"
)


def test_the_quick_round_runs_and_is_linear() -> None:
    page = ROOT / "docs" / "performance.md"
    before = page.read_bytes()
    command = [sys.executable, str(ROOT / "bench" / "plan.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [re.fullmatch(LINE, line) for line in done.stdout.splitlines()]
    assert all(found), done.stdout
    costs = {(m[2], m[3], m[1]): (float(m[4]), int(m[5])) for m in found if m}
    assert len(costs) == 2 * 3 * 2, done.stdout
    for (what, change, size), (cpu, memory) in costs.items():
        assert memory < 100, (what, change, size)
        few, _ = costs[what, change, "100"]
        assert cpu < 10 * few, (what, change, size)  # ten times as many videos
    assert page.read_bytes() == before, "a quick round writes nothing"
