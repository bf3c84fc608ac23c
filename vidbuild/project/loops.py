"""`for_each`: a list, a data file or a matrix -> rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vidbuild.diagnostics import nearest, problem
from vidbuild.project.columns import TYPES, check_unique, matches, no_column, typed
from vidbuild.project.model import Layer, placed
from vidbuild.project.sources import Sources
from vidbuild.source.tables import Row

MAX_ROWS = 1_000_000

_FILE_KEYS = ("file", "types", "where", "key")
_MATRIX_KEYS = ("matrix", "include", "exclude")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Rows with their columns; `named` is false where every row needs `name` written out."""

    rows: tuple[Row, ...]
    named: bool
    file: str | None = None


def read_loop(
    value: Any, layer: Layer, sources: Sources, where: Callable[[str, Row], bool]
) -> Loop:
    """The rows of a `for_each`. `where` evaluates an expression for a row.

    Raises `Problems` at the key or the row that is wrong.
    """
    match value:
        case list():
            return Loop(rows=_listed(value, layer), named=False)
        case {"matrix": _}:
            return Loop(rows=_matrix(value, layer), named=True)
        case {"file": _}:
            return _from_file(value, layer, sources, where)
        case _:
            raise problem("VB411", "`for_each` takes a list, {file: ...} or {matrix: ...}",
                          hint="write for_each: {file: data/rows.csv}",
                          span=layer.span("for_each"))  # fmt: skip


def _listed(values: list[Any], layer: Layer) -> tuple[Row, ...]:
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise problem("VB411", f"item {index + 1} of `for_each` is not a mapping",
                          hint="write items such as `- {id: a, lang: en}`",
                          span=layer.span("for_each", index))  # fmt: skip
    return _rows(values, lambda index: layer.span("for_each", index))


def _rows(values: Iterable[Mapping[str, Any]], place: Callable[[int], Any]) -> tuple[Row, ...]:
    """Rows of one loop: all have the columns that any of them has."""
    listed = list(values)
    columns = tuple(dict.fromkeys(column for value in listed for column in value))
    return tuple(
        Row(
            values={c: value[c] for c in columns if value.get(c) not in (None, "")},
            columns=columns,
            number=index + 1,
            place=partial(place, index),
        )
        for index, value in enumerate(listed)
    )


def _matrix(value: Mapping[str, Any], layer: Layer) -> tuple[Row, ...]:
    _check_keys(value, _MATRIX_KEYS, layer)
    axes = value["matrix"]
    _check_axes(axes, layer)
    excluded = _extra_rows(value, "exclude", layer)
    included = _extra_rows(value, "include", layer)
    rows = [dict(zip(axes, cells, strict=True)) for cells in itertools.product(*axes.values())]
    rows = [row for row in rows if not any(matches(row, pattern) for pattern in excluded)]
    made = len(rows)

    def place(index: int) -> Any:
        if index < made:
            return layer.span("for_each", "matrix")
        return layer.span("for_each", "include", index - made)

    return _rows(rows + included, place)


def _check_axes(axes: Any, layer: Layer) -> None:
    if not isinstance(axes, dict) or not axes:
        raise problem("VB412", "`matrix` takes a mapping of names to lists",
                      hint="write matrix: {lang: [en, de]}",
                      span=layer.span("for_each", "matrix"))  # fmt: skip
    for name, items in axes.items():
        if not isinstance(items, list) or not items:
            example = "a, b" if isinstance(items, (list, dict)) else items
            raise problem("VB412", f"`matrix.{name}` must be a list with something in it",
                          hint=f"write {name}: [{example}]",
                          span=layer.span("for_each", "matrix", name))  # fmt: skip
    count = math.prod(len(items) for items in axes.values())
    if count > MAX_ROWS:
        raise problem("VB412", f"the matrix makes {count:,} videos",
                      hint=f"at most {MAX_ROWS:,} are allowed",
                      span=layer.span("for_each", "matrix"))  # fmt: skip


def _extra_rows(value: Mapping[str, Any], key: str, layer: Layer) -> list[dict[str, Any]]:
    """`exclude` or `include` of a matrix."""
    rows = value.get(key) or []
    axes = value["matrix"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise problem("VB412", f"`{key}` takes a list of mappings",
                      hint=f"write {key}: [{{{', '.join(f'{axis}: ...' for axis in axes)}}}]",
                      span=layer.span("for_each", key))  # fmt: skip
    for index, row in enumerate(rows):
        for name in row:
            if name not in axes and key == "exclude":
                close = nearest(name, axes)
                hint = f"did you mean {close}?" if close else f"it has {', '.join(axes)}"
                raise problem("VB412", f"the matrix has no {name!r}", hint=hint,
                              span=layer.span("for_each", key, index, name, key=True))  # fmt: skip
    return rows


def _check_keys(value: Mapping[str, Any], keys: tuple[str, ...], layer: Layer) -> None:
    for name in value:
        if name not in keys:
            close = nearest(name, keys)
            hint = f"did you mean {close}?" if close else f"beside `{keys[0]}` go {_list(keys[1:])}"
            raise problem("VB253", f"`for_each` has no key {name!r} here", hint=hint,
                          span=layer.span("for_each", name, key=True))  # fmt: skip


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _from_file(
    value: Mapping[str, Any], layer: Layer, sources: Sources, where: Callable[[str, Row], bool]
) -> Loop:
    _check_keys(value, _FILE_KEYS, layer)
    for key in ("file", "where", "key"):
        if not isinstance(value.get(key, ""), str):
            wanted = {"file": "a file name", "where": "an expression", "key": "a column"}[key]
            raise problem("VB254", f"`{key}` must be {wanted}",
                          span=layer.span("for_each", key))  # fmt: skip
    with placed(layer, "for_each", "file"):
        path = sources.resolve(value["file"], layer.source.folder)
        rows = sources.rows(path)
    if value.get("types"):
        _check_types(value["types"], rows, layer)
        rows = typed(rows, value["types"])
    if value.get("where"):
        rows = [row for row in rows if where(value["where"], row)]
    if value.get("key"):
        with placed(layer, "for_each", "key"):
            _check_column(value["key"], rows)
            check_unique(rows, value["key"])
    return Loop(rows=tuple(rows), named=False, file=sources.shown(path))


def _check_types(types: Any, rows: list[Row], layer: Layer) -> None:
    if not isinstance(types, dict):
        raise problem("VB254", "`types` takes a mapping of columns to types",
                      hint="write types: {seats: int}",
                      span=layer.span("for_each", "types"))  # fmt: skip
    for column, kind in types.items():
        if not isinstance(kind, str) or kind not in TYPES:
            raise problem("VB413", f"{kind!r} is no column type",
                          hint=f"use {', '.join(TYPES)}",
                          span=layer.span("for_each", "types", column))  # fmt: skip
        with placed(layer, "for_each", "types", column, key=True):
            _check_column(column, rows)


def _check_column(column: str, rows: list[Row]) -> None:
    columns = dict.fromkeys(name for row in rows for name in row.columns)
    if rows and column not in columns:
        raise no_column(column, columns)
