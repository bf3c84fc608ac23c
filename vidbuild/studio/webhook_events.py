"""What is told when a video or a batch ends, and to whom.

Called in the transaction that ends it, so that a kill leaves both or neither. Not for the
telling: `delivering` does that.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from vidbuild.studio import batches, deliveries, videos, webhooks
from vidbuild.studio.desk import Desk, place

_ENDED = frozenset({"completed", "failed"})


def tell_of(desk: Desk, video_id: str, at: float) -> None:
    """Queues what there is to tell now that a video has ended."""
    video = videos.find(desk.db, video_id)
    if video is None:
        return
    callback = video.request.get("callback_url")
    kind = "avatar_video.success" if video.status == "completed" else "avatar_video.fail"
    if callback or webhooks.anybody(desk.db):
        _tell(desk, kind, video_id, _video_data(desk, video), at=at, callback=callback)
    for row in desk.db.execute(
        "SELECT DISTINCT batch_id FROM batch_items WHERE member_id = ?", (video_id,)
    ).fetchall():
        tell_of_batch(desk, row["batch_id"], at)


def tell_of_batch(desk: Desk, batch_id: str, at: float) -> None:
    """Queues `batch.finished` if every item of the batch has ended."""
    batch = batches.find_batch(desk.db, "videos", batch_id)
    if batch is None or not (batch.callback_url or webhooks.anybody(desk.db)):
        return
    counts = Counter(
        _word(row)
        for row in desk.db.execute(
            "SELECT i.error, v.status, v.deleted FROM batch_items i"
            " LEFT JOIN videos v ON v.video_id = i.member_id WHERE i.batch_id = ?",
            (batch_id,),
        )
    )
    if not counts.keys() <= _ENDED:
        return
    data = {
        "batch_id": batch_id,
        "title": batch.title,
        "status": batches.overall(counts),
        "total_items": counts.total(),
        "counts_by_status": dict(counts),
    }
    _tell(desk, "batch.finished", batch_id, data, at=at, callback=batch.callback_url)


def _word(item: sqlite3.Row) -> str:
    """How an item of a batch stands: what was refused or deleted has ended, too."""
    return "failed" if item["error"] is not None or item["deleted"] else str(item["status"])


def _video_data(desk: Desk, video: videos.Video) -> dict[str, Any]:
    told = {"video_id": video.video_id, "callback_id": video.request.get("callback_id")}
    if video.status != "completed":
        return told | {"msg": video.failure_message, "error": video.failure_code}
    name = f"video.{video.request.get('output_format') or 'mp4'}"
    return told | {
        "url": place(desk, desk.home, video.video_id, name),
        "gif_download_url": None,
        "video_page_url": None,
        "video_share_page_url": None,
        "folder_id": None,
    }


def _tell(
    desk: Desk, kind: str, entity_id: str, data: dict[str, Any], *, at: float, callback: Any
) -> None:
    hearers = webhooks.hearers(desk.db, kind, entity_id)
    address = callback if isinstance(callback, str) and callback else None
    if not hearers and address is None:
        return
    event_id = f"evt_{desk.mint()}"
    webhooks.add_event(desk.db, event_id=event_id, kind=kind, entity_id=entity_id, data=data, at=at)
    deliveries.queue(desk.db, event_id, endpoints=hearers, callback=address, at=at)
