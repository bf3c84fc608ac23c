"""Where a value of a data file stands that templates reach by names, keys and positions."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.project.columns import cell_text
from vidbuild.project.sources import Sources
from vidbuild.source.locate import locate

_TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})


def data_place(
    sources: Sources, file: pathlib.Path, path: Sequence[Any], *, key: Any = None
) -> int | None:
    """The line of what `path` leads to in a data file, or of the row around it.

    With `key` its rows are reached by that column. None where the file has no places.
    """
    if not path:
        return None
    if key is None and file.suffix.lower() not in _TABLES:
        return _located(sources, file, path)
    for number, row in enumerate(sources.rows(file)):
        if path[0] == (number if key is None else cell_text(row.values.get(str(key), ""))):
            return row.span.line
    return None


def _located(sources: Sources, file: pathlib.Path, path: Sequence[Any]) -> int | None:
    """In a YAML file, or in JSON that is YAML as well."""
    keys = [part for part in path if isinstance(part, (str, int))]
    try:
        return locate(sources.text(file), keys, file=sources.shown(file)).line
    except Problems:
        return None
