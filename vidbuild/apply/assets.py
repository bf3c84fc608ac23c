"""Local media in a request: uploaded once for each content, their ids in the body sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
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
    if task is None:
        task = run.uploads[media.sha256] = asyncio.create_task(_upload(run, media))
    try:
        return await asyncio.shield(task)
    except Problems as problems:
        raise failed_by(name, problems) from problems
    except Failed as failure:
        raise failure from None


async def _upload(run: Run, media: Media) -> str:
    path = run.work.project_dir / media.file
    asset_id = await run.work.provider.upload(path, mime=media.mime, sha256=media.sha256)
    run.work.journal.uploaded(run.account, media.sha256, asset_id)
    return asset_id
