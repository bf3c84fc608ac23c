"""Progress of an apply on a terminal, as state and lines; redrawing them is the caller's.

One bar for the whole, then a line for each job in flight. Events go in, lines come out;
time is handed in, so that nothing here waits or looks at a clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from vidbuild.apply.events import Event
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.report.style import Paint, clip, painter, visible
from vidbuild.report.words import dollars, elapsed

_BAR = 24
_JOBS_SHOWN = 12
_WORKING = frozenset({Action.create, Action.rerender, Action.retry, Action.resume, Action.fetch})


@dataclass(slots=True)
class _Job:
    since: float
    status: str


class Progress:
    """What has come of a plan's jobs so far.

    A job is a video that is rendered, waited for or fetched. Dollars are what finished jobs
    cost, or were estimated at where nobody says.
    """

    def __init__(self, plan: Plan, *, start: float) -> None:
        self._start = start
        self._jobs = {c.name: c for c in plan.changes if _works(c)}
        self._flying: dict[str, _Job] = {}
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._dollars = 0.0

    def feed(self, event: Event) -> None:
        """Takes one event in."""
        name = event.name
        if name is None or name not in self._jobs:
            return
        if event.kind == "submitted":
            self._flying[name] = _Job(event.at, "rendering")
        elif event.kind == "progress":
            self._advance(name, event)
        elif event.kind in ("completed", "fetched", "failed"):
            self._finish(name, event)

    def lines(self, now: float, *, width: int = 80, color: bool = False) -> list[str]:
        """The lines to draw, none wider than `width`."""
        paint = painter(color=color)
        jobs = sorted(self._flying.items(), key=lambda job: (job[1].since, job[0]))
        shown = [self._job_line(name, job, now, width) for name, job in jobs[:_JOBS_SHOWN]]
        if len(jobs) > _JOBS_SHOWN:
            shown.append(f"  … and {len(jobs) - _JOBS_SHOWN} more")
        return [self._bar(now, width, paint), *shown]

    def remaining(self, now: float) -> float | None:
        """Seconds until the end at the pace so far; None before anything has finished."""
        over = len(self._done) + len(self._failed)
        left = len(self._jobs) - over
        if left == 0:
            return 0.0
        return (now - self._start) / over * left if over else None

    def _advance(self, name: str, event: Event) -> None:
        job = self._flying.setdefault(name, _Job(event.at, "rendering"))
        status = event.data.get("status")
        if status:
            job.status = visible(str(status))

    def _finish(self, name: str, event: Event) -> None:
        self._flying.pop(name, None)
        if event.kind == "failed":
            self._failed.add(name)
            self._done.discard(name)
            return
        if event.kind == "completed" and name not in self._done:
            self._dollars += self._cost(name, event)
        self._done.add(name)
        self._failed.discard(name)

    def _cost(self, name: str, event: Event) -> float:
        told = event.data.get("cost_usd")
        if isinstance(told, int | float):
            return float(told)
        return self._jobs[name].estimate.cost_usd or 0.0

    def _bar(self, now: float, width: int, paint: Paint) -> str:
        over, jobs = len(self._done) + len(self._failed), len(self._jobs)
        filled = _BAR * over // jobs if jobs else _BAR
        bar = paint("#" * filled, "green") + paint("-" * (_BAR - filled), "dim")
        left = self.remaining(now)
        parts = [f"{over}/{jobs}", dollars(self._dollars), elapsed(now - self._start)]
        if left:
            parts.append(f"about {elapsed(left)} left")
        failed = f"{len(self._failed)} failed" if self._failed else ""
        words = clip("  ".join([*parts, failed]).rstrip(), max(width - _BAR - 3, 10))
        if failed:
            words = words.replace(failed, paint(failed, "red"))
        return f"[{bar}] {words}"

    @staticmethod
    def _job_line(name: str, job: _Job, now: float, width: int) -> str:
        took = elapsed(now - job.since)
        room = width - len(took) - len(job.status) - 6
        return f"  {clip(visible(name), max(room, 10))}  {job.status}  {took}"


def _works(change: Change) -> bool:
    return change.action in _WORKING and change.reason != "gave_up"
