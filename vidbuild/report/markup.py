"""Pieces of GitHub-flavoured Markdown that nothing inside can break out of.

Whatever a user wrote stands in code, where neither HTML nor emphasis, mentions, issue numbers
nor pipes mean anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from vidbuild.report.style import clip, visible

_TICKS = re.compile(r"`+")


def code(text: str, *, most: int = 200) -> str:
    """Text as a code span on one line, clipped."""
    shown = clip(visible(text)[: 2 * most], most).strip() or " "
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(lines: Iterable[str], *, language: str = "") -> list[str]:
    """A code block behind a fence longer than any run of backticks in it."""
    body = list(lines)
    ticks = "`" * max(3, max(map(_longest, body), default=0) + 1)
    return [f"{ticks}{language}", *body, ticks]


def details(summary: str, body: Sequence[str]) -> list[str]:
    """A part that opens on a click; the summary is text, the body is Markdown."""
    words = html.escape(visible(summary), quote=False)
    return ["<details>", f"<summary>{words}</summary>", "", *body, "", "</details>", ""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int) -> list[str]:
    """A table whose last `numbers` columns stand to the right. Cells must hold no pipe."""
    words = len(head) - numbers
    rule = [*["---"] * words, *["---:"] * numbers]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
