"""What reading, resolving and validating a project costs, in CPU seconds of a fresh process.

    python bench/resolve.py [RUNS]

Projects of 1,000 and 10,000 videos in one YAML file, nine lines each and a template of its own
in every script, and of 10,000 and 100,000 rows of a CSV behind one templated block. Each figure
is the least of RUNS; the first is of loading alone, the second of the whole process: interpreter
and imports too.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HEAD = """\
vidbuild: 1
project: bench
vars: {product: Acme Cloud}
defaults:
  type: avatar
  avatar_id: Abigail_expressive_2024112501
  voice_id: 73c0b6a2e29d4d38aca41454bf58c955
  resolution: 1080p
videos:
"""
VIDEO = """\
  lesson-{n:06}:
    title: Lesson {n}
    script: This is lesson {n} of {{{{ product }}}}, and it is about the number {n}.
    avatar_id: Look_{look}
    resolution: 720p
    background:
      type: color
      value: "#10{colour:04x}"
    tags: [course]
"""
LOOP = """\
  customer:
    for_each: {file: rows.csv}
    name: customers/{{ each.id }}
    title: For {{ each.name }}
    script: Hi {{ each.name }}, thanks for choosing {{ product }}.
"""
CHILD = """
import time
from pathlib import Path
from vidbuild.pipeline import load
start = time.process_time()
loaded = load(Path({file!r}))
assert len(loaded.requests) == {count} and not loaded.diagnostics
print(time.process_time() - start, time.process_time())
"""


def main(runs: int) -> None:
    for count in (1_000, 10_000):
        report(f"{count:,} videos in YAML", count, runs, in_yaml)
    for count in (10_000, 100_000):
        report(f"{count:,} rows of CSV", count, runs, in_csv)


def in_yaml(_folder: Path, count: int) -> str:
    return HEAD + "".join(VIDEO.format(n=n, look=n % 7, colour=n % 65536) for n in range(count))


def in_csv(folder: Path, count: int) -> str:
    rows = "".join(f"c{n},Name {n}\n" for n in range(count))
    (folder / "rows.csv").write_text(f"id,name\n{rows}", encoding="utf-8")
    return HEAD + LOOP


def report(what: str, count: int, runs: int, make: Callable[[Path, int], str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "vidbuild.yaml"
        file.write_text(make(file.parent, count), encoding="utf-8")
        program = CHILD.format(file=str(file), count=count)
        load, whole = min(measured(program) for _ in range(runs))
    each = load / count * 1e6
    print(f"{what}: {load:.2f} s to load ({each:.0f} µs each), {whole:.2f} s in all")


def measured(program: str) -> tuple[float, float]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    load, whole = map(float, done.stdout.split())
    return load, whole


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
