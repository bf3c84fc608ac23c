"""What an apply works with, and what it gives back: plain records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidbuild.apply.compared import Compared
from vidbuild.apply.events import Event
from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_FAILED, Diagnostic, Problems, Span
from vidbuild.plan.budget import Room
from vidbuild.provider.errors import EXHAUSTED
from vidbuild.provider.model import Provider
from vidbuild.schema.api import Api
from vidbuild.state.journal import Journal
from vidbuild.state.recorded import Accepted
from vidbuild.state.records import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the sources set what was refused: `layer` says which of them, in words; None for
    the place of the whole video."""

    span: Span
    layer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that `apply` needs beside the plan.

    `lock` is the lock that the plan was made from, `lock_path` where it lies (`lock_shown`
    in messages). `outputs` are the kinds asked for. `siblings` are the other profiles' locks:
    their video ids are known ones. `accepted` is what may be done, under the digest that was
    asked for: the plan's own, or that of a list of which the plan is what is left. With
    `delete_remote` a delete also deletes the ids that it lists there. `rooms` is what limits on
    cost leave.
    """

    provider: Provider
    journal: Journal
    lock: Lock
    lock_path: Path
    lock_shown: str
    project_dir: Path
    output_dir: Path
    api: Api
    clock: Clock
    emit: Callable[[Event], None]
    accepted: Accepted
    outputs: Sequence[str] = ("video", "subtitle", "thumbnail")
    siblings: Mapping[str, Lock] = field(default_factory=dict)
    delete_remote: bool = False
    jobs: int = 10
    keep_history: int = 5
    download: bool = True
    wait: bool = True
    fail_fast: bool = False
    timeout: float | None = None
    rooms: Sequence[Room] = ()
    locate: Callable[[str, str | None], Place | None] = lambda _name, _field: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why one video is not finished. `code` is a diagnostic code, `reason` the provider's own.

    `name` is None for what concerns no single video. `field` is the API's name of the
    request field that was refused, `place` where the sources set it.
    """

    name: str | None
    code: str
    message: str
    hint: str | None = None
    reason: str | None = None
    field: str | None = None
    place: Place | None = None
    request_id: str | None = None


class Failed(Exception):
    """Ends the work on one video.

    `exit_code` is what the whole apply ends with at least; `stops`: nothing new is submitted
    after it; `closed`: the create was refused for good, there is no job.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        exit_code: int = EXIT_FAILED,
        stops: bool = False,
        closed: bool = False,
    ) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.exit_code = exit_code
        self.stops = stops
        self.closed = closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an apply ended. `counts` are finished videos by event kind.

    `seconds` and `cost_usd` are of what was rendered in this run (None: unknown), against
    `estimate_usd` of the same videos. `submitted` videos are still in flight, `left` were never
    sent after a look at the first. `warnings` are worth reading and fail nothing. `compared` is
    of those that had an estimate.
    """

    exit_code: int
    counts: Mapping[str, int]
    failures: tuple[Failure, ...]
    submitted: int
    seconds: float
    cost_usd: float | None
    estimate_usd: float | None
    elapsed: float
    left: int = 0
    compared: Compared = field(default_factory=Compared)
    warnings: tuple[Diagnostic, ...] = ()


def failed(name: str | None, code: str, message: str, *, hint: str | None = None) -> Failed:
    """One video's failure, ready to raise."""
    return Failed(Failure(name=name, code=code, message=message, hint=hint))


def failed_by(name: str | None, problems: Problems) -> Failed:
    """The first diagnostic of `Problems` as one video's failure."""
    first = problems.diagnostics[0]
    refused = problems.exit_code == EXIT_CREDENTIALS
    stops = refused or first.code == EXHAUSTED
    return Failed(
        Failure(name=name, code=first.code, message=first.message, hint=first.hint),
        exit_code=EXIT_CREDENTIALS if refused else EXIT_FAILED,
        stops=stops,
    )
