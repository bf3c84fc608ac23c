"""A line of a template or a data file, and what editing it would do to a field of a video."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.project.columns import cell_text
from vidbuild.project.model import Video
from vidbuild.project.sources import Sources
from vidbuild.project.uses import Use, UsesOf, other, other_at, with_other_data
from vidbuild.request.model import Request
from vidbuild.source.locate import lines_of
from vidbuild.source.nearby import path_at
from vidbuild.source.tables import Row, check_ending
from vidbuild.workspace.target import Target

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_ENDS = re.compile(r"\{%[-+]?\s*(?:end\w+|else)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A line of a file that is no project file. `row` is the row that it belongs to, with its
    position; without one it concerns all rows. `ends` is whether it ends part of a template."""

    uses: UsesOf
    sources: Sources
    target: Target
    line: int
    row: tuple[int, Row] | None
    ends: bool

    def fields(self, request: Request, video: Video) -> list[str]:
        """The fields of a video that the line matters to."""
        return [
            ".".join(map(str, use.field))
            for use in self.uses.uses(video, request.body)
            if self.runs(use) or self.is_row(use, video) or self.matters(use, video)
        ]

    def runs(self, use: Use) -> bool:
        """Whether the template's line is run; the end of a block is where its file is."""
        if (self.target.file, self.line) in use.lines:
            return True
        return self.ends and any(file == self.target.file for file, _ in use.lines)

    def is_row(self, use: Use, video: Video) -> bool:
        if "each" not in use.names or video.row_file != self.target.file:
            return False
        span = video.row_span
        return self.row is None or span is None or span.line == self.row[1].span.line

    def matters(self, use: Use, video: Video) -> bool:
        """Whether a field would come out otherwise, were the line's data other than it is."""
        if self.target.file not in use.files or not use.vars:
            return False
        renderer = self.uses.renderer
        return self.uses.differs(
            video, use, with_other_data(renderer, self.target.path, self.altered)
        )

    def altered(self, value: Any, key: str | None) -> Any:
        """A data file's value with what stands in the line changed."""
        path = self.target.path
        if key is None and path.suffix.lower() not in _TABLES:
            at = path_at(self.sources.text(path), self.line, file=self.target.file)
            return other_at(value, at)
        if self.row is None:
            return other(value)
        number, row = self.row
        return other_at(value, (number if key is None else cell_text(row.values[key]),))


def file_line(uses: UsesOf, sources: Sources, target: Target, line: int) -> FileLine:
    """The line of the target with what is known of it."""
    text = lines_of(sources.text(target.path))[line - 1]
    return FileLine(
        uses=uses,
        sources=sources,
        target=target,
        line=line,
        row=_row(sources, target, line),
        ends=_ENDS.search(text) is not None,
    )


def _row(sources: Sources, target: Target, line: int) -> tuple[int, Row] | None:
    """The row that a line of a data file belongs to."""
    try:
        check_ending(target.file)
        rows = sources.rows(target.path)
    except Problems:
        return None  # a template, or a document without rows
    index = bisect_right([row.span.line for row in rows], line) - 1
    return (index, rows[index]) if index >= 0 else None
