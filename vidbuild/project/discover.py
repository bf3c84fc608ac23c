"""Finding the project file: from the working directory up to the repository's root."""

from __future__ import annotations

from pathlib import Path

from vidbuild.diagnostics import problem
from vidbuild.files import is_file, is_folder

PROJECT_FILE = "vidbuild.yaml"
DRAFT = "draft"  # a profile that every project has


def find_project(directory: Path, file: str | None = None) -> Path:
    """The project file for `directory`; `file` (relative to it) overrides the search.

    Without git the search goes on to the file system's root. Raises `Problems` VB264.
    """
    if file is not None:
        path = directory / file
        if not is_file(path):
            raise problem("VB264", f"there is no project file {file}", hint="check --file")
        return path.resolve()
    start = directory.resolve()
    if not is_folder(start):
        raise problem("VB264", f"{directory} is not a folder", hint="check --directory")
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
        if (folder / ".git").exists():
            break
    raise problem(
        "VB264",
        f"there is no {PROJECT_FILE} in {start} or above it",
        hint="go to your project's folder, or name it with -C DIR",
    )
