"""Measured costs as lines and as docs/performance.md, with the bars that they are held to."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from measure import Cost, middle

SAME, EDITED, NEW = "nothing changed", "one edited", "all new, no cache"

TEXT = """\
# Performance

What `vidbuild plan` costs as a whole process: interpreter, imports, reading, checking,
comparing, looking at the files in the output folder, printing. `make bench` measures it and
writes this page; `python bench/plan.py --quick` is a smaller round that writes nothing.

Measured {date} on one core of {machine}.
Each figure is the median of five runs, memory the highest of them; where the clock shows far
more than the CPU, the machine was busy with other things. **U** is the CPU time of a loop of
three million additions in the same interpreter, measured in between: {unit:.3f} s here.
Bars in U hold on any machine.

| project | plan | CPU | in U | at most | clock | memory | at most |
| --- | --- | --- | --- | --- | --- | --- | --- |
{ours}

The projects are generated. A video in YAML is nine lines of one file: in seven of ten plain
text, in two templates, in one a voice of its own. Rows of a CSV stand behind one block with
templates in name, title and script. "Nothing changed" and "one edited" have the lock, the
journal and the three files of each video that a finished apply leaves, and the cache of an
earlier plan; each edited run edits another video. "All new" has neither lock nor cache.
{beside}
{verdict}
"""
BESIDE = """
Beside it, in the same run, tools that compare what is wanted with what is there:

| tool | what | CPU | in U | against `vidbuild plan` | wanted |
| --- | --- | --- | --- | --- | --- |
{theirs}

octoDNS compares a zone of that many records, kept in YAML on both sides, one of them edited
(`octodns-sync` without `--doit`). ninja has that many targets, each made from a file of its own,
all up to date (`ninja -n`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measured plan. `bar` is in U, `room` in MB. Of another tool `times` says how many times
    the CPU of `vidbuild plan` it took, `wanted` how many times it is to take at least."""

    what: str
    change: str
    cost: Cost
    unit: float
    bar: float | None = None
    room: int | None = None
    times: float | None = None
    wanted: float | None = None

    @property
    def units(self) -> float:
        return self.cost.cpu / self.unit

    @property
    def missed(self) -> list[str]:
        """The bars that it does not hold, in words."""
        found = []
        if self.bar is not None and self.units > self.bar:
            found.append(f"{self.what}, {self.change}: {self.units:.1f} U instead of {self.bar:g}")
        if self.room is not None and self.cost.memory > self.room:
            found.append(
                f"{self.what}, {self.change}: {self.cost.memory:.0f} MB instead of {self.room}"
            )
        if self.times is not None and self.wanted is not None and self.times < self.wanted:
            found.append(f"{_ratio(self.times)} than {self.what}, not {_ratio(self.wanted)}")
        return found


def beside(
    what: str, change: str, costs: Sequence[Cost], units: Sequence[Cost], *, against: Row,
    times: float,
) -> Row:  # fmt: skip
    """Another tool's row, set against ours in units of either's own moment."""
    cost, unit = middle(costs), median(each.cpu for each in units)
    return Row(
        what=what,
        change=change,
        cost=cost,
        unit=unit,
        times=cost.cpu / unit / against.units,
        wanted=times,
    )


def line(row: Row) -> str:
    """A row for a terminal."""
    cost = row.cost
    words = f"{row.what}, {row.change}: {cost.cpu:.2f} s CPU, {row.units:.1f} U"
    if row.bar is not None:
        words += f" (at most {row.bar:g})"
    if row.times is not None:
        words += f", vidbuild is {_ratio(row.times)}"
    return f"{words}, {cost.wall:.2f} s, {cost.memory:.0f} MB" + " MISSED" * bool(row.missed)


def page(rows: Sequence[Row]) -> str:
    """The whole page."""
    ours = [row for row in rows if row.times is None]
    theirs = [row for row in rows if row.times is not None]
    table = "\n".join(map(_theirs, theirs))
    return TEXT.format(
        date=datetime.now(UTC).date(),
        machine=machine(),
        unit=median(row.unit for row in rows),
        ours="\n".join(map(_ours, ours)),
        beside=BESIDE.format(theirs=table) if theirs else "",
        verdict=_verdict(rows),
    )


def machine() -> str:
    """Processor, cores, interpreter; no names of hosts or folders."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def _ours(row: Row) -> str:
    cost = row.cost
    bar = f"{row.bar:g} U" if row.bar is not None else ""
    room = f"{row.room} MB" if row.room is not None else ""
    units, memory = f"{row.units:.1f}", f"{cost.memory:.0f} MB"
    if row.bar is not None and row.units > row.bar:
        units = f"**{units}**"
    if row.room is not None and cost.memory > row.room:
        memory = f"**{memory}**"
    cells = (row.what, row.change, f"{cost.cpu:.2f} s", units, bar, f"{cost.wall:.2f} s", memory,
             room)  # fmt: skip
    return _cells(cells)


def _theirs(row: Row) -> str:
    times, wanted = _ratio(row.times or 0), _ratio(row.wanted or 0)
    if row.missed:
        times = f"**{times}**"
    cells = (row.what, row.change, f"{row.cost.cpu:.2f} s", f"{row.units:.1f}", times, wanted)
    return _cells(cells)


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _ratio(times: float) -> str:
    """How we stand beside a tool that takes `times` our CPU."""
    return f"{times:.1f} times faster" if times >= 1 else f"{1 / times:.1f} times slower"


def _verdict(rows: Iterable[Row]) -> str:
    missed = [words for row in rows for words in row.missed]
    if not missed:
        return "Every bar is held."
    return "What misses its bar, in bold above:\n\n" + "\n".join(f"- {words}" for words in missed)
