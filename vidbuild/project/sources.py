"""The project's files: which may be read, read once, and named as the user knows them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from vidbuild import files
from vidbuild.diagnostics import Problems, Span, problem
from vidbuild.source import tables, yaml


class Sources:
    """Reads files inside `root`, each once. Raises `Problems` that point at who named them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._texts: dict[Path, str] = {}
        self._data: dict[tuple[Path, str | None], Any] = {}

    def shown(self, path: Path) -> str:
        """The path relative to the project folder with `/`, or as it is outside it."""
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return path.as_posix()

    def resolve(self, reference: str, folder: Path, span: Span | None = None) -> Path:
        """The file that `reference` names, relative to `folder`; never outside the project."""
        if not reference or "\0" in reference:
            raise problem("VB250", "the file name is empty or holds a NUL", span=span)
        pure = PurePosixPath(reference)
        path = folder / pure
        outside = pure.is_absolute() or not _collapse(path).is_relative_to(self.root)
        if outside or not files.within(self.root, path):
            raise problem(
                "VB251",
                f"{reference} lies outside the project folder",
                hint="copy the file into the project; links may not lead out of it either",
                span=span,
            )
        return _collapse(path)

    def text(self, path: Path, span: Span | None = None) -> str:
        """The file's text with `\\n` line ends."""
        if path not in self._texts:
            text = files.read_text(path, shown=self.shown(path), span=span)
            self._texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._texts[path]

    def data(self, path: Path, *, key: str | None, span: Span | None = None) -> Any:
        """A data file's value; with `key`, its rows as a mapping by that column."""
        if (path, key) not in self._data:
            name = self.shown(path)
            text = self.text(path, span)
            value = tables.read_data(text, file=name)
            self._data[path, key] = value if key is None else _by_key(value, key, name, span)
        return self._data[path, key]

    def yaml(self, path: Path, span: Span | None = None) -> tuple[str, Any]:
        """A YAML file's text and value."""
        text = self.text(path, span)
        return text, yaml.load(text, file=self.shown(path))


def _by_key(value: Any, key: str, name: str, span: Span | None) -> dict[str, Any]:
    if not isinstance(value, list):
        raise problem("VB407", f"`key` needs a file of rows, and {name} is none", span=span)
    rows: dict[str, Any] = {}
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict) or key not in row:
            raise _keyless(name, number, key, row)
        if str(row[key]) in rows:
            raise problem("VB410", f"row {number} of {name} repeats {key} = {row[key]}", span=span)
        rows[str(row[key])] = row
    return rows


def _keyless(name: str, number: int, key: str, row: Any) -> Problems:
    columns = ", ".join(row) if isinstance(row, dict) else "none"
    return problem("VB410", f"row {number} of {name} has no {key!r}",
                   hint=f"its columns: {columns}", span=Span(file=name))  # fmt: skip


def _collapse(path: Path) -> Path:
    """`..` and `.` resolved by spelling alone, links kept."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts[1:] = parts[1:-1]
        elif part != ".":
            parts.append(part)
    return Path(*parts)
