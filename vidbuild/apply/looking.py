"""When to look at what is in flight: the call that costs least time for its price.

Each job's forecast says how likely it has ended unseen since the last look. Added up over
the jobs and over time that is the waiting that a look would end; it is due when that is worth
a call. The price of a call is such that about one call a job finds ten jobs within a few
hundredths of what they take, fewer jobs are looked at more often, and it rises where calls
have found less than they should. Pure arithmetic, in seconds since anything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt

from vidbuild.apply.forecast import ENOUGH, Forecast

SHORTEST = 0.2
LONGEST = 900.0  # for jobs of hours, or one that hangs
_FIRST = 1.0  # between looks while nothing is known
_GROWING = 0.25  # and later so much of what the oldest job has taken
_BLIND = 300.0
_WAITING = 0.043  # the share of a render's time that it may wait to be seen, with ten at once
_CALLS = 1.13  # calls a finished job, and some beside
_BESIDE = 10
_EAGER = 0.7
_STEP = 0.01  # of what a render takes: how finely time is looked at, and coarser further on
_WIDENING = 1.3


@dataclass(slots=True)
class Seen:
    """A job: when it began, how long a video it makes, and when it was last seen unfinished."""

    began: float
    length: float | None
    seen: float


def price(calls: int, finished: int) -> float:
    """How much dearer than planned a call is, after so many calls have found so many ends."""
    spent = (calls + 1) / (_CALLS * finished + _BESIDE)
    return max(spent, _EAGER) ** 2


def next_look(jobs: Collection[Seen], now: float, forecast: Forecast, dearer: float) -> float:
    """Seconds from `now` to the next look at these jobs, of which there is at least one."""
    longest = LONGEST
    if forecast.known < ENOUGH:
        oldest = max(now - job.began for job in jobs)
        longest = min(max(_FIRST, _GROWING * oldest), _BLIND)
    usual = sum(max(forecast.expected(job.length), job.seen - job.began) for job in jobs)
    worth = 2 * _WAITING**2 * usual * dearer
    odds = [(job, forecast.late(job.length, job.seen - job.began)) for job in jobs]

    def unseen(at: float) -> float:
        """How many are likely to have ended without having been seen."""
        return sum(1.0 - forecast.late(job.length, at - job.began) / before for job, before in odds)

    at, waited, count = now, 0.0, unseen(now)
    step = max(SHORTEST, _STEP * usual / len(odds))
    while at - now < longest:
        later = unseen(at + step)
        more = step * (count + later) / 2
        if waited + more >= worth:
            at += step * _share(count, later, (worth - waited) / step)
            break
        at, waited, count, step = at + step, waited + more, later, step * _WIDENING
    return min(max(at - now, SHORTEST), longest)


def _share(before: float, after: float, wanted: float) -> float:
    """How far into a step a rate that goes from `before` to `after` has added up to `wanted`."""
    bend, start = (after - before) / 2, max(before, 0.0)
    if abs(bend) < 1e-9:
        return min(wanted / start, 1.0) if start > 0 else 1.0
    root = sqrt(max(start * start + 4 * bend * wanted, 0.0))
    return min(max((root - start) / (2 * bend), 0.0), 1.0)
