"""Reading a few bytes at a place of a media file that may be damaged or made to harm."""

from __future__ import annotations

from typing import BinaryIO


class Damaged(Exception):
    """The file is not what its first bytes say."""


def read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    """Exactly `count` bytes at `offset`. Raises `Damaged` where the file has fewer."""
    try:
        file.seek(offset)
    except (OverflowError, ValueError):  # no file is that long
        raise Damaged from None
    data = file.read(count)
    if len(data) < count:
        raise Damaged
    return data
