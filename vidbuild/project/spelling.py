"""Numbers that lose their spelling: `version: 2.10` is the number 2.1, and prints as that.

In data that templates see, such a number remembers how it was written and notes when it is
made into text. Numbers whose own text is what was written are left alone, and files without
any other are searched once and not read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.project.model import Path
from vidbuild.source.plain import Written, plain_scalars
from vidbuild.source.scalars import plain_value

# A value that may be such a number: `007`, `2.10`, `+1`, `.5`, `5.`, `1e3`, `0x1F`.
_ANY = re.compile(
    r"(?:[:\-]\s+|[,\[{]\s*|\":\s*) (?: [-+]?0\d | [-+]?\d*\.\d*0 | \+ | [-+]?\.\d"
    r" | [-+]?\d+\.(?!\d) | [-+]?\d[\d.]*[eE] | 0[xo] | [-+]?\d{16} )"
    r" [\w.+-]* \s*(?:$|[,\]}#])",
    re.VERBOSE | re.MULTILINE,
)
_OWN = frozenset({"vars", "for_each"})  # keys of a project file below which templates see data

Note = Callable[[Written, str], None]


class Spellings:
    """Numbers by their places that were printed otherwise than written."""

    def __init__(self) -> None:
        self._printed: dict[tuple[str, Path], Diagnostic] = {}

    def kept(self, data: Any, text: str, file: str, *, own: bool = False) -> Any:
        """The data with its numbers remembering their spelling, where they lose it.

        With `own` the data are a project file: only what templates see of it counts.
        """
        if any(map(_has_number, _own_parts(data) if own else [data])) and _ANY.search(text):
            for written in _written(text, file):
                if not own or not _OWN.isdisjoint(written.path):
                    _keep(data, written, self._note)
        return data

    @property
    def warnings(self) -> Iterable[Diagnostic]:
        return self._printed.values()

    def _note(self, written: Written, printed: str) -> None:
        key = next((part for part in reversed(written.path) if isinstance(part, str)), "")
        self._printed[written.span.file, written.path] = Diagnostic(
            code="VB292",
            severity="warning",
            message=f"{written.text} is a number, and is printed as {printed}",
            hint=f'write {_key(key, written)}: "{written.text}"',
            span=written.span,
        )


def _key(key: str, written: Written) -> str:
    return f'"{key}"' if written.span.file.endswith(".json") else key


class SpelledInt(int):
    """A whole number that notes when it becomes text."""

    written: Written
    note: Note

    def __str__(self) -> str:
        self.note(self.written, int.__repr__(self))
        return int.__repr__(self)


class SpelledFloat(float):
    """A number that notes when it becomes text."""

    written: Written
    note: Note

    def __str__(self) -> str:
        self.note(self.written, float.__repr__(self))
        return float.__repr__(self)


def unspelled(value: Any) -> Any:
    """The bare number of one that remembers its spelling; anything else as it is."""
    match value:
        case SpelledInt():
            return int(value)
        case SpelledFloat():
            return float(value)
        case _:
            return value


def _own_parts(data: Any, depth: int = 2) -> Iterator[Any]:
    """What a project file says for templates to see: of the file, its defaults, its videos."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key in _OWN:
            yield value
        elif depth and type(value) is dict:
            yield from _own_parts(value, depth - 1)


def _has_number(data: Any) -> bool:
    if isinstance(data, (dict, list)):
        return any(map(_has_number, data.values() if isinstance(data, dict) else data))
    return type(data) in (int, float)


def _written(text: str, file: str) -> list[Written]:
    try:
        return plain_scalars(text, file=file)
    except Problems:
        return []  # JSON that is no YAML


def _keep(data: Any, written: Written, note: Note) -> None:
    value = plain_value(written.text)
    if type(value) not in (int, float) or repr(value) == written.text:
        return
    *above, last = written.path
    for part in above:
        data = _member(data, part)
    if _member(data, last) != value:
        return  # behind a merge, or replaced
    kept: Any = SpelledInt(value) if isinstance(value, int) else SpelledFloat(value)
    kept.written, kept.note = written, note
    data[last] = kept


def _member(data: Any, part: str | int) -> Any:
    match data, part:
        case Mapping(), str():
            return data.get(part)
        case list(), int() if part < len(data):
            return data[part]
        case _:
            return None
