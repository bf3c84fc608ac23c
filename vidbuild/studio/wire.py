"""The studio's end of a connection: what uvicorn leaves open about clients that are slow, that
close their half early, or that do not speak HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

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


class Connection(H11Protocol):
    """One connection. Its transport is in the scope's state, for those who hang up."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
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
        loop = asyncio.get_running_loop()
        end = loop.time() + BODY
        transport: Any = scope["state"]["transport"]
        more = True

        async def receive_soon() -> Message:
            nonlocal more
            if not more:
                return await receive()
            try:
                async with asyncio.timeout_at(min(end, loop.time() + PIECE)):
                    message = await receive()
            except TimeoutError:
                said = "The rest of the request has not come in time."
                raise ApiError(408, "request_timeout", said) from None
            more = bool(message.get("more_body", False))
            return message

        async def send_soon(message: Message) -> None:
            late = loop.call_later(ANSWER, transport.abort)
            try:
                await send(message)
            finally:
                late.cancel()

        await app(scope, receive_soon, send_soon)

    return with_limits
