"""Templates that are words and names alone, such as `Hi {{ each.name }}`: most of all texts.

What they print is known without Jinja, whose compiler takes a quarter of a millisecond for each
text that differs. Whatever is not as simple as that, or is wrong, is left to Jinja: nothing here
ever fails or words an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from vidbuild.project.bounds import MAX_OUTPUT

_NAMES = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*\}\}")
_MARKS = ("{{", "{%", "{#")
# Words that mean something else in an expression than a name does.
_TAKEN = frozenset({
    "true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else",
    "self", "loop", "super", "caller",
})  # fmt: skip


def simple_text(source: str, lookup: Callable[[str], Any]) -> str | None:
    """The text of a simple template; None for any other. `lookup` gives the value of a name."""
    pieces = name_parts(source)
    if pieces is None:
        return None
    for place in range(1, len(pieces), 2):
        text = _printed(pieces[place], lookup)
        if text is None:
            return None
        pieces[place] = text
    made = "".join(pieces)
    return made if len(made) <= MAX_OUTPUT else None


def name_parts(source: str) -> list[str] | None:
    """The words of a simple template and, in every second place, its dotted names."""
    pieces = _NAMES.split(source)
    if "\r" in source or not all(map(_are_words, pieces[::2])):
        return None
    pieces[-1] = pieces[-1].removesuffix("\n")
    return pieces


def _are_words(piece: str) -> bool:
    """Whether Jinja would take what stands between two names as it is."""
    return "{" not in piece or not (piece.endswith("{") or any(mark in piece for mark in _MARKS))


def _printed(path: str, lookup: Callable[[str], Any]) -> str | None:
    """The text of `name.member.member`; None where it is no text and no number."""
    name, *members = path.split(".")
    value = None if name in _TAKEN else lookup(name)
    for member in members:
        if not isinstance(value, Mapping) or member not in value:
            return None
        value = value[member]
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return str(value)
    except ValueError:  # a number of thousands of digits
        return None
