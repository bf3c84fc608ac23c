"""What is in the output folder -> `manifest.json` in it, for whatever publishes the videos.

Made anew from lock, sources and folder, so that it never says more than is so; written whole,
and only where it changes. A file of that name that is not ours stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidbuild.apply.work import Failed, Failure
from vidbuild.diagnostics import EXIT_ERROR, Diagnostic
from vidbuild.files import write_atomic
from vidbuild.project.model import Video
from vidbuild.report.manifest import Finished, is_manifest, manifest_json
from vidbuild.request.model import Request
from vidbuild.state.outputs import in_place
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Entry, Output, Render, Status
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.remarks import Remarks

if TYPE_CHECKING:
    from vidbuild.apply.run import Run

MANIFEST = "manifest.json"
_FINISHED = (Status.completed, Status.gone)


def publish(
    workspace: Workspace, videos: Mapping[str, Entry], receipts: Mapping[str, Receipt]
) -> Diagnostic | None:
    """Brings the manifest up to date. `videos` are the lock's entries, `receipts` the journal's.

    Gives what stood in the way: an error, or a warning of a file that is not ours. Where nothing
    is finished yet and there is no manifest, none is made.
    """
    project, path = workspace.loaded.project, workspace.output_dir / MANIFEST
    found = tuple(_finished(workspace, videos, receipts))
    name, profile = project.name, project.profile
    data = manifest_json(found, project=name, profile=profile, provider=project.provider.name)
    try:
        if not os.path.lexists(path):
            if found:
                write_atomic(path, data, alone=True)
            return None
        there = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        if there is None or not is_manifest(there, project=name, profile=profile):
            return _strange(workspace)
        if there != data:
            write_atomic(path, data, alone=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Diagnostic(
            code="VB563",
            message=f"{_shown(workspace)} cannot be written: {reason}",
            hint="make room or correct the rights, then `vidbuild fetch` writes it",
        )
    return None


def still_there(workspace: Workspace) -> Diagnostic | None:
    """The same where nothing had to be done: a video that is no longer in the project leaves."""
    return publish(workspace, workspace.lock.videos, workspace.journal.receipts)


def keep_up(workspace: Workspace, videos: Mapping[str, Entry]) -> Diagnostic | None:
    """The same after an edit of the lock, whose entries are `videos` now: a manifest that is there
    follows, and none is begun. What stands in its way is a warning: the edit is done. A stranger's
    file is spoken of where one was to be written."""
    if not os.path.lexists(workspace.output_dir / MANIFEST):
        return None
    said = publish(workspace, videos, workspace.journal.receipts)
    if said is None or said.severity == "warning":
        return None
    return replace(said, severity="warning")


def publish_end(workspace: Workspace, running: Run, remarks: Remarks) -> None:
    """The same at the end of an apply, however it ended: a warning is told with others, an error
    is one of its failures."""
    if not running.work.download:  # nobody was to look at local files
        return
    said = publish(workspace, running.book.videos, running.shelf.placed)
    if said is not None and said.severity == "warning":
        remarks.heard.append(said)
    elif said is not None:
        failure = Failure(name=None, code=said.code, message=said.message, hint=said.hint)
        running.tally.fail(Failed(failure, exit_code=EXIT_ERROR), None)


def _finished(
    workspace: Workspace, videos: Mapping[str, Entry], receipts: Mapping[str, Receipt]
) -> Iterator[Finished]:
    """The project's videos that are there, those with errors in their sources too."""
    loaded, title = workspace.loaded, workspace.loaded.api.title
    for name in (*loaded.requests, *(n for n in loaded.broken if n not in loaded.requests)):
        entry = videos.get(name)
        render, files = _placed(workspace, name, entry, receipts) if entry else (None, {})
        if entry is None or render is None:
            continue
        source: Request | Video | None = loaded.requests.get(name) or loaded.broken.get(name)
        private = entry.private or (source is not None and source.private)
        words = None if private or title is None else entry.request.get(title)
        yield Finished(
            name=name,
            render=render,
            files=files,
            title=words if isinstance(words, str) else None,
            row=None if private or source is None else source.row,
            tags=source.tags if source is not None else frozenset(),
            private=private,
        )


def _placed(
    workspace: Workspace, name: str, entry: Entry, receipts: Mapping[str, Receipt]
) -> tuple[Render | None, Mapping[str, Output]]:
    """The newest finished render whose main file is there: while another is on its way, or has
    failed, that is an older one."""
    for render in (entry.render, *entry.history):
        if render.status not in _FINISHED:
            continue
        files = in_place(workspace.output_dir, name, render, receipts=receipts, root=workspace.root)
        if "video" in files or (files and "video" not in render.outputs):
            return render, files
    return None, {}


def _strange(workspace: Workspace) -> Diagnostic:
    return Diagnostic(
        code="VB564",
        severity="warning",
        message=f"{_shown(workspace)} is not this project's list of videos: it stays as it is",
        hint="move it, or give `output.dir` a folder of its own, then `vidbuild fetch` writes it",
    )


def _shown(workspace: Workspace) -> str:
    return (Path(workspace.loaded.project.output.dir) / MANIFEST).as_posix()
