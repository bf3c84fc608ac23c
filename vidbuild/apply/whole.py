"""Is a downloaded file what it should be? Containers read just far enough to tell.

Catches web pages, empty answers and files cut short; not for judging pictures or words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from vidbuild.apply import ebml

_CUT = "it is cut short"
_HEAD = 16
_TAIL = 1024
# A caption file or a thumbnail past this size is none, and is not read to its end.
_MOST = 64 << 20
_TIME = r"\d{1,3}:\d\d:\d\d[,.]\d{1,3}"
_TIMING = re.compile(rf"{_TIME} +--> +{_TIME}(?: .*)?")


def flaw(path: Path, kind: str) -> str | None:
    """What is wrong with a file of this kind (`video`, `subtitle`, `thumbnail`), or None."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if kind == "subtitle":
            return _text(file.read(min(size, _MOST)))
        if not size:
            return "it is empty"
        head = file.read(_HEAD)
        if kind == "thumbnail":
            return _picture(head + file.read(min(size, _MOST)))
        if head.startswith(ebml.HEAD):
            return ebml.flaw(file, size)
        if head[4:8] != b"ftyp":
            return "it is neither MP4 nor WebM"
        return _boxes(file, size)


def _boxes(file: BinaryIO, size: int) -> str | None:
    """Walks the top-level boxes of an MP4 (ISO/IEC 14496-12, 4.2): they end where the file does."""
    at, kinds = 0, set()
    while at < size:
        file.seek(at)
        header = file.read(_HEAD)
        length = int.from_bytes(header[:4], "big")
        kinds.add(header[4:8])
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            return _CUT
        at += length
    if b"moov" not in kinds:
        return f"it has no index: {_CUT}"
    return None if b"mdat" in kinds else f"it has no pictures: {_CUT}"


def _text(data: bytes) -> str | None:
    """Captions may be empty: a silent video has none to show."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is no text, or cut short"
    if text.lstrip().startswith("<"):
        return "it is a web page"
    if "\0" in text:
        return "it is no text"
    return _captions(text)


def _captions(text: str) -> str | None:
    """SubRip ends with a whole caption: number, times, words. Other texts are not judged."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    if not blocks[0].split("\n", 1)[0].strip().isdecimal():
        return None
    number, *rest = blocks[-1].strip().split("\n")
    if len(blocks) > 1 and not number.strip().isdecimal():
        return None  # words with an empty line between them
    if not rest or not _TIMING.fullmatch(rest[0].strip()):
        return _CUT
    # A caption may be empty, where a blank line says that this was all of it.
    return None if rest[1:] or re.search(r"\n\s*\n\Z", text) else _CUT


def _picture(data: bytes) -> str | None:
    match data[:4]:
        case b"\x89PNG":
            whole = b"IEND\xaeB`\x82" in data[-_TAIL:]
        case b"RIFF":
            whole = 8 + int.from_bytes(data[4:8], "little") <= len(data)
        case b"GIF8":
            whole = data.rstrip(b"\0").endswith(b";")
        case _ if data.startswith(b"\xff\xd8\xff"):
            whole = _jpeg(data)
        case _:
            return "it is no picture"
    return None if whole else _CUT


def _jpeg(data: bytes) -> bool:
    """Whether the end of the image follows its scan (ITU-T T.81, B.1.1): what is embedded in
    the segments before, such as a preview, has an end of its own."""
    at = 2
    while data[at : at + 1] == b"\xff":
        marker = data[at + 1 : at + 2]
        if marker == b"\xda":
            return data.find(b"\xff\xd9", at) > 0
        # Any number of 0xFF may stand before a marker.
        at += 1 if marker == b"\xff" else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False
