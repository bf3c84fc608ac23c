"""Results to files: streamed, bounded, synced, and never with the key.

A link is the server's word: its scheme, its redirects, its length and its content are
checked. Not for names and places of results: `apply` decides them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx

from vidbuild.provider.credentials import loopback, shown
from vidbuild.provider.model import Downloaded, Expired
from vidbuild.provider.retry import retry_after, transient
from vidbuild.provider.wire import CONNECT, Lost, lost

MAX_BYTES = 8 << 30
MAX_REDIRECTS = 5
_STALL = 60.0
# Ten minutes, and more for what a slow line needs at 256 KB a second.
_SECONDS = 600.0
_SLOWEST = 256 * 1024
_EXPIRED = frozenset({401, 403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unfit(Exception):
    """A link that no repeat makes better: a scheme, a size or a status that cannot be used."""


class Broken(Exception):
    """A download that came to nothing and may be tried again."""

    def __init__(self, why: Lost, retry_after: float | None = None) -> None:
        super().__init__(why.message)
        self.lost = why
        self.retry_after = retry_after


async def download(
    client: httpx.AsyncClient, url: str, target: Path, *, base: str, max_bytes: int = MAX_BYTES
) -> Downloaded:
    """One try. `base` is the API's address: what may be plain http is what it is itself.

    Raises `Expired`, `Unfit` or `Broken`; `target` then holds nothing that counts.
    """
    for _ in range(MAX_REDIRECTS + 1):
        if not _fetchable(url, base):
            raise Unfit(f"{shown(url)} is not a link that may be followed")
        try:
            async with client.stream("GET", url, headers=_HEADERS, timeout=_TIMEOUT) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    url = urljoin(url, response.headers["location"])
                    continue
                _check(response, max_bytes)
                return await _save(response, target, max_bytes)
        except httpx.HTTPError as error:
            raise Broken(lost(error)) from None
        except (httpx.InvalidURL, ValueError):
            raise Unfit(f"{shown(url)} is not a link that may be followed") from None
    raise Unfit(f"{shown(url)} is redirected more than {MAX_REDIRECTS} times")


_HEADERS = {"accept-encoding": "identity"}
_TIMEOUT = httpx.Timeout(_STALL, connect=CONNECT, pool=None)


def _fetchable(url: str, base: str) -> bool:
    try:
        parts, own = urlsplit(url), urlsplit(base)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return True
    # Plain http is for a studio: an API that is itself reached so, here or where it is.
    same = (parts.hostname, port) == (own.hostname, own.port)
    return parts.scheme == own.scheme == "http" and (same or loopback(parts.hostname))


def _check(response: httpx.Response, max_bytes: int) -> None:
    status = response.status_code
    if status in _EXPIRED:
        raise Expired
    if transient(status, None):
        wait = retry_after(response.headers.get("retry-after"), None)
        raise Broken(Lost(loss="broken", message=f"HTTP {status}"), wait)
    if status != httpx.codes.OK:
        raise Unfit(f"{shown(str(response.url))} answers HTTP {status}")
    if _length(response) > max_bytes:
        raise Unfit(f"{shown(str(response.url))} is larger than {max_bytes >> 20} MB")
    if response.headers.get("content-type", "").startswith("text/html"):
        raise Broken(Lost(loss="nonsense", message="a web page came instead of a file"))


async def _save(response: httpx.Response, target: Path, max_bytes: int) -> Downloaded:
    expected = _length(response)
    try:
        async with asyncio.timeout(_SECONDS + expected / _SLOWEST):
            with target.open("wb") as file:
                done = await _copy(response, file, max_bytes)
                await asyncio.to_thread(_sync, file)
    except TimeoutError:
        raise Broken(Lost(loss="timeout", message="the download takes too long")) from None
    whole = "content-length" not in response.headers or response.num_bytes_downloaded == expected
    if not whole or done.bytes == 0:
        message = f"{done.bytes} bytes came, {expected or 'some'} were announced"
        raise Broken(Lost(loss="broken", message=message))
    return done


async def _copy(response: httpx.Response, file: BinaryIO, max_bytes: int) -> Downloaded:
    sha, size = hashlib.sha256(), 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > max_bytes:
            raise Unfit(f"{shown(str(response.url))} is larger than {max_bytes >> 20} MB")
        sha.update(piece)
        file.write(piece)
    return Downloaded(bytes=size, sha256=sha.hexdigest())


def _length(response: httpx.Response) -> int:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
