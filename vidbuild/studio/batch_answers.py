"""What is said about batches and about many at once, the same for videos and for uploads."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking
from vidbuild.studio.answers import ApiError, data, listing
from vidbuild.studio.batches import (
    Item,
    Kind,
    Standing,
    find_batch,
    items,
    memberships,
    overall,
)

MAX_STATUSES = 100

# Where each of these stands; an id that nobody has is not among them.
Look = Callable[[sqlite3.Connection, Sequence[str]], Mapping[str, Standing]]

_GONE = Standing(
    word="failed", error={"code": "resource_not_found", "message": "It has been deleted."}
)


def detail(db: sqlite3.Connection, request: Request, kind: Kind, look: Look) -> Response:
    """One batch: where it stands as a whole, and one page of its members."""
    asked = asking.query(request)
    start = asking.place(kind, asked["token"]) or 0
    batch = find_batch(db, kind, request.path_params["batch_id"])
    if batch is None:
        raise ApiError(404, "resource_not_found", "There is no batch with this id.")
    members = items(db, batch.batch_id)
    found = _standings(db, members, look)
    words = Counter[str](standing.word for standing in found)
    end = start + asked["limit"]
    more = end < len(members)
    return data(
        {
            "batch_id": batch.batch_id,
            "status": overall(words),
            "total_items": len(members),
            "counts_by_status": dict(words),
            "created_at": int(batch.created_at),
            "title": batch.title,
            "items": [
                {
                    "item_index": item.item_index,
                    "status": standing.word,
                    "video_id": item.member_id,
                    "error": standing.error,
                }
                for item, standing in zip(members[start:end], found[start:end], strict=True)
            ],
            "has_more": more,
            "next_token": asking.token(kind, end) if more else None,
        }
    )


def statuses(
    db: sqlite3.Connection, request: Request, kind: Kind, param: str, look: Look
) -> Response:
    """Where many stand: those asked for by their ids, then those of the batches asked for."""
    asked = asking.query(request)
    ids, batch_ids = asking.ids(asked[param]), asking.ids(asked["batch_ids"])
    if len(ids) > MAX_STATUSES:
        raise _too_many(param)
    found, came_in = look(db, ids), memberships(db, ids)
    entries = [_entry(each, found.get(each), came_in.get(each)) for each in ids]
    for batch_id in batch_ids[: MAX_STATUSES + 1]:
        entries += _members(db, kind, batch_id, look)
        if len(entries) > MAX_STATUSES:
            raise _too_many("batch_ids")
    if not entries:
        message = f"Give ids as {param} or batch_ids."
        raise ApiError(400, "invalid_parameter", message, param=param)
    return listing(entries)


def _members(
    db: sqlite3.Connection, kind: Kind, batch_id: str, look: Look
) -> Iterable[dict[str, Any]]:
    if find_batch(db, kind, batch_id) is None:
        return [_status(None, "not_found", batch_id=batch_id)]
    members = items(db, batch_id)
    standings = _standings(db, members, look)
    return [
        _entry(item.member_id, standing, item)
        for item, standing in zip(members, standings, strict=True)
    ]


def _standings(db: sqlite3.Connection, members: Sequence[Item], look: Look) -> list[Standing]:
    found = look(db, [item.member_id for item in members if item.member_id is not None])
    return [
        Standing(word="failed", error=item.error)
        if item.member_id is None
        else found.get(item.member_id, _GONE)
        for item in members
    ]


def _entry(member_id: str | None, standing: Standing | None, item: Item | None) -> dict[str, Any]:
    return _status(
        member_id,
        "not_found" if standing is None else standing.word,
        batch_id=None if item is None else item.batch_id,
        index=None if item is None else item.item_index,
        error=None if standing is None else standing.error,
    )


def _status(
    member_id: str | None,
    word: str,
    *,
    batch_id: str | None = None,
    index: int | None = None,
    error: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "video_id": member_id,
        "status": word,
        "batch_id": batch_id,
        "item_index": index,
        "error": error,
    }


def _too_many(param: str) -> ApiError:
    message = f"At most {MAX_STATUSES} may be asked for at once, members of batches included."
    return ApiError(400, "invalid_parameter", message, param=param)
