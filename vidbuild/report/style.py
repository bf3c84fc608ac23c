"""How values look on a terminal: escaped, measured, clipped, coloured.

Everything that comes from a source file, a lock or a server passes `visible` before it is
shown: no value may move the cursor, hide text or reverse it.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return sum(_cells(character) for character in text)


def clip(text: str, width: int) -> str:
    """The text cut to so many cells, `…` standing for the rest."""
    if width_of(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += _cells(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


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


def _cells(character: str) -> int:
    if combining(character) or character in _HARMLESS or category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1
