"""Taking a video: everything that a create is refused for, and its row in the store.

One video by itself or one of a batch, all the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vidbuild.schema.validate import check
from vidbuild.studio import assets, store, videos
from vidbuild.studio.answers import ApiError
from vidbuild.studio.asking import refuse
from vidbuild.studio.desk import Desk
from vidbuild.studio.look_rules import refuse_unfit

# Seconds after which a refused create may try again while real drafts are being rendered.
_RETRY_AFTER = 2
_ABSENT = {
    "avatar_id": "avatar_not_found",
    "reference_look_id": "avatar_not_found",
    "voice_id": "voice_not_found",
}


def refuse_invalid(desk: Desk, body: Any) -> None:
    """What the spec says of one video, for one that has not been checked by it."""
    refuse(check(desk.api, body))


def refuse_wrong(desk: Desk, body: Mapping[str, Any]) -> None:
    """What is wrong with a video beside the spec: ids that nobody has, looks that cannot."""
    for path, value in assets.references(body, _ABSENT.__contains__):
        if value.startswith("missing_"):
            field = next(part for part in reversed(path.split(".")) if part in _ABSENT)
            raise ApiError(404, _ABSENT[field], f"{field} {value} was not found.", param=path)
    refuse_unfit(body, lambda asset_id: _mime(desk, asset_id))
    absent = assets.missing(desk.db, body)
    if absent:
        path, value = absent
        raise ApiError(400, "asset_not_found", f"The asset {value} was not found.", param=path)


def refuse_more(desk: Desk) -> None:
    """429 while as many videos are in progress as may be, 402 without money."""
    if videos.in_flight(desk.db) >= desk.concurrency:
        message = f"{desk.concurrency} videos are in progress, as many as may be at a time."
        raise ApiError(429, "rate_limit_exceeded", message, retry_after=_wait(desk))
    refuse_unpaid(desk)


def refuse_unpaid(desk: Desk) -> None:
    if store.balance(desk.db) <= 0:
        raise ApiError(402, "insufficient_credit", "The studio's wallet is empty.")


def take(desk: Desk, body: Mapping[str, Any], key: str | None) -> str:
    """The id of a video that is now to be rendered. Call it in a transaction."""
    video_id = desk.mint()
    videos.add(
        desk.db,
        video_id=video_id,
        key=key,
        request=body,
        title=body.get(desk.api.title or ""),
        at=desk.now,
        due_at=desk.due(video_id),
    )
    return video_id


def _wait(desk: Desk) -> int:
    due = videos.next_due(desk.db)
    return _RETRY_AFTER if due is None else max(1, math.ceil(due - desk.now))


def _mime(desk: Desk, asset_id: str) -> str | None:
    asset = assets.find_asset(desk.db, asset_id)
    return None if asset is None else asset.mime
