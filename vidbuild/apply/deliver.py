"""The files of one finished render under one name: from here if possible, else downloaded.

An expired link is asked for anew, a download that broke off is continued, a broken file is
fetched again, and nothing takes the place of an existing file before it has been checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vidbuild.apply.entry import owns
from vidbuild.apply.place import Placed, Staged
from vidbuild.apply.run import Outputs, Run
from vidbuild.apply.whole import flaw
from vidbuild.apply.work import Failed, failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.plan.model import Change
from vidbuild.provider.model import Expired, Remote
from vidbuild.provider.partial import discard
from vidbuild.state.outputs import is_good, output_paths
from vidbuild.state.records import Output, Render

TRIES = 4
_PAUSE = 5.0


class Lost(Exception):
    """The provider does not know the video of this render (any more)."""

    def __init__(self, render: Render) -> None:
        super().__init__(render.video_id)
        self.render = render


async def deliver(
    run: Run, change: Change, render: Render, remote: Remote | None = None
) -> tuple[Render, Failed | None]:
    """The render with the outputs that are in place, and what went wrong with the others.

    Raises `Lost` where a file is not here and the provider does not know the video.
    """
    own = owns(run.project, change.entry, render)
    if change.request is None or not run.work.download:
        return (render if own else bare(render)), None
    outputs: Outputs = dict(render.outputs) if own else {}
    troubles: list[Failed] = []
    source = _Source(run, change, render, remote)
    staged: list[Staged] = []
    async with run.shelf.turn(source.video_id):
        try:
            for kind, path in output_paths(run.work.api, change.request, run.work.outputs).items():
                try:
                    got = await _obtain(source, kind, path)
                except Failed as failure:
                    troubles.append(failure)
                except OSError as error:
                    troubles.append(_misplaced(run, change.name, path, error))
                else:
                    if isinstance(got, Staged):
                        staged.append(got)
                    else:
                        outputs[kind] = got
        finally:  # what is here is kept, whatever ends the waiting for the rest
            came = run.shelf.put(source.video_id, staged)
    for file in staged:
        put = came[file.kind]
        if isinstance(put, OSError):
            troubles.append(_misplaced(run, change.name, file.path, put))
        else:
            outputs[file.kind] = put
    return replace(render, outputs=outputs), troubles[0] if troubles else None


def bare(render: Render) -> Render:
    """The render without the files that another name has of it."""
    absent = {kind: None for kind, output in render.outputs.items() if output is None}
    return replace(render, outputs=absent)


def stage(run: Run, change: Change, render: Render) -> None:
    """Copies what is here of a render that a reuse takes, before any file is replaced."""
    if change.request is None or not run.work.download:
        return
    for kind, path in output_paths(run.work.api, change.request, run.work.outputs).items():
        with suppress(OSError):  # delivering it meets the same trouble, and says so
            if _in_place(run, render, kind, path) is None:
                copied = _copy(run, render, kind, path)
                if copied is not None:
                    run.staged[path, kind] = copied


class _Source:
    """One render as a source of files; asks the provider only when it has to."""

    def __init__(self, run: Run, change: Change, render: Render, remote: Remote | None) -> None:
        self.run = run
        self.name = change.name
        self.render = render
        self.video_id = render.video_id or ""
        self._remote = remote

    async def remote(self, *, fresh: bool = False) -> Remote:
        """The video with links to its results, `fresh` ones where the old do not work."""
        if self._remote is None or fresh:
            self._remote = await self.run.look(self.name, self.render)
        if self._remote is None:
            raise Lost(self.render)
        return self._remote


async def _obtain(source: _Source, kind: str, path: str) -> Output | Staged | None:
    """What lies in place already, or what can be put there; None for what does not exist."""
    run, render = source.run, source.render
    if render.outputs.get(kind, "") is None:
        return None  # recorded as absent
    there = _in_place(run, render, kind, path)
    if there is not None:
        return there
    ready = run.staged.pop((path, kind), None) or _copy(run, render, kind, path)
    if ready is not None:
        return ready
    async with run.downloads:
        if kind == "video":
            run.tally.tell("progress", source.name, status="downloading")
        return await _download(source, kind, path)


def _in_place(run: Run, render: Render, kind: str, path: str) -> Output | None:
    """What lies at `path` already, if it is this render's file. Raises OSError."""
    target = run.shelf.folder / path
    receipt = run.shelf.receipt(path)
    recorded = render.outputs.get(kind)
    if receipt is not None and receipt.video_id == render.video_id and receipt.kind == kind:
        output = Output(path=path, bytes=receipt.bytes, sha256=receipt.sha256)
    elif recorded is not None:
        output = replace(recorded, path=path)
    else:
        return None
    if not is_good(target, output, render=render, receipt=receipt):
        return None
    placed = Placed(kind=kind, path=path, sha256=output.sha256)
    found = run.shelf.receive(render.video_id or "", [placed])[kind]
    if isinstance(found, OSError):
        raise found
    return found


def _copy(run: Run, render: Render, kind: str, path: str) -> Staged | None:
    """A staged copy of a good file of this render that lies under another name."""
    for source, sha256 in _elsewhere(run, render, kind):
        if source == run.shelf.folder / path:
            continue  # looked at before: it is not the one
        try:
            staged = run.shelf.staging.copy(source, path, sha256=sha256)
        except OSError:
            continue  # gone or unreadable: the next one, or a download
        if staged is not None:
            return Staged(kind=kind, path=path, sha256=sha256, staged=staged)
    return None


def _elsewhere(run: Run, render: Render, kind: str) -> Iterator[tuple[Path, str]]:
    for receipt in run.shelf.receipts(render.video_id or "", kind):
        yield run.work.project_dir / receipt.path, receipt.sha256
    recorded = render.outputs.get(kind)
    if recorded is not None:
        yield run.shelf.folder / recorded.path, recorded.sha256


async def _download(source: _Source, kind: str, path: str) -> Staged | None:
    """A checked download where it can wait; None where the provider has no such file."""
    run = source.run
    staged = run.shelf.staging.partial(source.video_id, kind)
    why = "the provider gives no link to it"
    for tries in range(TRIES):
        if tries:
            await run.work.clock.sleep(_PAUSE * tries)
        remote = await source.remote(fresh=tries > 0)
        url = _link(remote, kind)
        if url is None:
            if kind != "video":
                return None
            continue
        try:
            got = await run.work.provider.download(url, staged)
        except Expired:
            why = "its link has expired"
            continue
        except Problems as problems:
            if isinstance(problems.__cause__, OSError):
                raise problems.__cause__ from None
            raise failed_by(source.name, problems) from problems
        flawed = flaw(staged, kind)
        if flawed is None:
            return Staged(kind=kind, path=path, sha256=got.sha256, staged=staged)
        why = f"what came is not whole: {flawed}"
        discard(staged)
    raise failed(
        source.name,
        "VB557",
        f"the {kind} cannot be fetched: {why}",
        hint="the video is rendered and recorded; the next apply tries again",
    )


def _misplaced(run: Run, name: str, path: str, error: OSError) -> Failed:
    """A file that the system does not take, and what somebody can do about it."""
    hint = "check the space and the rights of the output folder, then apply again"
    if isinstance(error, PermissionError) and (run.shelf.folder / path).is_file():
        # On Windows an open file can neither be replaced nor renamed.
        hint = "close whatever has the file open, and check the folder's rights, then apply again"
    why = (error.strerror or str(error)).lower()
    return failed(name, "VB559", f"{path} cannot be put in place: {why}", hint=hint)


def _link(remote: Remote, kind: str) -> str | None:
    if kind == "video":
        # Present only where captions were asked to be burned in: then it is what was asked for.
        return remote.captioned_video_url or remote.video_url
    return remote.subtitle_url if kind == "subtitle" else remote.thumbnail_url
