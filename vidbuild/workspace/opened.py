"""Settings -> the project with its locks and journal, and where they are kept. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vidbuild.collecting import uncollected
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.paces import Paces
from vidbuild.project.discover import find_project
from vidbuild.settings import Settings
from vidbuild.state.lock import read_lock
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Lock, Render
from vidbuild.workspace.places import STATE, journal_path, label_of, lock_path, sibling_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A loaded project with its recorded state and the places where that is kept. `paces` are
    those of the voices, where they are known without the whole lock."""

    loaded: Loaded
    lock: Lock
    siblings: Mapping[str, Lock]
    journal: Recorded
    paces: Paces | None = None

    @property
    def root(self) -> Path:
        return self.loaded.project.root

    @property
    def lock_path(self) -> Path:
        return lock_path(self.root, self.loaded.project.profile)

    @property
    def journal_path(self) -> Path:
        return journal_path(self.root)

    @property
    def output_dir(self) -> Path:
        return self.root / self.loaded.project.output.dir


@uncollected()
def open_workspace(settings: Settings) -> Workspace:
    """Finds and loads the project with its lock, sibling locks and journal; writes nothing."""
    file = find_project(settings.directory, settings.file)
    loaded = load(file, profile=settings.profile, outside=settings.outside)
    root, project = loaded.project.root, loaded.project
    own = lock_path(root, project.profile)
    siblings = {
        label_of(path): read_lock(path, project=project.name, shown=shown(root, path))
        for path in sibling_paths(root)
        if path != own
    }
    return Workspace(
        loaded=loaded,
        lock=read_lock(own, project=project.name, shown=shown(root, own)),
        siblings=siblings,
        journal=_journal(root, project.name),
    )


def _journal(root: Path, project: str) -> Recorded:
    path = journal_path(root)
    if not path.exists():
        return Recorded()
    from vidbuild.state.journal import read_journal  # with SQLite, which a new project does without

    return read_journal(path, project=project)


def informed(workspace: Workspace, renders: Iterable[Render]) -> Workspace:
    """The workspace with what the provider has said of renders, as if the journal knew it."""
    found = tuple(renders)
    if not found:
        return workspace
    journal = replace(workspace.journal, renders=(*workspace.journal.renders, *found))
    return replace(workspace, journal=journal)


def root_of(settings: Settings) -> Path:
    """The project folder, found without loading the project."""
    return find_project(settings.directory, settings.file).parent.resolve()


def hold_path(settings: Settings) -> Path:
    """The project's OS lock, found without loading the project."""
    return root_of(settings) / STATE / "state" / "apply.lock"


def shown(root: Path, path: Path) -> str:
    """A path of the project as the user knows it."""
    return path.relative_to(root).as_posix()
