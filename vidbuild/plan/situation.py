"""What the decision table is asked about: sources, lock, pool and the options of a run.

Finds single facts out of them; deciding is `decide`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vidbuild.plan.changes import Same, compare, spelled_alike
from vidbuild.plan.mask import masked
from vidbuild.plan.model import Files
from vidbuild.plan.paces import Paces
from vidbuild.plan.table import Known, State
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.state.identity import Identity, identity
from vidbuild.state.pool import Member, Pool
from vidbuild.state.records import Entry, Lock, Render, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that a plan depends on.

    `held` maps a name whose sources are not ready to its reason; `broken` are names whose
    sources have errors (in the project all the same, so never orphans). `selected` None is
    every name. `unsure` are the keys of intents that nobody can tell about any more. `paces` are
    those of the voices, where somebody knows; else they are learned from the lock.
    """

    api: Api
    provider: str
    requests: Mapping[str, Request]
    lock: Lock
    pool: Pool
    files: Files
    held: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    selected: frozenset[str] | None = None
    prune: bool = False
    resubmit: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    paces: Paces | None = None

    def is_selected(self, name: str) -> bool:
        return self.selected is None or name in self.selected

    def in_project(self, name: str) -> bool:
        return name in self.requests or name in self.held or name in self.broken


def content_today(api: Api, requests: Mapping[str, Request]) -> Callable[[Entry], str]:
    """The pool's `today`: an entry's fingerprint under today's spec, asked once each.

    A stored fingerprint that today's same request has is right as it stands: only entries
    whose content changed, or whose spec did, are worked out.
    """
    current = {request.fingerprint: request for request in requests.values()}

    def today(entry: Entry) -> str:
        alike = current.get(entry.fingerprint)
        if alike is not None and spelled_alike(api, entry, alike):
            return entry.fingerprint
        return fingerprint(
            content(api, entry.request),
            provider=entry.render.provider,
            operation=api.operation,
            revision=entry.revision,
        )

    return today


def masked_fingerprint(api: Api, request: Request) -> str:
    """The name of a private content, whose text no record has."""
    return fingerprint(
        content(api, masked(api.request, request.body)),
        provider=request.provider,
        operation=api.operation,
        revision=request.revision,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One selected name of the project with what is known of it.

    `own` is the pool's member of the entry's render, `best` that of the current content.
    `abandons` are the renders that a resubmission of this content gives up.
    """

    request: Request
    entry: Entry | None
    same: Same
    own: Member | None
    best: Member | None
    hidden: str | None
    abandons: tuple[Render, ...] = ()

    @property
    def equal(self) -> bool:
        return self.same is not Same.different

    @property
    def state(self) -> State:
        """The entry's render's; a resubmitted one is given up."""
        found = state_of(self.own)
        return State.failed if self.abandons and found is State.in_flight else found

    @property
    def known(self) -> Known:
        if self.best is None or self.best.failed:
            return Known.dead
        if self.best.finished:
            return Known.recorded if self.best.recorded else Known.journal
        return Known.dead if self.abandons else Known.in_flight


def look(situation: Situation, name: str, *, hidden: bool) -> Sight:
    """What is known of a name; `hidden` asks for private renders of the content as well."""
    request, entry = situation.requests[name], situation.lock.videos.get(name)
    mask = masked_fingerprint(situation.api, request) if hidden else None
    return Sight(
        request=request,
        entry=entry,
        same=compare(situation.api, entry, request) if entry else Same.different,
        own=situation.pool.find(entry.render) if entry else None,
        best=situation.pool.best(request.fingerprint, name=name, masked=mask),
        hidden=mask,
    )


def any_private(situation: Situation) -> bool:
    """True where some record may hold a content under its masked name."""
    return (
        any(request.private for request in situation.requests.values())
        or any(entry.private for entry in situation.lock.videos.values())
        or any(place.sibling for member in situation.pool.members for place in member.places)
    )


def state_of(member: Member | None) -> State:
    """How far an entry's own render is. No member: an intent that was refused."""
    if member is None or member.tombstone == "abandoned":
        return State.failed
    if member.tombstone == "deleted":
        return State.gone
    status = member.render.status
    if status is Status.gone:
        return State.finished if member.kept else State.gone
    if status is Status.completed:
        return State.finished
    return State.in_flight if status.in_flight else State.failed


def is_finished(situation: Situation, entry: Entry) -> bool:
    """True where the entry's render can be watched, whichever provider made it."""
    member = situation.pool.find(entry.render)
    if member is None:
        return entry.render.status is Status.completed
    return state_of(member) is State.finished


def is_busy(situation: Situation, entry: Entry) -> bool:
    """True while something is in flight in the entry or its history."""
    for render in (entry.render, *entry.history):
        member = situation.pool.find(render)
        # Of another provider the record is all there is; of this one no member is no job.
        elsewhere = render.provider != situation.provider and render.status.in_flight
        if elsewhere if member is None else member.in_flight:
            return True
    return False


def who(situation: Situation, render: Render) -> Identity:
    """A render's identity by all records: an intent that was answered is its video."""
    member = situation.pool.find(render)
    return identity(situation.pool.project, member.render if member is not None else render)
