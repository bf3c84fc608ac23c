"""How long it takes until everything is done that is in progress or waits for its turn.

Numbers in, a number out. `ends` are the seconds until what is in progress is done, which may be
more than the `at_once` that there may be from now on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import heapify, heapreplace


def until(ends: Collection[float], works: Sequence[float], *, at_once: int) -> float:
    """Seconds until the last is done; `works` is what waits, in its order, each for whoever is
    free first."""
    running = sorted(ends)
    last = max(running, default=0.0)
    lanes = min(max(at_once, 1), len(works) + len(running))
    if not works:
        return last
    free = [*[0.0] * (lanes - len(running)), *running[-lanes:]]
    heapify(free)
    for work in works:
        heapreplace(free, free[0] + work)
    return max(last, *free)


def about(ends: Collection[float], work: float, *, at_once: int) -> float:
    """The same where so many wait that they are taken as a whole, of so many seconds, that
    everybody goes on with who is free."""
    running = sorted(ends)
    at, free = 0.0, max(at_once, 1) - len(running)
    for end in running:
        done = (end - at) * max(free, 0)
        if done >= work:
            return running[-1]
        at, free, work = end, free + 1, work - done
    return at + work / max(free, 1)
