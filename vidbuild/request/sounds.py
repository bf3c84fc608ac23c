"""The length of a recording: WAV by its header, MP3 by its frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vidbuild.request.reading import Damaged, read_at

_MAX_CHUNKS = 1_000
_MAX_FRAMES = 100_000  # three quarters of an hour; the rest of a longer file is taken to be alike
_SEARCHED = 65_536  # bytes in which to look for the first frame, or the next one
_MAX_LOST = 262_144  # bytes between frames in all

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# Kilobits a second by layer, for MPEG 1 and for 2 and 2.5 (ISO 11172-3 and 13818-3).
_KBITS_1 = {
    3: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBITS_2_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBITS_2 = {
    3: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: _KBITS_2_LOW,
    1: _KBITS_2_LOW,
}


def wav_seconds(file: BinaryIO, size: int) -> float:
    """The data's length by the bytes a second that the format names, or by its samples."""
    at, hertz, bytes_a_second, samples = 12, 0, 0, 0
    for _ in range(_MAX_CHUNKS):
        kind, length = struct.unpack("<4sI", read_at(file, at, 8))
        if kind == b"fmt ":
            hertz, bytes_a_second = struct.unpack("<II", read_at(file, at + 12, 8))
        elif kind == b"fact":
            samples = struct.unpack("<I", read_at(file, at + 8, 4))[0]
        elif kind == b"data":
            if bytes_a_second:
                return float(min(length, size - at - 8) / bytes_a_second)
            if samples and hertz:
                return float(samples / hertz)
            break
        at += 8 + length + length % 2
    raise Damaged


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame of MPEG audio: its length in bytes and seconds."""

    bytes: int
    seconds: float


def mp3_seconds(file: BinaryIO, size: int) -> float:
    """The sum of the frames, whatever a header says about them."""
    data = read_at(file, 0, size)
    start = _first(data, _behind_id3(data))
    if start is None:
        raise Damaged
    seconds, at, count = 0.0, start, 0
    for at, frame in _frames(data, start):
        count += 1
        # A first frame may describe the others (Xing, Info, VBRI) and holds no sound.
        if count > 1 or not _describes(data[at : at + frame.bytes]):
            seconds += frame.seconds
    if count >= _MAX_FRAMES:
        seconds *= (len(data) - start) / (at - start)
    return seconds


def _behind_id3(data: bytes) -> int:
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    a, b, c, d = data[6:10]
    return 10 + ((a & 0x7F) << 21 | (b & 0x7F) << 14 | (c & 0x7F) << 7 | d & 0x7F)


def _frames(data: bytes, start: int) -> Iterator[tuple[int, _Frame]]:
    at, lost = start, 0
    for _ in range(_MAX_FRAMES):
        frame = _frame(data, at)
        if frame is None:
            found = _first(data, at)
            if found is None or (lost := lost + found - at) > _MAX_LOST:
                return
            at = found
        else:
            yield at, frame
            at += frame.bytes


def _first(data: bytes, start: int) -> int | None:
    """The next frame that another one, or the end, follows."""
    at, end = start, min(len(data), start + _SEARCHED)
    while (at := data.find(b"\xff", at, end)) >= 0:
        frame = _frame(data, at)
        if frame is not None:
            behind = at + frame.bytes
            if _frame(data, behind) is not None or len(data) - behind in range(-frame.bytes, 256):
                return at
        at += 1
    return None


def _frame(data: bytes, at: int) -> _Frame | None:
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate, kbits = header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or layer == 0 or rate == 3 or kbits in (0, 15):
        return None
    hertz = _RATES[version][rate]
    bits = 1000 * (_KBITS_1 if version == 3 else _KBITS_2)[layer][kbits - 1]
    padding = header[2] >> 1 & 1
    if layer == 3:
        return _Frame((12 * bits // hertz + padding) * 4, 384 / hertz)
    samples = 576 if layer == 1 and version != 3 else 1152
    return _Frame(samples // 8 * bits // hertz + padding, samples / hertz)


def _describes(frame: bytes) -> bool:
    return any(frame.find(name, 4, 64) >= 0 for name in (b"Xing", b"Info", b"VBRI"))
