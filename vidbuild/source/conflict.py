"""Files that git has left in conflict: never read as if both sides were meant.

A script would have the markers spoken, and paid for. Not for locks: those can be joined.
"""

from __future__ import annotations

from vidbuild.diagnostics import Span, problem

_OPENS, _DIVIDES, _CLOSES = "<<<<<<< ", "=======", ">>>>>>> "


def refuse_conflict(text: str, *, file: str) -> None:
    """Raises `Problems` for a text with all three markers of a merge conflict, in their order."""
    if _OPENS not in text:
        return
    opened, divided = 0, False
    for number, line in enumerate(text.split("\n"), 1):
        if not opened and line.startswith(_OPENS):
            opened = number
        elif opened and line == _DIVIDES:
            divided = True
        elif divided and line.startswith(_CLOSES):
            raise problem(
                "VB106",
                f"{file} holds the markers of a merge conflict",
                hint="keep what is meant, and remove the lines that begin with <<<<<<<, ======= "
                "and >>>>>>>",
                span=Span(file=file, line=opened),
            )
