"""How a video ends: recorded, charged and told about in one step, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidbuild.schema.rates import price
from vidbuild.studio import videos
from vidbuild.studio.catalogue import kind_of
from vidbuild.studio.desk import Desk
from vidbuild.studio.store import transaction
from vidbuild.studio.webhook_events import tell_of

# Code and message of a failure that was asked for.
FAULT = ("rendering_failed", "The render has failed, as the studio was told to let it.")


def finish(
    desk: Desk, video: videos.Video, *, at: float, duration: float, folder: str | None
) -> None:
    """A render that is done: the video is completed and charged, unless its job is to fail."""
    if desk.faults.fails(video.seq):
        give_up(desk, video, at=at, code=FAULT[0], message=FAULT[1])
        return
    cost = charge(desk, video.request, duration)
    with transaction(desk.db):
        if videos.complete(
            desk.db, video.video_id, at=at, duration=duration, charge=cost, folder=folder
        ):
            tell_of(desk, video.video_id, at)


def give_up(desk: Desk, video: videos.Video, *, at: float, code: str, message: str) -> None:
    """A render that came to nothing: nothing is charged."""
    with transaction(desk.db):
        if videos.fail(desk.db, video.video_id, at=at, code=code, message=message):
            tell_of(desk, video.video_id, at)


def charge(desk: Desk, request: Mapping[str, Any], seconds: float) -> float:
    """What a render costs by the list: the middle where that depends on an avatar that the
    catalogue does not know, which is what a lock records as well."""
    listed = price(desk.api, dict(request), seconds, kind=kind_of(request))
    return 0.0 if listed is None else round(sum(listed) / 2, 4)
