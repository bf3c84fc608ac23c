"""A video's layers merged and rendered into its fields.

The layers are merged first and only what is left is rendered, so that a template which a
higher layer replaces cannot fail; a value that renders to `omit` is taken out of its layer
and the merge is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from operator import is_
from typing import Any

from jinja2 import Undefined

from vidbuild.diagnostics import Diagnostic, Problems, problem
from vidbuild.project.layers import merge, merge_all, without
from vidbuild.project.model import Layer, Path, origin
from vidbuild.project.rendering import Renderer, is_template
from vidbuild.project.scope import VideoScope
from vidbuild.project.spelling import unspelled
from vidbuild.project.values import Failed, Omit, described
from vidbuild.schema.shape import Shape
from vidbuild.source.scalars import plain_value


@dataclass(slots=True, kw_only=True)
class Resolved:
    """Fields, the layers without what was omitted, and what went wrong (all of it)."""

    fields: Mapping[str, Any]
    layers: tuple[Layer, ...]
    found: list[Diagnostic] = field(default_factory=list)


class Resolver:
    """Merges and renders with one project's renderer.

    Videos share their lower layers, rows all of them: each merge is made once for all that
    begin alike. The layers are kept with it, so that an `id` stands for one layer only.
    """

    def __init__(self, renderer: Renderer, shape: Shape) -> None:
        self.renderer = renderer
        self.shape = shape
        self._merged: dict[tuple[int, ...], tuple[tuple[Layer, ...], dict[str, Any]]] = {}
        self._last: tuple[tuple[Layer, ...], dict[str, Any], bool] = ((), {}, True)

    def resolve(self, layers: tuple[Layer, ...], scope: VideoScope) -> Resolved:
        known = self._last[0]
        if not layers or len(layers) != len(known) or not all(map(is_, layers, known)):
            merged = self._merge(layers)
            self._last = (layers, merged, is_plain(merged))
        _, merged, plain = self._last
        if plain:
            return Resolved(fields=merged, layers=layers)
        while True:
            walk = _Walk(self.renderer, layers, scope)
            fields = walk.mapping(merged, self.shape, ())
            if not walk.omitted or walk.found:
                return Resolved(fields=fields, layers=layers, found=walk.found)
            for path in sorted(walk.omitted, key=_last_index_first, reverse=True):
                layers = _silenced(layers, path)
            merged = merge_all((layer.values for layer in layers), self.shape)

    def _merge(self, layers: tuple[Layer, ...]) -> dict[str, Any]:
        if not layers:
            return {}
        below = layers[:-1]
        key = tuple(map(id, below))
        known = self._merged.get(key)
        if known is None:
            known = self._merged[key] = (below, self._merge(below))
        return merge(known[1], layers[-1].values, self.shape)


def is_plain(value: Any) -> bool:
    """True for a value without templates and files."""
    if isinstance(value, str):
        return not is_template(value)
    if isinstance(value, dict):
        if "file" in value:
            return False
        value = value.values()
    elif not isinstance(value, list):
        return True
    for each in value:  # written out: every value of every video comes by
        if type(each) is str:
            if "{" in each and is_template(each):
                return False
        elif isinstance(each, dict | list) and not is_plain(each):
            return False
    return True


class _Walk:
    """One rendering of merged fields: what was omitted, and what went wrong."""

    def __init__(self, renderer: Renderer, layers: Sequence[Layer], scope: VideoScope) -> None:
        self.renderer, self.layers, self.scope = renderer, layers, scope
        self.omitted: list[Path] = []
        self.found: list[Diagnostic] = []

    def mapping(self, values: Mapping[str, Any], shape: Shape | None, path: Path) -> dict[str, Any]:
        rendered: dict[str, Any] = {}
        for name, value in values.items():
            if is_plain(value):
                rendered[name] = value
                continue
            member = shape.member(name, values) if shape else None
            result = self.value(value, member, (*path, name))
            if not isinstance(result, Omit):
                rendered[name] = result
        return rendered

    def value(self, value: Any, shape: Shape | None, path: Path) -> Any:
        try:
            match value:
                case str():
                    return self.text(value, shape, path) if is_template(value) else value
                case {"file": _} if shape is not None and "string" in shape.types:
                    return self.file(value, shape, path)
                case dict():
                    return self.mapping(value, shape, path)
                case list():
                    items = shape.items if shape else None
                    rendered = [self.value(v, items, (*path, i)) for i, v in enumerate(value)]
                    return [v for v in rendered if not isinstance(v, Omit)]
                case _:
                    return value
        except Problems as problems:
            dotted = ".".join(map(str, path))
            self.found += [replace(d, field=d.field or dotted) for d in problems.diagnostics]
            return None

    def text(self, value: str, shape: Shape | None, path: Path) -> Any:
        layer, held = self.at(path)
        result = self.renderer.value(value, layer, held, self.scope)
        if isinstance(result, Omit):
            self.omitted.append(path)
            return result
        if shape is None or not shape.types or "string" in shape.types:
            return _as_text(result, layer, held)
        return coerced(_as_data(result, layer, held), shape)

    def file(self, value: Mapping[str, Any], shape: Shape, path: Path) -> Any:
        layer, held = self.at(path)
        if not shape.asset:
            return self.renderer.file_text(value, layer, held, self.scope)
        file = self.renderer.file_path(value, layer, held, self.scope)
        return {"file": self.renderer.sources.shown(file)}

    def at(self, path: Path) -> tuple[Layer, Path]:
        found = origin(self.layers, path)
        if found is None:  # pragma: no cover - every merged value comes from a layer
            raise LookupError(path)
        return found


def coerced(value: Any, shape: Shape) -> Any:
    """A template's value as the API's type: cells of a table are text, the API wants numbers."""
    if not isinstance(value, str):
        return value
    plain = plain_value(value.strip())
    if isinstance(plain, bool):
        return plain if "boolean" in shape.types else value
    if not isinstance(plain, (int, float)) or not isfinite(plain):
        return value
    if shape.types & {"integer", "number"} and plain == int(plain):
        return int(plain)
    return plain if "number" in shape.types else value


def _as_text(value: Any, layer: Layer, path: Path) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _unprintable(value, layer, path)
    return str(value)


def _as_data(value: Any, layer: Layer, path: Path) -> Any:
    """An expression's value as JSON data. What is omitted inside it is left out."""
    match value:
        case Failed():
            return value.fail()
        case None | bool() | int() | float():
            return unspelled(value)
        case str():
            return str(value)
        case Mapping():
            members = ((str(k), v) for k, v in value.items() if not isinstance(v, Omit))
            return {k: _as_data(v, layer, path) for k, v in members}
        case list() | tuple():
            return [_as_data(v, layer, path) for v in value if not isinstance(v, Omit)]
        case _:
            raise _unprintable(value, layer, path)


def _unprintable(value: Any, layer: Layer, path: Path) -> Problems:
    what = "an undefined value" if isinstance(value, Undefined) else described(value)
    return problem("VB303", f"{what} cannot stand here",
                   hint="the expression must give a text or a number",
                   span=layer.span(*path))  # fmt: skip


def _silenced(layers: tuple[Layer, ...], path: Path) -> tuple[Layer, ...]:
    found = origin(layers, path)
    if found is None or len(found[1]) < len(path):  # pragma: no cover - as in `_Walk.at`
        raise LookupError(path)
    silent = replace(found[0], values=without(found[0].values, path))
    return tuple(silent if layer is found[0] else layer for layer in layers)


def _last_index_first(path: Path) -> tuple[str, ...]:
    return tuple(f"{part:09d}" if isinstance(part, int) else part for part in path)
