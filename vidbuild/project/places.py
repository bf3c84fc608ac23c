"""Where a template's fault stands in a project file: file, line, column."""

from __future__ import annotations

import re

from vidbuild.diagnostics import Span
from vidbuild.project.faults import TemplateFault
from vidbuild.project.model import Path, Source
from vidbuild.source.locate import Place, find, lines_of

MARKS = ("{{", "{%", "{#")
_SEARCHED = 200  # lines of a folded text in which to look for a word


def inline_span(source: Source, path: Path, fault: TemplateFault) -> Span:
    """The place of a fault in the value at `path` of a YAML file.

    In a literal block each line of the template has a line of its own; folded and quoted
    texts lose their lines in reading, there the word at fault is searched.
    """
    place = find(source.text, path, file=source.name)
    if place is None:
        return Span(file=source.name)
    lines = lines_of(source.text)
    if place.style == "|":
        line = min(place.line + fault.line, len(lines))
        return Span(file=source.name, line=line, column=_column(lines[line - 1], fault.word, 0))
    if place.style != "*" and fault.word:
        for line in range(place.line, min(place.line + _SEARCHED, len(lines)) + 1):
            text = lines[line - 1]
            start = place.column - 1 if line == place.line else 0
            if (found := _word(text, fault.word, _mark(text, start, start))) >= 0:
                return Span(file=source.name, line=line, column=found + 1)
    return Span(file=source.name, line=place.line, column=_start(lines, place) + 1)


def file_span(text: str, fault: TemplateFault) -> Span:
    """The place of a fault in a template file."""
    lines = lines_of(text)
    line = min(max(fault.line, 1), len(lines))
    column = _column(lines[line - 1], fault.word, 0)
    return Span(file=str(fault.template), line=line, column=column)


def _start(lines: tuple[str, ...], place: Place) -> int:
    """The value's first template mark on its line, or else its beginning."""
    start = place.column - 1
    if place.style == "*" or place.line > len(lines):
        return start
    return _mark(lines[place.line - 1], start, start)


def _column(line: str, word: str | None, start: int) -> int:
    indent = len(line) - len(line.lstrip())
    mark = _mark(line, start, indent)
    found = _word(line, word, mark if mark > indent else start) if word else -1
    return (found if found >= 0 else mark) + 1


def _word(line: str, word: str, start: int) -> int:
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    found = pattern.search(line, start)
    return found.start() if found else -1


def _mark(line: str, start: int, otherwise: int) -> int:
    return min((i for m in MARKS if (i := line.find(m, start)) >= 0), default=otherwise)
