"""Layers of fields, each a JSON Merge Patch (RFC 7396) on the ones below it.

Two rules come from the API spec, so that no layer leaves waste behind: a new value of a
nested discriminator starts its object anew, and of members that exclude each other the one
in the higher layer removes those below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vidbuild.schema.shape import Shape

Fields = Mapping[str, Any]


def merge(lower: Fields, upper: Fields, shape: Shape | None) -> dict[str, Any]:
    """RFC 7396 of `upper` onto `lower` under the spec's two rules; shares what it keeps.

    `shape` describes the object; without one (or under members it does not know) the plain
    merge patch applies.
    """
    merged = dict(lower)
    for group in _groups(shape, lower, upper):
        if any(upper.get(name) is not None for name in group):
            for name in group:
                merged.pop(name, None)
    for name, value in upper.items():
        if value is None:
            merged.pop(name, None)
        elif type(value) is str:  # what most values are
            merged[name] = value
        elif isinstance(value, Mapping) and _is_object(
            member := _member(shape, name, lower, upper)
        ):
            below = merged.get(name)
            if not isinstance(below, Mapping) or _starts_anew(below, value, member):
                below = {}
            merged[name] = merge(below, value, member)
        else:
            merged[name] = value
    return merged


def merge_all(layers: Iterable[Fields], shape: Shape | None) -> dict[str, Any]:
    """The layers merged, lowest first."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = merge(merged, layer, shape)
    return merged


def without(fields: Fields, path: tuple[str | int, ...]) -> dict[str, Any]:
    """A copy that says nothing at `path`: for `omit`. List items are left out."""
    head, *rest = path
    copy: dict[str, Any] = dict(fields)
    if not rest:
        copy.pop(str(head), None)
        return copy
    copy[str(head)] = _without(copy[str(head)], tuple(rest))
    return copy


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    head, *rest = path
    if isinstance(value, Mapping):
        return without(value, path)
    items = list(value)
    if rest:
        items[int(head)] = _without(items[int(head)], tuple(rest))
    else:
        del items[int(head)]
    return items


def _member(shape: Shape | None, name: str, lower: Fields, upper: Fields) -> Shape | None:
    return shape.member(name, _deciding(shape, lower, upper)) if shape else None


def _groups(shape: Shape | None, lower: Fields, upper: Fields) -> tuple[tuple[str, ...], ...]:
    if shape is None:
        return ()
    variant = shape.variant(_deciding(shape, lower, upper))
    if variant is not None:
        return variant.exclusive
    # A layer under variants that do not say yet which one it is: what excludes in any of them.
    return tuple(group for each in shape.variants.values() for group in each.exclusive)


def _deciding(shape: Shape, lower: Fields, upper: Fields) -> Fields:
    """Of two layers, the one whose discriminator names the variant."""
    return upper if shape.discriminator in upper or shape.discriminator not in lower else lower


def _is_object(shape: Shape | None) -> bool:
    """False for fields that take a scalar or a list: a mapping there (`{file: ...}`) replaces."""
    if shape is None:
        return True
    return bool(shape.properties or shape.variants or not shape.types or "object" in shape.types)


def _starts_anew(below: Fields, value: Fields, shape: Shape | None) -> bool:
    name = shape.discriminator if shape else None
    if name is None or name not in value or name not in below:
        return False
    return bool(below[name] != value[name])
