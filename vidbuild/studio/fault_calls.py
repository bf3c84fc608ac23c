"""What a fault does to a call of the API or to a download. Not for which: `faults` draws those."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vidbuild.studio import replays
from vidbuild.studio.answers import ApiError, encode
from vidbuild.studio.desk import Desk
from vidbuild.studio.once import scope_of

# Seconds that a slow answer is late by.
SLOW = 5.0
_RETRY_AFTER = 1

Answer = Callable[[], Awaitable[Response]]
# (desk, request, route, how many requests the route has had, the call)
Spoil = Callable[[Desk, Request, str, int, Answer], Awaitable[Response]]


async def spoil_call(
    desk: Desk, request: Request, route: str, number: int, call: Answer
) -> Response:
    """One call of the API, with what happens to it on the way in and on the way out.

    What happens on the way out happens only to what was done: a refusal arrives as it is.
    """
    faults = desk.faults
    if faults.strikes("slow", route, number):
        await desk.clock.sleep(SLOW)
    if faults.strikes("drop_before", route, number):
        return Dropped()
    if faults.strikes("rate_limit", route, number):
        message = "Too many requests; try again in a moment."
        raise ApiError(429, "rate_limit_exceeded", message, retry_after=_RETRY_AFTER)
    known = _answered(desk, request)
    if faults.strikes("error_before", route, number):
        raise _broken(desk, request, fresh=not known)
    response = await call()
    if response.status_code < 300:
        if faults.strikes("error_after", route, number):
            raise _broken(desk, request, fresh=not known)
        if faults.strikes("drop_after", route, number):
            return Dropped()
    return response


async def spoil_file(
    desk: Desk, _request: Request, route: str, number: int, call: Answer
) -> Response:
    """One download, with what happens to those."""
    faults = desk.faults
    if faults.strikes("slow", route, number):
        await desk.clock.sleep(SLOW)
    if faults.strikes("expired_link", route, number):
        raise ApiError(403, "forbidden", "This link has expired.")
    response = await call()
    if response.status_code < 300 and faults.strikes("cut_download", route, number):
        return Cut(response)
    return response


class Dropped(Response):
    """No answer: the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        await _hang_up(scope, receive)


class Cut(Response):
    """The first half of another response; then the connection closes."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = 0

        async def send_half(message: Message) -> None:
            nonlocal left
            if message["type"] != "http.response.body":
                left = int(dict(message["headers"]).get(b"content-length", 0)) // 2
                await send(message)
                return
            part = message.get("body", b"")[:left]
            left -= len(part)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if left == 0:
                raise _Enough

        try:
            await self._whole(scope, receive, send_half)
        except _Enough:
            await _hang_up(scope, receive)


class _Enough(Exception):
    """Half of the file has been sent."""


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Closes the connection after what has been written to it. Within one process there is
    none: the client's transport fails as it would have."""
    transport: Any = scope.get("state", {}).get("transport")
    if transport is None:
        raise httpx.RemoteProtocolError("The studio has closed the connection, as it was told to.")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _answered(desk: Desk, request: Request) -> bool:
    key = request.headers.get("idempotency-key")
    return key is not None and replays.answered(desk.db, scope_of(request), key)


def _broken(desk: Desk, request: Request, *, fresh: bool) -> ApiError:
    """A 500. Where errors are replayed too, it becomes the answer of a key that had none."""
    error = ApiError(500, "internal_error", "The studio has failed, as it was told to.")
    key = request.headers.get("idempotency-key")
    if desk.replay_errors and fresh and key is not None and replays.VALID_KEY.fullmatch(key):
        replays.put(
            desk.db,
            scope_of(request),
            key,
            owner=desk.owner.name,
            now=desk.now,
            status=500,
            body=encode(error.body),
        )
    return error
