"""Is a WebM file whole? Its EBML elements (RFC 8794, RFC 9559) walked, their content left alone.

A segment whose size nobody knew may be cut between two of its parts. What its own index points
at then tells, where there is one. Its duration does not: what writes to a pipe has it from
somewhere else, and recordings end when they end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

HEAD = b"\x1aE\xdf\xa3"
_SEGMENT = 0x18538067
_CLUSTER = 0x1F43B675
_TRACKS = 0x1654AE6B
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_CUES, _CUE_POINT, _CUE_TRACK, _CUE_CLUSTER = 0x1C53BB6B, 0xBB, 0xB7, 0xF1
# What a segment is made of: an unknown-sized cluster ends where one of these begins.
_PARTS = frozenset(
    {
        _SEEK_HEAD,
        0x1549A966,  # Info
        _TRACKS,
        _CLUSTER,
        _CUES,
        0x1941A469,  # Attachments
        0x1043A770,  # Chapters
        0x1254C367,  # Tags
    }
)
_CUT = "it is cut short"
_POSITION = 8  # bytes that a position takes at most
_INDEXES = 8  # there is one of each kind, but for strange files


class _Cut(Exception):
    """The file ends within an element."""


def flaw(file: BinaryIO, size: int) -> str | None:
    """What is wrong with a WebM file of `size` bytes, or None."""
    found = _Found()
    try:
        _walk(file, size, found)
    except _Cut:
        return _CUT
    if not {_SEGMENT, _TRACKS, _CLUSTER} <= found.elements:
        return f"it has no pictures: {_CUT}"
    return _CUT if _lacks(file, size, found) else None


@dataclass(slots=True)
class _Found:
    """What a file is made of. `unsized` are where the content of segments without a size begins."""

    elements: set[int] = field(default_factory=set)
    segments: int = 0
    unsized: list[int] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)

    def note(self, element: int, at: int) -> None:
        self.elements.add(element)
        self.segments += element == _SEGMENT
        if element in (_SEEK_HEAD, _CUES) and len(self.indexes) < _INDEXES:
            self.indexes.append(at)


def _walk(file: BinaryIO, size: int, found: _Found) -> None:
    """Goes over the elements, into segments, and into clusters whose size nobody knew when they
    were written."""
    at, ends = 0, [size]
    while ends:
        end = ends[-1]
        if at >= end:
            ends.pop()
            continue
        element, content, length = _element(file, at, end)
        found.note(element, at)
        stop = end if length is None else content + length
        if stop > end or (length is None and element not in (_SEGMENT, _CLUSTER)):
            raise _Cut
        if element == _SEGMENT:
            ends += [stop] if stop < end else []
            found.unsized += [content] if length is None and not found.unsized else []
            at = content
        else:
            at = _until_part(file, content, end) if length is None else stop


def _lacks(file: BinaryIO, size: int, found: _Found) -> bool:
    """Whether an index of a segment that came without a size points behind the file's end.

    One is believed where all else that it points at is there: writers that cannot go back leave
    places for positions that were never filled in. Several segments are not judged.
    """
    if found.segments > 1 or not found.unsized:
        return False
    begin = found.unsized[0]
    for at in found.indexes:
        try:
            told = [(begin + place, part) for place, part in _pointed(file, at, size)]
            there = [_element(file, at, size)[0] == part for at, part in told if at < size]
        except _Cut:
            continue  # nothing to go by
        if there and all(there) and len(there) < len(told):
            return True
    return False


def _pointed(file: BinaryIO, at: int, end: int) -> Iterator[tuple[int, int]]:
    """What an index points at: places from the segment's beginning, and the elements there."""
    if _element(file, at, end)[0] == _CUES:
        for point in _inside(file, at, end, _CUE_POINT):
            for track in _inside(file, point, end, _CUE_TRACK):
                for place in _inside(file, track, end, _CUE_CLUSTER):
                    yield from ((position, _CLUSTER) for position in _number(file, place, end))
        return
    for seek in _inside(file, at, end, _SEEK):
        ids = [n for each in _inside(file, seek, end, _SEEK_ID) for n in _number(file, each, end)]
        for place in _inside(file, seek, end, _SEEK_POSITION):
            yield from ((position, part) for position in _number(file, place, end) for part in ids)


def _inside(file: BinaryIO, at: int, end: int, wanted: int) -> Iterator[int]:
    """Where the elements of this kind are in the one that begins at `at`."""
    _, at, length = _element(file, at, end)
    end = min(at + (length or 0), end)
    while at < end:
        element, content, length = _element(file, at, end)
        if element == wanted:
            yield at
        if length is None:
            raise _Cut
        at = content + length


def _number(file: BinaryIO, at: int, end: int) -> Iterator[int]:
    """The number in an element; none where its place was left open, with all bits set."""
    _, content, length = _element(file, at, end)
    if length is None or not 0 < length <= _POSITION:
        return
    file.seek(content)
    data = file.read(length)
    if data != b"\xff" * length:
        yield int.from_bytes(data, "big")


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
