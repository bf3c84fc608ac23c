"""What is in flight: renders that were sent and are not over, with the names that they are for.

Pure, for showing them and for waiting. Not for what becomes of a name: that is the table's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vidbuild.plan.model import Action, Change
from vidbuild.plan.situation import Situation
from vidbuild.request.model import Request
from vidbuild.state.identity import key_of
from vidbuild.state.pool import Member
from vidbuild.state.recorded import Intent
from vidbuild.state.records import Entry, Render


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One render on its way, as far as all records know.

    `changes` are the rows of the plan that take it up. `names` are the names of this lock that
    record it, `pointing` those whose entry points at it. `label` is what to call it: a name
    where there is one. `request` is its content, where a source or an entry still has it.
    `unsure`: nobody can tell whether it was taken.
    """

    render: Render
    label: str
    changes: tuple[Change, ...] = ()
    names: tuple[str, ...] = ()
    pointing: tuple[str, ...] = ()
    request: Request | None = None
    unsure: bool = False

    @property
    def known_as(self) -> tuple[str, ...]:
        """Every name that it is for, the first one first."""
        return tuple(dict.fromkeys([*(c.name for c in self.changes), *self.names])) or (self.label,)


def in_flight(
    situation: Situation, changes: Iterable[Change], intents: Iterable[Intent]
) -> tuple[Flight, ...]:
    """Every render of this lock and the journal that is in flight, by label.

    So are those that the journal knows to be over and an entry does not, and those that a row
    of the plan resumes. Renders that only another profile's lock asks for are that profile's.
    """
    held = _held(situation)
    takers: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        member = _taken(situation, change)
        if member is not None:
            takers[id(member)].append(change)
    told = _Told(situation, {intent.key: intent for intent in intents})
    found = [
        told.flight(member.render, held.get(id(member), _Held()), takers.get(id(member), ()))
        for member in situation.pool.members
        if id(member) in held or id(member) in takers or _is_nobodys(member)
    ]
    found += [told.flight(render, where, ()) for render, where in _elsewhere(situation)]
    return tuple(sorted(found, key=lambda f: (f.label, f.render.video_id or "")))


def recorded_request(name: str, entry: Entry) -> Request:
    """What an entry records as its request, for its files and its price alone."""
    return Request(
        name=name,
        body=entry.request,
        content={},
        fingerprint=entry.fingerprint,
        provider=entry.render.provider,
        revision=entry.revision,
        protect=entry.protect,
        private=entry.private,
    )


@dataclass(slots=True)
class _Held:
    names: dict[str, None] = field(default_factory=dict)
    pointing: list[str] = field(default_factory=list)


def _records(situation: Situation) -> Iterator[tuple[str, Render, bool]]:
    """What this lock has in flight: name, record, whether the entry points at it."""
    for name, entry in sorted(situation.lock.videos.items()):
        if entry.render.status.in_flight:
            yield name, entry.render, True
        for past in entry.history:
            if past.status.in_flight:
                yield name, past, False


def _held(situation: Situation) -> dict[int, _Held]:
    """By member, the names that record it as in flight; what was taken out is nobody's."""
    held: defaultdict[int, _Held] = defaultdict(_Held)
    for name, record, own in _records(situation):
        member = situation.pool.find(record)
        if member is not None and not member.tombstone:
            where = held[id(member)]
            where.names[name] = None
            if own:
                where.pointing.append(name)
    return dict(held)


def _elsewhere(situation: Situation) -> Iterator[tuple[Render, _Held]]:
    """Renders of another provider than the project's: the record is all there is."""
    for name, record, own in _records(situation):
        if record.provider != situation.provider:
            yield record, _Held({name: None}, [name] if own else [])


def _taken(situation: Situation, change: Change) -> Member | None:
    if change.action is not Action.resume or change.render is None:
        return None
    return situation.pool.find(change.render)


def _is_nobodys(member: Member) -> bool:
    """In flight, and no lock knows of it: its apply was killed before it could say so."""
    return member.in_flight and not member.places


@dataclass(slots=True)
class _Told:
    """What flights are called, and what is known of their contents."""

    situation: Situation
    intents: Mapping[str, Intent]
    requests: dict[str, Request] = field(init=False)

    def __post_init__(self) -> None:
        found = sorted(self.situation.requests.items(), reverse=True)
        self.requests = {request.fingerprint: request for _, request in found}

    def flight(self, render: Render, held: _Held, changes: Iterable[Change]) -> Flight:
        changes = tuple(changes)
        names = tuple(held.names)
        request = self._request(render, held, changes)
        return Flight(
            render=render,
            label=self._label(render, (*(c.name for c in changes), *names), request),
            changes=changes,
            names=names,
            pointing=tuple(held.pointing),
            request=request,
            unsure=not render.video_id and self._key(render) in self.situation.unsure,
        )

    def _request(self, render: Render, held: _Held, changes: tuple[Change, ...]) -> Request | None:
        for change in changes:
            return change.request
        if render.fingerprint in self.requests:
            return self.requests[render.fingerprint]
        for name in held.pointing:
            return recorded_request(name, self.situation.lock.videos[name])
        return None

    def _label(self, render: Render, names: tuple[str, ...], request: Request | None) -> str:
        intent = self.intents.get(self._key(render))
        known = (*names, *((request.name,) if request else ()), *(intent.names if intent else ()))
        return known[0] if known else render.video_id or self._key(render)

    def _key(self, render: Render) -> str:
        return key_of(self.situation.pool.project, render)
