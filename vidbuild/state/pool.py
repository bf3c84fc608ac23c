"""The pool: every render that any record knows of, joined by identity.

Built once (`pooling`) from the lock, its siblings and the journal, then asked: what is
the best render of this content, what was tried, what is given up? Pure data; the decision
table is `plan`'s.

A content has one name for asking: its fingerprint in today's canonical form. Where an
entry is private its text is masked, and its content is named by the fingerprint of the
masked form; ask with `masked` as well and both are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vidbuild.state.identity import Identity, identity
from vidbuild.state.recorded import Reason
from vidbuild.state.records import Render, Status

ATTEMPTS = 3  # a content that failed this often is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a lock records a render: `sibling` is None for the project's own lock."""

    name: str
    history: bool = False
    sibling: str | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One render of the pool with all that is known of it.

    `journal`: the journal knows it too. `tombstone`: taken out on purpose, so neither
    finished nor in flight. `kept`: a good local file of it exists.
    """

    render: Render
    places: tuple[Place, ...] = ()
    journal: bool = False
    tombstone: Reason | None = None
    kept: bool = False

    @property
    def finished(self) -> bool:
        if self.tombstone:
            return False
        status = self.render.status
        return status is Status.completed or (status is Status.gone and self.kept)

    @property
    def in_flight(self) -> bool:
        return not self.tombstone and self.render.status.in_flight

    @property
    def failed(self) -> bool:
        return not self.tombstone and self.render.status is Status.failed

    @property
    def recorded(self) -> bool:
        """Finished according to a lock, not to the journal alone."""
        return any(place.finished for place in self.places)

    @property
    def spent(self) -> bool:
        """Its attempt is over, and another one has to be the next."""
        if self.tombstone:
            return self.tombstone != "removed"
        return self.render.status in (Status.failed, Status.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All renders of one provider; `build_pool` makes it.

    `contents` lists the members under each content; `buried` the attempts that only a
    tombstone remembers; `refused` those that are no job, as this journal saw: nothing of the
    pool but what `--resubmit` can give up.
    """

    project: str
    members: tuple[Member, ...]
    contents: Mapping[str, tuple[Member, ...]]
    identities: Mapping[Identity, Member]
    buried: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, tuple[Render, ...]] = field(default_factory=dict)

    def of(self, fingerprint: str, masked: str | None = None) -> tuple[Member, ...]:
        """Every render of the content, tombstoned ones included."""
        found = self.contents.get(fingerprint, ())
        hidden = self.contents.get(masked, ()) if masked else ()
        return (*found, *(m for m in hidden if m not in found)) if hidden else found

    def find(self, render: Render) -> Member | None:
        """The member that a record of a lock belongs to: its status is the joined one."""
        return self.identities.get(identity(self.project, render))

    def best(self, fingerprint: str, *, name: str, masked: str | None = None) -> Member | None:
        """The best render of the content for this name: finished, in flight, failed, or None."""
        found = [m for m in self.of(fingerprint, masked) if _class(m) is not None]
        return min(found, key=lambda m: _rank(m, name), default=None)

    def attempt(self, fingerprint: str, masked: str | None = None) -> int:
        """The number of the next attempt: one more than the highest that is spent."""
        spent = [m.render.attempt for m in self.of(fingerprint, masked) if m.spent]
        return 1 + max([*spent, self._buried(fingerprint, masked)], default=0)

    def gave_up(self, fingerprint: str, masked: str | None = None) -> bool:
        """The newest attempt failed and was the third or later."""
        members = self.of(fingerprint, masked)
        newest = max((m.render.attempt for m in members), default=0)
        if newest < ATTEMPTS or newest <= self._buried(fingerprint, masked):
            return False
        last = [m for m in members if m.render.attempt == newest]
        return all(m.failed for m in last)

    def _buried(self, fingerprint: str, masked: str | None) -> int:
        return max(self.buried.get(fingerprint, 0), self.buried.get(masked or "", 0))


def _class(member: Member) -> int | None:
    if member.finished:
        return 0
    if member.in_flight:
        return 1
    return 2 if member.failed else None


def _rank(member: Member, name: str) -> tuple[object, ...]:
    """Among finished ones: own entry, own history, this lock, siblings, by name, then id."""
    place = min((_nearness(p, name) for p in member.places), default=(9, "", ""))
    newest = 0 if member.finished else -member.render.attempt
    waiting = member.render.status is Status.intent
    return (_class(member), newest, waiting, place, member.render.video_id or "")


def _nearness(place: Place, name: str) -> tuple[int, str, str]:
    if place.sibling is not None:
        return (3, place.name, place.sibling)
    if place.name == name:
        return (1 if place.history else 0, "", "")
    return (2, place.name, "")
