"""What this day and month have cost so far, as far as the records tell.

Finished renders count by when they finished, those in flight as if they finished now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from vidbuild.plan.cost import estimate_body
from vidbuild.plan.model import Change
from vidbuild.plan.paces import Paces, learn_paces
from vidbuild.plan.policy import Spent, is_unanswered
from vidbuild.schema.api import Api
from vidbuild.state.pool import Member, Pool
from vidbuild.state.records import Entry, Lock, Render, Status


def spent_so_far(
    api: Api,
    pool: Pool,
    locks: Mapping[str | None, Lock],
    *,
    changes: Iterable[Change],
    now: datetime,
) -> Spent:
    """Dollars of this day and month in UTC; None where something of unknown cost is among them.

    `locks` are the project's own under None and its siblings by label, as in the pool. What
    the plan's `changes` may still pay for (an intent without an answer) is not in it.
    """
    now = now.astimezone(UTC)
    own = locks.get(None)
    paces = learn_paces(api, own) if own is not None and _any_in_flight(pool) else {}
    taken = {_label(c.render): c for c in changes if c.render is not None}
    day: float | None = 0.0
    month: float | None = 0.0
    for member in pool.members:
        render = member.render
        change = taken.get(_label(render))
        if render.status is Status.failed or (change is not None and is_unanswered(change)):
            continue
        if member.tombstone and render.status.in_flight:
            continue
        when = now.strftime("%Y-%m-%d") if render.status.in_flight else render.completed_at or ""
        if when[:7] != now.strftime("%Y-%m"):
            continue
        cost = _cost(api, member, locks, paces, change)
        month = None if month is None or cost is None else month + cost
        if when[:10] == now.strftime("%Y-%m-%d"):
            day = None if day is None or cost is None else day + cost
    return Spent(day_usd=day, month_usd=month)


def _any_in_flight(pool: Pool) -> bool:
    return any(member.render.status.in_flight for member in pool.members)


def _cost(
    api: Api,
    member: Member,
    locks: Mapping[str | None, Lock],
    paces: Paces,
    change: Change | None,
) -> float | None:
    """What the render cost, or is expected to: by its record, else by its request."""
    render = member.render
    if render.cost_usd is not None:
        return render.cost_usd
    entry = _entry(render, member, locks)
    if entry is not None:
        body = entry.request
    elif change is not None and change.request is not None:
        body = change.request.body
    else:
        return None
    known = estimate_body(api, body, provider=render.provider, paces=paces, seconds=render.duration)
    return known.cost_high_usd


def _entry(render: Render, member: Member, locks: Mapping[str | None, Lock]) -> Entry | None:
    """The entry that holds the request of a render, if one still points at it."""
    for place in member.places:
        lock = locks.get(place.sibling)
        if lock is not None and not place.history:
            entry = lock.videos.get(place.name)
            if entry is not None and entry.fingerprint == render.fingerprint:
                return entry
    return None


def _label(render: Render) -> tuple[str | None, ...]:
    """Enough to know a member's render again among the plan's."""
    return (render.account, render.video_id, None if render.video_id else render.key)
