"""`roots`: more folders of the same git repository that a project may read from."""

from __future__ import annotations

import re
from pathlib import Path

from vidbuild.diagnostics import problem
from vidbuild.files import is_folder
from vidbuild.project.model import Layer, Source, placed
from vidbuild.project.sources import Sources
from vidbuild.project.structure import Findings, kind_of

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def open_roots(source: Source, sources: Sources, findings: Findings) -> None:
    """Opens the project's roots in `sources`; those that cannot be are reported."""
    values = source.data.get("roots")
    if not isinstance(values, dict):
        return
    layer = Layer(kind="base", source=source, pointer=("roots",), values=values)
    for name, value in values.items():
        with findings.collecting(), placed(layer, name):
            if not _NAME.fullmatch(name):
                raise problem("VB280", f"{name!r} cannot name a root",
                              hint="use letters, digits, `-` and `_`")  # fmt: skip
            if not isinstance(value, str) or not value or "\0" in value:
                raise problem("VB254", f"the root {name} must be a folder, not {kind_of(value)}",
                              hint=f"write {name}: ../shared")  # fmt: skip
            sources.roots[name] = _folder(value, sources.root)


def _folder(value: str, project: Path) -> Path:
    """The folder behind a root, links followed, and in the project's own repository."""
    try:
        folder = (project / value).resolve()
    except (OSError, RuntimeError):  # links in a circle
        folder = project / value
    if not is_folder(folder):
        raise problem("VB280", f"{value} is no folder", hint="check the path and its spelling")
    repository = _repository(project)
    if repository is None:
        raise problem(
            "VB280",
            "the project is in no git repository, so it cannot have roots",
            hint="run `git init` in the folder that holds the project and its roots",
        )
    if _repository(folder) != repository:
        raise problem(
            "VB280",
            f"{value} lies outside the project's git repository",
            hint=f"name a folder in {repository.name}, the repository's own folder",
        )
    return folder


def _repository(folder: Path) -> Path | None:
    """The root of the git repository that holds the folder: its own, not one around that."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
