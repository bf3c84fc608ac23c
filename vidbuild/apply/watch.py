"""Watching what is in flight: one bulk status call for all of it, when it is worth one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping

from vidbuild.apply.forecast import Forecast
from vidbuild.apply.looking import Seen, next_look, price
from vidbuild.clock import Clock, Steady
from vidbuild.diagnostics import EXIT_CREDENTIALS, Problems
from vidbuild.provider.model import Provider

PATIENCE = 600.0  # how long status calls may fail before the watch is given up
_AGAIN = 2.0  # after a status call that failed, doubling
_AGAIN_AT_MOST = 30.0
_MORE = 1.1
_CALL = 100  # ids that one call asks for
_OPEN = "submitted"


class Watch:
    """Jobs waiting for a status that is not `submitted`.

    `detach` lets go of everything: whoever waits, or will, gets None. `calls` are the status
    calls so far, of which `found` ended the waiting for so many jobs.
    """

    def __init__(self, provider: Provider, clock: Clock, looked: Callable[[str], None]) -> None:
        self._provider = provider
        self._clock = clock
        self._steady = Steady(clock)
        self._looked = looked
        self._waiting: dict[str, list[asyncio.Future[str | None]]] = {}
        self._jobs: dict[str, Seen] = {}
        self._forecast = Forecast()
        self._stirred = asyncio.Event()
        self._sleeper: asyncio.Task[None] | None = None
        self._planned = 0.0  # for how many jobs the next look was chosen
        self._detached = False
        self.calls = self.found = 0

    async def status(
        self, video_id: str, *, age: float = 0.0, length: float | None = None
    ) -> str | None:
        """The status once it is terminal or `not_found`; None when detached.

        `age` are the seconds since it was sent, `length` those of the video as estimated.
        Raises `Problems` where the provider can no longer be asked.
        """
        if self._detached:
            return None
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(video_id, []).append(future)
        now = self._steady.now()
        self._jobs.setdefault(video_id, Seen(now - max(age, 0.0), length, now))
        self._stirred.set()
        if self._sleeper is not None and len(self._jobs) > self._planned * _MORE:
            self._sleeper.cancel()  # with so many there is an earlier moment
        return await future

    def learn(self, length: float | None, took: float) -> None:
        """A render of so long a video took so many seconds."""
        self._forecast.learn(length, took)

    def detach(self) -> None:
        self._detached = True
        for video_id in list(self._waiting):
            self._answer(video_id, None)

    async def run(self) -> None:
        """Looks until cancelled."""
        failing, failures = 0.0, 0
        while True:
            if not self._waiting:
                self._stirred.clear()
                await self._stirred.wait()
            again = min(_AGAIN * 2.0 ** min(failures - 1, 10), _AGAIN_AT_MOST) if failures else None
            await self._rest(again)
            failing += again or 0.0
            asked = list(self._waiting)
            self.calls += -(-len(asked) // _CALL)
            try:
                found = await self._provider.statuses(asked) if asked else {}
            except Problems as problems:
                failures += 1
                if failing >= PATIENCE or problems.exit_code == EXIT_CREDENTIALS:
                    self._fail(problems)
                continue
            failing, failures = 0.0, 0
            self._share(found)

    async def _rest(self, again: float | None) -> None:
        """Sleeps until the next look is due. A sleep that has ended is the time passed, whatever
        the clock says by then."""
        while True:
            now = self._steady.now()
            seconds = self._pause(now) if again is None else again
            self._planned = len(self._jobs) if again is None else math.inf
            self._sleeper = asyncio.create_task(self._sleep(seconds))
            try:
                await asyncio.wait({self._sleeper})
                if not self._sleeper.cancelled():
                    return
            finally:
                self._sleeper.cancel()
                self._sleeper = None

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def _pause(self, now: float) -> float:
        if not self._jobs:
            return 0.0
        dearer = price(self.calls, self.found)
        return next_look(self._jobs.values(), now, self._forecast, dearer)

    def _share(self, found: Mapping[str, str]) -> None:
        now = self._steady.now()
        for video_id, status in found.items():
            if status != _OPEN:
                self._answer(video_id, status)
            elif video_id in self._jobs:
                self._jobs[video_id].seen = now
                self._looked(video_id)

    def _answer(self, video_id: str, status: str | None) -> None:
        self.found += self._jobs.pop(video_id, None) is not None
        for future in self._waiting.pop(video_id, []):
            if not future.done():
                future.set_result(status)

    def _fail(self, problems: Problems) -> None:
        for video_id in list(self._waiting):
            del self._jobs[video_id]
            for future in self._waiting.pop(video_id):
                if not future.done():
                    future.set_exception(problems)
