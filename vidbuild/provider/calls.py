"""Calls of one API by one key: where it is, how often it is asked, what an answer has to be.

The key goes to the API's own host and nowhere else. Not for what a call means: `client`
and `uploads` know that.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from vidbuild.clock import Clock
from vidbuild.provider import failures, retry, verdicts
from vidbuild.provider.answers import Page, page
from vidbuild.provider.credentials import Credential, loopback
from vidbuild.provider.line import Line
from vidbuild.provider.retry import Policy
from vidbuild.provider.routes import route
from vidbuild.provider.wire import Answer, Lost, exchange, trust
from vidbuild.schema.api import Api

CONNECTIONS = 10
READ = 30.0
WRITE = 120.0

# `own` is the API's host, `other` any other. What takes long has connections of its own: neither
# creates nor uploads keep the news about other videos waiting.
Place = Literal["own", "creates", "uploads", "other"]


class Calls:
    """Sends and repeats. Close it when done."""

    def __init__(
        self,
        *,
        base: str,
        credential: Credential,
        api: Api,
        transport: httpx.AsyncBaseTransport | None,
        clock: Clock,
        policy: Policy,
        jitter: random.Random,
    ) -> None:
        self.base = base.rstrip("/")
        self.api = api
        self.policy = policy
        self._credential = credential
        self._transport = transport
        self._clock = clock
        self._jitter = jitter
        self._open: dict[Place, Line] = {}
        self._lines: dict[Place, asyncio.Semaphore] = {}
        self._dated: tuple[float, float] | None = None
        self._met = False  # whether the host has ever been reached

    @property
    def server_now(self) -> float | None:
        """The last `Date` header carried forward; it never goes back behind that."""
        if self._dated is None:
            return None
        date, seen = self._dated
        return date + max(0.0, self._clock.now() - seen)

    @property
    def server_seen(self) -> float | None:
        """The last `Date` header: the server's time was at least that."""
        return self._dated[0] if self._dated else None

    @property
    def now(self) -> float:
        """This machine's time, for how long something has taken."""
        return self._clock.now()

    @property
    def host(self) -> str:
        """The API's host. Accounts are told apart by it: it never has a port."""
        return urlsplit(self.base).hostname or self.base

    @property
    def named(self) -> str:
        """The host as messages name it, with its port where the address has one."""
        return urlsplit(self.base).netloc or self.base

    async def ask(
        self, operation: str, *, absent: frozenset[int] = frozenset(), **options: Any
    ) -> Answer | None:
        """An answer with a JSON object and no error in it, however often it has to be asked for.

        None where the API itself, not something on the way, answers one of the `absent` statuses.
        """
        got = await self.attempt(operation, **options)
        if isinstance(got, Answer) and got.status in absent and verdicts.says_error(got):
            return None
        return self.fit(got)

    async def listing(self, operation: str, query: Mapping[str, Any]) -> Page:
        """One page of a list."""
        got = await self.ask(operation, options={"params": dict(query)})
        found = page(got and got.body)
        if found is None:
            raise failures.nonsense(self.named, "a list was expected")
        return found

    async def attempt(
        self,
        operation: str,
        *,
        seconds: float | None = None,
        options: Mapping[str, Any] | None = None,
        **values: str,
    ) -> Answer | Lost:
        """The last answer of as many sends as the policy allows; `options` are of `outgoing`."""
        method, path = route(self.api, operation, **values)
        sends = 0
        while True:
            sends += 1
            got = await self.send(method, path, seconds=seconds or READ, **(options or {}))
            most = self.policy.tries if self._met else self.policy.first
            if verdicts.good(got) or sends >= most or not verdicts.repeatable(got):
                return got
            await self.rest(sends, verdicts.wait(got))

    def fit(self, got: Answer | Lost) -> Answer:
        if not verdicts.good(got):
            raise failures.failed(self.named, verdicts.told(got))
        return got

    async def send(
        self, method: str, path: str, *, seconds: float, place: Place = "own", **options: Any
    ) -> Answer | Lost:
        """Once, with the key."""
        headers = {**(options.pop("headers", None) or {}), **self._credential.headers}
        url = self.base + path
        got = await self.exchange(place, method, url, seconds=seconds, headers=headers, **options)
        self._met = self._met or verdicts.reached(got)
        if isinstance(got, Answer) and got.date is not None:
            self._dated = (got.date, self._clock.now())
        return got

    async def exchange(
        self, place: Place, method: str, url: str, *, seconds: float, **options: Any
    ) -> Answer | Lost:
        """Once, and without the key. `seconds` count from when a connection is free: waiting
        for one is not the server's fault."""
        line = self._lines.setdefault(place, asyncio.Semaphore(CONNECTIONS))
        async with line:
            return await exchange(
                self.line(place).send,
                method,
                url,
                seconds=seconds,
                scrub=self._credential.scrub,
                **options,
            )

    async def rest(self, sends: int, wait: float | None) -> None:
        """The pause after so many sends have come to nothing."""
        await self._clock.sleep(retry.pause(self.policy, sends, wait, self._jitter))

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def owns(self, url: str) -> bool:
        """Whether a URL leads to the API's own host."""
        parts = urlsplit(self.base)
        origin = f"{parts.scheme}://{parts.netloc}"
        return url.startswith((origin + "/", origin + "?"))

    def line(self, place: Place) -> Line:
        """None of them holds the key: `send` adds it."""
        if place not in self._open:
            own = place != "other"
            # A proxy is for the world outside, not for this machine.
            outside = not (own and loopback(self.host))
            transport = self._transport if own else None
            self._open[place] = Line(
                transport,
                CONNECTIONS,
                verify=transport is not None or trust(environment=outside),
                environment=outside,
            )
        return self._open[place]

    async def close(self) -> None:
        lines = list(self._open.values())
        self._open.clear()
        for line in lines:
            await line.close()
