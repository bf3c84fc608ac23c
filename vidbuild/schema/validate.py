"""Checking a request body against the API: every problem, by path, with what would be right.

A union is entered by its discriminator, never tried branch by branch, so a message is about
the variant that was meant. A body without problems is judged by the Shape alone; jsonschema
is loaded only for keywords that a Shape does not know. Not for rules between fields: those
are data, see `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from vidbuild.diagnostics import problem
from vidbuild.schema import wording
from vidbuild.schema.api import Api
from vidbuild.schema.finding import Finding, Path, kind, same
from vidbuild.schema.rules import broken
from vidbuild.schema.shape import MISSING, Shape

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
WARNING = "VB249"


def check(api: Api, body: Any, *, local_files: bool = False) -> list[Finding]:
    """All that the API would refuse in `body`; an empty list where it is fine.

    With `local_files` a field for an uploaded file may hold `{"sha256": hex}` in its place.
    """
    return [f for f in findings(api, body, local_files=local_files) if f.code != WARNING]


def advise(api: Api, body: Any) -> list[Finding]:
    """What the API would take but ignore (VB249)."""
    return [f for f in findings(api, body, local_files=True) if f.code == WARNING]


def findings(api: Api, body: Any, *, local_files: bool) -> Iterator[Finding]:
    """What `check` and `advise` say, in one pass; those of code `WARNING` are advice."""
    return _Walk(api, local_files).value(api.request, body, ())


class _Walk:
    """One pass over one body."""

    __slots__ = ("_document", "_local_files")

    def __init__(self, api: Api, local_files: bool) -> None:
        self._document = api.document
        self._local_files = local_files

    def value(self, shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
        if value is None and shape.nullable:
            return
        if shape.asset and self._local_files and is_digest(value):
            return
        if shape.alternatives:
            yield from self._alternatives(shape, value, path)
            return
        found = kind(value)
        if not _is_a(found, shape.types):
            yield wording.wrong_type(shape, value, path)
            return
        if shape.enum is not None or shape.const is not MISSING:
            yield from _listed(shape, value, path)
        if found == "object":
            yield from self._object(shape, value, path)
        elif found == "array":
            yield from _sized(shape, value, path, "minItems", "maxItems")
            yield from self._list(shape, value, path)
        elif shape.limits:
            yield from _limited(shape, value, path)
        if shape.exotic:
            yield from self._exotic(shape, value, path)

    def _object(self, shape: Shape, value: Mapping[str, Any], path: Path) -> Iterator[Finding]:
        chosen = shape.variant(value)
        if chosen is None:
            yield wording.no_variant(shape, value, path)
            return
        for key in chosen.schema.get("required", ()):  # in the order of the spec
            if key not in value:
                yield wording.missing(chosen, key, path)
        properties = chosen.properties
        for key, member in value.items():
            if key in properties:
                yield from self.value(properties[key], member, (*path, key))
            elif chosen.closed:
                yield wording.unknown(shape, chosen, value, key, path)
            elif (rest := chosen.rest) is not None:
                yield from self.value(rest, member, (*path, key))
        yield from _sized(chosen, value, path, "minProperties", "maxProperties")
        if not chosen.rules:
            return
        text = frozenset(k for k in value if k in properties and properties[k].text)
        for rule in chosen.rules:
            yield from broken(rule, value, path, text=text)

    def _list(self, shape: Shape, value: list[Any], path: Path) -> Iterator[Finding]:
        items = shape.items
        if items is not None:
            for position, item in enumerate(value):
                yield from self.value(items, item, (*path, position))

    def _alternatives(self, shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
        """Of several unmarked branches, the problems of the one with the fewest."""
        found = [list(self.value(each, value, path)) for each in shape.alternatives]
        right_type = [
            problems
            for problems, each in zip(found, shape.alternatives, strict=True)
            if _is_a(kind(value), each.types)
        ]
        if not right_type:
            yield wording.wrong_type(shape, value, path)
            return
        yield from min(right_type, key=len)

    def _exotic(self, shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
        """Keywords that only a JSON Schema library knows, worded by it."""
        from jsonschema import Draft202012Validator

        schema = {**shape.exotic, "components": self._document.get("components", {})}
        for error in Draft202012Validator(schema).iter_errors(value):
            where = (*path, *error.absolute_path)
            yield Finding(path=where, code="VB217", message=wording.about(where, error.message))


def _is_a(found: str, types: frozenset[str]) -> bool:
    return not types or found in types or (found == "integer" and "number" in types)


def is_digest(value: Any) -> bool:
    """True for what stands for a local file: `{"sha256": hex}`."""
    return (
        isinstance(value, Mapping)
        and value.keys() == {"sha256"}
        and isinstance(value["sha256"], str)
        and _SHA256.match(value["sha256"]) is not None
    )


def _listed(shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
    allowed = shape.enum if shape.enum is not None else (shape.const,)
    if not any(same(value, each) for each in allowed):
        yield wording.not_listed(shape, value, allowed, path)


def within_limits(shape: Shape, text: str) -> bool:
    """Whether a text keeps the shape's own limits on texts."""
    return not any(_limited(shape, text, ()))


def _limited(shape: Shape, value: Any, path: Path) -> Iterator[Finding]:
    if isinstance(value, str):
        yield from _sized(shape, value, path, "minLength", "maxLength")
        pattern = shape.limits.get("pattern")
        if pattern is not None and not _pattern(pattern).search(value):
            yield wording.wrong_form(shape, value, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        limits = shape.limits
        if (
            value < limits.get("minimum", value)
            or value > limits.get("maximum", value)
            or ("exclusiveMinimum" in limits and value <= limits["exclusiveMinimum"])
            or ("exclusiveMaximum" in limits and value >= limits["exclusiveMaximum"])
        ):
            yield wording.out_of_range(shape, value, path)


def _sized(shape: Shape, value: Any, path: Path, least: str, most: str) -> Iterator[Finding]:
    limits = shape.limits
    if limits and not limits.get(least, 0) <= len(value) <= limits.get(most, len(value)):
        yield wording.wrong_size(value, path, limits.get(least), limits.get(most))


@cache
def _pattern(source: str) -> re.Pattern[str]:
    """A schema's pattern; its final `$` is the very end, which Python's is not."""
    if source.endswith("$") and not source.endswith("\\$"):
        source = source[:-1] + r"\Z"
    try:
        return re.compile(source)
    except re.error as error:
        raise problem("VB277", f"the spec has a pattern that cannot be read: {error}") from None
