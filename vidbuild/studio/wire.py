"""The studio's end of a connection: what uvicorn leaves open about clients that are slow, that
close their half early, or that do not speak HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from vidbuild.studio.answers import ApiError, encode

# Seconds that the head of a request may take, each piece of a body, a whole body, and a
# client to take a piece of an answer.
HEAD = 15.0
PIECE = 20.0
BODY = 600.0
ANSWER = 60.0
# How long a client that has been refused may go on sending.
LINGER = 2.0


class Connection(H11Protocol):
    """One connection. Its transport is in the scope's state, for those who hang up."""

    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn's never keeps it open
        """A client that has said all may still listen: it gets its answer, then the end."""
        if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
            return None
        self.cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets the API's envelope, unless an answer has begun."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = encode(ApiError(400, "invalid_parameter", msg).body).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            said = [h11.Response(status_code=400, headers=headers), h11.Data(data=body)]
            for event in (*said, h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reader(None)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def _expect_reader(self, before: int | None) -> None:
        """Hangs up on a client that takes nothing: what it asked for is kept in memory for it."""
        left = self.transport.get_write_buffer_size()
        if before is not None and left >= before:
            self.transport.abort()
        else:
            self._unread = self.loop.call_later(ANSWER, self._expect_reader, left)

    def _watch(self) -> None:
        """A timer runs from the first byte of a request, or none, until its head is there."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._relax()
        elif self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(HEAD, self.transport.abort)

    def _relax(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def patient(app: ASGIApp) -> ASGIApp:
    """The app, with limits to how long it waits for a client in the middle of something."""

    async def with_limits(scope: Scope, receive: Receive, send: Send) -> None:
        talk = _Talk(scope, receive, send)
        await app(scope, talk.receive, talk.send)

    return with_limits


class _Talk:
    """One request and its answer, both within their time."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + BODY
        names = {name for name, value in scope["headers"] if value != b"0"}
        self._more = bool(names & {b"content-length", b"transfer-encoding"})

    async def receive(self) -> Message:
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout_at(min(self._end, self._loop.time() + PIECE)):
                message = await self._receive()
        except TimeoutError:
            said = "The rest of the request has not come in time."
            raise ApiError(408, "request_timeout", said) from None
        self._more = bool(message.get("more_body", False))
        return message

    async def send(self, message: Message) -> None:
        """An answer to what has not been read to its end is the last on its connection."""
        last = not message.get("more_body", False)
        if self._more and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        elif self._more and message["type"] == "http.response.body" and last:
            await self._send({**message, "more_body": True})
            await self._listen()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def _listen(self) -> None:
        """Lets a client that is still sending read its answer: closed upon it, it would see a
        broken connection and not why."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while self._more:
                    self._more = bool((await self._receive()).get("more_body", False))
