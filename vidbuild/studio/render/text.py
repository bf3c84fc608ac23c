"""Setting type: measures, folds and draws text of any script inside a width."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from vidbuild.studio.render.captions import tokens
from vidbuild.studio.render.colour import Colour
from vidbuild.studio.render.fonts import Face, runs, sized

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Align = Literal["left", "centre", "right"]
_LEADING = 1.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a piece of text looks. `size` is in pixels; `colour` fits the mode of the picture."""

    size: int
    colour: Colour | int
    bold: bool = False
    align: Align = "left"

    @property
    def leading(self) -> int:
        return round(self.size * _LEADING)


def width(text: str, style: Style) -> float:
    return _extent(text, style.size, style.bold)


@lru_cache(maxsize=4096)
def _extent(text: str, size: int, bold: bool) -> float:
    """Words come back: setting type measures each many times over."""
    return sum(_length(face, run, size) for face, run in runs(text, bold=bold))


def _length(face: Face, run: str, size: int) -> float:
    """Shaped where letters join or stack; elsewhere the sum of the letters, which is a hundred
    times faster and leaves out the kerning: a hair too wide.
    """
    if all(_stands_alone(char) for char in run):
        return sum(_advance(face, char, size) for char in run)
    return sized(face, size).getlength(run)


@lru_cache(maxsize=4096)
def _advance(face: Face, char: str, size: int) -> float:
    return sized(face, size, shaped=False).getlength(char)


@lru_cache(maxsize=4096)
def _stands_alone(char: str) -> bool:
    """Latin, Greek, Cyrillic, Chinese, Japanese and Korean letters, but not their marks."""
    if char < "\u0530" or "\u2010" <= char <= "\u203a":
        return unicodedata.category(char)[0] != "M"
    return unicodedata.east_asian_width(char) in "WF"


def fold(text: str, style: Style, room: float) -> list[str]:
    """Lines that fit the width; a word wider than a line is cut between its letters."""
    lines: list[str] = []
    line, used = "", 0.0
    space = width(" ", style)
    for token in (
        t for word in tokens(" ".join(text.split())) for t in _fitting(word, style, room)
    ):
        word = token.rstrip()
        extent = width(word, style)
        if line and used + extent > room:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line += token
        used += extent + space * (len(token) - len(word))
    return [*lines, line.rstrip()] if line.strip() else lines


def fitted(text: str, style: Style, room: float, rows: int) -> tuple[list[str], Style]:
    """Folds into the height of `rows` lines, smaller where it must be, at last cut off."""
    small = style
    for scale in (1.0, 0.88, 0.76, 0.66):
        small = Style(
            size=round(style.size * scale),
            colour=style.colour,
            bold=style.bold,
            align=style.align,
        )
        lines = fold(text, small, room)
        if len(lines) * small.leading <= rows * style.leading:
            return _balanced(text, lines, small, room), small
    kept = lines[: rows * style.leading // small.leading]
    kept[-1] = elided(kept[-1] + " …", small, room)
    return kept, small


def _balanced(text: str, lines: list[str], style: Style, room: float) -> list[str]:
    """As many lines of about one width, where text is centred: no word alone in the last."""
    if style.align != "centre" or len(lines) < 2:
        return lines
    words = tokens(" ".join(text.split()))
    low = max(room / len(lines), *(width(word.rstrip(), style) for word in words))
    high = room
    while high - low > style.size / 2:
        middle = (low + high) / 2
        fewer = fold(text, style, middle)
        if len(fewer) > len(lines):
            low = middle
        else:
            lines, high = fewer, middle
    return lines


def elided(text: str, style: Style, room: float) -> str:
    """One line: the text, or as much of it as fits with an ellipsis at the end."""
    text = " ".join(text.split())
    if width(text, style) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", style) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" …") + "…"


def write(
    draw: ImageDraw, lines: list[str], style: Style, *, x: float, y: float, room: float
) -> None:
    """Draws lines into the width `room` at x; y is the top of the first line."""
    for number, line in enumerate(lines):
        rtl = right_to_left(line)
        align = "right" if rtl and style.align == "left" else style.align
        slack = room - width(line, style)
        at = x + {"left": 0.0, "centre": slack / 2, "right": slack}[align]
        baseline = y + number * style.leading + style.size * 0.97
        stretch = runs(line, bold=style.bold)
        for face, run in reversed(stretch) if rtl else stretch:
            font = sized(face, style.size)
            draw.text((at, baseline), run, font=font, fill=style.colour, anchor="ls")
            if len(stretch) > 1:
                at += font.getlength(run)


def needs_shaping(text: str) -> bool:
    """Scripts that come out wrong without a shaping engine."""
    shaped = ("ARABIC", "HEBREW", "DEVANAGARI", "THAI", "BENGALI", "TAMIL")
    return any(unicodedata.name(c, "").startswith(shaped) for c in set(text) if ord(c) > 0x58F)


def right_to_left(line: str) -> bool:
    """The direction of the first letter that has one."""
    for char in line:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def _fitting(word: str, style: Style, room: float) -> list[str]:
    if width(word.rstrip(), style) <= room:
        return [word]
    pieces = [""]
    for char in word:
        joins = unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf") or char.isspace()
        if pieces[-1] and not joins and width(pieces[-1] + char, style) > room:
            pieces.append("")
        pieces[-1] += char
    return pieces
