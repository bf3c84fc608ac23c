"""The calls about files: upload, look up, list, delete, and what signed links lead to.

Not for uploads that go straight to storage: `slot_calls` has those.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from vidbuild.studio import asking, assets, links, sample, speeches, videos
from vidbuild.studio.answers import MAX_BODY, ApiError, data, encode, listing
from vidbuild.studio.desk import USERNAME, Desk, link
from vidbuild.studio.forms import uploaded
from vidbuild.studio.once import Commit, once
from vidbuild.studio.slots import delete_slot, find_slot
from vidbuild.studio.store import transaction

# Uploads that are still coming in, inside the studio's folder.
_INCOMING = "incoming"
# No upload takes this long: what is older was left by a studio that was killed.
_LEFT_OVER = 24 * 3600.0
_TYPES = {
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "srt": "application/x-subrip",
}


def sweep(folder: Path) -> None:
    """Removes what killed studios left half uploaded. Another one may be receiving right now."""
    for file in (folder / _INCOMING).glob("*"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _LEFT_OVER:
                file.unlink()


async def upload_asset(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        asset = await _receive(desk, request)
        return lambda: _keep(desk, request, asset)

    async def judge(repeat: Request) -> None:
        await _refuse_without_file(desk, repeat)

    return await once(desk, request, prepare, judge=judge)


async def get_asset(desk: Desk, request: Request) -> Response:
    asset = assets.find_asset(desk.db, request.path_params["asset_id"])
    if asset is None:
        raise _unknown()
    return data(_record(desk, request, asset))


async def list_assets(desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    before, limit = asking.place("assets", asked["token"]), asked["limit"]
    if asked["username"] != USERNAME or asked["folder_id"]:
        return listing([])  # there is one user, who has no folders
    found = assets.asset_page(desk.db, limit=limit + 1, before=before)
    more = len(found) > limit
    return listing(
        [_record(desk, request, asset) for asset in found[:limit]],
        asking.token("assets", found[limit - 1].seq) if more else None,
    )


async def delete_asset(desk: Desk, request: Request) -> Response:
    """Deletes a file, or an upload that was not completed."""
    asset_id = request.path_params["asset_id"]
    asset, slot = assets.find_asset(desk.db, asset_id), find_slot(desk.db, asset_id)
    if asset is None and slot is None:
        raise _unknown()
    with transaction(desk.db):
        assets.delete_asset(desk.db, asset_id)
        delete_slot(desk.db, asset_id)
    for path in [each.path for each in (asset, slot) if each is not None]:
        await asyncio.to_thread((desk.folder / path).unlink, missing_ok=True)
    return data({"id": asset_id})


def _unknown() -> ApiError:
    return ApiError(404, "asset_not_found", "There is no asset with this id.")


def _record(desk: Desk, request: Request, asset: assets.StoredAsset) -> dict[str, Any]:
    kind = asset.mime.split("/")[0]
    return {
        "id": asset.asset_id,
        "name": asset.name,
        "type": "document" if kind == "application" else kind,
        "owner": USERNAME,
        "space_id": USERNAME,
        "uploaded_at": int(asset.uploaded_at),
        "folder_id": None,
        "url": link(desk, request, asset.asset_id, Path(asset.path).name),
    }


async def get_file(desk: Desk, request: Request) -> Response:
    """A result or an asset by its signed link; ranges are honoured."""
    links.require(desk.secret, request, now=desk.now)
    path = _file(desk, request.path_params["owner_id"], request.path_params["name"])
    if path is None or not path.is_file():
        raise ApiError(404, "not_found", "There is no such file (any more).")
    return FileResponse(path, media_type=_TYPES.get(path.suffix[1:]))


def _file(desk: Desk, owner_id: str, name: str) -> Path | None:
    video = videos.find(desk.db, owner_id)
    if video is not None:
        return (desk.folder / video.folder / name) if video.folder else sample.path(name)
    asset = assets.find_asset(desk.db, owner_id)
    if asset is not None:
        return desk.folder / asset.path
    speech = speeches.find_speech(desk.db, owner_id)
    return None if speech is None else desk.folder / speech.path


async def _refuse_without_file(desk: Desk, request: Request) -> None:
    async with uploaded(request, desk.folder / _INCOMING, MAX_BODY):
        pass


async def _receive(desk: Desk, request: Request) -> assets.StoredAsset:
    """Reads the form's file into the studio's folder and looks at what it is."""
    async with uploaded(request, desk.folder / _INCOMING, MAX_BODY) as upload:
        mime = await asyncio.to_thread(_kind, upload.path)
        if mime is None or not assets.agrees(upload.mime, mime):
            message = "The content type does not match the file, or is not one of the accepted."
            raise ApiError(400, "invalid_parameter", message, param="file")
        asset_id = f"asset_{desk.mint()}"
        path = Path("assets") / f"{asset_id}.{assets.extension(mime)}"
        await asyncio.to_thread(_move, upload.path, desk.folder / path)
        return assets.StoredAsset(
            asset_id=asset_id,
            name=upload.name or path.name,
            mime=mime,
            bytes=upload.size,
            path=path.as_posix(),
            uploaded_at=desk.now,
        )


def _keep(desk: Desk, request: Request, asset: assets.StoredAsset) -> str:
    assets.add_asset(desk.db, asset)
    return encode(
        {
            "data": {
                "asset_id": asset.asset_id,
                "url": link(desk, request, asset.asset_id, Path(asset.path).name),
                "mime_type": asset.mime,
                "size_bytes": asset.bytes,
            }
        }
    )


def _kind(path: Path) -> str | None:
    with path.open("rb") as file:
        return assets.kind(file.read(512))


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
