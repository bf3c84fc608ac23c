"""The composition root: settings -> the project, its lock and journal, and a provider.

The only place that knows all parts; each command asks it for what it works on.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.build import Heading, build_plan, plan_pool
from vidbuild.plan.model import FileState, Plan
from vidbuild.plan.selection import Selection, Subject, select_names
from vidbuild.plan.situation import Situation
from vidbuild.project.discover import find_project
from vidbuild.project.load import DRAFT
from vidbuild.provider.model import Provider
from vidbuild.settings import Settings
from vidbuild.state.journal import read_journal
from vidbuild.state.lock import read_lock
from vidbuild.state.outputs import is_good, output_paths, receipt_path
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Lock, Render

STATE = ".vidbuild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A loaded project with its recorded state and the places where that is kept."""

    loaded: Loaded
    lock: Lock
    siblings: Mapping[str, Lock]
    journal: Recorded

    @property
    def root(self) -> Path:
        return self.loaded.project.root

    @property
    def lock_path(self) -> Path:
        return lock_path(self.root, self.loaded.project.profile)

    @property
    def journal_path(self) -> Path:
        return self.root / STATE / "state" / "journal.db"

    @property
    def hold_path(self) -> Path:
        return self.root / STATE / "state" / "apply.lock"

    @property
    def output_dir(self) -> Path:
        return self.root / self.loaded.project.output.dir


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a command line says about a plan."""

    selection: Selection = field(default_factory=Selection)
    resubmit: frozenset[str] = frozenset()
    download: bool = True


def open_workspace(settings: Settings) -> Workspace:
    """Finds and loads the project with its lock, sibling locks and journal; writes nothing."""
    file = find_project(settings.directory, settings.file)
    loaded = load(file, profile=settings.profile, outside=settings.outside)
    root, project = loaded.project.root, loaded.project
    own = lock_path(root, project.profile)
    siblings = {
        path.name: read_lock(path, project=project.name, shown=_shown(root, path))
        for path in sibling_paths(root)
        if path != own
    }
    return Workspace(
        loaded=loaded,
        lock=read_lock(own, project=project.name, shown=_shown(root, own)),
        siblings=siblings,
        journal=read_journal(root / STATE / "state" / "journal.db", project=project.name),
    )


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


def make_plan(workspace: Workspace, options: PlanOptions) -> Plan:
    """The plan. Raises `Problems` for errors in what is selected."""
    loaded = workspace.loaded
    _raise_errors(loaded, options.selection)
    requests = loaded.requests
    provider = loaded.project.provider.name
    pool = plan_pool(
        loaded.api,
        requests,
        workspace.lock,
        provider=provider,
        siblings=workspace.siblings,
        journal=workspace.journal,
        kept=lambda render: _video_is_good(workspace, render),
    )
    situation = Situation(
        api=loaded.api,
        provider=provider,
        requests=requests,
        lock=workspace.lock,
        pool=pool,
        files=_Files(workspace, download=options.download),
        broken=frozenset(loaded.broken),
        resubmit=options.resubmit,
    )
    heading = Heading(
        project=loaded.project.name,
        profile=loaded.project.profile,
        provider=provider,
        vars=loaded.project.outside,
    )
    warnings = tuple(d for d in loaded.diagnostics if d.severity == "warning")
    return build_plan(situation, heading=heading, selection=options.selection, diagnostics=warnings)


@dataclass(frozen=True, slots=True)
class _Files:
    """How the files of a finished render stand in the output folder."""

    workspace: Workspace
    download: bool

    def __call__(self, name: str, render: Render) -> FileState:
        if not self.download:
            return FileState.good
        loaded = self.workspace.loaded
        wanted = output_paths(loaded.api, loaded.requests[name], loaded.project.output.files)
        state = FileState.good
        for kind, expected in wanted.items():
            output = render.outputs.get(kind)
            if output is None and kind in render.outputs:
                continue  # the provider has no such file
            path = self.workspace.output_dir / expected
            if output is None or output.path != expected or not path.exists():
                return FileState.missing
            receipt = self.workspace.journal.receipts.get(
                receipt_path(path, root=self.workspace.root)
            )
            if not is_good(path, output, render=render, receipt=receipt):
                state = FileState.altered
        return state


def _video_is_good(workspace: Workspace, render: Render) -> bool:
    output = render.outputs.get("video")
    if output is None:
        return False
    path = workspace.output_dir / output.path
    receipt = workspace.journal.receipts.get(receipt_path(path, root=workspace.root))
    return is_good(path, output, render=render, receipt=receipt)


def _raise_errors(loaded: Loaded, selection: Selection) -> None:
    """Errors of a video block only what selects it; one whose tags and row nobody got to
    know is taken to be selected by every pattern that asks for them."""
    errors = [d for d in loaded.diagnostics if d.severity == "error"]
    if not errors:
        return
    blocked = {name for name, video in loaded.broken.items() if video is None}
    subjects = [
        Subject(name=name, tags=video.tags, row=video.row, depends_on=video.depends_on)
        if video
        else Subject(name=name)
        for name, video in loaded.broken.items()
    ]
    if not any(":" in p or p.startswith("each.") for p in selection.select):
        blocked = set()
    blocked |= select_names(selection, subjects)
    found = [d for d in errors if d.video is None or d.video in blocked]
    if found:
        raise Problems(found)


def _shown(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


@asynccontextmanager
async def open_provider(workspace: Workspace) -> AsyncIterator[Provider]:
    """The provider that the project names, ready to be asked; closed at the end."""
    settings = workspace.loaded.project.provider
    api = workspace.loaded.api
    if settings.name == "studio":
        import httpx

        from vidbuild.provider.client import HeyGen
        from vidbuild.provider.credentials import Credential
        from vidbuild.studio.server import Studio

        async with Studio(data=workspace.root / STATE / "studio", api=api) as studio:
            client = HeyGen(
                base="http://studio.localhost",
                credential=Credential(secret="studio", origin="the embedded studio"),  # noqa: S106 - in-process, any key will do
                api=api,
                name="studio",
                transport=httpx.ASGITransport(app=studio.app),
            )
            try:
                yield client
            finally:
                await client.close()
        return
    from vidbuild.provider.client import HeyGen
    from vidbuild.provider.credentials import api_base, find_credential

    client = HeyGen(
        base=api_base(os.environ),
        credential=find_credential(os.environ, key_env=settings.key_env),
        api=api,
    )
    try:
        yield client
    finally:
        await client.close()

