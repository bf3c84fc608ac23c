"""Blocks that are alike: what the first of them turned out to be goes for the others.

Most blocks of a file have the same keys and nothing but fields and tags: what lies below them,
and how they lie on it, is worked out once. A block with anything else in it is no such block.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.project.build_keys import Block
from vidbuild.project.model import BUILD_KEYS, Definition, Layer

_OTHERS = BUILD_KEYS - {"tags"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mould:
    """The block that was worked out, and the layers below it, fitted to its variant. `cut` is
    whether there is more in such a block than fields."""

    block: Block
    lower: tuple[Layer, ...]
    cut: bool

    def cast(self, definition: Definition) -> tuple[Block, tuple[Layer, ...]]:
        """The block and the fitted layers of a definition of this mould."""
        whole, first = definition.layer, self.block
        own = whole
        if self.cut:
            values = {k: v for k, v in whole.values.items() if k != "tags" and k[:2] != "x-"}
            own = Layer(kind=whole.kind, source=whole.source, pointer=whole.pointer, values=values)
        tags = first.tags
        if "tags" in whole.values:
            tags = (*tags[:-1], (whole.values["tags"], whole))
        layers = (*self.lower, own)
        block = Block(
            definition=definition,
            keys=first.keys,
            overrides=(),
            fields=layers,
            vars=first.vars,
            tags=tags,
        )
        return block, layers


class Moulds:
    """The moulds of one project, by what its blocks have in common. `tag` is the member that
    tells variants apart: a block that sets it is not like others."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._known: dict[Hashable, Mould] = {}

    def form(self, definition: Definition) -> Hashable | None:
        """What a block has in common with others of its mould; None for one of its own kind."""
        values = definition.layer.values
        if self._tag in values or not _OTHERS.isdisjoint(values):
            return None
        kinds = tuple(map(type, values.values()))
        if type(None) in kinds or (dict in kinds and any(map(_has_null, values.values()))):
            return None
        return (id(definition.below), id(definition.vars), tuple(values), kinds)

    def get(self, form: Hashable | None) -> Mould | None:
        return self._known.get(form)

    def learn(self, form: Hashable, block: Block, layers: tuple[Layer, ...]) -> None:
        """Keeps what a block without faults turned out to be; `layers` are fitted."""
        own = block.definition.layer
        if layers and not block.overrides and layers[-1].pointer == own.pointer:
            self._known[form] = Mould(block=block, lower=layers[:-1], cut=layers[-1] is not own)


def _has_null(value: Any) -> bool:
    return isinstance(value, Mapping) and any(
        each is None or (type(each) is dict and _has_null(each)) for each in value.values()
    )
