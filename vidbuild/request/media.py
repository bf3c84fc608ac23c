"""Facts of a local media file: what it is by its content, how large, how long.

The limits are the API's, as the overlay gives them. What a file does not tell, or tells in
a way that cannot be read, is not known and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO

from vidbuild import files
from vidbuild.diagnostics import Diagnostic, Span, problem
from vidbuild.request.films import Film, mp4_film, webm_film
from vidbuild.request.model import Media
from vidbuild.request.pictures import jpeg_size, png_size
from vidbuild.request.reading import Damaged
from vidbuild.request.sounds import mp3_seconds, wav_seconds

_HEAD = 64

# Offset, bytes, type: the signatures that the formats' own documents give.
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"%PDF-", "application/pdf"),
)


def read_media(path: Path, *, name: str, limits: Mapping[str, Any], span: Span) -> Media:
    """Reads and digests the file. `limits` is the overlay's `x-vidbuild-limits`.

    Raises `Problems` (VB42x, VB10x) at `span` for a file that the API would not take.
    """
    try:
        with path.open("rb") as file:
            mime = kind_of(head := file.read(_HEAD))
            sha256, size = files.digest(path)
            kind = _accepted(limits).get(mime or "")
            if mime is None or kind is None:
                what = mime or ("empty" if not head else "of an unknown kind")
                hint = f"the API takes {', '.join(sorted(_accepted(limits)))}"
                raise problem("VB420", f"{name} is {what}", hint=hint, span=span)
            rule = limits["media"][kind]
            if size > (most := rule["bytes"]):
                message = f"{name} has {_mb(size)} MB, more than the {_mb(most)} MB allowed"
                raise problem("VB421", message, span=span,
                              hint="compress the file, or give its public URL")  # fmt: skip
            film = _measured(file, mime, size)
    except OSError as error:
        raise files.unreadable(name, error, span=span) from None
    if film.seconds is not None and film.seconds > rule.get("seconds", film.seconds):
        raise problem("VB421", f"{name} lasts {film.seconds:.0f} s, more than {rule['seconds']} s",
                      hint="cut the recording", span=span)  # fmt: skip
    width, height = film.size or (None, None)
    return Media(
        file=name,
        sha256=sha256,
        bytes=size,
        mime=mime,
        seconds=film.seconds,
        width=width,
        height=height,
    )


def check_use(media: Media, kinds: Sequence[str], limits: Mapping[str, Any], *, span: Span) -> None:
    """Raises `Problems` VB422 where a field takes other `kinds` of media; none: it takes all."""
    kind = _accepted(limits)[media.mime]
    if kinds and kind not in kinds:
        wanted = " or ".join(_A[each] for each in kinds)
        types = ", ".join(t for each in kinds for t in limits["media"][each]["types"])
        raise problem("VB422", f"{media.file} is {_A[kind]} ({media.mime}), not {wanted}",
                      hint=f"name a file of type {types}", span=span)  # fmt: skip


def too_large(media: Media, limits: Mapping[str, Any], *, span: Span) -> Diagnostic | None:
    """A warning for pictures of more pixels than the API's documentation allows."""
    side = limits["media"][_accepted(limits)[media.mime]].get("side")
    longest = max(media.width or 0, media.height or 0)
    if side is None or longest < side:
        return None
    return Diagnostic(
        code="VB423",
        severity="warning",
        message=f"{media.file} has {media.width} x {media.height} pixels; "
        f"the API's documentation asks for less than {side} on each side",
        hint="scale it down; a video has at most 1920 pixels on its longer side below 4K",
        span=span,
    )


_A = {"image": "an image", "video": "a video", "audio": "a recording"}


def _accepted(limits: Mapping[str, Any]) -> dict[str, str]:
    """The types that the API takes, with the kind of each."""
    return {t: kind for kind, rule in limits.get("media", {}).items() for t in rule["types"]}


def _mb(size: int) -> str:
    return f"{size / 2**20:.4g}"


def kind_of(head: bytes) -> str | None:
    """The media type of a file that begins so, or None."""
    for offset, signature, mime in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return "video/x-matroska" if mime == "video/webm" and b"matroska" in head else mime
    # An MPEG audio frame: eleven set bits, then a layer that is not reserved.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio/mpeg"
    return None


def _measured(file: BinaryIO, mime: str, size: int) -> Film:
    """Length and picture, as far as the file tells."""
    try:
        match mime:
            case "image/png":
                return Film(size=png_size(file))
            case "image/jpeg":
                return Film(size=jpeg_size(file))
            case "audio/wav":
                return Film(seconds=wav_seconds(file, size))
            case "audio/mpeg":
                return Film(seconds=mp3_seconds(file, size))
            case "video/mp4":
                film = mp4_film(file, size)
            case _:
                film = webm_film(file, size)
    except Damaged:
        return Film()
    possible = film.seconds is None or (isfinite(film.seconds) and film.seconds >= 0)
    return film if possible else Film(size=film.size)
