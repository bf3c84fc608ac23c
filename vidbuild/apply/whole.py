"""Is a downloaded file what it should be? Containers read just far enough to tell.

Catches pages of HTML, empty answers and files cut short; not for judging pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8")
_EBML = b"\x1aE\xdf\xa3"
_HEAD = 16


def flaw(path: Path, kind: str) -> str | None:
    """What is wrong with a file of this kind (`video`, `subtitle`, `thumbnail`), or None."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if kind == "subtitle":
            return "it is a web page" if head.lstrip().startswith(b"<") else None
        if not size:
            return "it is empty"
        if kind == "thumbnail":
            return None if head.startswith(_PICTURES) else "it is no picture"
        if head.startswith(_EBML):
            return None
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
            return "it is cut short"
        at += length
    return None if b"moov" in kinds else "it has no index: it is cut short"
