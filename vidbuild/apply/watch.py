"""Watching what is in flight: one bulk status call for all of it, as often as is useful."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_CREDENTIALS, Problems
from vidbuild.provider.model import Provider

SHORTEST = 0.5
LONGEST = 15.0
PATIENCE = 600.0  # how long status calls may fail before the watch is given up
_OPEN = "submitted"


class Watch:
    """Jobs waiting for a status that is not `submitted`.

    `detach` lets go of everything: whoever waits, or will, gets None.
    """

    def __init__(self, provider: Provider, clock: Clock, looked: Callable[[str], None]) -> None:
        self._provider = provider
        self._clock = clock
        self._looked = looked
        self._waiting: dict[str, list[asyncio.Future[str | None]]] = {}
        self._stirred = asyncio.Event()
        self._since = clock.now()
        self._detached = False

    async def status(self, video_id: str) -> str | None:
        """The status once it is terminal or `not_found`; None when detached.

        Raises `Problems` where the provider can no longer be asked.
        """
        if self._detached:
            return None
        future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(video_id, []).append(future)
        self._since = self._clock.now()
        self._stirred.set()
        return await future

    def detach(self) -> None:
        self._detached = True
        for video_id in list(self._waiting):
            self._answer(video_id, None)

    async def run(self) -> None:
        """Polls until cancelled."""
        failing_since: float | None = None
        while True:
            if not self._waiting:
                self._stirred.clear()
                await self._stirred.wait()
            await self._clock.sleep(self._pause())
            asked = list(self._waiting)
            try:
                found = await self._provider.statuses(asked) if asked else {}
            except Problems as problems:
                failing_since = failing_since or self._clock.now()
                lasting = self._clock.now() - failing_since >= PATIENCE
                if lasting or problems.exit_code == EXIT_CREDENTIALS:
                    self._fail(problems)
                continue
            failing_since = None
            self._share(found)

    def _pause(self) -> float:
        """Short while something has just happened, longer the longer nothing does."""
        quiet = max(self._clock.now() - self._since, 0.0)
        return min(max(quiet * 0.2, SHORTEST), LONGEST)

    def _share(self, found: Mapping[str, str]) -> None:
        for video_id, status in found.items():
            if status == _OPEN:
                self._looked(video_id)
            elif video_id in self._waiting:
                self._since = self._clock.now()
                self._answer(video_id, status)

    def _answer(self, video_id: str, status: str | None) -> None:
        for future in self._waiting.pop(video_id, []):
            if not future.done():
                future.set_result(status)

    def _fail(self, problems: Problems) -> None:
        for video_id in list(self._waiting):
            for future in self._waiting.pop(video_id):
                if not future.done():
                    future.set_exception(problems)
