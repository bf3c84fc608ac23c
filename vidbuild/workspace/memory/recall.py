"""Settings -> what is remembered of the last plan, and how much of it still holds. Reads only.

Kept light: where nothing has changed, nothing else of vidbuild is loaded. Not for working out
what has changed: `partial` does that.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vidbuild.project.discover import find_project
from vidbuild.workspace.memory.memo import (
    Mark,
    Memo,
    digest_of_times,
    is_same,
    mark_of_file,
    memo_path,
    read_memo,
    times_of,
)
from vidbuild.workspace.places import journal_path, lock_path, sibling_paths


class Recalled(NamedTuple):
    """A memo whose records and surroundings are still the same. `changed` are inputs that are
    not; `times` those of the outputs, None where one is missing; `same` when all of it holds.
    `began` is when it was looked at, in nanoseconds; `read` has the marks of what had to be
    read for that."""

    file: Path
    path: Path
    memo: Memo
    changed: frozenset[str]
    times: list[int] | None
    began: int
    read: dict[str, Mark]

    @property
    def same(self) -> bool:
        times = self.times
        return not self.changed and times is not None and digest_of_times(times) == self.memo.stats


class Before(NamedTuple):
    """The records before a plan is made: what it says is of these. `made` is in nanoseconds."""

    made: int
    records: dict[str, Mark]
    journal: list[list[int]]


def look_before(directory: Path, file: str | None, *, profile: str | None) -> Before:
    """The records as they are, to be asked before anything is loaded."""
    return records_now(find_project(directory, file).parent.resolve(), profile)


def records_now(root: Path, profile: str | None) -> Before:
    made = time.time_ns()
    return Before(made=made, records=records_of(root, profile), journal=journal_mark(root))


def recall(
    directory: Path, file: str | None, *, profile: str | None, outside: Mapping[str, Any]
) -> Recalled | None:
    """What is remembered for these settings; None where nothing helps. Raises `Problems` where
    there is no project."""
    found = find_project(directory, file)
    found = found.parent.resolve() / found.name
    path = memo_path(found, profile=profile, outside=outside)
    memo = read_memo(path)
    root = found.parent
    began, read = time.time_ns(), dict[str, Mark]()
    if memo is None or not _unchanged(memo, root, profile, read):
        return None
    made = memo.made
    changed = [n for n, mark in memo.inputs.items() if _differs(root, n, mark, made, read)]
    return Recalled(
        file=found,
        path=path,
        memo=memo,
        changed=frozenset(changed),
        times=_times(memo, root),
        began=began,
        read=read,
    )


def _unchanged(memo: Memo, root: Path, profile: str | None, read: dict[str, Mark]) -> bool:
    """Whether the records are the same, and the folders hold what they held."""
    return (
        memo.tool == tool_mark()
        and memo.journal == journal_mark(root)
        and _same_records(memo, root, profile, read)
        and not any(os.path.lexists(root / name) for name in memo.absent)
        and all(_globbed(root / folder, glob) == names for folder, glob, names in memo.globs)
    )


def tool_mark() -> list[int]:
    """Changes with each installation into the environment, and with the interpreter."""
    import click

    package = Path(__file__).parents[2]
    libraries = Path(str(click.__file__)).parents[1]
    mine = [path.stat().st_mtime_ns for path in (package, package / "schema", libraries)]
    return [*sys.version_info[:3], *mine]


def journal_mark(root: Path) -> list[list[int]]:
    """Sizes and times of the journal's files; an apply that writes it changes them."""
    path = journal_path(root)
    marks = []
    for each in (path, path.with_name(path.name + "-wal")):
        try:
            stat = each.stat()
        except OSError:
            marks.append([0, 0])
        else:
            marks.append([stat.st_size, stat.st_mtime_ns])
    return marks


def records_of(root: Path, profile: str | None) -> dict[str, Mark]:
    """The marks of the lock and its siblings."""
    marks = ((path, mark_of_file(path)) for path in _records(root, profile))
    return {os.path.relpath(path, root): mark for path, mark in marks if mark is not None}


def _records(root: Path, profile: str | None) -> list[str]:
    return sorted({str(lock_path(root, profile)), *map(str, sibling_paths(root))})


def _same_records(memo: Memo, root: Path, profile: str | None, read: dict[str, Mark]) -> bool:
    there = {os.path.relpath(path, root): path for path in _records(root, profile)}
    present = {name for name, path in there.items() if os.path.lexists(path)}
    return present == memo.records.keys() and all(
        is_same(there[name], mark, memo.made, read) for name, mark in memo.records.items()
    )


def _globbed(folder: Path, glob: str) -> list[str]:
    found = sorted(path for path in folder.glob(glob) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in found]


def _differs(root: Path, name: str, mark: Mark, made: int, read: dict[str, Mark]) -> bool:
    path = os.path.join(root, name)  # noqa: PTH118 - thousands of files may be asked for
    real = os.path.join(root, mark[5])  # noqa: PTH118
    return not is_same(path, mark, made, read) or os.path.realpath(path) != os.path.normpath(real)


def _times(memo: Memo, root: Path) -> list[int] | None:
    try:
        return times_of(memo.outputs.split("\n") if memo.outputs else [], str(root))
    except OSError:
        return None
