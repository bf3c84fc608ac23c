"""Where a value stands in a YAML file, found again on demand for a message.

Parsing for values keeps no positions: they cost more than everything else and only an
error or an explanation ever asks for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from vidbuild.diagnostics import Span
from vidbuild.source.events import Next, parsed
from vidbuild.source.yaml import is_merge

Path = Sequence[str | int]


@dataclass(slots=True, kw_only=True)
class Place:
    """A value's first character; `style` is its quoting (`|`, `>`, `"`, `'` or empty), or `*`
    for an alias.

    `key` is where the member's key stands, for values of a mapping.
    """

    line: int
    column: int
    style: str = ""
    key: tuple[int, int] | None = None
    members: dict[str | int, Place] = field(default_factory=dict)
    merged: list[Place] = field(default_factory=list)

    def member(self, key: str | int) -> Place | None:
        if key in self.members:
            return self.members[key]
        return next((p for source in self.merged if (p := source.member(key))), None)

    @property
    def text_line(self) -> int:
        """The file's line in which the first line of a text value stands."""
        return self.line + 1 if self.style in ("|", ">") else self.line


def locate(text: str, path: Path, *, file: str, key: bool = False) -> Span:
    """The span of the value at `path`, or of the nearest parent that exists.

    With `key`, the span of the member's key: for what is wrong with a name or with the
    whole block rather than with a value.
    """
    place = find(text, path, file=file)
    if place is None:
        return Span(file=file)
    if key and place.key:
        return Span(file=file, line=place.key[0], column=place.key[1])
    return Span(file=file, line=place.line, column=place.column)


def find(text: str, path: Path, *, file: str) -> Place | None:
    """The place of the value at `path`, or of its nearest parent; None for an empty file."""
    place = _tree(text, file)
    for part in path:
        below = place.member(part) if place else None
        if below is None:
            break
        place = below
    return place


@lru_cache(maxsize=4)
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a file; split once for all the messages that look at one of them."""
    return tuple(text.split("\n"))


@lru_cache(maxsize=4)
def _tree(text: str, file: str) -> Place | None:
    return parsed(text, file, _root)


def _root(following: Next) -> Place | None:
    while (event := following()) is not None:
        if type(event) is DocumentStartEvent:
            return _Tree(following).node(following())
    return None


class _Tree:
    """One pass over the events of a document that is known to load."""

    def __init__(self, following: Next) -> None:
        self.next = following
        self.anchors: dict[str, Place] = {}
        self.names: dict[str, str] = {}  # what aliases of scalars are as keys

    def node(self, event: Any) -> Place:
        mark = event.start_mark
        place = Place(line=mark.line + 1, column=mark.column + 1)
        kind = type(event)
        if kind is AliasEvent:
            target = self.anchors[event.anchor]
            place.members, place.merged = target.members, target.merged
            place.style = "*"
            return place
        if kind is ScalarEvent:
            place.style = event.style or ""
            if event.anchor:
                self.names[event.anchor] = event.value
        elif kind is SequenceStartEvent:
            self.sequence(place)
        else:
            self.mapping(place)
        if event.anchor:
            self.anchors[event.anchor] = place
        return place

    def sequence(self, place: Place) -> None:
        while type(item := self.next()) is not SequenceEndEvent:
            place.members[len(place.members)] = self.node(item)

    def mapping(self, place: Place) -> None:
        while type(key := self.next()) is not MappingEndEvent:
            at = self.node(key)
            value = self.node(self.next())
            name = self.names[key.anchor] if type(key) is AliasEvent else key.value
            if name == "<<" and is_merge(key):
                # Of several sources the first wins, as in loading.
                place.merged += list(value.members.values()) if 0 in value.members else [value]
            else:
                value.key = (at.line, at.column)
                place.members[name] = value
