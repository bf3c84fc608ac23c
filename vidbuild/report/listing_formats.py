"""Listed videos as a table for people, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from vidbuild.plan.model import Plan
from vidbuild.report.listing import CELL, COLUMNS, Listed, cells_of, value_of
from vidbuild.report.style import Paint, clip, painter, visible, width_of
from vidbuild.report.words import dollars

FORMAT_VERSION = 1

_NUMBERS = frozenset({"seconds", "cost"})
_WIDEST_ROW = 48
_COLOURS = {
    "new": "green", "changed": "yellow", "gone": "yellow", "failed": "red", "unsure": "red",
    "reusable": "cyan", "in_flight": "blue", "missing": "blue", "altered": "blue",
    "held": "magenta", "orphan": "dim",
}  # fmt: skip


def listing_text(videos: Sequence[Listed], columns: Sequence[str], *, color: bool) -> str:
    """A table with a head; nothing for no videos."""
    if not videos:
        return ""
    paint = painter(color=color)
    table = [[_shown(video, column) for column in columns] for video in videos]
    widths = [
        max(width_of(cell) for cell in (name, *cells))
        for name, *cells in zip(columns, *table, strict=True)
    ]
    head = paint(_line(columns, columns, widths), "bold")
    return "\n".join(
        [head, *(_line(_painted(row, columns, paint), columns, widths) for row in table)]
    )


def listing_json(plan: Plan, videos: Sequence[Listed], columns: Sequence[str]) -> dict[str, Any]:
    """The document of `list --json`."""
    members = {column: COLUMNS.get(column, column) for column in columns}
    return {
        "format_version": FORMAT_VERSION,
        "project": plan.project,
        "profile": plan.profile,
        "provider": plan.provider,
        "videos": [
            {member: value_of(video, column) for column, member in members.items()}
            for video in videos
        ],
    }


def listing_csv(videos: Sequence[Listed], columns: Sequence[str]) -> str:
    """The values as they are, quoted where CSV asks for it; `row` becomes a column a cell."""
    cells = [CELL + cell for cell in cells_of(video.row for video in videos)]
    names = [name for column in columns for name in (cells if column == "row" else [column])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_plain(value_of(video, name)) for name in names] for video in videos)
    return text.getvalue().encode("utf-8", "replace").decode("utf-8")  # no half characters


def _shown(video: Listed, column: str) -> str:
    value = value_of(video, column)
    about = "~" if video.estimated else ""
    match column, value:
        case _, None | () | "":
            return "-"
        case "seconds", float() | int():
            return f"{about}{value:.1f}"
        case "cost", float() | int():
            return f"{about}{dollars(value)}"
        case "row", dict():
            pairs = (f"{visible(key)}={visible(_plain(cell))}" for key, cell in value.items())
            return clip(" ".join(pairs), _WIDEST_ROW) or "-"
        case "tags", _:
            return visible(" ".join(value))
        case _:
            return visible(_plain(value))


def _plain(value: Any) -> str:
    """A value as one cell: text as it is, what has parts as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case tuple():
            return " ".join(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _painted(row: Iterable[str], columns: Sequence[str], paint: Paint) -> list[str]:
    return [
        paint(cell, _COLOURS[cell]) if column == "state" and cell in _COLOURS else cell
        for cell, column in zip(row, columns, strict=True)
    ]


def _line(cells: Sequence[str], columns: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        gap = " " * (width - _bare_width(cell))
        padded.append(gap + cell if column in _NUMBERS else cell + gap)
    return "  ".join(padded).rstrip()


def _bare_width(cell: str) -> int:
    """The width without the colours around a cell."""
    if not cell.startswith("\x1b["):
        return width_of(cell)
    return width_of(cell[cell.index("m") + 1 : cell.rindex("\x1b")])
