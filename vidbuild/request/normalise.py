"""Scripts as everything else sees them: one spelling for what sounds the same."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[^\S\n]+")
_AT_LINE_END = re.compile(r" +(?=\n|\Z)")
_EMPTY_LINES = re.compile(r"\n{3,}")
_UNUSUAL = re.compile(r"[^\S\n ]|  | \n|\n\n\n")  # what most scripts have nothing of


def normalise_script(text: str) -> str:
    """Unicode NFC, `\\n` line ends, runs of blanks to one, none at line ends, several empty
    lines to one, none at either end."""
    text = text.strip()
    if text.isascii() and not _UNUSUAL.search(text):
        return text
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _AT_LINE_END.sub("", _BLANKS.sub(" ", text))
    return _EMPTY_LINES.sub("\n\n", text).strip()
