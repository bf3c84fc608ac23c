"""An answer's body to a file: bounded, digested, synced, and marked where it breaks off.

Not for whether it is the right answer: that is `download`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import httpx

from vidbuild.provider.credentials import shown
from vidbuild.provider.model import Downloaded
from vidbuild.provider.partial import Partial, discard, forget, keep, validator
from vidbuild.provider.wire import Lost

# Ten minutes, and more for what a slow line needs at 256 KB a second.
_SECONDS = 600.0
_SLOWEST = 256 * 1024
# Up to this size a file is on the disk sooner than another thread would be at work.
_SMALL = 1 << 20
# So much of a download is lost to a power cut, or to a kill that leaves no time to mark it.
_MARK_SECONDS = 1.0


class Unfit(Exception):
    """A link that no repeat makes better: a scheme, a size or a status that cannot be used."""


class Broken(Exception):
    """A download that broke off and may be tried again: `gained` bytes more are there by now."""

    def __init__(self, why: Lost, retry_after: float | None = None) -> None:
        super().__init__(why.message)
        self.lost = why
        self.retry_after = retry_after
        self.gained = 0


async def save(
    response: httpx.Response, target: Path, rest: Partial | None, max_bytes: int
) -> Downloaded:
    """All that comes, to the file. Whatever ends it early, what can be continued is marked."""
    expected = length(response)
    filling = _Filling(target=target, known=_known(response, rest, expected))
    try:
        async with asyncio.timeout(_SECONDS + expected / _SLOWEST):
            await _fill(filling, response, rest, max_bytes)
        whole = "content-length" not in response.headers or (
            response.num_bytes_downloaded == expected
        )
        if not whole or not filling.size or (rest and filling.size != rest.total):
            message = (
                f"{response.num_bytes_downloaded} bytes came, {expected or 'some'} were announced"
            )
            raise Broken(Lost(loss="broken", message=message))
    except TimeoutError:
        filling.keep()
        raise Broken(Lost(loss="timeout", message="the download takes too long")) from None
    except (OSError, Unfit):
        with suppress(OSError):
            discard(target)  # on a full disk it would be in the way of everything else
        raise
    except BaseException:
        filling.keep()
        raise
    if rest is not None or filling.marked:
        forget(target)
    return Downloaded(bytes=filling.size, sha256=filling.sha.hexdigest())


@dataclass(slots=True, kw_only=True)
class _Filling:
    """A file that grows. `known` is how it may be continued, if it may."""

    target: Path
    known: Partial | None
    sha: hashlib._Hash = field(default_factory=hashlib.sha256)
    size: int = 0
    marked: bool = False

    def keep(self) -> None:
        """Marks what has come, as far as the disk allows."""
        with suppress(OSError):
            if self.known is None or self.size > self.known.total:
                discard(self.target)
            elif self.size > self.known.bytes:
                self.marked = True
                keep(self.target, replace(self.known, bytes=self.size))


async def _fill(
    filling: _Filling, response: httpx.Response, rest: Partial | None, max_bytes: int
) -> None:
    target, loop = filling.target, asyncio.get_running_loop()
    if rest is None:
        forget(target)  # before the first byte of it goes
    else:
        await asyncio.to_thread(_read, filling, rest.bytes)
    with target.open("rb+" if rest else "wb") as file:
        file.truncate(filling.size)
        file.seek(filling.size)
        marked = loop.time()
        async for piece in response.aiter_bytes():
            filling.size += len(piece)
            if filling.size > max_bytes:
                raise too_large(response, max_bytes)
            filling.sha.update(piece)
            file.write(piece)
            if filling.known and loop.time() - marked >= _MARK_SECONDS:
                file.flush()
                await asyncio.to_thread(filling.keep)
                marked = loop.time()
        if filling.size > _SMALL:
            await asyncio.to_thread(_sync, file)
        else:
            _sync(file)


def _known(response: httpx.Response, rest: Partial | None, expected: int) -> Partial | None:
    """How what comes may be continued later: by its length and a validator."""
    if rest is not None or not expected:
        return rest
    tag = validator(response.headers)
    return Partial(bytes=0, total=expected, validator=tag) if tag else None


def whole_of(target: Path, left: Partial) -> Downloaded:
    """A file that had come to its end when something else broke off."""
    filling = _Filling(target=target, known=None)
    _read(filling, left.total)
    os.truncate(target, left.total)
    forget(target)
    return Downloaded(bytes=left.total, sha256=filling.sha.hexdigest())


def _read(filling: _Filling, size: int) -> None:
    """Digests the first `size` bytes, which are there already."""
    with filling.target.open("rb") as file:
        while filling.size < size and (piece := file.read(min(1 << 20, size - filling.size))):
            filling.sha.update(piece)
            filling.size += len(piece)


def too_large(response: httpx.Response, max_bytes: int) -> Unfit:
    return Unfit(f"{shown(str(response.url))} is larger than {max_bytes >> 20} MB")


def length(response: httpx.Response) -> int:
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
