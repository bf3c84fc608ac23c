"""Telling: each event is sent to each address until it answers, for a day at most."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
from math import inf
from typing import Any

import httpx

from vidbuild.studio import deliveries, videos
from vidbuild.studio.answers import encode
from vidbuild.studio.deliveries import Delivery
from vidbuild.studio.delivery_address import Reach, Unreachable, locate, parse
from vidbuild.studio.desk import Desk

# Seconds in which an address has to answer.
PATIENCE = 10.0
_AT_ONCE = 16


class Courier:
    """Delivers while there is anything to deliver; idle it costs nothing.

    `punctual`: simulated videos end when their time has come, not when somebody asks.
    """

    def __init__(self, desk: Desk, reach: Reach, *, punctual: bool) -> None:
        self._desk = desk
        self._reach = reach
        self._punctual = punctual
        self._news = asyncio.Event()
        self._round: asyncio.Task[None] | None = None
        self._busy: set[asyncio.Task[None]] = set()
        self._until = inf
        self._http: httpx.AsyncClient | None = None

    def wake(self) -> None:
        """Sees that what is due is delivered. Cheap when nothing is new."""
        at = self._next()
        if at is None:
            return
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._rounds())
            self._round.add_done_callback(self._judge)
        elif at < self._until:
            self._news.set()

    async def close(self) -> None:
        """Stops at once; what was being delivered is tried again the next time."""
        tasks = [*self._busy, *([self._round] if self._round else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    def _next(self) -> float | None:
        times = [deliveries.next_time(self._desk.db)]
        if self._punctual:
            times.append(videos.next_due(self._desk.db))
        return min((at for at in times if at is not None), default=None)

    async def _rounds(self) -> None:
        while True:
            self._news.clear()
            if self._punctual:
                self._desk.settle()
            self._start()
            at = self._next()
            if at is None and not self._busy:
                return
            await self._pause(inf if at is None or self._full else at)

    @property
    def _full(self) -> bool:
        return len(self._busy) >= _AT_ONCE

    def _start(self) -> None:
        while not self._full:
            at, now = deliveries.next_time(self._desk.db), self._desk.now
            # Looked at first: taking one locks the store.
            if at is None or at > now or (delivery := deliveries.take(self._desk.db, now)) is None:
                return
            task = asyncio.create_task(self._deliver(delivery))
            self._busy.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self._news.set()
        self._judge(task)

    def _judge(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, (OSError, sqlite3.Error)):
            self._desk.trouble(error)

    async def _pause(self, until: float) -> None:
        """Until there is news, or the clock says so."""
        self._until = until
        waiting: set[asyncio.Task[Any]] = {asyncio.create_task(self._news.wait())}
        if until != inf:
            left = max(0.0, until - self._desk.now)
            waiting.add(asyncio.create_task(self._desk.clock.sleep(left)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        desk = self._desk
        try:
            outcome = await self._send(delivery)
        except Unreachable as error:
            deliveries.done(desk.db, delivery, f"not delivered: {error}")
        except asyncio.CancelledError:
            deliveries.give_back(desk.db, delivery, now=desk.now)
            raise
        else:
            if outcome.startswith("2"):
                deliveries.done(desk.db, delivery, outcome)
            else:
                deliveries.again(desk.db, delivery, outcome, now=desk.now)

    async def _send(self, delivery: Delivery) -> str:
        """The status of the answer, or why there was none."""
        url = parse(delivery.url)
        try:
            async with asyncio.timeout(PATIENCE):
                address = await locate(url, self._reach)
                if self._http is None:
                    self._http = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)
                body = body_of(delivery)
                request = self._http.build_request(
                    "POST",
                    url.copy_with(host=address),
                    content=body,
                    headers=headers_of(delivery, body, self._desk.now) | {"host": _host(url)},
                    extensions={"sni_hostname": url.host},
                )
                # The answer's status is all that is read of it.
                response = await self._http.send(request, stream=True)
                await response.aclose()
                return str(response.status_code)
        except (httpx.HTTPError, OSError) as error:
            return f"no answer: {type(error).__name__}"


def body_of(delivery: Delivery) -> bytes:
    """The same bytes at every try: they are what is signed."""
    kind = encode(delivery.event_type)
    return f'{{"event_type":{kind},"event_data":{delivery.event_data}}}'.encode()


def headers_of(delivery: Delivery, body: bytes, now: float) -> dict[str, str]:
    """With a signature for an endpoint; a callback has none, as at HeyGen."""
    plain = {"content-type": "application/json", "user-agent": "vidbuild-studio"}
    if delivery.secret is None:
        return plain
    return plain | {
        "Heygen-Signature": hmac.new(delivery.secret.encode(), body, hashlib.sha256).hexdigest(),
        "Heygen-Timestamp": str(int(now)),
        "Heygen-Event-Id": delivery.event_id,
    }


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")
