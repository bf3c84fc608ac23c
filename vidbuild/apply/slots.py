"""How many jobs may be in flight at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class Slots:
    """At most `limit` at once for what is new; what is in flight already counts but never waits."""

    def __init__(self, limit: int) -> None:
        self._limit = max(limit, 1)
        self._used = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Waits for a free slot, first come first served."""
        if self._used >= self._limit or self._queue:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._queue.append(turn)
            try:
                await turn  # whoever gives the turn counts the slot as used
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._release()
                elif turn in self._queue:  # else a release has passed it over already
                    self._queue.remove(turn)
                raise
        else:
            self._used += 1
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """A job that is in flight already."""
        self._used += 1
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        self._used -= 1
        while self._queue and self._used < self._limit:
            turn = self._queue.popleft()
            if not turn.done():
                self._used += 1
                turn.set_result(None)
