"""Is a WebM file whole? Its EBML elements (RFC 8794, RFC 9559) walked, their content left alone."""

from __future__ import annotations

from typing import BinaryIO

HEAD = b"\x1aE\xdf\xa3"
_SEGMENT = 0x18538067
_CLUSTER = 0x1F43B675
_TRACKS = 0x1654AE6B
# What a segment is made of: an unknown-sized cluster ends where one of these begins.
_PARTS = frozenset(
    {
        0x114D9B74,  # SeekHead
        0x1549A966,  # Info
        _TRACKS,
        _CLUSTER,
        0x1C53BB6B,  # Cues
        0x1941A469,  # Attachments
        0x1043A770,  # Chapters
        0x1254C367,  # Tags
    }
)
_CUT = "it is cut short"


class _Cut(Exception):
    """The file ends within an element."""


def flaw(file: BinaryIO, size: int) -> str | None:
    """What is wrong with a WebM file of `size` bytes, or None."""
    found: set[int] = set()
    try:
        _walk(file, 0, size, found)
    except _Cut:
        return _CUT
    return None if {_SEGMENT, _TRACKS, _CLUSTER} <= found else f"it has no pictures: {_CUT}"


def _walk(file: BinaryIO, at: int, end: int, found: set[int]) -> None:
    """Goes over the elements from `at` to `end`, into segments, and into clusters whose size
    nobody knew when they were written."""
    while at < end:
        element, content, length = _element(file, at, end)
        found.add(element)
        stop = end if length is None else content + length
        if stop > end or (length is None and element not in (_SEGMENT, _CLUSTER)):
            raise _Cut
        if element == _SEGMENT:
            _walk(file, content, stop, found)
        at = _until_part(file, content, end) if element == _CLUSTER and length is None else stop


def _until_part(file: BinaryIO, at: int, end: int) -> int:
    """The end of a cluster without a size: where the segment's next part begins."""
    while at < end:
        element, content, length = _element(file, at, end)
        if element in _PARTS:
            return at
        if length is None or content + length > end:
            raise _Cut
        at = content + length
    return at


def _element(file: BinaryIO, at: int, end: int) -> tuple[int, int, int | None]:
    """An element's id, where its content begins, and how long that is (None: unknown)."""
    file.seek(at)
    head = file.read(min(12, end - at))
    wide = _width(head, 0, most=4)
    sized = _width(head, wide, most=8)
    bits = int.from_bytes(head[wide : wide + sized], "big") & ((1 << 7 * sized) - 1)
    unknown = bits == (1 << 7 * sized) - 1
    return int.from_bytes(head[:wide], "big"), at + wide + sized, None if unknown else bits


def _width(head: bytes, at: int, *, most: int) -> int:
    """How many bytes a number takes: one more than the zero bits that it begins with."""
    if at >= len(head):
        raise _Cut
    width = 9 - head[at].bit_length()
    if width > most or at + width > len(head):
        raise _Cut
    return width
