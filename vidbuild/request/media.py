"""Facts of a local media file: what it is by its content, how large, how long."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidbuild import files
from vidbuild.diagnostics import Span, problem
from vidbuild.request.model import Media

_HEAD = 64

# Offset, bytes, type: the signatures that the formats' own documents give.
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"%PDF-", "application/pdf"),
)


def read_media(path: Path, *, name: str, limits: Mapping[str, Any], span: Span) -> Media:
    """Reads and digests the file. `limits` is the overlay's `x-vidbuild-limits`.

    Raises `Problems` (VB42x, VB10x) at `span` for a file that the API would not take.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        sha256, size = files.digest(path)
    except OSError as error:
        raise files.unreadable(name, error, span=span) from None
    mime = kind_of(head)
    accepted = {t: kind for kind, rule in limits.get("media", {}).items() for t in rule["types"]}
    if mime is None or mime not in accepted:
        what = mime or ("empty" if not head else "of an unknown kind")
        raise problem("VB420", f"{name} is {what}", span=span,
                      hint=f"the API takes {', '.join(sorted(accepted))}")  # fmt: skip
    rule = limits["media"][accepted[mime]]
    if size > (most := min(rule["bytes"], limits["upload_bytes"])):
        raise problem("VB421", f"{name} has {size >> 20} MB, more than the {most >> 20} MB allowed",
                      hint="compress the file, or give its public URL", span=span)  # fmt: skip
    seconds = _wav_seconds(path) if mime == "audio/wav" else None
    if seconds is not None and seconds > rule.get("seconds", seconds):
        raise problem("VB421", f"{name} lasts {seconds:.0f} s, more than {rule['seconds']} s",
                      hint="cut the recording", span=span)  # fmt: skip
    return Media(file=name, sha256=sha256, bytes=size, mime=mime, seconds=seconds)


def kind_of(head: bytes) -> str | None:
    """The media type of a file that begins so, or None."""
    for offset, signature, mime in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return mime
    # An MPEG audio frame: eleven set bits, then a layer that is not reserved.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio/mpeg"
    return None


def _wav_seconds(path: Path) -> float | None:
    try:
        with wave.open(str(path)) as recording:
            return float(recording.getnframes() / recording.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None  # a compressed WAV: a length nobody knows is not a wrong one
