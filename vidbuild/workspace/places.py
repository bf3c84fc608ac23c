"""Where a project keeps its locks and its journal. Light: nothing is loaded to know it."""

from __future__ import annotations

from pathlib import Path

from vidbuild.project.discover import DRAFT

STATE = ".vidbuild"


def lock_path(root: Path, profile: str | None) -> Path:
    """Each profile has a lock of its own; a draft's stays out of git."""
    if profile is None:
        return root / "vidbuild.lock"
    if profile == DRAFT:
        return root / STATE / "vidbuild.draft.lock"
    return root / f"vidbuild.{profile}.lock"


def sibling_paths(root: Path) -> list[Path]:
    """The locks of all profiles that have one."""
    drafts = root / STATE / "vidbuild.draft.lock"
    found = [root / "vidbuild.lock", *sorted(root.glob("vidbuild.*.lock")), drafts]
    return [path for path in found if path.is_file()]


def label_of(path: Path) -> str:
    """How a plan names another lock: by its profile, or `vidbuild.lock` for that without one."""
    inner = path.name.removeprefix("vidbuild.")
    return path.name if inner == "lock" else inner.removesuffix(".lock")


def journal_path(root: Path) -> Path:
    return root / STATE / "state" / "journal.db"
