"""YAML to plain dicts, lists and scalars, from parse events: YAML 1.2 core schema.

Positions are not kept (`locate` finds them again when a message needs one). Every key is
its text. Duplicate keys, custom tags, cyclic or exploding aliases and absurd nesting are
errors with their place.
"""

from __future__ import annotations

from dataclasses import replace
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

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span
from vidbuild.source.events import Next, parsed, span_of
from vidbuild.source.scalars import (
    UnknownTag,
    is_collection_tag,
    plain_value,
    shown_tag,
    tagged_value,
)

MAX_DEPTH = 100
# An alias may repeat what the file holds many times over, but not explode it.
MAX_EXPANDED_NODES = 2_000_000

_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


def load(text: str, *, file: str) -> Any:
    """The document's value; None for an empty file. Raises `Problems` (VB11x) naming `file`."""
    return parsed(text, file, lambda following: _Build(file, text, following).document())


class _Build:
    """One pass over the events; `count` counts the nodes, those behind aliases included."""

    def __init__(self, file: str, text: str, following: Next) -> None:
        self.file = file
        self.text = text
        self.next = following
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open: set[str] = set()
        self.count = 0

    def document(self) -> Any:
        value: Any = None
        documents = 0
        while (event := self.next()) is not None:
            if type(event) is not DocumentStartEvent:
                continue
            documents += 1
            if documents > 1:
                raise self.error(event, "VB112", "a second document begins here",
                                 "keep one document in a file")  # fmt: skip
            value = self.node(self.next(), 0)
        return value

    def node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            self.count += 1
            if event.tag is None:
                value: Any = plain_value(event.value) if event.implicit[0] else event.value
            else:
                value = self.tagged(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
            return value
        if kind is AliasEvent:
            return self.alias(event)
        return self.collection(event, depth)

    def collection(self, event: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise self.error(event, "VB114", f"nested more than {MAX_DEPTH} levels deep")
        anchor, before = event.anchor, self.count
        self.count += 1
        if anchor:
            self.open.add(anchor)
        build = self.mapping if type(event) is MappingStartEvent else self.sequence
        value = build(event, depth + 1)
        if anchor:
            self.open.discard(anchor)
            self.anchors[anchor] = (value, self.count - before)
        return value

    def alias(self, event: Any) -> Any:
        name = event.anchor
        if name in self.open:
            raise self.error(event, "VB115", f"the alias *{name} stands inside its own anchor",
                             "an alias can only repeat what is complete above it")  # fmt: skip
        if name not in self.anchors:
            raise self.error(event, "VB115", f"there is no anchor &{name} before this alias",
                             "define the anchor above its first use")  # fmt: skip
        value, size = self.anchors[name]
        self.count += size
        if self.count > MAX_EXPANDED_NODES:
            raise self.error(event, "VB114", "aliases expand to too many values",
                             "write the data once, in a data file")  # fmt: skip
        return value

    def tagged(self, event: Any) -> Any:
        tag = shown_tag(event.tag)
        try:
            return tagged_value(event.value, event.tag)
        except UnknownTag:
            raise self.error(event, "VB116", f"the tag {tag} is not supported",
                             "remove the tag; plain YAML values are enough") from None  # fmt: skip
        except ValueError:
            raise self.error(event, "VB116", f"{event.value!r} is no {tag}",
                             "remove the tag, or write a value that fits it") from None  # fmt: skip

    def sequence(self, event: Any, depth: int) -> list[Any]:
        self.check_tag(event, "seq")
        items: list[Any] = []
        while type(item := self.next()) is not SequenceEndEvent:
            items.append(self.node(item, depth))
        return items

    def mapping(self, event: Any, depth: int) -> dict[str, Any]:
        self.check_tag(event, "map")
        members: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        following = self.next
        while type(key := following()) is not MappingEndEvent:
            name = self.key(key)
            item = following()
            self.count += 1
            if type(item) is ScalarEvent and item.tag is None and item.anchor is None:
                # What most values are; as `node` does it, without the call.
                self.count += 1
                value = plain_value(item.value) if item.implicit[0] else item.value
            else:
                value = self.node(item, depth)
            if name == "<<" and is_merge(key):
                merged += self.merge_sources(key, value)
            elif name in members:
                raise self.duplicate(event, key, name)
            else:
                members[name] = value
        for source in merged:
            for name, value in source.items():
                members.setdefault(name, value)
        return members

    def key(self, event: Any) -> str:
        if type(event) is ScalarEvent:
            text: str = event.value
            if event.anchor is not None:
                self.anchors[event.anchor] = (text, 1)
            return text
        if type(event) is AliasEvent and isinstance(name := self.alias(event), str):
            return name
        line = self.text.split("\n")[event.start_mark.line]
        start = line.find("{{")
        if start < 0:
            raise self.error(event, "VB117", "a key must be text, not a list or a mapping")
        quoted = line[:start] + '"' + line[start:].rstrip().replace('"', "'") + '"'
        raise self.error(event, "VB117", "a template must stand in quotes",
                         f"write {quoted.strip()}", column=start + 1)  # fmt: skip

    def merge_sources(self, event: Any, value: Any) -> list[dict[str, Any]]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self.error(event, "VB118", "`<<` takes a mapping or a list of mappings",
                             "give it an alias of a mapping, such as *shared")  # fmt: skip
        return sources

    def check_tag(self, event: Any, kind: str) -> None:
        if event.tag is not None and not is_collection_tag(event.tag, kind):
            raise self.error(event, "VB116", f"the tag {shown_tag(event.tag)} is not supported",
                             "remove the tag; plain YAML values are enough")  # fmt: skip

    def duplicate(self, mapping: Any, key: Any, name: str) -> Problems:
        first = _first_key(self.text, self.file, mapping.start_mark.index, name)
        [found] = self.error(
            key, "VB113", f"the key {name!r} is doubled", "remove one of the two"
        ).diagnostics
        return Problems([replace(found, notes=(Note(message="first defined here", span=first),))])

    def error(
        self, event: Any, code: str, message: str, hint: str | None = None, *, column: int = 0
    ) -> Problems:
        span = span_of(event.start_mark, self.file)
        span = replace(span, column=column) if column else span
        return Problems([Diagnostic(code=code, message=message, hint=hint, span=span)])


def is_merge(key: Any) -> bool:
    """True for a plain `<<`; in quotes, or by an alias, it is a key like any other."""
    return type(key) is ScalarEvent and bool(key.implicit[0])


def _first_key(text: str, file: str, start: int, name: str) -> Span:
    """Where the mapping that begins at character `start` has its first key `name`."""
    return parsed(text, file, lambda following: _search(following, file, start, name))


def _search(following: Next, file: str, start: int, name: str) -> Span:
    while type(event := following()) is not MappingStartEvent or event.start_mark.index != start:
        pass
    depth, key_next = 0, True
    while depth >= 0:
        event = following()
        if depth == 0 and key_next and type(event) is ScalarEvent and event.value == name:
            return span_of(event.start_mark, file)
        if type(event) in _STARTS:
            depth += 1
        elif type(event) in _ENDS:
            depth -= 1
        if depth == 0:
            key_next = not key_next
    return Span(file=file)
