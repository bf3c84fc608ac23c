"""YAML to plain dicts, lists and scalars, from parse events: YAML 1.2 core schema.

Positions are not kept (`locate` finds them again when a message needs one). Every key is
its text. Duplicate keys, custom tags, cyclic or exploding aliases and absurd nesting are
errors with their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span

MAX_DEPTH = 100
# An alias may repeat what the file holds many times over, but not explode it.
MAX_EXPANDED_NODES = 2_000_000

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FIRST_OF_NON_TEXT = frozenset("-+.0123456789tTfFnN~")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z")
_NAN = {".nan", ".NaN", ".NAN"}
_MAX_DIGITS = 4000  # Python refuses longer integers; so would any reader of the JSON

_TAG = "tag:yaml.org,2002:"


def load(text: str, *, file: str) -> Any:
    """The document's value; None for an empty file. Raises `Problems` (VB11x) naming `file`."""
    try:
        return _Build(file, text).document()
    except _Marked as error:
        raise Problems([error.diagnostic]) from None


def events(text: str, file: str) -> Iterator[Any]:
    """Parse events of one document, from the C parser where it is there."""
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        yield from _raw_events(text)
    except MarkedYAMLError as error:
        raise Problems([_syntax(error, file)]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Problems(
            [
                Diagnostic(
                    code="VB111",
                    message=f"a character that YAML does not allow: {error.character!r}",
                    hint="remove the control character, or write it as an escape in double quotes",
                    span=Span(file=file, line=line),
                )
            ]
        ) from None


def _raw_events(text: str) -> Iterator[Any]:
    try:
        from _ruamel_yaml import CParser
    except ImportError:  # no wheel for this platform: slower, the same values
        from ruamel.yaml import YAML

        yield from YAML(typ="safe", pure=True).parse(text)
        return
    parser = CParser(text)
    get = parser.get_event
    while (event := get()) is not None:
        yield event


def scalar(value: str) -> Any:
    """A plain scalar under the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""
    if value in _NULL:
        return None
    if value[0] not in _FIRST_OF_NON_TEXT:
        return value
    if value in _BOOL:
        return _BOOL[value]
    if _INT.match(value):
        return int(value) if len(value) < _MAX_DIGITS else value
    if _FLOAT.match(value):
        return float(value)
    if _OCTAL.match(value):
        return int(value, 0)
    if _HEX.match(value):
        return int(value, 0)
    if found := _INFINITY.match(value):
        return float(found[1] + "inf")
    return float("nan") if value in _NAN else value


class _Marked(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


class _Build:
    """One pass over the events; `sizes` counts expanded nodes behind each anchor."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.next = events(text, file).__next__
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open: set[str] = set()
        self.count = 0

    def document(self) -> Any:
        value: Any = None
        documents = 0
        while True:
            try:
                event = self.next()
            except StopIteration:
                return value
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise self.error(event, "VB112", "a second document begins here",
                                     "keep one document in a file")  # fmt: skip
                value = self.node(self.next(), 0)

    def node(self, event: Any, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.alias(event)
        anchor = event.anchor
        before = self.count
        self.count += 1
        if kind == "ScalarEvent":
            value: Any = self.scalar(event)
        else:
            if depth >= MAX_DEPTH:
                raise self.error(event, "VB114", f"nested more than {MAX_DEPTH} levels deep")
            if anchor:
                self.open.add(anchor)
            build = self.mapping if kind == "MappingStartEvent" else self.sequence
            value = build(event, depth + 1)
        if anchor:
            self.open.discard(anchor)
            self.anchors[anchor] = (value, self.count - before)
        return value

    def alias(self, event: Any) -> Any:
        name = event.anchor
        if name in self.open:
            raise self.error(event, "VB115", f"the alias *{name} stands inside its own anchor")
        if name not in self.anchors:
            raise self.error(event, "VB115", f"there is no anchor &{name} before this alias",
                             "define the anchor above its first use")  # fmt: skip
        value, size = self.anchors[name]
        self.count += size
        if self.count > MAX_EXPANDED_NODES:
            raise self.error(event, "VB114", "aliases expand to too many values",
                             "write the data once, in a data file")  # fmt: skip
        return value

    def scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None:
            return scalar(event.value) if event.implicit[0] else event.value
        return self.tagged(event, tag)

    def tagged(self, event: Any, tag: str) -> Any:
        value = event.value
        if tag in ("!", _TAG + "str"):
            return value
        resolved = scalar(value)
        kinds: dict[str, tuple[type, ...]] = {
            "int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),),
        }  # fmt: skip
        wanted = kinds.get(tag.removeprefix(_TAG))
        if wanted is None:
            raise self.error(event, "VB116", f"the tag {_shown(tag)} is not supported",
                             "remove the tag; plain YAML values are enough")  # fmt: skip
        if not isinstance(resolved, wanted) or (bool not in wanted and isinstance(resolved, bool)):
            raise self.error(event, "VB116", f"{value!r} is no {_shown(tag)}")
        return float(value) if float in wanted else resolved

    def sequence(self, event: Any, depth: int) -> list[Any]:
        self.check_tag(event, "seq")
        items: list[Any] = []
        while type(item := self.next()).__name__ != "SequenceEndEvent":
            items.append(self.node(item, depth))
        return items

    def mapping(self, event: Any, depth: int) -> dict[str, Any]:
        self.check_tag(event, "map")
        members: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        while type(key := self.next()).__name__ != "MappingEndEvent":
            name = self.key(key)
            self.count += 1
            value = self.node(self.next(), depth)
            if name == "<<" and key.implicit[0]:
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
        kind = type(event).__name__
        if kind == "ScalarEvent":
            if event.anchor:
                self.anchors[event.anchor] = (event.value, 1)
            text: str = event.value
            return text
        if kind == "AliasEvent" and isinstance(name := self.alias(event), str):
            return name
        line = self.text.splitlines()[event.start_mark.line]
        start = line.find("{{")
        if start >= 0:
            quoted = line[:start] + '"' + line[start:].rstrip().replace('"', "'") + '"'
            raise self.error(event, "VB117", "a template must stand in quotes",
                             f"write {quoted.strip()}", column=start + 1)  # fmt: skip
        raise self.error(event, "VB117", "a key must be text, not a list or a mapping")

    def merge_sources(self, event: Any, value: Any) -> list[dict[str, Any]]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self.error(event, "VB118", "`<<` takes a mapping or a list of mappings")
        return sources

    def check_tag(self, event: Any, kind: str) -> None:
        if event.tag not in (None, "!", _TAG + kind):
            raise self.error(event, "VB116", f"the tag {_shown(event.tag)} is not supported here",
                             "remove the tag")  # fmt: skip

    def duplicate(self, mapping: Any, key: Any, name: str) -> _Marked:
        first = _first_key(self.text, self.file, mapping.start_mark.index, name)
        error = self.error(key, "VB113", f"the key {name!r} is doubled", "remove one of the two")
        note = Note(message="first defined here", span=first)
        d = error.diagnostic
        return _Marked(
            Diagnostic(code=d.code, message=d.message, hint=d.hint, span=d.span, notes=(note,))
        )

    def error(
        self, event: Any, code: str, message: str, hint: str | None = None, *, column: int = 0
    ) -> _Marked:
        mark = event.start_mark
        span = Span(file=self.file, line=mark.line + 1, column=column or mark.column + 1)
        return _Marked(Diagnostic(code=code, message=message, hint=hint, span=span))


def _first_key(text: str, file: str, start: int, name: str) -> Span:
    """Where the mapping that begins at character `start` has its first key `name`."""
    depth = -1
    key_next = True
    for event in events(text, file):
        kind = type(event).__name__
        if depth < 0:
            if kind == "MappingStartEvent" and event.start_mark.index == start:
                depth = 0
            continue
        if depth == 0 and key_next and kind == "ScalarEvent" and event.value == name:
            return Span(file=file, line=event.start_mark.line + 1,
                        column=event.start_mark.column + 1)  # fmt: skip
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            depth += 1
            continue
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if depth == 0:
            key_next = not key_next
    return Span(file=file)


def _shown(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag


# What libyaml says, by a word in it, and what to do about it.
_ADVICE = (
    ("found character '\\t'", "indent with spaces: YAML does not allow tabs"),
    ("cannot start any token", "put the value in quotes"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes"),
    ("could not find expected ':'", "a key needs a `:` behind it"),
    ("did not find expected key", "check the indentation, and quotes inside quotes"),
    ("did not find expected '-'", "list items must be indented alike"),
    ("unexpected end of stream", "a quote or bracket is not closed"),
    ("did not find expected ',' or", "a bracket or brace is not closed"),
)


def _syntax(error: Any, file: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    said = str(error.problem or error.context or "not YAML")
    notes: tuple[Note, ...] = ()
    if error.context and error.context_mark and error.problem_mark:
        context = error.context_mark
        place = Span(file=file, line=context.line + 1, column=context.column + 1)
        notes = (Note(message=str(error.context), span=place),)
    return Diagnostic(
        code="VB110",
        message=f"not valid YAML: {said}",
        hint=next((advice for words, advice in _ADVICE if words in said), None),
        span=Span(file=file, line=mark.line + 1, column=mark.column + 1) if mark else None,
        notes=notes,
    )
