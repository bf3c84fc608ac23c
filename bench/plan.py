"""What `vidbuild plan` costs on projects of 100 to 100,000 videos, beside two other tools.

    python bench/plan.py             writes the table of docs/performance.md, some minutes
    python bench/plan.py --quick     small projects, one run each, prints only

Each project is planned with nothing changed, with one script edited (another one in each run,
so that no cache has seen it), and with everything new: no lock and no cache. Each figure is the
median of five runs of a whole process on one core; see `measure` for the unit. octoDNS and ninja
are looked for in build/bench, where `make bench` installs them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import applied
import page
import projects
import rivals
from measure import UNIT, Cost, cost, middle, pin
from page import Row

ROOT = Path(__file__).resolve().parent.parent
PLAN: list[str | Path] = [Path(sys.executable).with_name("vidbuild"), "plan"]
CACHE = ".vidbuild/cache"
ROOM = {10_000: 200, 100_000: 700}  # megabytes

Write = Callable[[Path, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of project. `bars` are in U, by number of videos and what has changed."""

    what: str
    write: Write
    sizes: tuple[int, ...]
    bars: dict[tuple[int, str], float]


KINDS = (
    Kind(
        what="videos in YAML",
        write=projects.videos_in_yaml,
        sizes=(100, 1_000, 10_000),
        bars={(10_000, page.SAME): 1.5, (10_000, page.EDITED): 6, (10_000, page.NEW): 13},
    ),
    Kind(
        what="rows of a CSV",
        write=projects.rows_in_csv,
        sizes=(10_000, 100_000),
        bars={(100_000, page.EDITED): 25},
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small projects, one run each")
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "bench" / "bin")
    given = parser.parse_args()
    if not given.quick:
        pin()
    rows: list[Row] = []
    # What makes the projects needs memory that the processes measured must not inherit.
    with (
        tempfile.TemporaryDirectory(prefix="vidbuild-bench-") as name,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other,
    ):
        folder = Path(name)
        for row in measured(folder, other, runs=1 if given.quick else 5, quick=given.quick):
            rows.append(row)
            print(page.line(row), flush=True)
        if not given.quick:
            for row in compared(folder, given.tools, rows):
                rows.append(row)
                print(page.line(row), flush=True)
    if not given.quick:
        (ROOT / "docs" / "performance.md").write_text(page.page(rows), encoding="utf-8")


def measured(folder: Path, other: ProcessPoolExecutor, *, runs: int, quick: bool) -> Iterator[Row]:
    """A row for each project and what has changed in it."""
    for kind in KINDS:
        for size in (100, 1_000) if quick else kind.sizes:
            project = folder / f"{kind.write.__name__}-{size}"
            project.mkdir()
            other.submit(prepare, kind.write, project, size).result()
            for change, costs, units in planned(kind, project, size, runs):
                yield Row(
                    what=f"{size:,} {kind.what}",
                    change=change,
                    cost=middle(costs),
                    unit=median(unit.cpu for unit in units),
                    bar=kind.bars.get((size, change)),
                    room=ROOM.get(size),
                )
            shutil.rmtree(project)


def prepare(write: Write, project: Path, size: int) -> None:
    """A project with all that an apply leaves, and beside it one that nobody applied."""
    write(project, size, None)
    applied.finish(project)
    if size in ROOM:
        time.sleep(6)  # younger files are compared by their bytes


def planned(
    kind: Kind, project: Path, size: int, runs: int
) -> Iterator[tuple[str, list[Cost], list[Cost]]]:
    """The costs of plans, and of the unit in between."""
    upkeep: dict[str, Callable[[int], None]] = {
        page.SAME: lambda _: None,
        page.EDITED: lambda run: kind.write(project, size, (run + 1) * size // 7),
        page.NEW: lambda _: shutil.rmtree(project / CACHE, ignore_errors=True),
    }
    told = {
        page.SAME: f"Nothing to do: {size} videos are up to date.",
        page.EDITED: f"Plan: 1 to rerender, {size - 1} unchanged.",
        page.NEW: f"Plan: {size} to create.",
    }
    cost(PLAN, project)  # what a cache can know, it knows
    for change, before in upkeep.items():
        if change == page.NEW:
            kind.write(project, size, None)
            (project / "vidbuild.lock").unlink()
            shutil.rmtree(project / ".vidbuild")
        costs, units = [], []
        for run in range(runs):
            before(run)
            units.append(cost(UNIT, project))
            costs.append(cost(PLAN, project))
            last = costs[-1].said.rstrip().rpartition("\n")[2].replace(",", "")
            if not last.startswith(told[change].replace(",", "")):
                raise SystemExit(f"{change}: {last}")
        yield change, costs, units


def compared(folder: Path, tools: Path, rows: list[Row]) -> Iterator[Row]:
    """The same number of records and targets in the hands of the others."""
    size = 10_000
    ours = {row.change: row for row in rows if row.what == f"{size:,} {KINDS[0].what}"}
    dns, ninja = tools / "octodns-sync", tools / "ninja"
    if not dns.exists() or not ninja.exists():
        print(f"no octoDNS and ninja in {tools}: `make bench` installs them")
        return
    rivals.records(folder / "dns", size)
    costs, units = [], []
    for run in range(5):
        rivals.edit_record(folder / "dns", size, (run + 1) * size // 7)
        units.append(cost(UNIT, folder))
        costs.append(cost([str(dns), "--config-file", "config.yaml"], folder / "dns"))
        if "Updates=1" not in costs[-1].said:
            raise SystemExit(costs[-1].said[-2000:])
    yield page.beside(
        f"octoDNS {rivals.version(dns)}, {size:,} records", page.EDITED, costs, units,
        against=ours[page.EDITED], times=7,
    )  # fmt: skip
    rivals.targets(folder / "ninja", size, ninja)
    costs, units = [], []
    for _ in range(5):
        units.append(cost(UNIT, folder))
        costs.append(cost([str(ninja), "-n"], folder / "ninja"))
        if "no work to do" not in costs[-1].said:
            raise SystemExit(costs[-1].said[-2000:])
    yield page.beside(
        f"ninja {rivals.version(ninja)}, {size:,} targets", page.SAME, costs, units,
        against=ours[page.SAME], times=1 / 4,
    )  # fmt: skip


if __name__ == "__main__":
    main()
