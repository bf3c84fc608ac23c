"""Local media in a request: uploaded once for each content, their ids in the body sent.

An id is remembered in journal and lock. What the provider no longer has is uploaded again, once
in an apply, and the new id takes the old one's place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vidbuild.apply.run import Run
from vidbuild.apply.work import Failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.request.model import Media, Request
from vidbuild.state.records import Asset


async def upload_assets(run: Run, request: Request) -> tuple[dict[str, Asset], bool]:
    """The ids of the request's local files by field, and whether one was uploaded just now.

    The digest is taken again while a file is sent: one that changed since the plan was made
    raises `Failed` before anything is submitted.
    """
    assets: dict[str, Asset] = {}
    new = False
    for path, media in request.media.items():
        known = _known(run, media.sha256)
        new = new or known is None
        asset_id = known or await _uploaded(run, request.name, media)
        assets[path] = Asset(asset_id=asset_id, file=media.file, sha256=media.sha256)
    return assets, new


async def renew_assets(
    run: Run, request: Request, assets: Mapping[str, Asset], failure: Failed
) -> dict[str, Asset]:
    """The same files under new ids, after a create was refused because one had gone.

    Raises `failure` where it was another reason, where an earlier send of the create may still
    have been taken (its body must stay what it is), and where the file was uploaded in this
    very apply.
    """
    named = _named(assets, failure)
    gone = {asset.sha256 for asset in named if not _is_new(run, asset)}
    if not gone or not failure.closed:
        raise _repeated(failure) if named and failure.closed else failure
    renewed = dict(assets)
    for path, media in request.media.items():
        if media.sha256 in gone:
            asset_id = await _uploaded(run, request.name, media)
            renewed[path] = replace(assets[path], asset_id=asset_id)
            _remember(run, media.sha256, asset_id)
    return renewed


def sent_body(request: Request, assets: Mapping[str, Asset]) -> dict[str, Any]:
    """The body as it is sent: each local file's digest replaced by its id at the provider."""
    body: Any = dict(request.body)
    for path, asset in assets.items():
        body = _replaced(body, path.split("."), asset.asset_id)
    return dict(body)


def _replaced(value: Any, path: list[str], new: str) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, head: _replaced(value[head], rest, new)}
    items = list(value)
    items[int(head)] = _replaced(items[int(head)], rest, new)
    return items


def _known(run: Run, sha256: str) -> str | None:
    """The id of a content uploaded earlier by this account."""
    task = run.uploads.get(sha256)
    if task is not None:
        return None  # uploaded in this apply: not visible to the provider for sure
    recorded = run.recorded.assets.get((run.account or "", sha256))
    return recorded or run.lock_assets.get(sha256)


async def _uploaded(run: Run, name: str, media: Media) -> str:
    """One upload for each content, however many videos wait for it."""
    task = run.uploads.get(media.sha256)
    mine = task is None
    if task is None:
        run.tally.tell("progress", name, status="uploading")
        task = run.uploads[media.sha256] = asyncio.create_task(_upload(run, media))
    try:
        asset_id = await asyncio.shield(task)
    except Problems as problems:
        raise failed_by(name, problems) from problems
    except Failed as failure:
        raise failure from None
    if mine:
        run.tally.tell("progress", name, status="waiting")
    return asset_id


async def _upload(run: Run, media: Media) -> str:
    path = run.work.project_dir / media.file
    async with run.uploading:
        run.refuse_when_stopped(media.file)
        try:
            asset_id = await run.work.provider.upload(path, mime=media.mime, sha256=media.sha256)
        except Problems as problems:
            raise _about(media.file, problems) from problems
    run.work.journal.uploaded(run.account, media.sha256, asset_id)
    return asset_id


def _about(file: str, problems: Problems) -> Problems:
    first, *rest = problems.diagnostics
    told = replace(first, message=f"{file}: {first.message}")
    return Problems([told, *rest], exit_code=problems.exit_code)


def _named(assets: Mapping[str, Asset], failure: Failed) -> list[Asset]:
    """The files that a refusal can mean: those it names, or any where it says no more than that
    a file is missing."""
    said = failure.failure
    if said.reason not in ("asset_not_found", "resource_not_found", "not_found"):
        return []
    field = re.sub(r"\[(\d+)\]", r".\1", said.field or "").removeprefix("body.")
    named = [
        asset
        for path, asset in assets.items()
        if asset.asset_id in said.message or (field and f"{path}.".startswith(f"{field}."))
    ]
    return named or (list(assets.values()) if said.reason == "asset_not_found" else [])


def _is_new(run: Run, asset: Asset) -> bool:
    """Whether the id is one of this apply's own uploads."""
    task = run.uploads.get(asset.sha256)
    own = task is not None and task.done() and not task.cancelled() and not task.exception()
    return task is not None and own and task.result() == asset.asset_id


def _repeated(failure: Failed) -> Failed:
    """Uploaded anew and still unknown: some providers repeat an answer under its key."""
    hint = (
        "apply again later, or with `--resubmit NAME`: the provider may repeat this answer "
        "for a day, though the file is there now"
    ).replace("NAME", failure.failure.name or "NAME")
    return Failed(
        replace(failure.failure, hint=hint),
        exit_code=failure.exit_code,
        stops=failure.stops,
        closed=failure.closed,
    )


def _remember(run: Run, sha256: str, asset_id: str) -> None:
    """The new id in the entries of this plan; what was not selected stays as it is."""
    for change in run.plan.changes:
        entry = run.book.videos.get(change.name)
        if entry is None or entry.render.account != run.account:
            continue
        if entry.render.provider == run.plan.provider:
            assets = {
                path: replace(each, asset_id=asset_id) if each.sha256 == sha256 else each
                for path, each in entry.assets.items()
            }
            run.book.put(change.name, replace(entry, assets=assets))
