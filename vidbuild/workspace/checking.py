"""Settings -> everything that is wrong with a project, found without a network.

What other commands stop at is collected here: the project, its videos, its locks and its
journal, all in one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import EXIT_ERROR, Diagnostic, Problems, folded
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.selection import Selection, check_selection, select_names
from vidbuild.project.discover import find_project
from vidbuild.project.sources import Sources
from vidbuild.settings import Settings
from vidbuild.state.journal import read_journal
from vidbuild.state.lock import read_lock
from vidbuild.workspace.opened import shown
from vidbuild.workspace.places import STATE, sibling_paths
from vidbuild.workspace.selected import found_in, subjects_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found, and how many of the selected videos are valid.

    `file` is the project file and `prefix` leads to its folder from the root of the git
    repository; both are empty where there is no project.
    """

    diagnostics: tuple[Diagnostic, ...]
    valid: int = 0
    file: Path | None = None
    prefix: str = ""

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)


def check(settings: Settings, selection: Selection) -> Checked:
    """Checks the project. Raises `Problems` only for wrong usage."""
    try:
        file = find_project(settings.directory, settings.file)
    except Problems as problems:
        return Checked(diagnostics=problems.diagnostics)
    found: list[Diagnostic] = []
    root = file.parent.resolve()
    valid = _check_project(file, settings, selection, found)
    return Checked(diagnostics=tuple(folded(found)), valid=valid, file=file, prefix=_prefix(root))


@contextmanager
def _collecting(found: list[Diagnostic]) -> Iterator[None]:
    """Goes on behind the block where it meets problems; they are then among those found."""
    try:
        yield
    except Problems as problems:
        if problems.exit_code != EXIT_ERROR:
            raise
        found += problems.diagnostics


def _check_project(
    file: Path, settings: Settings, selection: Selection, found: list[Diagnostic]
) -> int:
    """The number of valid videos among the selected ones."""
    name, valid = None, 0
    with _collecting(found):
        loaded = load(file, profile=settings.profile, outside=settings.outside)
        name = loaded.project.name
        valid = _check_selected(loaded, selection, found)
    _check_state(file.parent.resolve(), name or _name(file), found)
    return valid


def _check_selected(loaded: Loaded, selection: Selection, found: list[Diagnostic]) -> int:
    subjects = subjects_of(loaded)
    chosen = select_names(selection, subjects)
    found += found_in(loaded, selection)
    with _collecting(found):
        found += check_selection(selection, chosen, subjects)
    return len(chosen & loaded.requests.keys())


def _check_state(root: Path, project: str | None, found: list[Diagnostic]) -> None:
    """The locks and the journal; nobody's where not even the project's name is known."""
    if project is None:
        return
    for path in sibling_paths(root):
        with _collecting(found):
            read_lock(path, project=project, shown=shown(root, path))
    with _collecting(found):
        read_journal(root / STATE / "state" / "journal.db", project=project)


def _name(file: Path) -> str | None:
    """The name of a project that is not valid as a whole."""
    data: Any = None
    with _collecting([]):
        data = Sources(file.parent).yaml(file)[1]
    name = data.get("project") if isinstance(data, dict) else None
    return name if isinstance(name, str) else None


def _prefix(root: Path) -> str:
    """The way from the repository's root to `root`, empty without a repository."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            way = root.relative_to(folder).as_posix()
            return "" if way == "." else f"{way}/"
    return ""
