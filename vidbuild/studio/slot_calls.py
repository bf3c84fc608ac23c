"""The calls of a direct upload: a slot, the bytes sent to it, and `complete`; one or many."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking, assets, batch_answers, links
from vidbuild.studio.answers import ApiError, answer, data, encode, too_large
from vidbuild.studio.batches import add_batch, find_batch, items
from vidbuild.studio.desk import Desk, link
from vidbuild.studio.once import Commit, once
from vidbuild.studio.slots import Slot, add_slot, find_slot, move_slot, standings
from vidbuild.studio.store import transaction

# The most that the documentation allows for any kind of file.
MAX_BYTES = 100 * 1024 * 1024
LIFETIME = 3600


async def create_slot(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        body = await asking.body(request)
        return lambda: encode({"data": _open(desk, request, body)})

    return await once(desk, request, prepare)


async def create_slot_batch(desk: Desk, request: Request) -> Response:
    async def prepare(_key: str | None) -> Commit:
        body = await asking.body(request)
        return lambda: _open_batch(desk, request, body)

    return await once(desk, request, prepare)


async def put_bytes(desk: Desk, request: Request) -> Response:
    """Storage's side: takes the bytes of one slot, exactly as many as were announced."""
    links.require(desk.secret, request, now=desk.now)
    slot = find_slot(desk.db, request.path_params["asset_id"])
    if slot is None or slot.state == "completed":
        raise ApiError(404, "not_found", "Nothing is to be uploaded here (any more).")
    if request.headers.get("content-type") != slot.mime:
        raise ApiError(403, "forbidden", "Send the `upload_headers` unchanged.")
    await _receive(request, slot, desk.folder)
    move_slot(desk.db, slot.asset_id, "uploaded")
    return Response(status_code=200)


async def complete_slot(desk: Desk, request: Request) -> Response:
    body = await asking.body(request)
    asset_id = request.path_params["asset_id"]
    slot, asset = find_slot(desk.db, asset_id), assets.find_asset(desk.db, asset_id)
    if asset is None:
        if slot is None:
            raise ApiError(404, "asset_not_found", "There is no asset with this id.")
        asset = await _complete(desk, slot, body.get("checksum_sha256"))
    return data(
        {
            "asset_id": asset.asset_id,
            "url": link(desk, request, asset.asset_id, Path(asset.path).name),
            "mime_type": asset.mime,
            "size_bytes": asset.bytes,
            "status": "completed",
        }
    )


async def complete_slot_batch(desk: Desk, request: Request) -> Response:
    """Each file is completed or fails by itself; what was not sent yet can be completed later."""
    batch_id = (await asking.body(request))["batch_id"]
    if find_batch(desk.db, "assets", batch_id) is None:
        raise ApiError(
            404, "resource_not_found", "There is no batch with this id.", param="batch_id"
        )
    for item in items(desk.db, batch_id):
        slot = find_slot(desk.db, item.member_id or "")
        if slot is not None and slot.state != "completed":
            try:
                await _complete(desk, slot, None)
            except ApiError as error:
                said = error.body["error"]
                why = {"code": said["code"], "message": said["message"]}
                move_slot(desk.db, slot.asset_id, "failed", why)
    return answer(encode({"data": {"batch_id": batch_id}}), 202)


async def get_slot_batch(desk: Desk, request: Request) -> Response:
    return batch_answers.detail(desk.db, request, "assets", standings)


async def list_slot_statuses(desk: Desk, request: Request) -> Response:
    return batch_answers.statuses(desk.db, request, "assets", "asset_ids", standings)


def _open(desk: Desk, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """Call it in a transaction."""
    slot = Slot(
        asset_id=f"asset_{desk.mint()}",
        name=body["filename"],
        mime=body["content_type"],
        bytes=body["size_bytes"],
        sha256=body.get("checksum_sha256"),
        expires_at=int(desk.now) + LIFETIME,
    )
    add_slot(desk.db, slot)
    path = f"/uploads/{slot.asset_id}"
    base = str(request.base_url).rstrip("/")
    return {
        "asset_id": slot.asset_id,
        "upload_url": f"{base}{path}?{links.sign(desk.secret, path, slot.expires_at)}",
        "upload_headers": {"Content-Type": slot.mime},
        "expires_in_seconds": LIFETIME,
        "max_bytes": MAX_BYTES,
        "status": slot.state,
    }


def _open_batch(desk: Desk, request: Request, body: Mapping[str, Any]) -> str:
    opened = [_open(desk, request, each) for each in body["files"]]
    batch_id = f"batch_{desk.mint()}"
    add_batch(
        desk.db,
        batch_id=batch_id,
        kind="assets",
        title=body.get("title"),
        callback_url=body.get("callback_url"),
        at=desk.now,
        members=[each["asset_id"] for each in opened],
    )
    return encode({"data": {"batch_id": batch_id, "items": opened}})


async def _receive(request: Request, slot: Slot, folder: Path) -> None:
    """The bytes go to a file of their own first: a broken upload leaves no trace."""
    target = folder / slot.path
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{slot.asset_id}.{secrets.token_hex(8)}")
    size, digest = 0, hashlib.sha256()
    try:
        with fresh.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                if size > slot.bytes:
                    raise too_large(MAX_BYTES) if size > MAX_BYTES else _other_size(slot)
                digest.update(piece)
                file.write(piece)
        if size != slot.bytes:
            raise _other_size(slot)
        if slot.sha256 is not None and digest.hexdigest() != slot.sha256.lower():
            raise ApiError(400, "invalid_parameter", "The bytes have another checksum.")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


async def _complete(desk: Desk, slot: Slot, checksum: str | None) -> assets.StoredAsset:
    """Makes an asset of what was uploaded, or says why it is none."""
    source = desk.folder / slot.path
    if slot.state == "pending_upload" or not source.exists():
        message = "The bytes have not been sent to `upload_url` yet."
        raise ApiError(409, "resource_not_ready", message)
    mime = await asyncio.to_thread(_look, source, checksum)
    if mime is None or not assets.agrees(slot.mime, mime):
        message = f"The content type does not match: the file is {mime or 'none that is accepted'}."
        raise ApiError(400, "invalid_parameter", message, param="content_type")
    asset = assets.StoredAsset(
        asset_id=slot.asset_id,
        name=slot.name,
        mime=mime,
        bytes=slot.bytes,
        path=(Path("assets") / f"{slot.asset_id}.{assets.extension(mime)}").as_posix(),
        uploaded_at=desk.now,
    )
    await asyncio.to_thread(_copy, source, desk.folder / asset.path)
    with transaction(desk.db):
        known = assets.find_asset(desk.db, slot.asset_id)
        if known is not None:  # somebody else was faster
            return known
        assets.add_asset(desk.db, asset)
        move_slot(desk.db, slot.asset_id, "completed")
    source.unlink(missing_ok=True)
    return asset


def _copy(source: Path, target: Path) -> None:
    """Copied, not moved: killed before it is recorded, the upload is still where it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # somebody else was faster
        shutil.copyfile(source, target)


def _look(path: Path, checksum: str | None) -> str | None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        if checksum is not None:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != checksum.lower():
                message = "The bytes have another checksum."
                raise ApiError(400, "invalid_parameter", message, param="checksum_sha256")
            file.seek(0)
        return assets.kind(file.read(512))
    return None


def _other_size(slot: Slot) -> ApiError:
    return ApiError(400, "invalid_parameter", f"{slot.bytes} bytes were announced.")
