"""Scripts as everything else sees them: one spelling for what sounds the same."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"[^\S\n]+")
_AT_LINE_END = re.compile(r" +(?=\n|\Z)")
_EMPTY_LINES = re.compile(r"\n{3,}")


def normalise_script(text: str) -> str:
    """Unicode NFC, `\\n` line ends, runs of blanks to one, none at line ends, several empty
    lines to one, none at either end."""
    if text.isascii() and not _needs(text):
        return text
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _AT_LINE_END.sub("", _BLANKS.sub(" ", text))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def _needs(text: str) -> bool:
    """A quick no for the plain line that most scripts are."""
    return (
        "  " in text
        or "\n" in text
        or "\r" in text
        or "\t" in text
        or not text
        or text[0].isspace()
        or text[-1].isspace()
        or any(c in text for c in "\v\f\x1c\x1d\x1e\x1f")
    )
