"""The bundled documents, and values made from shapes: right ones, wrong ones, every place."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from vidbuild.schema.api import bundled
from vidbuild.schema.finding import Path
from vidbuild.schema.shape import MISSING, Shape
from vidbuild.source.yaml import load


def read(name: str) -> Any:
    return load(bundled(name).read_text(encoding="utf-8"), file=name)


SPEC = read("heygen-v3.openapi.yaml")
OVERLAY = read("heygen-v3.overlay.yaml")
WORDS = {"#101820": "hex colour", "https://example.org/a.png": "address"}


def bodies(shape: Shape) -> Iterator[Any]:
    """Bodies with every member at every depth, so many that each variant occurs."""
    if shape.variants:
        for variant in shape.variants.values():
            yield from bodies(variant)
    elif "object" in shape.types and shape.properties:
        options = {name: list(bodies(member)) for name, member in shape.properties.items()}
        for turn in range(max(map(len, options.values()))):
            yield {name: values[turn % len(values)] for name, values in options.items()}
    elif "array" in shape.types and shape.items:
        for item in bodies(shape.items):
            yield [item] * max(1, shape.limits.get("minItems", 1))
    else:
        yield scalar(shape)


def scalar(shape: Shape) -> Any:
    """A right value for a member that is no object and no list."""
    if shape.const is not MISSING:
        return shape.const
    if shape.enum is not None:
        return shape.enum[0]
    if "boolean" in shape.types:
        return True
    if shape.types & {"integer", "number"}:
        return shape.limits.get("maximum", 1)
    pattern = shape.limits.get("pattern", "")
    return next((word for word in WORDS if pattern and _matches(pattern, word)), "words")


def wrong(shape: Shape) -> Iterator[Any]:
    """Wrong values for a member: of the wrong type, not listed, out of range, of no form."""
    yield {"no": "such thing"} if "object" not in shape.types else "no mapping"
    if not shape.nullable:
        yield None
    if "string" not in shape.types:
        yield "text"
    if shape.enum is not None or shape.const is not MISSING:
        yield "no such choice"
    if shape.types == {"boolean"}:
        yield 1
    if shape.types & {"number", "integer"}:
        yield from (True, float("nan"), float("inf"))
    if "integer" in shape.types:
        yield shape.limits.get("minimum", 0) + 0.5
    for key, limit in shape.limits.items():
        yield from _beyond(key, limit, scalar(shape))


def _beyond(key: str, limit: Any, right: Any) -> Iterator[Any]:
    """Values on the wrong side of one limit."""
    match key:
        case "minimum":
            yield limit - 1
        case "maximum":
            yield limit + 1
        case "exclusiveMinimum":
            yield limit
        case "minLength":
            yield ""
        case "maxLength":
            yield "x" * (limit + 1)
        case "minItems":
            yield []
        case "maxItems":
            yield [None] * (limit + 1)
        case "pattern":
            yield "no such form"
            yield f"{right}\n" if "#" in limit else f" {right}"


def places(shape: Shape, value: Any, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Every place of a body with its shape, the body itself left out."""
    if path:
        yield path, shape
    if isinstance(value, dict):
        chosen = shape.variant(value) or shape
        for name, member in value.items():
            yield from places(chosen.properties[name], member, (*path, name))
    elif isinstance(value, list) and shape.items is not None:
        for position, item in enumerate(value):
            yield from places(shape.items, item, (*path, position))


def put(body: Any, path: Path, value: Any) -> Any:
    """A copy of the body with another value at a place."""
    made = copy.deepcopy(body)
    target = at(made, path[:-1])
    target[path[-1]] = value
    return made


def without(body: Any, path: Path) -> Any:
    made = copy.deepcopy(body)
    del at(made, path[:-1])[path[-1]]
    return made


def at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _matches(pattern: str, word: str) -> bool:
    return re.search(pattern, word) is not None
