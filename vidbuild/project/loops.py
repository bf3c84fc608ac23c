"""`for_each`: a list, a data file or a matrix -> rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span, nearest, problem
from vidbuild.project.model import Layer
from vidbuild.project.sources import Sources
from vidbuild.source import tables
from vidbuild.source.tables import Row

MAX_ROWS = 1_000_000

_FILE_KEYS = {"file", "types", "where", "key"}
_MATRIX_KEYS = {"matrix", "include", "exclude"}


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
            raise problem(
                "VB411",
                "`for_each` takes a list of mappings, {file: ...} or {matrix: ...}",
                span=layer.span("for_each"),
            )


def _listed(values: list[Any], layer: Layer) -> tuple[Row, ...]:
    rows = []
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            raise problem("VB407", f"item {index + 1} of `for_each` is not a mapping",
                          hint="write items such as `- {name: a, lang: en}`",
                          span=layer.span("for_each", index))  # fmt: skip
        filled = {k: v for k, v in value.items() if v is not None and v != ""}
        rows.append(Row(values=filled, columns=tuple(value), number=index + 1,
                        span=layer.span("for_each", index)))  # fmt: skip
    columns = tuple(dict.fromkeys(c for row in rows for c in row.columns))
    return tuple(replace(row, columns=columns) for row in rows)


def _matrix(value: Mapping[str, Any], layer: Layer) -> tuple[Row, ...]:
    _known(value, _MATRIX_KEYS, layer)
    axes = value["matrix"]
    if not isinstance(axes, dict) or not axes:
        raise problem("VB412", "`matrix` takes a mapping of names to lists",
                      span=layer.span("for_each", "matrix"))  # fmt: skip
    for name, items in axes.items():
        if not isinstance(items, list) or not items:
            raise problem("VB412", f"`matrix.{name}` must be a list with something in it",
                          span=layer.span("for_each", "matrix", name))  # fmt: skip
    count = 1
    for items in axes.values():
        count *= len(items)
    if count > MAX_ROWS:
        raise problem("VB412", f"the matrix makes {count:,} videos",
                      span=layer.span("for_each", "matrix"))  # fmt: skip
    excluded = _rows_of(value, "exclude", layer)
    span = layer.span("for_each", "matrix")
    rows = [dict(zip(axes, cells, strict=True)) for cells in itertools.product(*axes.values())]
    rows = [row for row in rows if not any(_matches(row, gone) for gone in excluded)]
    rows += _rows_of(value, "include", layer)
    return tuple(
        Row(values=row, columns=tuple(row), span=span, number=number)
        for number, row in enumerate(rows, 1)
    )


def _rows_of(value: Mapping[str, Any], key: str, layer: Layer) -> list[dict[str, Any]]:
    rows = value.get(key) or []
    axes = value["matrix"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise problem("VB412", f"`{key}` takes a list of mappings",
                      span=layer.span("for_each", key))  # fmt: skip
    for index, row in enumerate(rows):
        for name in row:
            if name not in axes and key == "exclude":
                close = nearest(name, axes)
                raise problem("VB412", f"the matrix has no {name!r}",
                              hint=f"did you mean {close}?" if close else None,
                              span=layer.span("for_each", key, index, name, key=True))  # fmt: skip
    return rows


def _matches(row: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    return all(str(row.get(name)) == str(wanted) for name, wanted in pattern.items())


def _known(value: Mapping[str, Any], keys: set[str], layer: Layer) -> None:
    for name in value:
        if name not in keys:
            close = nearest(name, keys)
            raise problem("VB253", f"`for_each` has no key {name!r}",
                          hint=f"did you mean {close}?" if close else None,
                          span=layer.span("for_each", name, key=True))  # fmt: skip


def _from_file(
    value: Mapping[str, Any], layer: Layer, sources: Sources, where: Callable[[str, Row], bool]
) -> Loop:
    _known(value, _FILE_KEYS, layer)
    span = layer.span("for_each", "file")
    if not isinstance(value["file"], str):
        raise problem("VB254", "`file` must be a file name", span=span)
    path = sources.resolve(value["file"], layer.source.folder, span)
    name = sources.shown(path)
    rows = tables.read_rows(sources.text(path, span), file=name)
    rows = _typed(rows, value.get("types"), layer)
    if value.get("where") is not None:
        expression = value["where"]
        if not isinstance(expression, str):
            raise problem("VB254", "`where` must be an expression",
                          span=layer.span("for_each", "where"))  # fmt: skip
        rows = [row for row in rows if where(expression, row)]
    if value.get("key") is not None:
        _unique(rows, str(value["key"]), layer)
    return Loop(rows=tuple(rows), named=False, file=name)


_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPES: dict[str, Callable[[str], Any]] = {
    "text": str, "int": int, "float": float, "bool": lambda cell: _BOOLS[cell.lower()],
}  # fmt: skip


def _typed(rows: list[Row], types: Any, layer: Layer) -> list[Row]:
    if types is None:
        return rows
    if not isinstance(types, dict):
        raise problem("VB254", "`types` takes a mapping of columns to types",
                      span=layer.span("for_each", "types"))  # fmt: skip
    columns = {c for row in rows for c in row.columns}
    for column, kind in types.items():
        if not isinstance(kind, str) or kind not in _TYPES:
            raise problem("VB413", f"{kind!r} is no column type",
                          hint=f"use {', '.join(_TYPES)}",
                          span=layer.span("for_each", "types", column))  # fmt: skip
        if rows and column not in columns:
            raise _no_column(column, columns, layer.span("for_each", "types", column, key=True))
    found: list[Diagnostic] = []
    converted = [_convert(row, types, found) for row in rows]
    if found:
        raise Problems(found)
    return converted


def _convert(row: Row, types: Mapping[str, str], found: list[Diagnostic]) -> Row:
    values = dict(row.values)
    for column, kind in types.items():
        if column not in values:
            continue
        try:
            cell = values[column]
            values[column] = _TYPES[kind](cell.strip() if isinstance(cell, str) else str(cell))
        except (ValueError, KeyError):
            message = f"row {row.number}: {column} = {values[column]!r} is no {kind}"
            found.append(Diagnostic(code="VB413", message=message, span=row.span))
    return replace(row, values=values)


def _unique(rows: list[Row], column: str, layer: Layer) -> None:
    first: dict[str, Row] = {}
    columns = {c for row in rows for c in row.columns}
    if rows and column not in columns:
        raise _no_column(column, columns, layer.span("for_each", "key"))
    found: list[Diagnostic] = []
    for row in rows:
        cell = row.values.get(column)
        if cell is None:
            message = f"row {row.number} has no {column!r}, and `key` needs one"
            found.append(Diagnostic(code="VB410", message=message, span=row.span))
        elif str(cell) in first:
            note = Note(message="first here", span=first[str(cell)].span)
            message = f"row {row.number} repeats {column} = {cell}"
            found.append(Diagnostic(code="VB410", message=message, span=row.span, notes=(note,)))
        else:
            first[str(cell)] = row
    if found:
        raise Problems(found)


def _no_column(column: str, columns: set[str], span: Span) -> Problems:
    close = nearest(column, columns)
    hint = f"did you mean {close}?" if close else f"its columns: {', '.join(sorted(columns))}"
    return problem("VB414", f"there is no column {column!r}", hint=hint, span=span)
