"""The calls about videos: create, get, list, bulk statuses, delete."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import shutil
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.schema.finding import Finding
from vidbuild.schema.validate import check
from vidbuild.studio import assets, store, videos
from vidbuild.studio.answers import ApiError, data, encode, listing, parse_object, read_body
from vidbuild.studio.desk import Desk, link, number
from vidbuild.studio.once import Commit, once

MAX_STATUSES = 100
# Seconds after which a refused create may try again while real drafts are being rendered.
_RETRY_AFTER = 2
_BULK_WORDS = {"pending": "queued"}
_ABSENT = {"avatar_id": "avatar_not_found", "voice_id": "voice_not_found"}


async def create_video(desk: Desk, request: Request) -> Response:
    async def prepare(key: str | None) -> Commit:
        body = parse_object(await read_body(request))
        _refuse_invalid(desk, body)
        _refuse_unknown_ids(desk, body)
        return lambda: _take(desk, body, key)

    response = await once(desk, request, prepare)
    desk.settle()
    return response


async def get_video(desk: Desk, request: Request) -> Response:
    return data(_detail(desk, request, _known(desk, request)))


async def list_videos(desk: Desk, request: Request) -> Response:
    limit = number(request, "limit", 10, 1, 100)
    token, title = request.query_params.get("token"), request.query_params.get("title")
    if title == "":
        raise ApiError(400, "invalid_parameter", "title must not be empty.", param="title")
    if request.query_params.get("folder_id"):
        return listing([])  # the studio has no folders
    before = None if token is None else _row_of(token)
    found = videos.page(desk.db, limit=limit + 1, before=before, title=title)
    items = [_detail(desk, request, video) for video in found[:limit]]
    return listing(items, _token(found[limit - 1].seq) if len(found) > limit else None)


async def list_statuses(desk: Desk, request: Request) -> Response:
    ids = _ids(request, "video_ids")
    batches = _ids(request, "batch_ids")
    if not 0 < len(ids) + len(batches) <= MAX_STATUSES:
        message = f"Give 1 to {MAX_STATUSES} ids."
        raise ApiError(400, "invalid_parameter", message, param="video_ids")
    known = videos.statuses(desk.db, ids)
    words = [_BULK_WORDS.get(known.get(i, ""), known.get(i, "not_found")) for i in ids]
    entries = [_status(video_id, None, word) for video_id, word in zip(ids, words, strict=True)]
    return listing(entries + [_status(None, batch_id, "not_found") for batch_id in batches])


async def delete_video(desk: Desk, request: Request) -> Response:
    video = _known(desk, request)
    videos.delete(desk.db, video.video_id)
    if video.folder is not None:
        await asyncio.to_thread(shutil.rmtree, desk.folder / video.folder, ignore_errors=True)
    return data({"id": video.video_id, "deleted": True})


def _known(desk: Desk, request: Request) -> videos.Video:
    video = videos.find(desk.db, request.path_params["video_id"])
    if video is None:
        raise ApiError(404, "video_not_found", "There is no video with this id.")
    return video


def _refuse_invalid(desk: Desk, body: dict[str, Any]) -> None:
    findings = check(desk.api, body)
    if findings:
        first = findings[0]
        errors = [
            {"code": "invalid_parameter", "message": _wording(f), "path": _dotted(f)}
            for f in findings
        ]
        raise ApiError(
            400, "invalid_parameter", _wording(first), param=_dotted(first), errors=errors
        )


def _refuse_unknown_ids(desk: Desk, body: dict[str, Any]) -> None:
    """Any avatar and voice will do, whoever's they are, but for `missing_...`."""
    for path, value in assets.references(body, _ABSENT.__contains__):
        if value.startswith("missing_"):
            field = next(part for part in reversed(path.split(".")) if part in _ABSENT)
            message = f"{field} {value} was not found."
            raise ApiError(404, _ABSENT[field], message, param=path)
    absent = assets.missing(desk.db, body)
    if absent:
        path, value = absent
        raise ApiError(400, "asset_not_found", f"The asset {value} was not found.", param=path)


def _take(desk: Desk, body: dict[str, Any], key: str | None) -> str:
    if videos.in_flight(desk.db) >= desk.concurrency:
        message = f"{desk.concurrency} videos are in progress, as many as may be at a time."
        raise ApiError(429, "rate_limit_exceeded", message, retry_after=_wait(desk))
    if store.balance(desk.db) <= 0:
        raise ApiError(402, "insufficient_credit", "The studio's wallet is empty.")
    video_id, title = desk.mint(), body.get(desk.api.title or "")
    videos.add(
        desk.db,
        video_id=video_id,
        key=key,
        request=body,
        title=title,
        at=desk.now,
        due_at=desk.due(video_id),
    )
    output = body.get("output_format") or "mp4"
    return encode({"data": {"video_id": video_id, "status": "waiting", "output_format": output}})


def _wait(desk: Desk) -> int:
    due = videos.next_due(desk.db)
    return _RETRY_AFTER if due is None else max(1, math.ceil(due - desk.now))


def _detail(desk: Desk, request: Request, video: videos.Video) -> dict[str, Any]:
    done = video.status == "completed"

    def url(name: str) -> str | None:
        return link(desk, request, video.video_id, name) if done else None

    movie = url(f"video.{video.request.get('output_format') or 'mp4'}")
    caption = video.request.get("caption")
    burned_in = isinstance(caption, dict) and caption.get("style") is not None
    return {
        "id": video.video_id,
        "status": video.status,
        "title": video.title,
        "created_at": int(video.created_at),
        "completed_at": None if video.completed_at is None else int(video.completed_at),
        "video_url": movie,
        "captioned_video_url": movie if burned_in else None,
        "subtitle_url": url("subtitle.srt"),
        "thumbnail_url": url("thumbnail.jpg"),
        "gif_url": None,
        "duration": video.duration,
        "folder_id": None,
        "output_language": None,
        "failure_code": video.failure_code,
        "failure_message": video.failure_message,
        "video_page_url": None,
    }


def _status(video_id: str | None, batch_id: str | None, word: str) -> dict[str, Any]:
    return {
        "video_id": video_id,
        "status": word,
        "batch_id": batch_id,
        "item_index": None,
        "error": None,
    }


def _ids(request: Request, name: str) -> list[str]:
    words = request.query_params.get(name, "").split(",")
    return [word.strip() for word in words if word.strip()]


def _token(row: int) -> str:
    return base64.urlsafe_b64encode(f"v{row}".encode()).decode().rstrip("=")


def _row_of(token: str) -> int:
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not (text[:1] == "v" and text[1:].isascii() and text[1:].isdecimal() and len(text) < 19):
        raise ApiError(400, "invalid_parameter", "token is none of ours.", param="token")
    return int(text[1:])


def _dotted(finding: Finding) -> str | None:
    return ".".join(str(part) for part in finding.path) or None


def _wording(finding: Finding) -> str:
    return f"{finding.message} ({finding.hint})" if finding.hint else finding.message
