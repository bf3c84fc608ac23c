"""Locks that git has in conflict: the three versions that its index holds of each.

Asks the `git` on the path; changes nothing.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from vidbuild.diagnostics import problem

_STAGES = {"1": "base", "2": "ours", "3": "theirs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A file in conflict, relative to the folder; a version is None where a side has none."""

    file: str
    base: bytes | None = None
    ours: bytes | None = None
    theirs: bytes | None = None


def find_conflicts(folder: Path) -> list[Conflict]:
    """The locks of a folder that are in conflict. Raises `Problems` (VB528) without git."""
    versions: dict[str, dict[str, bytes]] = {}
    listed = _git(folder, "ls-files", "--unmerged", "-z")
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        head, _, file = line.partition("\t")
        if file and "/" not in file and fnmatch(file, "vidbuild*.lock"):
            _, blob, stage = head.split()
            data = _git(folder, "cat-file", "blob", blob)
            versions.setdefault(file, {})[_STAGES[stage]] = data
    return [Conflict(file=file, **found) for file, found in sorted(versions.items())]


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, and names of objects that git gave
            ["git", *arguments],  # noqa: S607 - the user's own git, as their path finds it
            cwd=folder,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise problem(
            "VB528",
            f"git cannot be run: {error.strerror or error}",
            hint="install git, or name the three versions: vidbuild lock merge BASE OURS THEIRS",
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise problem(
            "VB528",
            f"git cannot tell what is in conflict: {said}",
            hint="run it in the repository, or name the versions: vidbuild lock merge BASE OURS "
            "THEIRS",
        )
    return done.stdout
