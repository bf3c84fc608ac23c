"""One change for each selected name: the facts for the decision table, its answer in full.

Pure, and linear in the number of names. Not for money: estimates are added by `build`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vidbuild.plan.changes import NewFields, changed_reason, diff, metadata_changes, shown_request
from vidbuild.plan.model import Action, Change, Estimate, FieldChange, FileState, at_no_cost
from vidbuild.plan.resubmission import resubmitted
from vidbuild.plan.situation import (
    Sight,
    Situation,
    any_private,
    is_busy,
    is_finished,
    look,
)
from vidbuild.plan.sources import deletable, moved_names, source_of
from vidbuild.plan.table import Facts, Known, State, Stored, choose
from vidbuild.request.model import Request
from vidbuild.state.pool import Member
from vidbuild.state.records import Entry, Render

Price = Callable[[Request], Estimate]  # what a request would take and cost


def _unknown(_: Request) -> Estimate:
    return Estimate()


def decide(situation: Situation, price: Price = _unknown) -> tuple[Change, ...]:
    """Every selected name's change, sorted by name; `price` is asked for each that pays. Raises
    `Problems` for a wrong resubmission."""
    hidden = any_private(situation)
    chosen = [name for name in sorted(situation.requests) if situation.is_selected(name)]
    ready = [n for n in chosen if n not in situation.held and n not in situation.broken]
    heard_of = [n for n in ready if hidden or situation.resubmit or not _is_new(situation, n)]
    sights = {name: look(situation, name, hidden=hidden) for name in heard_of}
    abandons = resubmitted(situation, sights)
    leaders: dict[str, Change] = {}
    changes = [_held(situation, name) for name in _unready(situation)]
    for name in ready:
        sight = sights.get(name)
        if sight is None:
            request = situation.requests[name]
            if request.fingerprint not in leaders:
                leaders[request.fingerprint] = change = _first(situation, request, price)
                changes.append(change)
                continue
            sight = look(situation, name, hidden=False)
        given_up = abandons.get(sight.request.fingerprint, ())
        known = replace(sight, abandons=given_up) if given_up else sight
        change = _change(situation, name, known, leaders)
        if change.pays:
            change = replace(change, estimate=price(known.request))
        if change.row >= _FIRST_PAYING_ROW:
            leaders.setdefault(sight.request.fingerprint, change)
        changes.append(change)
    changes = moved_names(situation, changes)
    taken = {moved for change in changes for moved in change.moves}
    changes = deletable(situation, [*changes, *_left(situation, taken)])
    return tuple(sorted(changes, key=lambda change: change.name))


_FIRST_PAYING_ROW = 9


def _is_new(situation: Situation, name: str) -> bool:
    """Whether no record has ever heard of the name, nor of its content."""
    pool, content = situation.pool, situation.requests[name].fingerprint
    known = content in pool.contents or content in pool.buried
    return not known and name not in situation.lock.videos


def _first(situation: Situation, request: Request, price: Price) -> Change:
    """Row 9, as it is of nearly all new videos: there is nothing to look at."""
    shown = shown_request(situation.api, request)
    return Change(
        name=request.name,
        action=Action.create,
        reason="new",
        row=_FIRST_PAYING_ROW,
        request=request,
        shown=shown,
        protected=request.protect,
        fields=NewFields(shown),
        estimate=price(request),
    )


def _unready(situation: Situation) -> list[str]:
    names = {*situation.held, *situation.broken}
    return [name for name in sorted(names) if situation.is_selected(name)]


def _held(situation: Situation, name: str) -> Change:
    """Row 0: whatever the lock says stays as it is."""
    entry, request = situation.lock.videos.get(name), situation.requests.get(name)
    return Change(
        name=name,
        action=Action.hold,
        reason="invalid" if name in situation.broken else situation.held[name],
        request=request,
        shown=shown_request(situation.api, request) if request else None,
        entry=entry,
        protected=request.protect if request else bool(entry and entry.protect),
    )


def _change(situation: Situation, name: str, sight: Sight, leaders: Mapping[str, Change]) -> Change:
    """Rows 4 to 11."""
    leader = leaders.get(sight.request.fingerprint)
    metadata = metadata_changes(situation.api, sight.entry, sight.request) if sight.entry else ()
    files = _files(situation, name, sight)
    row, action = choose(
        Facts(
            stored=_stored(sight),
            state=sight.state,
            known=sight.known,
            files=files,
            metadata=bool(metadata),
            led=leader is not None,
        )
    )
    finished = row in (4, 5)
    shown = shown_request(situation.api, sight.request)
    fields: Sequence[FieldChange] = metadata
    differs = ""
    if sight.entry is None:
        fields = NewFields(shown)
    elif not (finished or sight.equal):
        content = diff(situation.api, sight.entry, sight.request)
        fields, differs = (*content, *metadata), changed_reason(content)
    render = _own_render(sight) if finished else None
    base = Change(
        name=name,
        action=action or Action.unchanged,
        reason="new" if action is Action.create else "up_to_date",
        row=row,
        request=sight.request,
        shown=shown,
        entry=sight.entry,
        protected=sight.request.protect,
        fields=() if action is Action.unchanged else fields,
        render=render,
        estimate=at_no_cost(render),
    )
    if finished:
        return _finished(base, files, metadata)
    if row in (6, 7):
        return _taken(situation, base, sight)
    if leader is not None:
        return _led(situation, base, sight, leader)
    return _paying(situation, base, sight, differs)


def _finished(base: Change, files: FileState, metadata: tuple[FieldChange, ...]) -> Change:
    """Rows 4 and 5: the entry's own render is what is asked for."""
    if base.action is Action.unchanged:
        return base
    if base.action is Action.fetch:
        return replace(base, reason=f"file_{files.value}")
    reason = changed_reason(metadata)
    return replace(base, reason="metadata_changed" if reason == "content_changed" else reason)


def _taken(situation: Situation, base: Change, sight: Sight) -> Change:
    """Rows 6 and 7: a render that exists, or is being made, becomes this name's."""
    member = sight.best if sight.known is not Known.dead else sight.own
    if member is None:  # unreachable: rows 6 and 7 need one or the other
        raise AssertionError(base.name)
    source, reason, render = source_of(situation, base.name, member)
    if base.action is Action.resume:
        reason = _resume_reason(situation, member, reason)
    return replace(
        base,
        reason=reason,
        source=source,
        render=render,
        attempt=render.attempt,
        replaces=_replaces(situation, sight, member),
    )


def _resume_reason(situation: Situation, member: Member, reason: str) -> str:
    if member.render.key in situation.unsure and not member.render.video_id:
        return "unsure"
    if member.finished or not member.places:
        return "journal"
    return reason if reason in ("renamed", "profile") else "in_flight"


def _led(situation: Situation, base: Change, sight: Sight, leader: Change) -> Change:
    """Row 8: an earlier name of this plan renders the same content."""
    reason = "gave_up" if leader.reason == "gave_up" else "twin"
    if reason == "gave_up":
        return _given_up(situation, replace(base, source=leader.name), sight)
    replaces = _replaces(situation, sight, None)
    return replace(base, reason=reason, source=leader.name, replaces=replaces)


def _paying(situation: Situation, base: Change, sight: Sight, differs: str) -> Change:
    """Rows 9 to 11, given up or not."""
    attempt = _attempt(situation, sight)
    if base.action is Action.create and attempt == 1 and not sight.abandons:
        return base  # nothing was ever tried: what nearly all new videos are
    pool, content = situation.pool, sight.request.fingerprint
    if sight.abandons:
        reason = "resubmitted"
    elif pool.gave_up(content, sight.hidden):
        return _given_up(situation, replace(base, attempt=attempt), sight)
    elif base.action is Action.create:
        reason = "new"
    elif base.action is Action.retry:
        reason = _failure(sight.own)
    else:
        reason = "gone" if sight.equal else differs
    return replace(
        base,
        reason=reason,
        attempt=attempt,
        abandons=sight.abandons,
        replaces=_replaces(situation, sight, None),
    )


def _given_up(situation: Situation, base: Change, sight: Sight) -> Change:
    """Rows 8 to 11 without a render. The failure becomes the name's own, so that the lock
    knows of it even when the name that it failed under goes on to something else."""
    kept = sight.equal or (base.protected and _replaces(situation, sight, None))
    render = None if kept or sight.best is None else sight.best.render
    return replace(base, reason="gave_up", render=render)


def _failure(own: Member | None) -> str:
    if own is None:
        return "refused"
    return "abandoned" if own.tombstone else "failed"


def _attempt(situation: Situation, sight: Sight) -> int:
    """One more than what is spent, counting what a resubmission gives up."""
    spent = [render.attempt + 1 for render in sight.abandons]
    known = situation.pool.attempt(sight.request.fingerprint, sight.hidden)
    return max([known, *spent])


def _stored(sight: Sight) -> Stored:
    if sight.entry is None:
        return Stored.nothing
    return Stored.equal if sight.equal else Stored.other


def _files(situation: Situation, name: str, sight: Sight) -> FileState:
    """Only asked where it matters. A video that is gone cannot be fetched: what is left is good."""
    if not sight.equal or sight.state is not State.finished:
        return FileState.good
    render = _own_render(sight)
    if render is None or (sight.own is not None and sight.own.kept):
        return FileState.good
    return situation.files(name, render)


def _own_render(sight: Sight) -> Render | None:
    """The entry's render as far as any record knows.

    Its outputs are the entry's own: those of a twin have the twin's paths. An entry that does
    not know of its files yet thus has them fetched, which writes them down.
    """
    if sight.entry is None or sight.own is None:
        return None
    outputs, joined = sight.entry.render.outputs, sight.own.render
    return joined if outputs is joined.outputs else replace(joined, outputs=outputs)


def _replaces(situation: Situation, sight: Sight, member: Member | None) -> bool:
    """True where the entry's finished render makes way for another one."""
    if sight.entry is None or not is_finished(situation, sight.entry):
        return False
    return member is None or sight.own is not member


def _left(situation: Situation, taken: set[str]) -> list[Change]:
    """Rows 2 and 3: selected names that only the lock has; those of row 1 have moved."""
    gone = [
        name
        for name in sorted(situation.lock.videos)
        if situation.is_selected(name) and not situation.in_project(name) and name not in taken
    ]
    return [_orphan(situation, name, situation.lock.videos[name]) for name in gone]


def _orphan(situation: Situation, name: str, entry: Entry) -> Change:
    busy = is_busy(situation, entry)
    row, action = choose(Facts(in_project=False, busy=busy, prune=situation.prune))
    return Change(
        name=name,
        action=action or Action.orphan,
        reason="in_flight_orphan" if busy else "not_in_project",
        row=row,
        entry=entry,
        render=entry.render,
        protected=entry.protect,
        replaces=action is Action.delete,
    )
