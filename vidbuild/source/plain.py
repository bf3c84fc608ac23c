"""Plain (unquoted) scalars of a YAML file as they are written, with their paths.

A second reading of the file, for messages about spelling alone: loading keeps values only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from vidbuild.diagnostics import Span
from vidbuild.source.events import Next, parsed, span_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A plain scalar: where it begins, its path, its text, and what follows in its last line."""

    span: Span
    path: tuple[str | int, ...]
    text: str
    behind: str


def plain_scalars(text: str, *, file: str) -> list[Written]:
    """The plain scalars that are values, in their order; those behind aliases are left out."""
    return parsed(text, file, lambda following: list(_Walk(text, file, following).document()))


class _Walk:
    """One pass over the events of a document that is known to load."""

    def __init__(self, text: str, file: str, following: Next) -> None:
        self.lines = text.split("\n")
        self.file = file
        self.next = following

    def document(self) -> Iterator[Written]:
        while (event := self.next()) is not None:
            if type(event) is DocumentStartEvent:
                yield from self.node(self.next(), ())

    def node(self, event: Any, path: tuple[str | int, ...]) -> Iterator[Written]:
        kind = type(event)
        if kind is ScalarEvent:
            if event.implicit[0] and not event.style:
                yield self.written(event, path)
        elif kind is SequenceStartEvent:
            index = 0
            while type(item := self.next()) is not SequenceEndEvent:
                yield from self.node(item, (*path, index))
                index += 1
        elif kind is MappingStartEvent:
            while type(key := self.next()) is not MappingEndEvent:
                name = key.anchor if type(key) is AliasEvent else key.value
                yield from self.node(self.next(), (*path, name))

    def written(self, event: Any, path: tuple[str | int, ...]) -> Written:
        end = event.end_mark
        line = self.lines[end.line] if end.line < len(self.lines) else ""
        return Written(
            span=span_of(event.start_mark, self.file),
            path=path,
            text=event.value,
            behind=line[end.column :],
        )


def quoted(text: str) -> str:
    """The text as a quoted scalar of one line."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
