"""The project's files: which may be read, read once, and named as the user knows them.

A file is reached inside the project folder, or as `NAME:PATH` inside a folder that the project
opens under `roots`; what a file of a root names by a plain path lies in that root. What is
wrong with a reference is raised without a place: `placed` adds the one that named it.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from vidbuild import files
from vidbuild.diagnostics import Problems, nearest, problem
from vidbuild.project.columns import cell_text, check_unique, no_column
from vidbuild.project.spelling import Spellings
from vidbuild.source import tables, yaml
from vidbuild.source.conflict import refuse_conflict
from vidbuild.source.tables import Row
from vidbuild.source.unquoted import explained


class Sources:
    """Reads files inside `root` and `roots`, each once, and raises `Problems` about the rest.

    `instead` has texts to take for those of files. What was looked at is kept: `read` are the
    texts, `absent` files that are none, `globs` what patterns found, `facts` files of vars,
    `words` files that were asked for as text.
    """

    def __init__(self, root: Path, instead: Mapping[Path, str] | None = None) -> None:
        self.root = root.resolve()
        self.instead = instead or {}
        self.absent: set[Path] = set()
        self.globs: dict[tuple[Path, str], list[str]] = {}
        self.facts: set[Path] = set()
        self.words: set[Path] = set()
        self.roots: dict[str, Path] = {}  # further folders by name, links followed
        self.spellings = Spellings()
        self._inside = f"{self.root.as_posix()}/"
        self._resolved: dict[tuple[str, Path], Path] = {}
        self._texts: dict[Path, str] = {}
        self._rows: dict[Path, list[Row]] = {}
        self._data: dict[tuple[Path, str | None], Any] = {}

    def shown(self, path: Path) -> str:
        """The path from the project folder with `/`, so that an editor there can open it."""
        text = path.as_posix()
        if text.startswith(self._inside):
            return text[len(self._inside) :]
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        if any(path.is_relative_to(root) for root in self.roots.values()):
            return Path(os.path.relpath(path, self.root)).as_posix()
        return path.as_posix()

    def named(self, shown: str) -> Path:
        """The file that `shown` gave this name."""
        return _collapse(self.root / shown)

    def resolve(self, reference: str, folder: Path) -> Path:
        """The file that `reference` names, relative to `folder` or in a root.

        It never lies outside the project folder or root that it is named in.
        """
        known = self._resolved.get((reference, folder))
        if known is None:
            known = self._resolved[reference, folder] = self._resolve(reference, folder)
        return known

    def matching(self, glob: str, folder: Path) -> list[str]:
        """The files in `folder` that a glob finds, relative to it, sorted."""
        found = sorted(path for path in folder.glob(glob) if path.is_file())
        names = self.globs[folder, glob] = [path.relative_to(folder).as_posix() for path in found]
        return names

    def start(self, reference: str, folder: Path) -> tuple[str, Path]:
        """A reference without its root's name, and the folder that it starts from."""
        name, colon, rest = reference.partition(":")
        return (rest, self.roots[name]) if colon and name in self.roots else (reference, folder)

    def _resolve(self, reference: str, folder: Path) -> Path:
        rest, start = self.start(reference, folder)
        if not rest or "\0" in rest:
            raise problem("VB250", "the file name is empty or holds a NUL", hint="name a file")
        area, pure = self._area(start), PurePosixPath(rest)
        path = _collapse(start / pure)
        if pure.is_absolute() or not path.is_relative_to(area):
            hint = "copy the file into it, or open its folder under `roots`"
            raise problem("VB251", f"{reference} lies outside {self._worded(area)}", hint=hint)
        if _linked(area, path) and not files.within(area, path):
            hint = "put the file itself there, or open its folder under `roots`"
            where = self._worded(area)
            raise problem("VB251", f"{reference} is a link that leads out of {where}", hint=hint)
        if ":" in rest and rest is reference and not path.exists():
            raise self._no_root(reference)
        return path

    def _area(self, folder: Path) -> Path:
        """The innermost of the open folders that holds `folder`."""
        holding = [area for area in self.roots.values() if folder.is_relative_to(area)]
        if folder.is_relative_to(self.root):
            holding.append(self.root)
        return max(holding, key=lambda area: len(area.parts), default=self.root)

    def _worded(self, area: Path) -> str:
        name = next((name for name, root in self.roots.items() if root == area), None)
        return "the project folder" if area == self.root else f"the root {name!r}"

    def _no_root(self, reference: str) -> Problems:
        name, _, rest = reference.partition(":")
        if rest.startswith("//"):
            return problem("VB281", f"{reference} is an address, not a file",
                           hint="download the file into the project")  # fmt: skip
        close = nearest(name, self.roots)
        hint = f"did you mean {close}?" if close else f"open it: roots: {{{name}: ../FOLDER}}"
        return problem("VB281", f"the project opens no root {name!r}", hint=hint)

    def text(self, path: Path) -> str:
        """The file's text with `\\n` line ends."""
        self.words.add(path)
        return self._text(path)

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = self.instead.get(path) or self._read(path)
        return self._texts[path]

    @property
    def read(self) -> Mapping[Path, str]:
        """The texts of the files that were read."""
        return self._texts

    def _read(self, path: Path) -> str:
        try:
            text = files.read_text(path, shown=self.shown(path))
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            refuse_conflict(text, file=self.shown(path))
        except Problems:
            self.absent.add(path)
            raise
        return text

    def rows(self, path: Path) -> list[Row]:
        """The rows of a data file."""
        if path not in self._rows:
            name = self.shown(path)
            tables.check_ending(name)
            rows = self._rows[path] = tables.read_rows(self._text(path), file=name)
            self._spelled([row.values for row in rows], path)
        return self._rows[path]

    def _spelled(self, data: Any, path: Path) -> Any:
        """Data of a YAML or JSON file with the spelling of numbers kept."""
        if path.suffix.lower() not in (".yaml", ".yml", ".json"):
            return data
        return self.spellings.kept(data, self.text(path), self.shown(path))

    def data(self, path: Path, *, key: str | None) -> Any:
        """A data file's value; with `key`, its rows as a mapping by that column."""
        self.facts.add(path)
        if (path, key) not in self._data:
            name = self.shown(path)
            tables.check_ending(name)
            if key is not None:
                self._data[path, key] = _by_key(self.rows(path), key)
            else:
                value = tables.read_data(self.text(path), file=name)
                self._data[path, key] = self._spelled(value, path)
        return self._data[path, key]

    def yaml(self, path: Path) -> tuple[str, Any]:
        """A YAML file's text and value."""
        text, name = self.text(path), self.shown(path)
        try:
            data = yaml.load(text, file=name)
        except Problems as problems:
            raise explained(problems, text, partial(yaml.load, file=name)) from None
        return text, self.spellings.kept(data, text, name, own=True)


def _by_key(rows: Sequence[Row], key: str) -> dict[str, Any]:
    columns = list(dict.fromkeys(column for row in rows for column in row.columns))
    if rows and key not in columns:
        raise no_column(key, columns)
    check_unique(rows, key)
    return {cell_text(row.values[key]): dict(row.values) for row in rows}


def _linked(area: Path, path: Path) -> bool:
    """Whether there may be a link on the way from an area, which has none in its own path."""
    if os.name == "nt":  # a junction leads elsewhere, and is no link to Python 3.11
        return True
    place = str(area)
    for part in path.relative_to(area).parts:
        place = os.path.join(place, part)  # noqa: PTH118 - for each file of each video
        if os.path.islink(place):  # noqa: PTH114
            return True
    return False


def _collapse(path: Path) -> Path:
    """`..` and `.` resolved by spelling alone, links kept."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts[1:] = parts[1:-1]
        elif part != ".":
            parts.append(part)
    return Path(*parts)
