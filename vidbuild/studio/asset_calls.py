"""The calls about files: upload, look up, list, delete, and what signed links lead to.

Not for uploads that go straight to storage: `slot_calls` has those.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive

from vidbuild.studio import asking, assets, links, sample, speeches, videos
from vidbuild.studio.answers import MAX_BODY, ApiError, data, encode, listing, too_large
from vidbuild.studio.desk import USERNAME, Desk, link
from vidbuild.studio.once import Commit, once
from vidbuild.studio.slots import delete_slot, find_slot
from vidbuild.studio.store import transaction

# The multipart frame around 32 MB of file: names, types, boundaries.
_FRAME = 64 * 1024
_TYPES = {
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "srt": "application/x-subrip",
}


async def upload_asset(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        asset = await _receive(desk, request)
        return lambda: _keep(desk, request, asset)

    return await once(desk, request, prepare, judge=_refuse_without_file)


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
    if not links.opens(
        desk.secret,
        request.url.path,
        expires=request.query_params.get("expires", ""),
        signature=request.query_params.get("signature", ""),
        now=desk.now,
    ):
        raise ApiError(403, "forbidden", "This link has expired or is not ours.")
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


async def _refuse_without_file(request: Request) -> None:
    async with _form(request) as form:
        _file_of(form)


def _form(request: Request) -> AbstractAsyncContextManager[FormData]:
    """The multipart form, of a bounded size."""
    limited = Request(request.scope, _bounded(request.receive, MAX_BODY + _FRAME))
    return limited.form(max_files=1, max_fields=20)


def _file_of(form: FormData) -> UploadFile:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        message = "Give one file in the form field `file`."
        raise ApiError(400, "invalid_parameter", message, param="file")
    if file.size > MAX_BODY:
        raise too_large(MAX_BODY)
    return file


async def _receive(desk: Desk, request: Request) -> assets.StoredAsset:
    """Reads the multipart field `file` into the studio's folder and looks at what it is."""
    async with _form(request) as form:
        file = _file_of(form)
        mime = assets.kind(await file.read(512))
        if mime is None or not assets.agrees(file.content_type, mime):
            message = "The content type does not match the file, or is not one of the accepted."
            raise ApiError(400, "invalid_parameter", message, param="file")
        await file.seek(0)
        asset_id = f"asset_{desk.mint()}"
        path = Path("assets") / f"{asset_id}.{assets.extension(mime)}"
        await asyncio.to_thread(_copy, file.file, desk.folder / path)
        return assets.StoredAsset(
            asset_id=asset_id,
            name=file.filename or path.name,
            mime=mime,
            bytes=file.size or 0,
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


def _copy(source: Any, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def _bounded(receive: Receive, limit: int) -> Receive:
    size = 0

    async def receive_bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(MAX_BODY)
        return message

    return receive_bounded
