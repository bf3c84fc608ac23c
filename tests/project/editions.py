"""Every field of an edition of the API: right and wrong values, written as videos of a project.

Made from the spec's shapes and the overlay's rules, so that a new field is tested by being in
the spec.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.schema.schema_kit import scalar, wrong
from vidbuild.schema.rules import at, fits
from vidbuild.schema.shape import Shape

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A member at a path, under the variants that `tags` name by the path of their object."""

    path: Path
    shape: Shape
    tags: Mapping[Path, str]

    @property
    def name(self) -> str:
        kinds = ".".join(self.tags.values())
        return f"{kinds}-{'.'.join(map(str, self.path))}"


def every_field(
    shape: Shape, path: Path = (), tags: Mapping[Path, str] | None = None
) -> Iterator[Field]:
    tags = tags or {}
    if shape.variants:
        for tag, variant in shape.variants.items():
            yield from every_field(variant, path, {**tags, path: tag})
    for name, member in shape.properties.items():
        yield Field(path=(*path, name), shape=member, tags=tags)
        yield from every_field(member, (*path, name), tags)
    if shape.items is not None:
        yield from every_field(shape.items, (*path, 0), tags)


def body_of(request: Shape, field: Field, value: Any) -> dict[str, Any]:
    """A body that holds the value at the field, and what it needs beside it."""
    made = _place(request, field.path, (), field.tags, value)
    assert isinstance(made, dict)
    return made


def right_value(field: Field) -> Any:
    tag = next((t for p, t in field.tags.items() if field.path[:-1] == p and _is_tag(field)), None)
    return tag if tag is not None else minimal(field.shape)


def wrong_values(field: Field) -> Iterator[Any]:
    for value in wrong(field.shape):
        if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
            yield value


def _is_tag(field: Field) -> bool:
    return field.path[-1] in ("type", "engine_type")


def minimal(shape: Shape) -> Any:
    """The smallest right value."""
    if shape.variants:
        tag, variant = next(iter(shape.variants.items()))
        return {**minimal(variant), str(shape.discriminator): tag}
    if "object" in shape.types:
        return _completed(shape, {n: minimal(shape.properties[n]) for n in shape.required})
    if "array" in shape.types and shape.items is not None:
        return [minimal(shape.items)] * max(1, shape.limits.get("minItems", 1))
    return scalar(shape)


def _place(shape: Shape, path: Path, here: Path, tags: Mapping[Path, str], value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        assert shape.items is not None
        return [_place(shape.items, rest, (*here, head), tags, value)]
    made: dict[str, Any] = {}
    if shape.variants:
        made[str(shape.discriminator)] = tags[here]
        shape = shape.variants[tags[here]]
    made |= {n: minimal(shape.properties[n]) for n in shape.required if n not in made}
    made[head] = _place(shape.properties[head], rest, (*here, head), tags, value)
    made |= _kind_for(shape, head)
    return _completed(shape, made, keep=head)


def _kind_for(shape: Shape, head: str) -> dict[str, Any]:
    """The kind under which a member of an object without variants counts."""
    for rule in shape.rules:
        if head in rule.get("exactly_one_of", ()) or head == rule.get("required"):
            return dict(rule.get("when", {}))
    return {}


def _completed(shape: Shape, made: dict[str, Any], *, keep: str = "") -> dict[str, Any]:
    """With what the rules between fields ask for."""
    for rule in [*shape.rules, *shape.rules]:
        applies = (
            all(fits(at(made, k), v) for k, v in rule.get("when", {}).items())
            and all(made.get(k) is not None for k in rule.get("with", ()))
            and not rule.get("warning")
        )  # fmt: skip
        if not applies:
            continue
        group = rule.get("exactly_one_of", ())
        if group and not any(name in made for name in group):
            made[group[0]] = minimal(shape.properties[group[0]])
        needed = rule.get("required")
        if needed and needed not in made:
            made[needed] = minimal(shape.properties[needed])
    return made


class Page:
    """A project file under way: text, and where each value of each video stands."""

    def __init__(self, head: str) -> None:
        self.lines = [*head.rstrip("\n").split("\n"), "videos:"]
        self.places: dict[tuple[str, Path], tuple[int, int]] = {}

    def add(self, name: str, body: Mapping[str, Any], *, flat: Path) -> None:
        """Writes a video; the value at `flat` in one line."""
        self.lines.append(f"  {name}:")
        self._mapping(name, body, (), "    ", flat)

    def _mapping(
        self, name: str, value: Mapping[str, Any], path: Path, indent: str, flat: Path
    ) -> None:
        for key, member in value.items():
            self._value(name, member, (*path, key), f"{indent}{key}:", indent, flat)

    def _value(self, name: str, value: Any, path: Path, lead: str, indent: str, flat: Path) -> None:
        inner = f"{indent}  "
        if isinstance(value, dict) and value and path != flat and flat[: len(path)] == path:
            self.lines.append(lead)
            self._mapping(name, value, path, inner, flat)
        elif isinstance(value, list) and value and path != flat and flat[: len(path)] == path:
            self.lines.append(lead)
            for index, item in enumerate(value):
                self.lines.append(f"{inner}-")
                self._mapping(name, item, (*path, index), f"{inner}  ", flat)
        else:
            self.lines.append(f"{lead} {json.dumps(value)}")
            self.places[name, path] = (len(self.lines), len(lead) + 2)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"
