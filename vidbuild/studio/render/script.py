"""A script as it is spoken: plain text cut at its pauses. Not for captions and not for voices."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from vidbuild.studio.render.model import RenderError

_BREAK = re.compile(
    r"<break\b[^<>]*?\btime\s*=\s*[\"']?\s*([0-9]*\.?[0-9]+)\s*(ms|s)?\s*[\"']?[^<>]*>",
    re.IGNORECASE,
)
_LONGEST_PAUSE = 60.0  # seconds; a typing slip must not make an hour of silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of the text between two pauses; `start` is its offset in `Script.text`."""

    start: int
    text: str
    pause: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The words without their tags, and the same words in parts."""

    text: str
    parts: tuple[Part, ...]


def read_script(raw: str) -> Script:
    """Cuts a script at `<break time="1.5s"/>`; raises where nothing in it can be spoken."""
    parts: list[Part] = []
    text = ""
    end = 0
    for tag in _BREAK.finditer(raw):
        piece = _clean(raw[end : tag.start()])
        parts.append(Part(start=len(text), text=piece, pause=_seconds(tag)))
        text += piece + " "
        end = tag.end()
    piece = _clean(raw[end:])
    parts.append(Part(start=len(text), text=piece))
    text += piece
    if not any(unicodedata.category(char)[0] in "LN" for char in text):
        raise RenderError("tts_text_invalid", "The script has no word that can be spoken.")
    return Script(text=text, parts=tuple(parts))


def _clean(text: str) -> str:
    """One space for each control character and line end: offsets stay those of the result."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def _seconds(tag: re.Match[str]) -> float:
    amount = float(tag[1])
    return min(amount / 1000 if (tag[2] or "s").lower() == "ms" else amount, _LONGEST_PAUSE)
