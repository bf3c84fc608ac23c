"""The decision table: what happens to one name, from what is known of it.

One pure function over a handful of facts, so that every combination can be listed and
tried. Not for finding the facts out: that is `decide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vidbuild.plan.model import Action, FileState


class Stored(Enum):
    """What the lock has under the name."""

    nothing = "nothing"
    other = "other"  # another content than the current one
    equal = "equal"  # the current content, ignored fields apart


class State(Enum):
    """How far a render is, by every record of it."""

    finished = "finished"  # completed; or gone, with a good local file
    in_flight = "in flight"  # intent or submitted
    failed = "failed"  # failed, abandoned, refused
    gone = "gone"  # unknown to the provider, no good file


class Known(Enum):
    """The best render of the current content, wherever it is recorded."""

    recorded = "recorded"  # finished, and a lock says so
    journal = "journal"  # finished, and only the journal knows
    in_flight = "in flight"
    dead = "dead"  # none, or only failed, abandoned and gone ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the table asks about one selected name.

    `state` is the entry's render's. `busy`: something is in flight in the entry or its
    history. `taken`: a selected name of this plan reuses or resumes the entry's render.
    `metadata`: title, `protect` or `private` differ. `led`: an earlier selected name of this
    plan renders, or gave up, this content.
    """

    in_project: bool = True
    ready: bool = True
    stored: Stored = Stored.nothing
    state: State = State.finished
    known: Known = Known.dead
    files: FileState = FileState.good
    metadata: bool = False
    led: bool = False
    busy: bool = False
    taken: bool = False
    prune: bool = False


def choose(facts: Facts) -> tuple[int, Action | None]:
    """The first row that fits and its action; None where the entry moves to another name."""
    if not facts.in_project:
        return _left(facts)
    if not facts.ready:
        return 0, Action.hold
    equal = facts.stored is Stored.equal
    if equal and facts.state is State.finished:
        if facts.files is not FileState.good:
            return 5, Action.fetch
        return 4, Action.update if facts.metadata else Action.unchanged
    if facts.known is Known.recorded:
        return 6, Action.reuse
    if facts.known is not Known.dead or (equal and facts.state is State.in_flight):
        return 7, Action.resume
    if facts.led:
        return 8, Action.reuse
    return _render(facts)


def _left(facts: Facts) -> tuple[int, Action | None]:
    """A name that only the lock has."""
    if facts.taken:
        return 1, None
    if facts.prune and not facts.busy:
        return 2, Action.delete
    return 3, Action.orphan


def _render(facts: Facts) -> tuple[int, Action]:
    """The rows that pay: no living render of this content is known anywhere."""
    if facts.stored is Stored.nothing:
        return 9, Action.create
    if facts.stored is Stored.equal and facts.state is State.failed:
        return 10, Action.retry
    return 11, Action.rerender
