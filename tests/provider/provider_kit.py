"""What the provider's tests share: a clock, a client, and a server that says anything."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, TypeVar

import httpx

from vidbuild.clock import Clock as AnyClock
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.provider.line import Line
from vidbuild.studio.server import Studio

T = TypeVar("T")

START = 1_800_000_000.0
KEY = "hg_Sup3rS3cretK3y"
AVATAR = {"type": "avatar", "avatar_id": "anna", "voice_id": "v1", "script": "Hello there."}


class Clock:
    """Time that passes by sleeping, without waiting; it remembers every sleep."""

    def __init__(self, at: float = START) -> None:
        self.at = at
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@asynccontextmanager
async def client(base: str, clock: AnyClock | None = None, **options: Any) -> AsyncIterator[HeyGen]:
    """A client with a key, a clock of its own and a jitter that repeats."""
    opened = HeyGen(
        base=base,
        credential=options.pop("credential", Credential(secret=KEY, origin="the test")),
        clock=clock or Clock(),
        jitter=random.Random(1),  # noqa: S311 - to repeat, not to hide
        **options,
    )
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    """Connections of no client."""
    opened = Line(None, 1, verify=True, environment=False)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def studio_client(folder: Path, clock: Clock, **options: Any) -> AsyncIterator[HeyGen]:
    """A client in the same process as the simulated studio that it talks to."""
    settings: dict[str, Any] = {"render": "simulated", **options}
    async with Studio(data=folder, clock=clock, **settings) as studio:
        transport = httpx.ASGITransport(app=studio.app)
        async with client("http://studio", clock, name="studio", transport=transport) as opened:
            yield opened


@dataclass
class Wire:
    """A loopback server that answers connections with given bytes and keeps what it was sent."""

    url: str = ""
    received: list[bytes] = field(default_factory=list)

    @property
    def requests(self) -> list[str]:
        """The request lines so far."""
        return [data.split(b"\r\n", 1)[0].decode() for data in self.received if data]


# Bytes are sent and the connection closed; None closes without a word; a callable gets the
# request and gives the bytes; a float says nothing for so long; a pair is a beginning and what
# then follows without end, a hundred times a second.
Reply = bytes | None | Callable[[bytes], bytes] | float | tuple[bytes, bytes]


@asynccontextmanager
async def wire(*replies: Reply, greeting: bytes = b"") -> AsyncIterator[Wire]:
    """Each connection gets the next reply; the last one is for all that follow.

    With a `greeting` the server speaks first, and has nothing more to say.
    """
    found = Wire()
    left = list(replies)
    tasks: set[asyncio.Task[None] | None] = set()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        writers.append(writer)
        try:
            await speak(reader, writer)
        finally:
            writer.close()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(greeting)
            if greeting:
                found.received.append(b"")
                return
            data = await _request(reader)
            found.received.append(data)
            reply = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(reply, float):
                await asyncio.sleep(reply)
            elif isinstance(reply, tuple):
                writer.write(reply[0])
                while True:
                    writer.write(reply[1])
                    await writer.drain()
                    await asyncio.sleep(0.01)
            elif reply is not None:
                writer.write(reply(data) if callable(reply) else reply)
                await writer.drain()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 20)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def answer(
    status: int = 200,
    body: Any = None,
    headers: Sequence[tuple[str, str]] = (),
    kind: str = "application/json",
) -> bytes:
    """An HTTP/1.1 answer: `body` as JSON, or as it is where it is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} Whatever",
        f"content-type: {kind}",
        f"content-length: {len(data)}",
        f"date: {formatdate(START, usegmt=True)}",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def trouble(status: int, code: str, message: str = "no", **more: Any) -> bytes:
    """An error answer in the API's envelope."""
    headers = more.pop("headers", ())
    return answer(status, {"error": {"code": code, "message": message, **more}}, headers)


def detail(video_id: str = "v_1", **more: Any) -> dict[str, Any]:
    return {"data": {"id": video_id, "status": "completed", **more}}


TAKEN = answer(200, {"data": {"video_id": "v_1", "status": "waiting"}})
