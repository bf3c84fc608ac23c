"""How values look on a terminal: escaped, measured, clipped, coloured.

Everything that comes from a source file, a lock or a server passes `visible` before it is
shown: no value may move the cursor, hide text or reverse it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from unicodedata import category, combining, east_asian_width

from vidbuild.plan.model import Action

Paint = Callable[[str, str], str]

_CODES = {
    "green": "32",
    "yellow": "33",
    "red": "31",
    "cyan": "36",
    "blue": "34",
    "magenta": "35",
    "dim": "2",
    "bold": "1",
}

SYMBOLS: dict[Action, tuple[str, str]] = {
    Action.create: ("+", "green"),
    Action.rerender: ("~", "yellow"),
    Action.retry: ("!", "red"),
    Action.reuse: (">", "cyan"),
    Action.update: (".", "dim"),
    Action.resume: ("^", "blue"),
    Action.fetch: ("v", "blue"),
    Action.hold: ("=", "magenta"),
    Action.orphan: ("?", "dim"),
    Action.delete: ("-", "red"),
    Action.unchanged: (" ", "dim"),
}

_COLOUR = re.compile(r"\x1b\[\d+m")

# Joiners that scripts need: zero-width non-joiner (Persian) and joiner (emoji, Indic).
_HARMLESS = frozenset("\u200c\u200d")
_HOSTILE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\x1b"}


def painter(*, color: bool) -> Paint:
    """`paint(text, colour)`, which without colour gives the text as it is."""
    if not color:
        return lambda text, _: text
    return lambda text, name: f"\x1b[{_CODES[name]}m{text}\x1b[0m" if text else text


def visible(text: str) -> str:
    """The text with every control, format and unassigned character written out."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(_shown(character) for character in text)


def width_of(text: str) -> int:
    """Terminal cells of an escaped text: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(width for _, width in _clusters(text))


def clip(text: str, width: int) -> str:
    """The text cut to so many cells, `…` standing for the rest.

    Marks take no cell: of them there are at most three for each, whatever is piled up.
    """
    most = 4 * width
    if len(text) <= most and width_of(text) <= width:
        return text
    kept, used = "", 1
    for cluster, cells in _clusters(text):
        used += cells
        if used > width:
            break
        kept += cluster
        if len(kept) > most:
            kept = kept[:most]
            break
    return kept.rstrip() + "…"


def clip_start(text: str, width: int) -> str:
    """The text without what of its beginning does not fit: names differ at their ends."""
    if width_of(text) <= width:
        return text
    kept, used = "", 1
    for cluster, cells in reversed(list(_clusters(text))):
        used += cells
        if used > width:
            break
        kept = cluster + kept
    return ("…" + kept)[: 4 * width]


def uncolored(text: str) -> str:
    """The text without what `painter` put around it."""
    return _COLOUR.sub("", text)


def wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """The words of one paragraph in lines of at most so many cells; later ones are indented.

    A word that is longer by itself stays whole: it may have to be copied.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line.strip() and width_of(uncolored(longer)) > width:
            lines.append(line)
            longer = indent + word
        line = longer
    return [*lines, line]


def is_hostile(character: str) -> bool:
    """True for what could move the cursor, hide text or reverse it."""
    return category(character) in _HOSTILE and character not in _HARMLESS


def _shown(character: str) -> str:
    if not is_hostile(character):
        return character
    point = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a reader takes for one character, with its cells: marks, joined and tinted
    pictures belong to what they follow, a flag is two letters."""
    cluster, cells, joined, flag = "", 0, False, False
    for character in text:
        regional = "\U0001f1e6" <= character <= "\U0001f1ff"
        width = 0 if joined or (flag and regional) else _cells(character)
        if cluster and width:
            yield cluster, cells
            cluster, cells = "", 0
        if character == "\ufe0f" and cells == 1 and cluster[0] > "\u2000":
            cells = 2  # a symbol shown as a picture
        if flag and regional:
            cells = 2
        flag = regional and not flag
        joined = character == "\u200d" and cells == 2
        cluster += character
        cells += width
    if cluster:
        yield cluster, cells


def _cells(character: str) -> int:
    if combining(character) or character in _HARMLESS or category(character) in ("Mn", "Me"):
        return 0
    if "\u1160" <= character <= "\u11ff" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return 0  # the vowels and ends of a Hangul syllable, the tints of skin
    return 2 if east_asian_width(character) in ("W", "F") else 1
