"""Plan: what an apply would do and why. Data only, made once and shown in many ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from vidbuild.diagnostics import Diagnostic
from vidbuild.request.model import Request
from vidbuild.state.records import Entry, Render


class Action(StrEnum):
    """The words for what happens, in the order in which a plan lists and counts them."""

    create = "create"
    rerender = "rerender"
    retry = "retry"
    reuse = "reuse"
    update = "update"
    resume = "resume"
    fetch = "fetch"
    hold = "hold"
    orphan = "orphan"
    delete = "delete"
    unchanged = "unchanged"

    @property
    def renders(self) -> bool:
        return self in (Action.create, Action.rerender, Action.retry)


class FileState(StrEnum):
    """How the files of a finished render stand in `output.dir`."""

    good = "good"
    missing = "missing"
    altered = "altered"


class Files(Protocol):
    """Answers for the local files of a render under a name.

    The files that the project asks for are meant; one recorded as absent at the provider is
    not missed. A render whose file the caller does not look at (`--no-download`) is `good`.
    """

    def __call__(self, name: str, render: Render, /) -> FileState: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A dotted request field with its old and new value; None is "absent".

    Text of a private video is `{"length", "sha256"}`.
    """

    path: str
    old: Any
    new: Any


_IDLE = frozenset({Action.fetch, Action.hold, Action.orphan, Action.unchanged})


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Seconds of video and dollars; None is unknown, never 0. Low and high bound the cost.

    `unknown` names what stands in the way: `length of audio_url`, `price of scenes.2`. The rest
    comes from measuring: `measured` where every spoken part was spoken, `audio` the paths of the
    recordings, `unmeasured` what kept its estimate and why: `script: no voice_id`.
    """

    seconds: float | None = None
    cost_usd: float | None = None
    cost_low_usd: float | None = None
    cost_high_usd: float | None = None
    unknown: tuple[str, ...] = ()
    measured: bool = False
    audio: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


def at_no_cost(render: Render | None) -> Estimate:
    """What a change that pays nothing is estimated at: as long as its render is."""
    seconds = render.duration if render is not None else None
    return Estimate(seconds=seconds, cost_usd=0.0, cost_low_usd=0.0, cost_high_usd=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One name's row of the decision table.

    `request` is None for names that the project no longer has, `entry` for names that the
    lock does not have. `render` is the render that a reuse, resume or fetch works on;
    `source` the name (or None: history, journal, sibling) it comes from (`from` in JSON).
    `gave_up` and unsure changes keep their action and say so in `reason`.
    """

    name: str
    action: Action
    reason: str
    request: Request | None = None
    shown: Mapping[str, Any] | None = None
    entry: Entry | None = None
    render: Render | None = None
    source: str | None = None
    attempt: int = 1
    fields: Sequence[FieldChange] = ()
    estimate: Estimate = field(default_factory=Estimate)
    protected: bool = False
    replaces: bool = False
    moves: tuple[str, ...] = ()
    abandons: tuple[Render, ...] = ()
    deletes: tuple[str, ...] = ()
    row: int = 0

    @property
    def private(self) -> bool:
        """Whether its text, and whatever may quote it, is not for logs and records."""
        ours = self.request is not None and self.request.private
        return ours or (self.entry is not None and self.entry.private)

    @property
    def pays(self) -> bool:
        return self.action.renders and self.reason != "gave_up"

    @property
    def pending(self) -> bool:
        """True for what `--detailed-exitcode` counts."""
        return self.action not in _IDLE and self.reason != "gave_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts by action, paid renders, and their totals; a total with an unknown part is None."""

    counts: Mapping[Action, int]
    renders: int
    seconds: float | None
    cost_usd: float | None
    cost_low_usd: float | None
    cost_high_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A place in the sources behind changes: how many videos, and what they cost.

    `kind` is one of `project.blame.KINDS`; `name` the var, column or field that is meant.
    Without a file there is no such place (a value from outside), without a line it is not
    known or there is none (a media file). Each change has one cause, so that all add up.
    """

    kind: str
    videos: int
    cost_usd: float | None
    file: str | None = None
    line: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every selected name's change, sorted by name, `unchanged` ones included.

    `prices_as_of` is the day of the price list behind the estimates, where there is one. With
    `delete_remote` what is deleted is deleted at the provider too.
    """

    project: str
    profile: str | None
    provider: str
    changes: tuple[Change, ...]
    summary: Summary
    digest: str
    vars: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    prices_as_of: str | None = None
    delete_remote: bool = False
    causes: tuple[Cause, ...] = ()

    @property
    def pending(self) -> bool:
        """True when `--detailed-exitcode` says 2."""
        return any(change.pending for change in self.changes)
