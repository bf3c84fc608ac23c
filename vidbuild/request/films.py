"""The length and size of a film: MP4 by its boxes, WebM by its elements."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vidbuild.request.pictures import Size
from vidbuild.request.reading import Damaged, read_at

_MOST = 1_000  # boxes or elements read on one level


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Seconds and pixels, where the file tells."""

    seconds: float | None = None
    size: Size | None = None


# --- MP4 (ISO/IEC 14496-12): boxes of size, type, body.

Box = tuple[bytes, int, int]  # type, and where the body begins and ends


def mp4_film(file: BinaryIO, size: int) -> Film:
    """The movie header's duration, and the largest track's picture."""
    moov = _box(file, 0, size, b"moov")
    seconds, pictures = None, []
    for kind, start, end in _boxes(file, moov[1], moov[2]):
        if kind == b"mvhd":
            seconds = _mvhd_seconds(file, start) or _fragmented_seconds(file, moov, start)
        elif kind == b"trak":
            pictures.append(_track_size(file, start, end))
    return Film(seconds=seconds, size=max((p for p in pictures if p != (0, 0)), default=None))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    for _ in range(_MOST):
        if end - start < 8:
            return
        length, kind = struct.unpack(">I4s", read_at(file, start, 8))
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", read_at(file, start + 8, 8))[0], 16
        elif length == 0:
            length = end - start
        if length < head or length > end - start:
            return
        yield kind, start + head, start + length
        start += length


def _box(file: BinaryIO, start: int, end: int, wanted: bytes) -> Box:
    found = next((box for box in _boxes(file, start, end) if box[0] == wanted), None)
    if found is None:
        raise Damaged
    return found


def _mvhd_seconds(file: BinaryIO, start: int) -> float | None:
    scale = _mvhd_scale(file, start)
    wide = read_at(file, start, 1) == b"\1"
    form, at = (">Q", start + 24) if wide else (">I", start + 16)
    units = struct.unpack(form, read_at(file, at, struct.calcsize(form)))[0]
    unknown = units in (0, 2**32 - 1, 2**64 - 1)
    return None if unknown or not scale else float(units / scale)


def _mvhd_scale(file: BinaryIO, start: int) -> int:
    at = start + (20 if read_at(file, start, 1) == b"\1" else 12)
    return int(struct.unpack(">I", read_at(file, at, 4))[0])


def _fragmented_seconds(file: BinaryIO, moov: Box, mvhd: int) -> float | None:
    """The length of a film in fragments, which the header does not know."""
    try:
        _, start, end = _box(file, moov[1], moov[2], b"mvex")
        _, start, _ = _box(file, start, end, b"mehd")
    except Damaged:
        return None
    form = ">Q" if read_at(file, start, 1) == b"\1" else ">I"
    units = struct.unpack(form, read_at(file, start + 4, struct.calcsize(form)))[0]
    scale = _mvhd_scale(file, mvhd)
    return float(units / scale) if units and scale else None


def _track_size(file: BinaryIO, start: int, end: int) -> Size:
    """Width and height as 16.16 fixed numbers at the end of the track's header."""
    _, start, _ = _box(file, start, end, b"tkhd")
    at = start + (88 if read_at(file, start, 1) == b"\1" else 76)
    width, height = struct.unpack(">II", read_at(file, at, 8))
    return width >> 16, height >> 16


# --- WebM (RFC 8794 and RFC 9559): elements of id, size, body.

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TRACK, _VIDEO, _WIDTH, _HEIGHT = 0xAE, 0xE0, 0xB0, 0xBA

Element = tuple[int, int, int]  # id, and where the body begins and ends


def webm_film(file: BinaryIO, size: int) -> Film:
    """The duration in the segment's information, and the first picture track's size."""
    segment = next((e for e in _elements(file, 0, size) if e[0] == _SEGMENT), None)
    if segment is None:
        raise Damaged
    seconds, picture = None, None
    for name, start, end in _elements(file, segment[1], segment[2]):
        if name == _INFO:
            seconds = _info_seconds(file, start, end)
        elif name == _TRACKS:
            picture = _tracks_size(file, start, end)
        if name == _CLUSTER or (seconds is not None and picture is not None):
            break
    return Film(seconds=seconds, size=picture)


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[Element]:
    for _ in range(_MOST):
        if start >= end:
            return
        name, start = _number(file, start, marked=True)
        length, start = _number(file, start, marked=False)
        stop = end if length < 0 else min(end, start + length)  # a stream has no length
        yield name, start, stop
        start = stop


def _number(file: BinaryIO, at: int, *, marked: bool) -> tuple[int, int]:
    """A number of one to eight bytes, and where it ends; -1 for a length that is not known.

    The zeros before its first one tell the bytes; an id keeps that `marked` bit.
    """
    first = read_at(file, at, 1)[0]
    width = 9 - first.bit_length()
    if width > 8:
        raise Damaged
    value = int.from_bytes(read_at(file, at, width))
    if not marked:
        bits = (1 << 7 * width) - 1
        value &= bits
        value = -1 if value == bits else value
    return value, at + width


def _info_seconds(file: BinaryIO, start: int, end: int) -> float | None:
    scale, duration = 1_000_000, None
    for name, at, stop in _elements(file, start, end):
        if name == _SCALE and stop - at <= 8:
            scale = int.from_bytes(read_at(file, at, stop - at))
        elif name == _DURATION and stop - at in (4, 8):
            form = ">f" if stop - at == 4 else ">d"
            duration = struct.unpack(form, read_at(file, at, stop - at))[0]
    return None if duration is None else float(duration * scale / 1e9)


def _tracks_size(file: BinaryIO, start: int, end: int) -> Size | None:
    for track, at, stop in _elements(file, start, end):
        for video, inner, last in _elements(file, at, stop) if track == _TRACK else ():
            if video == _VIDEO:
                sizes = {
                    name: int.from_bytes(read_at(file, place, close - place))
                    for name, place, close in _elements(file, inner, last)
                    if name in (_WIDTH, _HEIGHT) and close - place <= 8
                }
                return sizes.get(_WIDTH, 0), sizes.get(_HEIGHT, 0)
    return None
