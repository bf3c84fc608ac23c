"""Time as a parameter, so that waiting can be tested without waiting."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Given = TypeVarTuple("Given")

# Real seconds that a virtual clock gives an open socket to answer before it goes on.
_GRACE = 0.002


class Clock(Protocol):
    """Unix seconds, and a sleep that agrees with them."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Steady:
    """Seconds that have passed by a clock, which never run back even where the clock does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = clock.now()
        self._passed = 0.0

    def now(self) -> float:
        at = self._clock.now()
        self._passed += max(at - self._seen, 0.0)
        self._seen = at
        return self._passed


class VirtualClock:
    """Time that passes only when everything waits, and then at once.

    Within `run` all of asyncio keeps this time: sleeps, time-outs, scheduled calls. A day of
    waiting takes a moment, and the same work happens in the same order every time. What
    waits for a thread is waited for; child processes and other machines are too slow for it.
    """

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> float:
        return self._start + self._passed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Carries out `work` in an event loop of its own, as `asyncio.run` does."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self._pass, lambda: self._passed)) as runner:
            return runner.run(work)

    def _pass(self, seconds: float) -> None:
        self._passed += seconds


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is a virtual clock's."""

    def __init__(self, advance: Callable[[float], None], passed: Callable[[], float]) -> None:
        self._now = passed
        self._selector_of_time = _Selector(advance)
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._now()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Given], T], *args: *Given
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        waiting = self._selector_of_time
        waiting.threads += 1

        def done(_: object) -> None:
            waiting.threads -= 1

        future.add_done_callback(done)
        return future

    async def shutdown_default_executor(self, *limit: Any) -> None:
        self._selector_of_time.threads += 1
        await super().shutdown_default_executor(*limit)


class _Selector(selectors.DefaultSelector):
    """Where the loop would wait for time to pass, it passes. `threads`: how many are at work."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance
        self.threads = 0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.threads:
            return super().select(None)
        # One entry is the loop's own, by which threads wake it.
        if len(self.get_map()) > 1 and (ready := super().select(_GRACE)):
            return ready
        self._advance(timeout)
        return []
