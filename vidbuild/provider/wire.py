"""One HTTP exchange as data: an `Answer`, or a `Lost` one. Nothing is raised for what a
network or a server does, nothing is followed, and nothing is read without a bound.

Of httpx only this module and those that open, fetch and save know.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import zlib
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import httpx

from vidbuild.provider.answers import moment
from vidbuild.provider.errors import clean
from vidbuild.provider.line import Send, outgoing
from vidbuild.provider.retry import http_date

MAX_ANSWER = 16 * 1024 * 1024
_ERRNO = re.compile(r"^\[Errno -?[0-9]+\] ")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

# Nothing is as bad as nonsense: every JSON value is a possible answer, this is none.
NO_JSON = object()

Loss = Literal["unreachable", "tls", "timeout", "broken", "nonsense"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `body` is the parsed JSON, or `NO_JSON`; `date` is the server's time."""

    status: int
    body: Any
    date: float | None = None
    retry_after: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer that could be read, and why."""

    loss: Loss
    message: str


async def exchange(
    send: Send,
    method: str,
    url: str,
    *,
    seconds: float,
    scrub: Callable[[str], str],
    **options: Any,
) -> Answer | Lost:
    """Sends once and reads the answer, all within `seconds`. `scrub` takes a secret out of a
    text: a server may repeat what it was sent.
    """
    try:
        request = outgoing(method, url, seconds=seconds, **options)
        async with asyncio.timeout(seconds), aclosing(await send(request)) as response:
            return _answer(response, await _read(response), scrub)
    except TimeoutError:
        return Lost(loss="timeout", message=f"no answer within {seconds:.0f} s")
    except zlib.error:
        return Lost(loss="nonsense", message="its answer is packed and cannot be unpacked")
    except httpx.HTTPError as error:
        found = lost(error)
        return Lost(loss=found.loss, message=scrub(found.message))
    except httpx.InvalidURL:
        return Lost(loss="unreachable", message="the address is none")


def trust(*, environment: bool) -> ssl.SSLContext:
    """The certificates to trust: those that SSL_CERT_FILE or SSL_CERT_DIR name, or the usual."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    return _trust(*(os.environ.get(name) if environment else None for name in names))


@cache
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    # Reading them takes longer than many an exchange.
    return httpx.create_ssl_context(trust_env=bool(file or folder))


def lost(error: httpx.HTTPError) -> Lost:
    """What an exception of httpx means, in the system's words but never in a header's."""
    words = _ERRNO.sub("", clean(str(error))) or type(error).__name__
    match error:
        case httpx.ConnectTimeout():
            return Lost(loss="unreachable", message="no connection in time")
        case httpx.TimeoutException():
            return Lost(loss="timeout", message="no answer in time")
        case httpx.ConnectError() | httpx.ProxyError() if _causes(error, ssl.SSLError):
            return Lost(loss="tls", message=words)
        case httpx.ConnectError() if _causes(error, ConnectionRefusedError):
            return Lost(loss="unreachable", message="it refuses the connection")
        case httpx.ConnectError() | httpx.ProxyError() | httpx.UnsupportedProtocol():
            return Lost(loss="unreachable", message=words)
        case httpx.LocalProtocolError():
            # Its text would show the header that cannot be sent.
            return Lost(loss="broken", message="the request cannot be sent")
        case httpx.DecodingError():
            return Lost(loss="nonsense", message=words)
        case _:
            return Lost(loss="broken", message=words)


def _causes(error: BaseException | None, kind: type[BaseException]) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, kind):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


async def _read(response: httpx.Response) -> bytes | None:
    """The body; None where it is larger than any answer of this API, or packed in another way.

    Unpacked here, with a bound: a few bytes of a bomb are gigabytes for who does it all at once.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        return None
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    pieces, size = [], 0
    async for raw in response.aiter_raw():
        piece = raw if unpack is None else unpack.decompress(raw, MAX_ANSWER + 1 - size)
        size += len(piece)
        if size > MAX_ANSWER:
            return None
        pieces.append(piece)
    return b"".join(pieces) if unpack is None or unpack.eof else None


def _answer(response: httpx.Response, body: bytes | None, scrub: Callable[[str], str]) -> Answer:
    def header(name: str) -> str | None:
        text = response.headers.get(name)
        return None if text is None else scrub(text)

    request_id = header("x-request-id")
    return Answer(
        status=response.status_code,
        body=_json(body, scrub),
        date=moment(http_date(header("date"))),
        retry_after=header("retry-after"),
        request_id=clean(request_id) if request_id else None,
    )


def _json(body: bytes | None, scrub: Callable[[str], str]) -> Any:
    """The JSON of a body. What JSON does not have, such as NaN, is a null; two members of one
    name leave open what is meant, and are none."""
    if body is None:
        return NO_JSON
    try:
        text = scrub(body.decode("utf-8-sig"))
        value = json.loads(text, object_pairs_hook=_members, parse_constant=lambda _: None)
        if _SURROGATE.search(text):  # half a character can be neither stored nor shown
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return NO_JSON
    return value


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two members of one name")
    return found
