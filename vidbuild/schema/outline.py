"""Outline: all of a body that decides whether it is right, without the words in it.

Most videos of a project differ in their texts alone. Bodies with one outline are right or wrong
together, and their canonical forms leave out the same members: who keeps what was found for an
outline asks once. Judging and leaving out themselves are `validate` and `canonical`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vidbuild.schema.api import Api
from vidbuild.schema.shape import MISSING, Shape
from vidbuild.schema.validate import is_digest, within_limits

_SURROGATES = re.compile("[\ud800-\udfff]")


class _Wordy(Exception):
    """The words of a body matter to what is wrong with it."""


@dataclass(slots=True, kw_only=True)
class _Node:
    """A shape and what was found out of it. `free` texts decide by their limits alone;
    `compared` are the dotted members whose values a rule looks at, this one's or one above."""

    shape: Shape | None
    compared: frozenset[str]
    free: bool
    members: dict[str, _Node] = field(default_factory=dict)
    variants: dict[str, _Node] = field(default_factory=dict)
    item: _Node | None = None


class Outlines:
    """Makes the outlines of bodies of one API."""

    def __init__(self, api: Api) -> None:
        self._root = _node(api.request)

    def of(self, body: Mapping[str, Any]) -> Hashable | None:
        """The body's outline; None for one that has to be looked at itself."""
        try:
            return _token(self._root, body)
        except _Wordy:
            return None


def _token(node: _Node, value: Any) -> Hashable:
    """What of a value decides; values that differ in more than words have no token in common."""
    kind = type(value)
    if kind is str:
        return _free(node.shape, value) if node.free and node.shape else value
    if kind is dict:
        if node.shape is not None and node.shape.asset:
            return _digest(value)
        return _object(node, value)
    if kind is list:
        if node.item is None:
            node.item = _node(node.shape.items if node.shape else None)
        return (list, *[_token(node.item, each) for each in value])
    return (kind, value)


def _free(shape: Shape, text: str) -> Hashable:
    if shape.limits and not within_limits(shape, text):
        raise _Wordy
    if not text.isascii() and _SURROGATES.search(text):
        raise _Wordy
    return str


def _digest(value: dict[str, Any]) -> Hashable:
    if not is_digest(value):
        raise _Wordy
    return dict


def _object(node: _Node, value: dict[str, Any]) -> Hashable:
    tag = None
    if node.shape is not None and node.shape.variants:
        tag = value.get(str(node.shape.discriminator))
        node = _variant(node, tag)
    members = node.members
    tokens: list[Hashable] = [tag]
    for key, member in value.items():
        below = members.get(key)
        if below is None:
            below = members[key] = _member(node, key)
        tokens += (key, _token(below, member))
    return tuple(tokens)


def _node(shape: Shape | None, above: frozenset[str] = frozenset(), *, free: bool = False) -> _Node:
    return _Node(shape=shape, compared=above.union(_compared(shape)), free=free)


def _variant(node: _Node, tag: Any) -> _Node:
    known = node.variants.get(tag) if isinstance(tag, str) else None
    if known is None:
        shape = node.shape.variant({node.shape.discriminator: tag}) if node.shape else None
        if shape is None:
            raise _Wordy
        known = node.variants[tag] = _node(shape, node.compared)
    return known


def _member(node: _Node, key: str) -> _Node:
    parent = node.shape
    shape = None if parent is None else parent.properties.get(key) or parent.rest
    below = frozenset(
        rest for name in node.compared for first, _, rest in [name.partition(".")] if first == key
    )
    return _node(shape, below, free=shape is not None and "" not in below and _is_free(shape))


def _is_free(shape: Shape) -> bool:
    return (
        shape.types == {"string"}
        and shape.enum is None
        and shape.const is MISSING
        and shape.default in (MISSING, None)
        and not shape.exotic
        and not shape.alternatives
    )


def _compared(shape: Shape | None) -> Iterator[str]:
    for rule in shape.rules if shape else ():
        yield from rule.get("when", ())
        yield from rule.get("allowed", ())
