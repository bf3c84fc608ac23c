"""A folder -> a small project in it that plans and applies at once. Never overwrites."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from vidbuild.diagnostics import Problems, problem
from vidbuild.files import is_folder, write_new
from vidbuild.project.discover import PROJECT_FILE, find_project
from vidbuild.project.names import SLUG

_STARTER = Path(__file__).parent / "starter"
_NAME = "my-videos"  # the starter's own, and that of a folder whose name has nothing for a slug
_SCHEMA = "vidbuild.schema.json"
_GIT = {".gitignore": "gitignore", ".gitattributes": "gitattributes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What was written and what was there before, relative to `folder`.

    `lacking` are the lines that a file of git's has to get by hand; `outer` is the project
    file of a project around this one.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    lacking: dict[str, tuple[str, ...]]
    outer: Path | None


def start_project(folder: Path) -> Started:
    """Writes the project. Raises `Problems` for a folder that cannot be written."""
    if os.path.lexists(folder) and not is_folder(folder):
        raise problem("VB740", f"{folder} is a file, not a folder", hint="name a folder")
    written: list[str] = []
    kept: list[str] = []
    fresh = not os.path.lexists(folder / PROJECT_FILE)
    for name, data in _files(folder, fresh=fresh):
        try:
            (written if write_new(folder / name, data) else kept).append(name)
        except OSError as error:
            raise _unwritable(folder / name, error) from None
    return Started(
        folder=folder,
        written=tuple(reversed(written)),
        kept=tuple(reversed(kept)),
        lacking={name: lines for name in kept if (lines := tuple(_lacking(folder, name)))},
        outer=_outer(folder),
    )


def _files(folder: Path, *, fresh: bool) -> Iterator[tuple[str, bytes]]:
    """The files, the project file last: until it is there, nothing counts as a project."""
    from vidbuild.schema.api import load_api
    from vidbuild.schema.project_schema import encode, project_schema

    yield _SCHEMA, encode(project_schema(load_api()))
    for name, starter in reversed(_GIT.items()):
        yield name, (_STARTER / starter).read_bytes()
    if fresh:  # a project that is there already has scripts of its own
        for path in sorted((_STARTER / "scripts").iterdir()):
            yield f"scripts/{path.name}", path.read_bytes()
    text = (_STARTER / PROJECT_FILE).read_text(encoding="utf-8")
    name = slug(folder.resolve().name)
    yield PROJECT_FILE, _named(text, name).encode()


def slug(text: str) -> str:
    """A project name made of a folder's name."""
    plain = normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")
    return found if SLUG.fullmatch(found) else _NAME


def _named(text: str, name: str) -> str:
    """The starter under another name; the comment behind it stays in its column if it can."""
    line = f"project: {_NAME}"
    room = re.compile(rf"^{line} +(?=#)", re.MULTILINE)

    def renamed(found: re.Match[str]) -> str:
        return f"project: {name}".ljust(len(found[0]) - 1) + " "

    return room.sub(renamed, text, count=1)


def _lacking(folder: Path, name: str) -> Iterator[str]:
    """The lines of the starter's file that the one in the folder does not have."""
    if name not in _GIT:
        return
    try:
        there = {_bare(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()}
    except (OSError, UnicodeDecodeError):
        there = set()
    for line in (_STARTER / _GIT[name]).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#") and _bare(line) not in there:
            yield line


def _bare(line: str) -> str:
    return " ".join(line.split()).strip("/")


def _outer(folder: Path) -> Path | None:
    """The project whose folder, or one below it, this one lies in."""
    if (folder / ".git").exists():
        return None
    try:
        return find_project(folder.resolve().parent)
    except Problems:
        return None


def _unwritable(path: Path, error: OSError) -> Problems:
    if isinstance(error, FileExistsError | NotADirectoryError):
        above = next((p for p in path.parents if p.exists() and not p.is_dir()), path.parent)
        return problem("VB740", f"{above} is a file, not a folder", hint="move it out of the way")
    reason = (error.strerror or type(error).__name__).lower()
    return problem("VB740", f"{path} cannot be written: {reason}",
                   hint="choose a folder that you may write to")  # fmt: skip
