"""The project's files: which may be read, read once, and named as the user knows them.

What is wrong with a reference is raised without a place: `placed` adds the one that named it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from vidbuild import files
from vidbuild.diagnostics import problem
from vidbuild.project.columns import cell_text, check_unique, no_column
from vidbuild.source import tables, yaml
from vidbuild.source.tables import Row


class Sources:
    """Reads files inside `root`, each once. Raises `Problems` that point at who named them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._resolved: dict[tuple[str, Path], Path] = {}
        self._texts: dict[Path, str] = {}
        self._rows: dict[Path, list[Row]] = {}
        self._data: dict[tuple[Path, str | None], Any] = {}

    def shown(self, path: Path) -> str:
        """The path relative to the project folder with `/`, or as it is outside it."""
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix()

    def resolve(self, reference: str, folder: Path) -> Path:
        """The file that `reference` names, relative to `folder`; never outside the project."""
        known = self._resolved.get((reference, folder))
        if known is None:
            known = self._resolved[reference, folder] = self._inside(reference, folder)
        return known

    def _inside(self, reference: str, folder: Path) -> Path:
        if not reference or "\0" in reference:
            raise problem("VB250", "the file name is empty or holds a NUL", hint="name a file")
        pure = PurePosixPath(reference)
        path = _collapse(folder / pure)
        inside = not pure.is_absolute() and path.is_relative_to(self.root)
        if not inside or not files.within(self.root, path):
            raise problem(
                "VB251",
                f"{reference} lies outside the project folder",
                hint="copy the file into the project; links may not lead out of it either",
            )
        return path

    def text(self, path: Path) -> str:
        """The file's text with `\\n` line ends."""
        if path not in self._texts:
            text = files.read_text(path, shown=self.shown(path))
            self._texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._texts[path]

    def rows(self, path: Path) -> list[Row]:
        """The rows of a data file."""
        if path not in self._rows:
            name = self.shown(path)
            tables.check_ending(name)
            self._rows[path] = tables.read_rows(self.text(path), file=name)
        return self._rows[path]

    def data(self, path: Path, *, key: str | None) -> Any:
        """A data file's value; with `key`, its rows as a mapping by that column."""
        if (path, key) not in self._data:
            name = self.shown(path)
            tables.check_ending(name)
            self._data[path, key] = (
                tables.read_data(self.text(path), file=name)
                if key is None
                else _by_key(self.rows(path), key)
            )
        return self._data[path, key]

    def yaml(self, path: Path) -> tuple[str, Any]:
        """A YAML file's text and value."""
        text = self.text(path)
        return text, yaml.load(text, file=self.shown(path))


def _by_key(rows: Sequence[Row], key: str) -> dict[str, Any]:
    columns = list(dict.fromkeys(column for row in rows for column in row.columns))
    if rows and key not in columns:
        raise no_column(key, columns)
    check_unique(rows, key)
    return {cell_text(row.values[key]): dict(row.values) for row in rows}


def _collapse(path: Path) -> Path:
    """`..` and `.` resolved by spelling alone, links kept."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts[1:] = parts[1:-1]
        elif part != ".":
            parts.append(part)
    return Path(*parts)
