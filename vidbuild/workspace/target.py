"""`FILE[:LINE]` as typed -> a place in the project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vidbuild.diagnostics import EXIT_USAGE, Problems, problem
from vidbuild.files import is_file, is_folder, within
from vidbuild.project.sources import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file of the project by its shown name, and a line of it."""

    file: str
    path: Path
    line: int | None


def read_target(typed: str, folder: Path, sources: Sources) -> Target:
    """The place that is meant: from `folder`, or else from the project folder or a root.

    Raises `Problems` for what is no file of the project, or no line of it.
    """
    name, line = typed, None
    split = re.fullmatch(r"(.+):(-?\d+)", typed, re.DOTALL)
    if split and not is_file(folder / typed):
        name, line = split[1], int(split[2])
    if not name or "\0" in name:
        raise problem("VB250", "the file name is empty or holds a NUL",
                      hint="name a file, or a line as FILE:LINE", exit_code=EXIT_USAGE)  # fmt: skip
    path = _found(name, folder, sources)
    shown = sources.shown(path)
    if line is not None:
        _check_line(sources, path, shown, line)
    return Target(file=shown, path=path, line=line)


def _found(name: str, folder: Path, sources: Sources) -> Path:
    root, _, rest = name.partition(":")
    places = [folder / name, sources.root / name]
    if root in sources.roots and rest:
        places.append(sources.roots[root] / rest)
    for place in places:
        if is_folder(place):
            raise problem("VB102", f"{name} is a folder, not a file", hint="name a file in it")
        if is_file(place):
            areas = [sources.root, *sources.roots.values()]
            if not any(within(area, place) for area in areas):
                raise problem("VB251", f"{name} lies outside the project folder",
                              hint="name a file that the project reads")  # fmt: skip
            return place.parent.resolve() / place.name
    raise problem("VB101", f"{name} does not exist",
                  hint="name a file, or a line as FILE:LINE")  # fmt: skip


def _check_line(sources: Sources, path: Path, shown: str, line: int) -> None:
    try:
        text = sources.text(path)
    except Problems:
        raise problem("VB732", f"{shown} is no text file: it has no lines",
                      hint=f"ask for the whole file: {shown}") from None  # fmt: skip
    count = text.count("\n") + (not text.endswith("\n"))
    if not 1 <= line <= count:
        lines = "1 line" if count == 1 else f"{count} lines"
        raise problem("VB732", f"{shown} has {lines}, and no line {line}",
                      hint="lines count from 1")  # fmt: skip
