"""Rows of data files: CSV and TSV as trimmed text, JSON, JSON Lines and YAML as they are.

Rows keep the line they came from, so that an error can name it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span, problem
from vidbuild.source import yaml

_DELIMITERS = ",;\t"
MAX_CELL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `values` without its empty cells, `columns` with them, `number` from 1."""

    values: Mapping[str, Any]
    columns: tuple[str, ...]
    span: Span
    number: int


def read_rows(text: str, *, file: str) -> list[Row]:
    """The rows of a data file, by its ending. Raises `Problems` (VB40x, VB11x)."""
    match PurePosixPath(file).suffix.lower():
        case ".csv" | ".tsv":
            return _separated(text, file)
        case ".json":
            return _records(_json(text, file), file, text)
        case ".jsonl" | ".ndjson":
            return _json_lines(text, file)
        case ".yaml" | ".yml":
            return _records(yaml.load(text, file=file), file, text)
        case ending:
            raise _unknown_ending(file, ending)


def read_data(text: str, *, file: str) -> Any:
    """A data file as one value: a list of mappings for tables, the document otherwise."""
    match PurePosixPath(file).suffix.lower():
        case ".json":
            return _json(text, file)
        case ".yaml" | ".yml":
            return yaml.load(text, file=file)
        case _:
            return [dict(row.values) for row in read_rows(text, file=file)]


def _unknown_ending(file: str, ending: str) -> Problems:
    return problem(
        "VB402",
        f"{file} is no data file: its name ends in {ending or 'nothing'}",
        hint="use .csv, .tsv, .json, .jsonl or .yaml",
        span=Span(file=file),
    )


def _separated(text: str, file: str) -> list[Row]:
    header_end = text.find("\n")
    header = text if header_end < 0 else text[:header_end]
    delimiter = "\t" if file.lower().endswith(".tsv") else max(_DELIMITERS, key=header.count)
    previous = csv.field_size_limit(MAX_CELL)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        return _table(reader, file)
    finally:
        csv.field_size_limit(previous)


def _table(reader: Any, file: str) -> list[Row]:
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    found: list[Diagnostic] = []
    line = 1
    try:
        for cells in reader:
            span = Span(file=file, line=line)
            line = reader.line_num + 1
            trimmed = [cell.strip() for cell in cells]
            if not any(trimmed):
                continue
            if not columns:
                columns = _header(trimmed, file)
                continue
            number = len(rows) + 1
            if len(trimmed) != len(columns):
                found.append(_ragged(len(trimmed), len(columns), number, span))
            values = {c: v for c, v in zip(columns, trimmed, strict=False) if v}
            rows.append(Row(values=values, columns=columns, span=span, number=number))
    except csv.Error as error:
        place = Span(file=file, line=reader.line_num)
        raise problem(
            "VB403", f"{file} is not valid CSV: {error}", hint="check the quotes", span=place
        ) from None
    if found:
        raise Problems(found)
    if not columns:
        raise problem(
            "VB404", f"{file} has no header line", hint="the first line names the columns",
            span=Span(file=file),
        )  # fmt: skip
    return rows


def _header(names: list[str], file: str) -> tuple[str, ...]:
    for position, name in enumerate(names, 1):
        if not name:
            raise problem("VB404", f"column {position} of {file} has no name in the header line",
                          span=Span(file=file))  # fmt: skip
        if names.index(name) < position - 1:
            raise problem(
                "VB404",
                f"the column {name!r} of {file} is doubled",
                hint="give each column a name of its own",
                span=Span(file=file),
            )
    return tuple(names)


def _ragged(cells: int, columns: int, number: int, span: Span) -> Diagnostic:
    return Diagnostic(
        code="VB405",
        message=f"row {number} has {cells} {'cell' if cells == 1 else 'cells'},"
        f" the header has {columns}",
        hint="put a cell that holds the separator in double quotes"
        if cells > columns
        else "an empty cell still needs its separator",
        span=span,
    )


def _json(text: str, file: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        place = Span(file=file, line=error.lineno, column=error.colno)
        raise problem("VB406", f"not valid JSON: {error.msg}", span=place) from None
    except RecursionError:
        raise problem("VB114", f"{file} is nested too deep", span=Span(file=file)) from None
    except ValueError as error:
        raise problem("VB406", f"not valid JSON: {error}", span=Span(file=file)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {doubled!r} is doubled")
    return members


def _json_lines(text: str, file: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=_unique)
        except ValueError as error:
            raise problem("VB406", f"not valid JSON: {error}",
                          span=Span(file=file, line=number)) from None  # fmt: skip
        rows.append(_record(value, Span(file=file, line=number), len(rows) + 1))
    return rows


def _records(value: Any, file: str, text: str) -> list[Row]:
    if not isinstance(value, list):
        raise problem("VB407", f"{file} must hold a list of rows", span=Span(file=file))
    if PurePosixPath(file).suffix.lower() == ".json":
        return [_record(item, Span(file=file), i) for i, item in enumerate(value, 1)]
    from vidbuild.source.locate import locate

    return [_record(item, locate(text, [i], file=file), i + 1) for i, item in enumerate(value)]


def _record(value: Any, span: Span, number: int) -> Row:
    if not isinstance(value, dict):
        raise problem("VB407", f"row {number} is not a mapping", span=span)
    values = {k: v for k, v in value.items() if v is not None and v != ""}
    return Row(values=values, columns=tuple(value), span=span, number=number)
