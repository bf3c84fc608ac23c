"""Joining two locks that grew from one: what two applies, or two branches, both paid for.

One pure function of base, ours and theirs. It swaps ours and theirs without a difference,
needs no sources, and loses no render that is in flight: which render a name points at
hardly matters, because the next plan looks for the content that its sources ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from vidbuild.diagnostics import problem
from vidbuild.request.fingerprint import canonical_json
from vidbuild.state.entries import entry_json, render_json
from vidbuild.state.identity import Identity, identity, same_key
from vidbuild.state.records import Asset, Entry, Lock, Render, Status

_T = TypeVar("_T")

_BEST_LAST = (
    Status.gone,
    Status.failed,
    Status.intent,
    Status.submitted,
    Status.completed,
)


def join(base: Lock, ours: Lock, theirs: Lock) -> Lock:
    """Both sides in one. Raises `Problems` (VB505) for locks of different projects."""
    if not base.project == ours.project == theirs.project:
        names = dict.fromkeys(repr(lock.project) for lock in (base, ours, theirs))
        raise problem(
            "VB505",
            f"locks of different projects cannot be joined: {', '.join(names)}",
            hint="give each version the name that the project keeps, then join again",
        )
    videos: dict[str, Entry] = {}
    for name in sorted(ours.videos.keys() | theirs.videos.keys()):
        entry = _side(base.videos.get(name), ours.videos.get(name), theirs.videos.get(name))
        if entry is _BOTH:
            both = (ours.videos[name], theirs.videos[name])
            entry = _join_entries(ours.project, base.videos.get(name), *both)
        if isinstance(entry, Entry):
            videos[name] = entry
    extra: dict[str, Any] = {}
    for key in sorted(ours.extra.keys() | theirs.extra.keys()):
        value = _side(*(_boxed(side, key) for side in (base, ours, theirs)))
        if isinstance(value, _Both):
            value = (max(ours.extra[key], theirs.extra[key], key=canonical_json),)
        if value is not None:
            extra[key] = value[0]
    return Lock(project=ours.project, videos=videos, extra=extra)


def _boxed(lock: Lock, key: str) -> tuple[Any] | None:
    """A member's value in a box: null is a value, absence is none."""
    return (lock.extra[key],) if key in lock.extra else None


class _Both:
    """Both sides changed it."""


_BOTH = _Both()


def _side(base: _T | None, ours: _T | None, theirs: _T | None) -> _T | _Both | None:
    """The side that changed; the changed one where the other removed it."""
    if ours == theirs or theirs == base:  # noqa: PLR1714 - a record is not hashable
        return ours
    if ours == base or ours is None:
        return theirs
    return ours if theirs is None else _BOTH


def _join_entries(project: str, base: Entry | None, ours: Entry, theirs: Entry) -> Entry:
    united = _united(project, ours, theirs)
    dropped = _dropped(project, base, ours, theirs)
    better = _better(project, united, ours, theirs)
    name = _found(project, united, better.render)
    past = [
        render
        for each, render in united.items()
        if each != name and each not in dropped and render.status is not Status.failed
    ]
    past.sort(key=lambda render: _newness(project, render), reverse=True)
    return replace(
        better,
        render=united[name],
        history=tuple(past),
        assets=_assets(better, ours, theirs),
        protect=ours.protect or theirs.protect,
    )


def _renders(entry: Entry) -> tuple[Render, ...]:
    return (entry.render, *entry.history)


def _united(project: str, ours: Entry, theirs: Entry) -> dict[Identity, Render]:
    """The renders of both sides by identity; an answered intent is its video."""
    united: dict[Identity, Render] = {}
    for render in (*_renders(ours), *_renders(theirs)):
        name = identity(project, render)
        known = united.get(name)
        united[name] = render if known is None else max(known, render, key=_weight)
    answered = {same_key(project, r) for r in united.values() if r.video_id}
    return {name: r for name, r in united.items() if r.video_id or name not in answered}


def _found(project: str, united: Mapping[Identity, Render], render: Render) -> Identity:
    """The identity under which a side's render is united."""
    name = identity(project, render)
    if name in united:
        return name
    return max(n for n, r in united.items() if r.video_id and same_key(project, r) == name)


def _dropped(project: str, base: Entry | None, ours: Entry, theirs: Entry) -> frozenset[Identity]:
    """Finished renders that the base had and one side evicted; never a side's current one."""
    if base is None:
        return frozenset()
    over = (Status.completed, Status.gone)
    had = {identity(project, r) for r in _renders(base) if r.status in over}
    sides = [{identity(project, r) for r in _renders(side)} for side in (ours, theirs)]
    current = {identity(project, side.render) for side in (ours, theirs)}
    return frozenset(had - (sides[0] & sides[1]) - current)


def _better(project: str, united: Mapping[Identity, Render], ours: Entry, theirs: Entry) -> Entry:
    """The side whose render is the better one; texts are compared where nothing else tells."""
    one, other = (_goodness(project, united, entry) for entry in (ours, theirs))
    if one != other:
        return ours if one > other else theirs
    return max((ours, theirs), key=lambda entry: _texts(project, united, entry))


def _goodness(
    project: str, united: Mapping[Identity, Render], entry: Entry
) -> tuple[int, str, Identity]:
    name = _found(project, united, entry.render)
    render = united[name]
    return (_BEST_LAST.index(render.status), render.completed_at or "", name)


def _texts(project: str, united: Mapping[Identity, Render], entry: Entry) -> tuple[bytes, bytes]:
    render = united[_found(project, united, entry.render)]
    body = entry_json(replace(entry, render=render, history=()))
    return (canonical_json(body), canonical_json(entry_json(entry)))


def _newness(project: str, render: Render) -> tuple[bool, str, Identity]:
    at = render.completed_at or render.sent_at or ""
    return (render.status.in_flight, at, identity(project, render))


def _weight(render: Render) -> tuple[int, bytes]:
    return (render.status, canonical_json(render_json(render)))


def _assets(better: Entry, ours: Entry, theirs: Entry) -> dict[str, Asset]:
    """The better side's assets; two ids for one content: the smaller."""
    ids: dict[str, str] = {}
    for asset in _all_assets(ours, theirs):
        ids[asset.sha256] = min(ids.get(asset.sha256, asset.asset_id), asset.asset_id)
    return {
        path: replace(asset, asset_id=ids[asset.sha256]) for path, asset in better.assets.items()
    }


def _all_assets(*entries: Entry) -> Iterable[Asset]:
    for entry in entries:
        yield from entry.assets.values()
