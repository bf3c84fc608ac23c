"""What the studio says: the API's envelopes, errors and dates, and how it reads a body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 32 * 1024 * 1024
MAX_DEPTH = 64

_PLAIN = {
    400: ("invalid_parameter", "The request cannot be read."),
    404: ("not_found", "There is no such path."),
    405: ("method_not_allowed", "This path does not know that method."),
    500: ("internal_error", "The studio has failed; its output says why."),
}


class ApiError(Exception):
    """An answer of 4xx or 5xx, by the API's own code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        error = {"code": code, "message": message, "param": param, "doc_url": None}
        self.body = {"error": error | ({"errors": list(errors)} if errors else {})}


def encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def answer(body: str, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def data(value: Any) -> Response:
    """The envelope of a single object."""
    return answer(encode({"data": value}))


def listing(items: list[Any], next_token: str | None = None) -> Response:
    """The envelope of a list: the paging fields stand beside the data."""
    page = {"data": items, "has_more": next_token is not None, "next_token": next_token}
    return answer(encode(page))


async def say_error(_request: Request, error: Exception) -> Response:
    """Any error as the API words it; an unforeseen one is still raised, for it is a bug."""
    match error:
        case ApiError():
            response = answer(encode(error.body), error.status)
            if error.retry_after is not None:
                response.headers["retry-after"] = str(error.retry_after)
            return response
        case HTTPException():
            code, message = _PLAIN.get(error.status_code, ("invalid_parameter", error.detail))
            body = ApiError(error.status_code, code, message).body
            return Response(
                encode(body), error.status_code, error.headers, media_type="application/json"
            )
        case ClientDisconnect():
            return answer(encode(ApiError(400, *_PLAIN[400]).body), 400)
        case _:
            return answer(encode(ApiError(500, *_PLAIN[500]).body), 500)


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The whole body, or 413 as soon as it is too large."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large(limit)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def too_large(limit: int) -> ApiError:
    return ApiError(413, "payload_too_large", f"A request may have {limit >> 20} MB.")


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object of sane depth, or 400."""
    try:
        value = json.loads(body, parse_constant=_not_json)
        # A lone surrogate can be written in JSON but not in UTF-8; 1e999 is read as infinity.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else "not valid JSON"
        raise ApiError(400, "invalid_parameter", f"The body cannot be read: {reason}.") from None
    if not isinstance(value, dict):
        raise ApiError(400, "invalid_parameter", "The body must be a JSON object.")
    if _deeper(value, MAX_DEPTH):
        message = f"The body is nested deeper than {MAX_DEPTH} levels."
        raise ApiError(400, "invalid_parameter", message)
    return value


def dated(app: ASGIApp, now: Any, request_id: Any) -> ASGIApp:
    """Puts `Date` and `X-Request-Id` on every answer, errors of the router included."""

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [
                    (b"date", formatdate(now(), usegmt=True).encode()),
                    (b"x-request-id", request_id().encode()),
                ]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await app(scope, receive, send_with_headers)

    return with_headers


def _deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        inner = (node.values() if isinstance(node, dict) else node for node in layer)
        layer = [child for each in inner for child in each if isinstance(child, dict | list)]
        if not layer:
            return False
    return True


def _not_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
