"""The calls about videos: create, get, list, bulk statuses, delete."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking, batch_answers, taking, videos
from vidbuild.studio.answers import ApiError, data, encode, listing
from vidbuild.studio.batches import Standing, Word
from vidbuild.studio.desk import Desk, link
from vidbuild.studio.once import Commit, once

_WORDS: dict[str, Word] = {
    "pending": "queued",
    "processing": "processing",
    "completed": "completed",
    "failed": "failed",
}


async def create_video(desk: Desk, request: Request) -> Response:
    async def prepare(key: str | None) -> Commit:
        body = await asking.body(request)
        taking.refuse_wrong(desk, body)
        return lambda: _take(desk, body, key)

    response = await once(desk, request, prepare)
    desk.settle()
    return response


async def get_video(desk: Desk, request: Request) -> Response:
    return data(_detail(desk, request, _known(desk, request)))


async def list_videos(desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    before, limit = asking.place("videos", asked["token"]), asked["limit"]
    if asked["folder_id"]:
        return listing([])  # the studio has no folders
    found = videos.page(desk.db, limit=limit + 1, before=before, title=asked["title"])
    items = [_detail(desk, request, video) for video in found[:limit]]
    more = len(found) > limit
    return listing(items, asking.token("videos", found[limit - 1].seq) if more else None)


async def list_statuses(desk: Desk, request: Request) -> Response:
    return batch_answers.statuses(desk.db, request, "videos", "video_ids", standings)


async def delete_video(desk: Desk, request: Request) -> Response:
    video = _known(desk, request)
    videos.delete(desk.db, video.video_id)
    if video.folder is not None:
        await asyncio.to_thread(shutil.rmtree, desk.folder / video.folder, ignore_errors=True)
    return data({"id": video.video_id, "deleted": True})


def standings(db: sqlite3.Connection, video_ids: Sequence[str]) -> Mapping[str, Standing]:
    """Where each of these stands."""
    return {
        video_id: Standing(
            word=_WORDS[status.word],
            error=None if status.code is None else {"code": status.code, "message": status.message},
        )
        for video_id, status in videos.statuses(db, video_ids).items()
    }


def _known(desk: Desk, request: Request) -> videos.Video:
    video = videos.find(desk.db, request.path_params["video_id"])
    if video is None:
        raise ApiError(404, "video_not_found", "There is no video with this id.")
    return video


def _take(desk: Desk, body: Mapping[str, Any], key: str | None) -> str:
    taking.refuse_more(desk)
    video_id = taking.take(desk, body, key)
    output = body.get("output_format") or "mp4"
    return encode({"data": {"video_id": video_id, "status": "waiting", "output_format": output}})


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
