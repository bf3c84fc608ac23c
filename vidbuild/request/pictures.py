"""The size of a picture in pixels, from the first bytes of a PNG or JPEG file."""

from __future__ import annotations

import struct
from typing import BinaryIO

from vidbuild.request.reading import Damaged, read_at

Size = tuple[int, int]

_MAX_SEGMENTS = 2_000
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOFn (ITU T.81, table B.1)
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment


def png_size(file: BinaryIO) -> Size:
    """Width and height in the IHDR chunk, which comes first (PNG, 11.2.2)."""
    if read_at(file, 12, 4) != b"IHDR":
        raise Damaged
    width, height = struct.unpack(">II", read_at(file, 16, 8))
    return width, height


def jpeg_size(file: BinaryIO) -> Size:
    """Width and height in the frame header, behind any number of other segments."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        first, marker = read_at(file, at, 2)
        if first != 0xFF:
            raise Damaged
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", read_at(file, at + 5, 4))
            return width, height
        else:
            at += 2 + max(2, *struct.unpack(">H", read_at(file, at + 2, 2)))
    raise Damaged
