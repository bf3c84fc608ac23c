"""The build's own keys beside the API's fields: read from layers, united, checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vidbuild.diagnostics import Problems, problem
from vidbuild.project.model import BUILD_KEYS, Definition, Layer
from vidbuild.project.overrides import Override, read_overrides
from vidbuild.project.scope import Var
from vidbuild.project.structure import suggestion

# A key's value and the layer that says it.
Written = tuple[Any, Layer]

_FOR_VIDEOS = frozenset({"for_each", "name", "overrides", "vars"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A definition's build keys and field layers, the same for each of its rows.

    `keys` holds those that replace each other; the others are united.
    """

    definition: Definition
    keys: Mapping[str, Written]
    overrides: tuple[Override, ...]
    fields: tuple[Layer, ...]
    vars: Mapping[str, Var]
    tags: tuple[Written, ...]

    def written(self, key: str) -> Written:
        """The key's value, None where no layer has it, and where it would stand."""
        return self.keys.get(key, (None, self.definition.layer))


class Parts:
    """Cuts layers into their parts, each once, so that videos share them."""

    def __init__(self) -> None:
        self._fields: dict[int, tuple[Layer, tuple[Layer, ...]]] = {}
        self._vars: dict[tuple[int, ...], tuple[tuple[Layer, ...], Mapping[str, Var]]] = {}

    def fields(self, layer: Layer) -> tuple[Layer, ...]:
        """The layer's API fields, and above them those under `request`."""
        known = self._fields.get(id(layer))
        if known is None:
            known = self._fields[id(layer)] = (layer, _fields(layer))
        return known[1]

    def vars(self, layers: tuple[Layer, ...]) -> Mapping[str, Var]:
        """The vars of layers that many videos have in common, lowest first."""
        key = tuple(map(id, layers))
        known = self._vars.get(key)
        if known is None:
            known = self._vars[key] = (layers, _vars(layers))
        return known[1]


def _fields(layer: Layer) -> tuple[Layer, ...]:
    plain = {k: v for k, v in layer.values.items() if k not in BUILD_KEYS and k[:2] != "x-"}
    fields = layer
    if len(plain) < len(layer.values):
        kind, source, pointer = layer.kind, layer.source, layer.pointer
        fields = Layer(kind=kind, source=source, pointer=pointer, values=plain)
    own = (fields,) if plain else ()
    return own if layer.values.get("request") is None else (*own, _part(layer, "request"))


def _vars(layers: Iterable[Layer]) -> Mapping[str, Var]:
    return {name: Var(value=value, layer=layer, pointer=(name,))
            for layer in layers for name, value in layer.values.items()}  # fmt: skip


def read_block(definition: Definition, parts: Parts, above: Iterable[Layer]) -> Block:
    """The build keys of a definition's layers. `above` are vars of higher layers.

    Raises `Problems` for a key of the wrong form.
    """
    layers = (*definition.below, definition.layer)
    keys: dict[str, Written] = {}
    overrides: list[Override] = []
    tags: list[Written] = []
    own: list[Layer] = []
    for layer in layers:
        for key in BUILD_KEYS & layer.values.keys():
            value = layer.values[key]
            match key:
                case "overrides":
                    overrides += read_overrides(layer)
                case "tags":
                    tags.append((value, layer))
                case "vars" if value is not None:
                    own.append(_part(layer, "vars"))
                case _:
                    keys[key] = (value, layer)
    seen = (*definition.vars, *own, *above)
    return Block(
        definition=definition,
        keys=keys,
        overrides=tuple(overrides),
        fields=tuple(part for layer in layers for part in parts.fields(layer)),
        vars=_vars(seen) if own else parts.vars(seen),
        tags=tuple(tags),
    )


def keys_above(block: Block, above: Iterable[Layer]) -> Block:
    """The block under overrides and a profile: what they say of the build's keys goes first."""
    keys, tags = dict(block.keys), list(block.tags)
    for layer in above:
        for key in BUILD_KEYS & layer.values.keys():
            if key in _FOR_VIDEOS:
                raise problem("VB253", f"`{key}` cannot be set here",
                              hint="write it on the video itself",
                              span=layer.span(key, key=True))  # fmt: skip
            if key == "tags":
                tags.append((layer.values[key], layer))
            else:
                keys[key] = (layer.values[key], layer)
    if keys == block.keys and len(tags) == len(block.tags):
        return block
    return replace(block, keys=keys, tags=tuple(tags))


def tag_list(value: Any, layer: Layer) -> list[str]:
    """The tags that a layer writes: one word or a list of them."""
    tags = [value] if isinstance(value, (str, int)) else value
    if tags is None:
        return []
    if not isinstance(tags, list) or not all(
        isinstance(tag, (str, int)) and not isinstance(tag, bool) for tag in tags
    ):
        raise problem("VB254", "`tags` takes a list of words", hint="write tags: [personal]",
                      span=layer.span("tags"))  # fmt: skip
    return [str(tag) for tag in tags]


def settings(block: Block) -> dict[str, Any]:
    """`protect`, `private`, `revision` and `ignore_changes`, checked."""
    if _SETTINGS.keys().isdisjoint(block.keys):
        return {}
    values = {key: block.written(key)[0] for key in _SETTINGS}
    for key, (accepts, wanted, _) in _SETTINGS.items():
        if values[key] is not None and not accepts(values[key]):
            raise _wrong(key, wanted, block)
    return {
        key: default(values[key])
        for key, (_, _, default) in _SETTINGS.items()
        if values[key] is not None
    }


def check_ignored(block: Block, members: Collection[str]) -> None:
    """Raises `Problems` for names under `ignore_changes` that no field has."""
    if "ignore_changes" not in block.keys:
        return
    names, layer = block.written("ignore_changes")
    for index, name in enumerate(names if _is_names(names) else ()):
        field = re.split(r"[.\[]", name)[0]
        if field not in members:
            raise problem("VB201", f"`ignore_changes` names an unknown field {name!r}",
                          hint=suggestion(field, sorted(members)),
                          span=layer.span("ignore_changes", index))  # fmt: skip


def _is_revision(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


# What each setting takes, in words, and what it becomes.
_SETTINGS: dict[str, tuple[Any, str, Any]] = {
    "protect": (_is_flag, "must be true or false", bool),
    "private": (_is_flag, "must be true or false", bool),
    "revision": (_is_revision, "must be a whole number from 1", int),
    "ignore_changes": (_is_names, "takes a list of fields", tuple),
}


def _wrong(key: str, wanted: str, block: Block) -> Problems:
    _, layer = block.written(key)
    return problem("VB254", f"`{key}` {wanted}", hint=_HINTS[key], span=layer.span(key))


_HINTS = {
    "protect": "write protect: true",
    "private": "write private: true",
    "revision": "raise it by one to render anew",
    "ignore_changes": "write ignore_changes: [title]",
}


def _part(layer: Layer, key: str) -> Layer:
    value = layer.values[key]
    if not isinstance(value, dict):
        raise problem("VB254", f"`{key}` must be a mapping", hint="write its members below it",
                      span=layer.span(key))  # fmt: skip
    return replace(layer, pointer=(*layer.pointer, key), values=value)
