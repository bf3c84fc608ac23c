"""Whose turn it is to create: as many at once as the provider takes, the first come first.

Only creates wait here: looking at what is in flight and fetching it goes on.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from vidbuild.apply.pace import Pace
from vidbuild.clock import Clock


@dataclass(slots=True)
class Slot:
    """One job's place. `order` is its turn, also when it has to queue again; `sent_in` is the
    round of the pace in which its create went out last."""

    order: int
    held: bool = False
    accepted: bool = False
    sent_in: int = 0


class Slots:
    """At most `limit` at once for what is new; what is in flight already counts, but never waits.

    `clear` counts the creates that had a clear answer: whether anything moves at all.
    `stopped`: nothing goes out any more, and a turn is only given to find that out.
    """

    def __init__(self, limit: int, clock: Clock) -> None:
        self.pace = Pace(max(limit, 1))
        self.clear = 0
        self.stopped = False
        self._clock = clock
        self._used = 0
        self._resting = 0  # how many ask that nothing goes out for now
        self._asked = 0
        self._queue: list[tuple[int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Slot]:
        """Waits for a free slot."""
        slot = self._slot()
        await self._take(slot)
        try:
            yield slot
        finally:
            self._give(slot)

    @contextmanager
    def counted(self) -> Iterator[Slot]:
        """For a job that was sent earlier."""
        slot = self._slot()
        slot.held = True
        self._used += 1
        try:
            yield slot
        finally:
            self._give(slot)

    def sending(self, slot: Slot) -> None:
        """Its create goes out now."""
        slot.sent_in = self.pace.rounds

    def accept(self, slot: Slot) -> None:
        """The provider has the job."""
        if not slot.accepted:
            slot.accepted = True
            self.pace.accept()
            self._wake()

    def turned_away(self, slot: Slot) -> None:
        """The provider wants fewer than there are."""
        self.pace.too_many(slot.sent_in)

    async def put_off(self, slot: Slot, seconds: float) -> None:
        """Nothing goes out for so long, and then this has its turn again when there is room."""
        self._give(slot)
        await self.rest(seconds)
        await self._take(slot)

    async def rest(self, seconds: float) -> None:
        """A pause for everything that would go out."""
        self._resting += 1
        try:
            await self._clock.sleep(seconds)
        finally:
            self._resting -= 1
            self._wake()

    def stop(self) -> None:
        self.stopped = True
        self._wake()

    def _slot(self) -> Slot:
        self._asked += 1
        return Slot(self._asked)

    async def _take(self, slot: Slot) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (slot.order, turn))
        self._wake()
        try:
            await turn  # whoever gives the turn counts the slot as used
        except asyncio.CancelledError:
            self._used -= turn.done() and not turn.cancelled()
            turn.cancel()
            self._wake()
            raise
        slot.held = True

    def _give(self, slot: Slot) -> None:
        self._used -= slot.held
        if slot.accepted:
            self.pace.leave()
        slot.held = slot.accepted = False
        self._wake()

    def _wake(self) -> None:
        while self._queue and (self._queue[0][1].done() or self._is_open()):
            _, turn = heapq.heappop(self._queue)
            if not turn.done():
                self._used += 1
                turn.set_result(None)

    def _is_open(self) -> bool:
        return self.stopped or (self._used < self.pace.allowed and not self._resting)
