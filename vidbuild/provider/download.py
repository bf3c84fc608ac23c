"""Results to files: streamed, bounded, synced, continued, and never with the key.

A link is the server's word: its scheme, its redirects, its length and its content are
checked. Not for names and places of results: `apply` decides them.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from urllib.parse import urljoin

import httpx

from vidbuild.provider.credentials import shown
from vidbuild.provider.line import Send, outgoing
from vidbuild.provider.links import fetchable
from vidbuild.provider.model import Downloaded, Expired
from vidbuild.provider.partial import Partial, continues, discard, left_of
from vidbuild.provider.retry import retry_after, transient
from vidbuild.provider.saving import Broken, Unfit, length, save, too_large, whole_of
from vidbuild.provider.wire import Lost, lost

MAX_BYTES = 8 << 30
MAX_REDIRECTS = 5
_STALL = 60.0
_EXPIRED = frozenset({401, 403, 404, 410})
_OF_RANGES = frozenset({206, 416})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def download(
    send: Send, url: str, target: Path, *, base: str, max_bytes: int = MAX_BYTES
) -> Downloaded:
    """One try. `base` is the API's address: what may be plain http is what it is itself.

    Goes on with what an earlier one left of `target`, where the server agrees that it is the
    same file. Raises `Expired`, `Unfit` or `Broken`; `target` then holds nothing that counts but
    for a later try, and `OSError` for a disk that takes no more.
    """
    left = left_of(target)
    if left is not None and left.bytes == left.total:
        return await asyncio.to_thread(whole_of, target, left)
    try:
        return await _follow(send, url, target, left, base=base, max_bytes=max_bytes)
    except Broken as error:
        now = left_of(target)
        error.gained = (now.bytes if now else 0) - (left.bytes if left else 0)
        raise


async def _follow(
    send: Send,
    url: str,
    target: Path,
    left: Partial | None,
    *,
    base: str,
    max_bytes: int,
) -> Downloaded:
    for _ in range(MAX_REDIRECTS + 1):
        if not fetchable(url, base):
            raise Unfit(f"{shown(url)} is not a link that may be followed")
        try:
            request = outgoing("GET", url, seconds=_STALL, headers=left.headers if left else None)
            async with aclosing(await send(request)) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    url = urljoin(url, response.headers["location"])
                    continue
                rest = _check(response, target, left, max_bytes)
                return await save(response, target, rest, max_bytes)
        except httpx.HTTPError as error:
            raise Broken(lost(error)) from None
        except (httpx.InvalidURL, ValueError):
            raise Unfit(f"{shown(url)} is not a link that may be followed") from None
    raise Unfit(f"{shown(url)} is redirected more than {MAX_REDIRECTS} times")


def _check(
    response: httpx.Response, target: Path, left: Partial | None, max_bytes: int
) -> Partial | None:
    """What of `left` the answer goes on with: all of it, or nothing."""
    status = response.status_code
    if status in _EXPIRED:
        raise Expired
    if transient(status, None):
        wait = retry_after(response.headers.get("retry-after"), None)
        raise Broken(Lost(loss="broken", message=f"HTTP {status}"), wait)
    rest = left if status == httpx.codes.PARTIAL_CONTENT else None
    if (
        left is not None
        and status in _OF_RANGES
        and not (rest and continues(rest, response.headers))
    ):
        discard(target)
        raise Broken(Lost(loss="nonsense", message="another part came than the one asked for"))
    if status != httpx.codes.OK and rest is None:
        raise Unfit(f"{shown(str(response.url))} answers HTTP {status}")
    if length(response) + (rest.bytes if rest else 0) > max_bytes:
        raise too_large(response, max_bytes)
    if response.headers.get("content-type", "").startswith("text/html"):
        raise Broken(Lost(loss="nonsense", message="a web page came instead of a file"))
    return rest
