"""Columns of rows: cells as text, converted to their types, and unique where they must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, nearest, problem
from vidbuild.project.spelling import unspelled
from vidbuild.source.tables import Row

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def cell_text(value: Any) -> str:
    """A cell as text, the way YAML and JSON write it: for names and comparisons."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(row: Mapping[str, Any], pattern: Mapping[str, Any]) -> bool:
    """Whether the row has each cell of the pattern, by text; a list means any of its items."""
    for column, wanted in pattern.items():
        cell = row.get(column)
        options = wanted if isinstance(wanted, list) else [wanted]
        if cell is None or cell_text(unspelled(cell)) not in map(cell_text, options):
            return False
    return True


def _int(cell: str) -> int:
    if not _INT.fullmatch(cell):
        raise ValueError(cell)
    return int(cell)


def _float(cell: str) -> float:
    if not _FLOAT.fullmatch(cell):
        raise ValueError(cell)
    return float(cell)


TYPES: dict[str, Callable[[str], Any]] = {
    "text": str, "int": _int, "float": _float, "bool": lambda cell: _BOOLS[cell.lower()],
}  # fmt: skip


def typed(rows: Iterable[Row], types: Mapping[str, str]) -> list[Row]:
    """The rows with cells converted; `types` maps columns to keys of `TYPES`.

    Raises `Problems` VB413 with every cell that does not fit.
    """
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
        cell = values[column]
        try:
            if isinstance(cell, (list, dict)):
                raise TypeError(column)
            text = cell_text(cell if kind == "text" else unspelled(cell))
            values[column] = TYPES[kind](text.strip())
        except (ValueError, KeyError, TypeError):
            message = f"row {row.number}: {column} = {cell!r} is no {kind}"
            hint = "correct the cell, or leave it empty"
            found.append(Diagnostic(code="VB413", message=message, hint=hint, span=row.span))
    return replace(row, values=values)


def check_unique(rows: Sequence[Row], column: str) -> None:
    """Raises `Problems` VB410 with every row without the column, or with another row's cell."""
    first: dict[str, Row] = {}
    found: list[Diagnostic] = []
    for row in rows:
        cell = row.values.get(column)
        if cell is None:
            message = f"row {row.number} has no {column!r}, and `key` needs one"
            found.append(Diagnostic(code="VB410", message=message, span=row.span,
                                    hint="fill in the cell, or choose another column"))  # fmt: skip
            continue
        before = first.setdefault(cell_text(cell), row)
        if before is not row:
            note = Note(message="first here", span=before.span)
            message = f"row {row.number} repeats {column} = {cell_text(cell)}"
            found.append(Diagnostic(code="VB410", message=message, span=row.span, notes=(note,),
                                    hint="give each row a value of its own"))  # fmt: skip
    if found:
        raise Problems(found)


def no_column(column: str, columns: Iterable[str]) -> Problems:
    """A column that the rows do not have, without a place."""
    known = list(columns)
    close = nearest(column, known)
    hint = f"did you mean {close}?" if close else f"its columns: {', '.join(known)}"
    return problem("VB414", f"there is no column {column!r}", hint=hint)
