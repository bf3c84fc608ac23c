"""Progress of an apply on a terminal, as state and lines; redrawing them is the caller's.

One bar for the whole, then a line for each job in flight. Events go in, lines come out;
time is handed in, so that nothing here waits or looks at a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vidbuild.apply.events import Event
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.report.remaining import about, until
from vidbuild.report.style import Paint, clip_start, painter, visible, width_of
from vidbuild.report.words import dollars, elapsed

_BAR, _NARROW_BAR = 24, 8
_NAMES = 40  # cells for names, where there is room
_JOBS_SHOWN = 12
_WORKING = frozenset({Action.create, Action.rerender, Action.retry, Action.resume, Action.fetch})
_STATES = {"submitted": "rendering"}  # the provider's word for it, and ours
# A job that has taken longer than foreseen still takes this part of what was foreseen.
_LEAST = 0.05
# Up to so many, and so many for each that works, are foreseen one by one.
_FEW, _ROUNDS = 100, 4


@dataclass(slots=True)
class _Job:
    """`sent`: it began before our eyes, so that its length says something about the others'."""

    since: float
    status: str
    sent: bool


class Progress:
    """What has come of a plan's jobs so far.

    A job is a video that is rendered, waited for or fetched. Dollars are what finished jobs
    cost, or were estimated at where nobody says.
    """

    def __init__(self, plan: Plan, *, start: float) -> None:
        self._start = start
        self._jobs = {c.name: c for c in plan.changes if _works(c)}
        self._weights = dict(_weights(self._jobs.values()))
        self._queued = set(self._jobs)
        self._queued_weight = sum(self._weights.values())
        self._flying: dict[str, _Job] = {}
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._dollars = 0.0
        self._took = self._took_weight = 0.0
        self._peak = 1
        self._at_once: int | None = None

    def feed(self, event: Event) -> None:
        """Takes one event in."""
        name, at_once = event.name, event.data.get("at_once")
        if isinstance(at_once, int):
            self._at_once = at_once
            if event.kind == "progress":  # fewer from now on, however many there were
                self._peak = at_once
        if name is None or name not in self._jobs:
            return
        if event.kind == "submitted":
            self._fly(name, event.at, "rendering").sent = True
        elif event.kind == "progress":
            status = str(event.data.get("status") or "submitted")
            if status == "waiting":
                self._wait(name)
                return
            self._fly(name, event.at, _STATES.get(status, visible(status)))
        elif event.kind in ("completed", "fetched", "failed"):
            self._land(name, event)

    def waited(self, seconds: float) -> None:
        """So long nothing was done but to wait for an answer: nobody's progress."""
        self._start += seconds

    def lines(
        self, now: float, *, width: int = 80, height: int = 24, color: bool = False
    ) -> list[str]:
        """The lines to draw: none wider than `width`, and at most `height`."""
        paint = painter(color=color)
        jobs = sorted(self._flying.items(), key=lambda job: (job[1].since, job[0]))
        room = min(_JOBS_SHOWN, max(height - 1, 0))
        if len(jobs) > room:
            room = min(_JOBS_SHOWN, max(height - 2, 0))  # a line says how many more
        shown = list(_job_lines(jobs[:room], now, width, paint))
        if len(jobs) > room and height > 1:
            shown.append(clip_start(f"  and {len(jobs) - room:,} more in flight", width))
        return [self._bar(now, width, paint), *shown]

    def remaining(self, now: float) -> float | None:
        """Seconds until the end, or None before anything has finished.

        What is left is weighed by its estimated length, at the pace of what is done and with as
        many at once as there were, or as the provider takes by now.
        """
        if not self._queued and not self._flying:
            return 0.0
        if not self._took_weight:
            return None
        pace = self._took / self._took_weight
        # What is rendered, all but its files, is in nobody's way.
        flying = (pair for pair in self._flying.items() if pair[0] not in self._done)
        ends = [self._left(name, job, now, pace) for name, job in flying]
        at_once = min(self._at_once or self._peak, self._peak)
        if len(self._queued) > max(_FEW, at_once * _ROUNDS):
            return about(ends, self._queued_weight * pace, at_once=at_once)
        works = sorted((self._weights[name] * pace for name in self._queued), reverse=True)
        return until(ends, works, at_once=at_once)

    def _left(self, name: str, job: _Job, now: float, pace: float) -> float:
        whole = self._weights[name] * pace
        return max(whole - (now - job.since), whole * _LEAST)

    def _fly(self, name: str, at: float, status: str) -> _Job:
        if name in self._queued:
            self._queued.remove(name)
            self._queued_weight -= self._weights[name]
        job = self._flying.setdefault(name, _Job(at, status, sent=False))
        job.status = status
        self._peak = max(self._peak, len(self._flying))
        return job

    def _wait(self, name: str) -> None:
        """Ready to be submitted, as soon as there is room for it."""
        if self._flying.pop(name, None) is not None:
            self._queued.add(name)
            self._queued_weight += self._weights[name]

    def _land(self, name: str, event: Event) -> None:
        job = self._fly(name, event.at, "")
        del self._flying[name]
        if event.kind == "failed":
            self._failed.add(name)
            self._done.discard(name)
            return
        if event.kind == "completed" and name not in self._done:
            self._dollars += self._cost(name, event)
            if job.sent:
                self._took += max(event.at - job.since, 0.0)
                self._took_weight += self._weights[name]
        self._done.add(name)
        self._failed.discard(name)

    def _cost(self, name: str, event: Event) -> float:
        told = event.data.get("cost_usd")
        if isinstance(told, int | float):
            return float(told)
        return self._jobs[name].estimate.cost_usd or 0.0

    def _bar(self, now: float, width: int, paint: Paint) -> str:
        jobs = len(self._jobs)
        over = jobs - len(self._queued) - len(self._flying)
        left = self.remaining(now)
        failed = f"{len(self._failed):,} failed" if self._failed else ""
        words = _fitting(
            [
                f"{over:,}/{jobs:,}",
                failed,
                f"about {elapsed(left)} left" if left and left >= 1 else "",
                dollars(self._dollars),
                elapsed(now - self._start),
            ],
            width - _NARROW_BAR - 3,
        )
        cells = max(min(_BAR, width - width_of(words) - 3), 1)
        filled = cells * over // jobs if jobs else cells
        bar = paint("#" * filled, "green") + paint("-" * (cells - filled), "dim")
        if failed:
            words = words.replace(failed, paint(failed, "red"))
        return f"[{bar}] {words}"


def _fitting(parts: Sequence[str], width: int) -> str:
    """As many of the parts as there is room for, the first ones first."""
    words = parts[0]
    for part in parts[1:]:
        longer = f"{words}  {part}"
        if part and width_of(longer) <= width:
            words = longer
    return clip_start(words, max(width, 1))


def _job_lines(
    jobs: Sequence[tuple[str, _Job]], now: float, width: int, paint: Paint
) -> Iterator[str]:
    """Names, states and times below each other; a name that is too long keeps its end."""
    times = [elapsed(now - job.since) for _, job in jobs]
    states = max((width_of(job.status) for _, job in jobs), default=0)
    last = max(map(len, times), default=0)
    names = max((width_of(visible(name)) for name, _ in jobs), default=0)
    room = max(min(names, max(_NAMES, width // 2), width - states - last - 6), 1)
    for (name, job), took in zip(jobs, times, strict=True):
        shown = clip_start(visible(name), room)
        line = f"  {shown}{' ' * (room - width_of(shown))}  {job.status:<{states}}  "
        if width_of(line) + last > width:
            yield clip_start(f"  {shown}", width)
        else:
            yield line + paint(f"{took:>{last}}", "dim")


def _weights(changes: Iterable[Change]) -> Iterator[tuple[str, float]]:
    """How much work each is: seconds of video, for an unknown length those of the others. What
    is only fetched is next to none."""
    changes = list(changes)
    known = [c.estimate.seconds for c in changes if c.estimate.seconds and c.pays]
    usual = sum(known) / len(known) if known else 1.0
    for change in changes:
        fetched = change.action is Action.fetch
        yield change.name, 0.0 if fetched else change.estimate.seconds or usual


def _works(change: Change) -> bool:
    return change.action in _WORKING and change.reason != "gave_up"
