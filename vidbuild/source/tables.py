"""Rows of data files: CSV and TSV as trimmed text, JSON, JSON Lines and YAML as they are.

Rows keep the line they came from, so that an error can name it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, Span, problem
from vidbuild.source import yaml

_ENDINGS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".yaml", ".yml"})
_DELIMITERS = ",;\t"
MAX_CELL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: `values` without its empty cells, `columns` with them, `number` from 1.

    `place` may be a function: finding a row in a YAML file costs more than reading it.
    """

    values: Mapping[str, Any]
    columns: tuple[str, ...]
    number: int
    place: Span | Callable[[], Span]

    @property
    def span(self) -> Span:
        return self.place if isinstance(self.place, Span) else self.place()


def check_ending(file: str) -> None:
    """Raises `Problems` VB402, without a place, for a file that is no data file by its name."""
    ending = PurePosixPath(file).suffix.lower()
    if ending not in _ENDINGS:
        raise problem(
            "VB402",
            f"{file} is no data file: its name ends in {ending or 'nothing'}",
            hint="use .csv, .tsv, .json, .jsonl or .yaml",
        )


def read_rows(text: str, *, file: str) -> list[Row]:
    """The rows of a data file, by its ending. Raises `Problems` (VB40x, VB11x)."""
    check_ending(file)
    match PurePosixPath(file).suffix.lower():
        case ".csv" | ".tsv":
            return _separated(text, file)
        case ".json":
            return _records(_json(text, file), file, text)
        case ".yaml" | ".yml":
            return _records(yaml.load(text, file=file), file, text)
        case _:
            return _json_lines(text, file)


def read_data(text: str, *, file: str) -> Any:
    """A data file as one value: a list of mappings for tables, the document otherwise."""
    match PurePosixPath(file).suffix.lower():
        case ".json":
            return _json(text, file)
        case ".yaml" | ".yml":
            return yaml.load(text, file=file)
        case _:
            return [dict(row.values) for row in read_rows(text, file=file)]


def _separated(text: str, file: str) -> list[Row]:
    delimiter = "\t" if file.lower().endswith(".tsv") else _delimiter(text)
    previous = csv.field_size_limit(MAX_CELL)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        return _table(_records_of(reader, file), file)
    finally:
        csv.field_size_limit(previous)


def _delimiter(text: str) -> str:
    """The separator that the header line has most of, outside quotes."""
    header = next((line for line in text.split("\n") if line.strip()), "")
    unquoted = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _records_of(reader: Any, file: str) -> Iterator[tuple[list[str], Span]]:
    """Trimmed cells and the line they begin in; empty records are left out."""
    line = 1
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed):
                yield trimmed, Span(file=file, line=line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise problem("VB403", f"{file} is not valid CSV: {error}",
                      hint="check the quotes of the row that begins here",
                      span=Span(file=file, line=line)) from None  # fmt: skip


def _table(records: Iterator[tuple[list[str], Span]], file: str) -> list[Row]:
    header = next(records, None)
    if header is None:
        raise problem("VB404", f"{file} has no header line",
                      hint="name the columns in its first line", span=Span(file=file))  # fmt: skip
    columns = _header(*header)
    rows: list[Row] = []
    found: list[Diagnostic] = []
    for number, (cells, span) in enumerate(records, 1):
        if len(cells) != len(columns):
            found.append(_ragged(len(cells), len(columns), number, span))
        values = {c: v for c, v in zip(columns, cells, strict=False) if v}
        rows.append(Row(values=values, columns=columns, place=span, number=number))
    if found:
        raise Problems(found)
    return rows


def _header(names: list[str], span: Span) -> tuple[str, ...]:
    for position, name in enumerate(names, 1):
        if not name:
            raise problem("VB404", f"column {position} has no name in the header line",
                          hint="name it, or remove its separator from every line",
                          span=span)  # fmt: skip
        if names.index(name) < position - 1:
            raise problem("VB404", f"the column {name!r} is doubled",
                          hint="give each column a name of its own", span=span)  # fmt: skip
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


def _json(text: str, file: str, *, first_line: int = 1) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = Span(file=file, line=first_line + error.lineno - 1, column=error.colno)
        said = error.msg[:1].lower() + error.msg[1:]
        raise problem("VB406", f"not valid JSON: {said}", span=place,
                      hint="check commas and brackets before this place") from None  # fmt: skip
    except RecursionError:
        place = Span(file=file, line=first_line)
        raise problem(
            "VB114", "the JSON is nested too deep", hint="write flat rows", span=place
        ) from None
    except ValueError as error:
        place = Span(file=file, line=first_line)
        raise problem("VB406", f"not valid JSON: {error}", span=place,
                      hint="correct it in this file") from None  # fmt: skip


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {doubled!r} is doubled")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _json_lines(text: str, file: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value = _json(line, file, first_line=number)
            rows.append(_record(value, Span(file=file, line=number), len(rows) + 1))
    return rows


def _records(value: Any, file: str, text: str) -> list[Row]:
    if not isinstance(value, list):
        raise problem("VB407", f"{file} must hold a list of rows",
                      hint="write a list of mappings, one a row", span=Span(file=file))  # fmt: skip
    return [
        _record(item, partial(_item_span, text, index, file), index + 1)
        for index, item in enumerate(value)
    ]


def _item_span(text: str, index: int, file: str) -> Span:
    """Where an item of a YAML or JSON list stands; JSON that is no YAML has no places."""
    from vidbuild.source.locate import locate

    try:
        return locate(text, [index], file=file)
    except Problems:
        return Span(file=file)


def _record(value: Any, place: Span | Callable[[], Span], number: int) -> Row:
    if not isinstance(value, dict):
        span = place if isinstance(place, Span) else place()
        raise problem("VB407", f"row {number} is not a mapping of columns to values",
                      hint='write rows such as {"id": "a"}', span=span)  # fmt: skip
    values = {k: v for k, v in value.items() if v is not None and v != ""}
    return Row(values=values, columns=tuple(value), place=place, number=number)
