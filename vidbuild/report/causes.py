"""Root causes as lines and as JSON: `scripts/intro.j2:3 changed: 4,812 videos, $9,400.00`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vidbuild.plan.model import Cause
from vidbuild.report.style import visible
from vidbuild.report.words import money, videos

MOST = 10

_REPEATS = frozenset({"new_video", "vanished", "render"})
_WORDS = {
    "provider": "{place}: another provider",
    "profile": "{place} changed (profile, {name})",
    "base": "{place} changed (base, {name})",
    "defaults": "{place} changed (defaults, {name})",
    "outside": "the outside variable {name} changed",
    "variable": "{place} changed (var {name})",
    "template": "{place} changed",
    "data": "{place} changed (column {name})",
    "media": "{place} changed",
    "override": "{place} changed (override, {name})",
    "video": "{place} changed ({name})",
    "removed": "{place}: {name} removed",
    "new_row": "{place}: new rows",
    "new_video": "{place}: new",
    "vanished": "no longer in the project",
    "render": "the last render failed, is gone or was given up on",
}


def cause_lines(causes: Sequence[Cause], *, every: bool = False, most: int = MOST) -> Iterator[str]:
    """A line for each cause, the dearest first; of very many the first ones."""
    shown = causes if every or len(causes) <= most + 1 else causes[:most]
    for cause in shown:
        cost = f", {money(cause.cost_usd)}" if cause.cost_usd != 0 else ""
        yield f"{_words(cause)}: {videos(cause.videos)}{cost}"
    if len(shown) < len(causes):
        rest = causes[len(shown) :]
        count = videos(sum(cause.videos for cause in rest))
        yield f"… {len(rest):,} more causes: {count} (--all shows them)"


def telling(causes: Sequence[Cause]) -> list[Cause]:
    """Without those that only repeat the reasons of their changes."""
    return [cause for cause in causes if cause.kind not in _REPEATS]


def cause_items(causes: Sequence[Cause]) -> list[dict[str, Any]]:
    """`causes` of `plan --json`."""
    return [
        {
            "file": cause.file,
            "line": cause.line,
            "kind": cause.kind,
            "name": cause.name,
            "videos": cause.videos,
            "cost_usd": cause.cost_usd,
        }
        for cause in causes
    ]


def _words(cause: Cause) -> str:
    place = visible(cause.file or "")
    if cause.line is not None:
        place += f":{cause.line}"
    words = _WORDS[cause.kind]
    if cause.name is None and "(" in words:
        words = words.partition(" (")[0]
    return words.format(place=place, name=visible(cause.name or ""))
