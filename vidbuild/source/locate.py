"""Where a value stands in a YAML file, found again on demand for a message.

Parsing for values keeps no positions: they cost more than everything else and only an
error or an explanation ever asks for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from vidbuild.diagnostics import Span
from vidbuild.source.yaml import events

Path = Sequence[str | int]


@dataclass(slots=True, kw_only=True)
class Place:
    """A value's first character; `style` is its quoting (`|`, `>`, `"`, `'` or empty).

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
def _tree(text: str, file: str) -> Place | None:
    stream = events(text, file)
    anchors: dict[str, Place] = {}
    for event in stream:
        if type(event).__name__ == "DocumentStartEvent":
            return _node(next(stream), stream, anchors)
    return None


def _node(event: Any, stream: Any, anchors: dict[str, Place]) -> Place:
    mark = event.start_mark
    place = Place(line=mark.line + 1, column=mark.column + 1)
    kind = type(event).__name__
    if kind == "AliasEvent":
        target = anchors.get(event.anchor)
        if target is not None:
            place.members, place.merged = target.members, target.merged
            place.style = target.style
        return place
    if kind == "ScalarEvent":
        place.style = event.style or ""
    elif kind == "SequenceStartEvent":
        _sequence(place, stream, anchors)
    else:
        _mapping(place, stream, anchors)
    if event.anchor:
        anchors[event.anchor] = place
    return place


def _sequence(place: Place, stream: Any, anchors: dict[str, Place]) -> None:
    index = 0
    while type(item := next(stream)).__name__ != "SequenceEndEvent":
        place.members[index] = _node(item, stream, anchors)
        index += 1


def _mapping(place: Place, stream: Any, anchors: dict[str, Place]) -> None:
    while type(key := next(stream)).__name__ != "MappingEndEvent":
        at = _node(key, stream, anchors)
        value = _node(next(stream), stream, anchors)
        name = getattr(key, "value", None)
        if name == "<<" and key.implicit[0]:
            # Of several sources the first wins, as in loading.
            place.merged += list(value.members.values()) if _is_list(value) else [value]
        elif name is not None:
            value.key = (at.line, at.column)
            place.members[name] = value


def _is_list(place: Place) -> bool:
    return 0 in place.members
