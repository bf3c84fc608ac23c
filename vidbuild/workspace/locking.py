"""What the commands that edit the lock share: rows of a table, and writing lock and manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

from vidbuild.diagnostics import Diagnostic, Problems, Span, problem
from vidbuild.files import read_text, write_atomic
from vidbuild.source.tables import read_rows
from vidbuild.state.lock import encode_lock
from vidbuild.state.records import Entry
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.publishing import keep_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two values that were asked for together; `span` is their row in a table."""

    first: str
    second: str
    span: Span | None = None


def typed(names: Sequence[str]) -> Pair:
    """Two that were typed, composed (NFC) as the project's names are."""
    first, second = (normalize("NFC", name) for name in names)
    return Pair(first=first, second=second)


def read_pairs(path: Path, columns: tuple[str, str]) -> list[Pair]:
    """Two columns of a table. Raises `Problems` for one that lacks them, or a value."""
    rows = read_rows(read_text(path), file=str(path))
    if not rows:
        place = Span(file=str(path))
        raise problem("VB527", f"{path} has no rows", hint="write one a video", span=place)
    _refuse_columns(rows[0].columns, columns, path)
    found: list[Diagnostic] = []
    pairs: list[Pair] = []
    for row in rows:
        values = [row.values.get(column) for column in columns]
        if isinstance(values[0], str) and isinstance(values[1], str):
            pairs.append(replace(typed([values[0], values[1]]), span=row.span))
            continue
        lacking = next(c for c, v in zip(columns, values, strict=True) if not isinstance(v, str))
        found.append(
            Diagnostic(
                code="VB527",
                message=f"row {row.number} has no {lacking}",
                hint="fill it in, or remove the row",
                span=row.span,
            )
        )
    if found:
        raise Problems(found)
    return pairs


def _refuse_columns(there: Sequence[str], wanted: Sequence[str], path: Path) -> None:
    for column in wanted:
        if column not in there:
            raise problem(
                "VB414",
                f"{path} has no column {column!r}",
                hint=f"its header is to be {','.join(wanted)}",
                span=Span(file=str(path)),
            )


def doubled(pairs: Sequence[Pair]) -> Iterator[Diagnostic]:
    """Pairs whose first value an earlier pair has."""
    seen: set[str] = set()
    for pair in pairs:
        if pair.first in seen:
            yield Diagnostic(
                code="VB527",
                message=f"{pair.first} is named twice",
                hint="remove one of the rows",
                span=pair.span,
            )
        seen.add(pair.first)


def write_lock(
    workspace: Workspace, videos: Mapping[str, Entry], *, warn: Callable[[Diagnostic], None]
) -> None:
    """The lock has these entries from now on, and a `manifest.json` of ours follows: whoever
    publishes what it lists goes by its names. The project must be held."""
    data = encode_lock(replace(workspace.lock, videos=videos))
    write_atomic(workspace.lock_path, data, alone=True)
    said = keep_up(workspace, videos)
    if said is not None:
        warn(said)
