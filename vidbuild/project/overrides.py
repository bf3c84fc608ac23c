"""`overrides`: which apply to a row, and the fields they set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import nearest, problem
from vidbuild.project.columns import matches
from vidbuild.project.model import Layer
from vidbuild.project.rendering import Renderer
from vidbuild.project.scope import VideoScope
from vidbuild.source.tables import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One item of `overrides`: `layer` holds it whole, `fields` is its `set`."""

    layer: Layer
    fields: Layer


def read_overrides(layer: Layer) -> list[Override]:
    """The overrides of a layer, checked. Raises `Problems`."""
    value = layer.values["overrides"]
    if value is None:
        return []
    if not isinstance(value, list):
        raise problem("VB254", "`overrides` takes a list",
                      hint="write `- {when: {lang: de}, set: {...}}` below it",
                      span=layer.span("overrides"))  # fmt: skip
    return [_override(layer, index, item) for index, item in enumerate(value)]


def _override(layer: Layer, index: int, item: Any) -> Override:
    if not isinstance(item, dict) or not isinstance(item.get("set"), dict):
        raise problem("VB254", "an override needs `set`, a mapping of fields",
                      hint="write `- {when: {lang: de}, set: {...}}`",
                      span=layer.span("overrides", index))  # fmt: skip
    for key in item:
        if key not in ("when", "set") and not key.startswith("x-"):
            raise problem("VB253", f"an override has no key {key!r}",
                          hint="it takes `when` and `set`",
                          span=layer.span("overrides", index, key, key=True))  # fmt: skip
    at = (*layer.pointer, "overrides", index)
    source = layer.source
    return Override(
        layer=Layer(kind="override", source=source, pointer=at, values=item),
        fields=Layer(kind="override", source=source, pointer=(*at, "set"), values=item["set"]),
    )


def applies(override: Override, row: Row | None, scope: VideoScope, renderer: Renderer) -> bool:
    """Whether an override's `when` holds for the row; without `when` it always does."""
    layer = override.layer
    match layer.values.get("when"):
        case None:
            return True
        case bool() as decided:
            return decided
        case str() as expression:
            return renderer.holds(expression, layer, ("when",), scope)
        case dict() as wanted:
            for column in wanted:
                _check_column(column, row, layer)
            return row is not None and matches(row.values, wanted)
        case _:
            raise problem("VB266", "`when` takes a mapping or an expression",
                          hint="write when: {lang: de}, or when: each.seats > 10",
                          span=layer.span("when"))  # fmt: skip


def _check_column(column: str, row: Row | None, layer: Layer) -> None:
    if row is not None and column in row.columns:
        return
    span = layer.span("when", column, key=True)
    if row is None:
        raise problem("VB266", "`when` compares columns, and this video has no `for_each`",
                      hint="write an expression, such as when: product == 'x'",
                      span=span)  # fmt: skip
    close = nearest(column, row.columns)
    hint = f"did you mean {close}?" if close else f"its columns: {', '.join(row.columns)}"
    raise problem("VB266", f"the row has no column {column!r}", hint=hint, span=span)
