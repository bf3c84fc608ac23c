"""Canonical form 1: what of a request makes it the video it is.

Metadata go. A member equal to its default goes (null where the spec names none), at every
depth, objects in lists included; then an optional object that is empty. Required members and
discriminators stay. Fingerprints rest on this: any other rule would be another form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidbuild.schema.api import Api
from vidbuild.schema.finding import same
from vidbuild.schema.shape import MISSING, Shape


def content(api: Api, body: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical request. Total: an invalid body has one too."""
    return _object(api.request, {k: v for k, v in body.items() if k not in api.metadata})


def _object(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    chosen = shape.variant(value) or shape
    kept = chosen.required | {tag for tag in (shape.discriminator, chosen.discriminator) if tag}
    result = {}
    for key, member in value.items():
        sub = chosen.properties.get(key) or chosen.rest
        clean = _value(sub, member)
        if key in kept or not _silent(sub, member, clean):
            result[key] = clean
    return result


def _value(shape: Shape | None, value: Any) -> Any:
    if shape is None:
        return value
    if isinstance(value, Mapping):
        return dict(value) if shape.asset else _object(shape, value)
    if isinstance(value, list):
        return [_value(shape.items, each) for each in value]
    return value


def _silent(shape: Shape | None, raw: Any, clean: Any) -> bool:
    """Whether leaving the member out says the same."""
    if shape is None:
        return clean is None
    if clean == {} and shape.default in (MISSING, None):
        return True
    default = None if shape.default is MISSING else shape.default
    return same(raw, default) or same(clean, _value(shape, default))
