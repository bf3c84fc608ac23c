"""What an apply has done so far: counts, failures, seconds and dollars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vidbuild.apply.compared import Compared
from vidbuild.apply.events import Event, EventKind
from vidbuild.apply.work import Failed, Failure
from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_ERROR, EXIT_FAILED, EXIT_REFUSED
from vidbuild.plan.model import Action, Change, Estimate

# A refused key explains everything, a limit that was met more than single failures do.
_WEIGHT = {EXIT_ERROR: 2, EXIT_REFUSED: 2, EXIT_CREDENTIALS: 3, EXIT_FAILED: 1}


@dataclass(slots=True)
class Tally:
    """Grows while the apply runs; every change is told to `emit`."""

    emit: Callable[[Event], None]
    clock: Clock
    began: float
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    exit_code: int = 0
    seconds: float = 0.0
    cost_usd: float | None = 0.0
    estimate_usd: float | None = 0.0
    compared: Compared = field(default_factory=Compared)

    def tell(self, kind: EventKind, name: str | None, **data: Any) -> None:
        """One event; None values are left out."""
        if name is not None and kind != "progress":
            self.counts[kind] += 1
        said = {key: value for key, value in data.items() if value is not None}
        self.emit(Event(kind=kind, name=name, at=self.clock.now(), data=said))

    def fail(self, failed: Failed, name: str | None) -> None:
        """One video is not finished; the code that says most beats the others."""
        failure = failed.failure
        span = failure.place.span if failure.place else None
        self.failures.append(failure)
        code = failed.exit_code or EXIT_FAILED
        if _WEIGHT.get(code, 0) >= _WEIGHT.get(self.exit_code, 0):
            self.exit_code = code
        self.tell(
            "failed",
            name,
            code=failure.code,
            message=failure.message,
            failure_code=failure.reason,
            hint=failure.hint,
            field=failure.field,
            file=span and span.file,
            line=span and span.line,
            column=span and span.column,
            request_id=failure.request_id,
        )

    def paid(self, change: Change, seconds: float | None, cost: float | None) -> None:
        """A render of this apply is complete. One unknown makes a total unknown, and what
        was submitted earlier has no estimate in this plan."""
        self.seconds += seconds or 0.0
        resumed = change.action is Action.resume
        estimate = Estimate() if resumed else change.estimate
        self.cost_usd = _plus(self.cost_usd, cost)
        self.estimate_usd = _plus(self.estimate_usd, estimate.cost_usd)
        known = (estimate.seconds, estimate.cost_usd, seconds, cost)
        self.compared = self.compared.plus(*known)


def _plus(total: float | None, amount: float | None) -> float | None:
    return None if total is None or amount is None else round(total + amount, 4)
