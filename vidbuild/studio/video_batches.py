"""The calls about batches of videos.

Each video is taken or refused by itself. A batch goes past the limit of concurrent videos:
it is refused where the limit is reached, and otherwise taken whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking, batch_answers, taking
from vidbuild.studio.answers import ApiError, encode
from vidbuild.studio.batches import add_batch
from vidbuild.studio.desk import Desk
from vidbuild.studio.once import Commit, once
from vidbuild.studio.video_calls import standings
from vidbuild.studio.webhook_events import tell_of_batch


async def create_video_batch(desk: Desk, request: Request) -> Response:
    async def prepare(key: str | None) -> Commit:
        body = await asking.body(request)
        judged = [_judged(desk, each) for each in body["videos"]]
        return lambda: _take(desk, body, judged, key)

    response = await once(desk, request, prepare, status=202)
    desk.settle()
    return response


async def get_video_batch(desk: Desk, request: Request) -> Response:
    return batch_answers.detail(desk.db, request, "videos", standings)


def _judged(desk: Desk, video: Any) -> dict[str, Any] | None:
    """Why a video is refused."""
    try:
        taking.refuse_invalid(desk, video)
        taking.refuse_wrong(desk, video)
    except ApiError as error:
        said = error.body["error"]
        return {name: said[name] for name in ("code", "message", "param")}
    return None


def _take(
    desk: Desk,
    body: Mapping[str, Any],
    judged: Sequence[Mapping[str, Any] | None],
    key: str | None,
) -> str:
    taking.refuse_more(desk)
    batch_id = f"batch_{desk.mint()}"
    members = [
        taking.take(desk, video, key) if refusal is None else refusal
        for video, refusal in zip(body["videos"], judged, strict=True)
    ]
    add_batch(
        desk.db,
        batch_id=batch_id,
        kind="videos",
        title=body.get("title"),
        callback_url=body.get("callback_url"),
        at=desk.now,
        members=members,
    )
    tell_of_batch(desk, batch_id, desk.now)
    status = "processing" if any(isinstance(each, str) for each in members) else "failed"
    return encode({"data": {"batch_id": batch_id, "status": status, "total_items": len(members)}})
