"""Where a render that is taken over comes from, and which old names move with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vidbuild.plan.changes import Same, compare, metadata_changes
from vidbuild.plan.model import Change
from vidbuild.plan.situation import Situation, who
from vidbuild.state.identity import Identity
from vidbuild.state.pool import Member, Place
from vidbuild.state.records import Render


def source_of(situation: Situation, name: str, member: Member) -> tuple[str | None, str, Render]:
    """The nearest record of a render: its name, the reason that it gives for a reuse, the render.

    A sibling's name is `PROFILE:NAME`; the name's own history and the journal have none. The
    render has the outputs of that record: each record of it has paths of its own.
    """
    if not member.places:
        return None, "journal", member.render
    # A finished render of the name's own is taken only for what another record calls it.
    others = [p for p in member.places if not member.finished or p.history or not _own(p, name)]
    place = min(others or member.places, key=lambda p: _nearness(p, name))
    if place.sibling is not None:
        return f"{place.sibling}:{place.name}", "profile", member.render
    render = _recorded_at(situation, place, member)
    if place.name == name:
        return None, "reverted" if place.history else "in_flight", render
    if place.history:
        return place.name, "earlier", render
    return place.name, "twin" if _keeps(situation, place.name) else "renamed", render


def _recorded_at(situation: Situation, place: Place, member: Member) -> Render:
    entry = situation.lock.videos[place.name]
    mine = who(situation, member.render)
    records = entry.history if place.history else (entry.render,)
    outputs = next((r.outputs for r in records if who(situation, r) == mine), {})
    return replace(member.render, outputs=outputs)


def moved_names(situation: Situation, changes: Iterable[Change]) -> list[Change]:
    """Row 1: an old name whose render another name takes moves there, to the first in order."""
    changes = sorted(changes, key=lambda change: change.name)
    takers: dict[Identity, str] = {}
    for change in changes:
        if change.row in (6, 7) and change.render is not None:
            takers.setdefault(who(situation, change.render), change.name)
    moves: dict[str, list[str]] = {}
    for old, entry in sorted(situation.lock.videos.items()):
        if situation.is_selected(old) and not situation.in_project(old):
            taker = takers.get(who(situation, entry.render))
            if taker is not None:
                moves.setdefault(taker, []).append(old)
    return [_moved(situation, c, moves[c.name]) if c.name in moves else c for c in changes]


def deletable(situation: Situation, changes: Iterable[Change]) -> list[Change]:
    """The ids that each delete covers at the provider: those that no other record refers to."""
    changes = list(changes)
    leaving = {c.name for c in changes if c.row == _DELETE_ROW and not c.protected}
    if not leaving:
        return changes
    kept = _kept_ids(situation, changes, leaving)
    return [
        replace(change, deletes=_ids(situation, change, kept)) if change.name in leaving else change
        for change in changes
    ]


_DELETE_ROW = 2


def _kept_ids(situation: Situation, changes: list[Change], leaving: set[str]) -> set[str | None]:
    """The ids that other records refer to, whichever account those say they are of."""
    kept = {
        change.render.video_id
        for change in changes
        if change.render is not None and change.name not in leaving
    }
    for member in situation.pool.members:
        if any(p.sibling is not None or p.name not in leaving for p in member.places):
            kept.add(member.render.video_id)
    return kept


def _ids(situation: Situation, change: Change, kept: set[str | None]) -> tuple[str, ...]:
    entry = change.entry
    renders = (entry.render, *entry.history) if entry is not None else ()
    free = {r.video_id for r in renders if r.video_id not in kept and _is_over(situation, r)}
    return tuple(sorted(video_id for video_id in free if video_id is not None))


def _is_over(situation: Situation, render: Render) -> bool:
    """True for a job of this provider that has ended and is still there for all we know."""
    member = situation.pool.find(render)
    return member is not None and not member.in_flight and not member.tombstone


def _moved(situation: Situation, change: Change, old: list[str]) -> Change:
    moved = replace(change, moves=tuple(old), source=old[0])
    if change.reason != "unsure":
        moved = replace(moved, reason="renamed")
    if change.entry is None and change.request is not None:
        entry = situation.lock.videos[old[0]]
        fields = metadata_changes(situation.api, entry, change.request)
        moved = replace(moved, fields=fields)
    return moved


def _keeps(situation: Situation, other: str) -> bool:
    """True where the other name goes on pointing at what its entry points at."""
    request, entry = situation.requests.get(other), situation.lock.videos.get(other)
    if request is None or entry is None or not situation.is_selected(other):
        return True
    return compare(situation.api, entry, request) is not Same.different


def _own(place: Place, name: str) -> bool:
    return place.sibling is None and place.name == name


def _nearness(place: Place, name: str) -> tuple[bool, int, str]:
    """Finished records before others, then own entry, own history, this lock, siblings."""
    if place.sibling is not None:
        return (not place.finished, 3, place.name)
    own = _own(place, name)
    return (not place.finished, (int(place.history) if own else 2), "" if own else place.name)
