"""A memo and the sources as they are -> which blocks and rows have to be worked out again.

Not for working them out: the answer is a question, and what to read instead of whole files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidbuild.files import read_text
from vidbuild.source.blocks import Cut, cut_rows, cut_videos, key_of, named
from vidbuild.workspace.memory.memo import Parts
from vidbuild.workspace.memory.recall import Recalled

_SHARE = 4  # of more than one block in so many the whole project is planned, and remembered anew
_FEW = 50


class Unsure(Exception):
    """The whole project has to be planned."""


@dataclass(slots=True, kw_only=True)
class Question:
    """What has to be worked out. `blocks` by file; `looping` are those of them that are asked for
    some of their rows alone, `rows` by table. `names` had a plan before, or only the lock has
    them."""

    blocks: dict[str, set[str]] = field(default_factory=dict)
    looping: set[tuple[str, str]] = field(default_factory=set)
    rows: dict[str, set[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @property
    def in_rows(self) -> bool:
        """Whether rows are enough: any other block may loop over whatever it likes."""
        return sum(map(len, self.blocks.values())) == len(self.looping)

    @property
    def size(self) -> int:
        return sum(map(len, self.blocks.values())) + sum(map(len, self.rows.values()))


class Asking:
    """One question. Raises `Unsure`, and `Problems` for a file that cannot be read."""

    def __init__(self, recalled: Recalled, parts: Parts) -> None:
        self.recalled, self.parts = recalled, parts
        self.root = recalled.file.parent
        self.question = Question()
        self.cuts: dict[str, Cut] = {}

    def ask(self) -> Question:
        """Everything that may have another plan than before."""
        parts = self.parts
        for name in self.recalled.changed:
            known = name in parts.heads or name in parts.tables or name in parts.uses
            if name in parts.facts or not known:
                raise Unsure
            if name in parts.heads:
                self._blocks(name)
            if name in parts.tables:
                self._rows(name)
            for file, piece in parts.uses.get(name, ()):
                self.question.names.update(parts.blocks[file][piece])
                self._block(file, piece)
        self._named({*parts.unsettled, *self._touched()})
        everything = sum(map(len, parts.blocks.values())) + sum(
            len(names) for table in parts.tables.values() for *_, names in table["blocks"]
        )
        if self.question.size > max(_FEW, everything // _SHARE):
            raise Unsure
        return self.question

    def instead(self) -> Mapping[Path, str]:
        """The texts of the files without what is known."""
        question = self.question
        texts = {
            self.root / file: self.cut(file).leave(question.blocks.get(file, frozenset()))
            for file in self.parts.blocks
        }
        if question.in_rows:
            texts |= {
                self.root / file: self.table(file).leave(rows)
                for file, rows in question.rows.items()
            }
        return {Path(os.path.normpath(path)): text for path, text in texts.items()}

    def keys(self, file: str) -> list[str | None]:
        """The names that the file's blocks in question begin with."""
        return [key_of(text) for text in self.cut(file).of(self.question.blocks.get(file, set()))]

    def cut(self, file: str) -> Cut:
        if file not in self.cuts:
            self.cuts[file] = _sure(cut_videos(self._text(file)))
        return self.cuts[file]

    def table(self, file: str) -> Cut:
        if file not in self.cuts:
            self.cuts[file] = _sure(cut_rows(self._text(file)))
        return self.cuts[file]

    def _text(self, file: str) -> str:
        return read_text(self.root / file).replace("\r\n", "\n").replace("\r", "\n")

    def _blocks(self, file: str) -> None:
        """Of a project file: blocks that are new, and the names of those that have gone."""
        cut, known = self.cut(file), self.parts.blocks[file]
        if named(cut.head) != self.parts.heads[file]:
            raise Unsure
        pieces = set(cut.pieces)
        self.question.blocks.setdefault(file, set()).update(pieces - known.keys())
        for piece in known.keys() - pieces:
            self.question.names.update(known[piece])

    def _block(self, file: str, piece: str) -> None:
        if piece in self.cut(file).pieces:
            self.question.blocks.setdefault(file, set()).add(piece)
            self.question.looping.discard((file, piece))

    def _rows(self, name: str) -> None:
        """Of a table: rows that are new, and the names of those that have gone."""
        table, cut = self.parts.tables[name], self.table(name)
        if named(cut.head) != table["head"]:
            raise Unsure
        pieces = set(cut.pieces)
        for file, piece, key, known in table["blocks"]:
            if key is not None and not _tells_apart(cut, key):
                raise Unsure
            gone = known.keys() - pieces
            self.question.names.update(known[row] for row in gone if known[row] is not None)
            self._looping(file, piece, name, pieces - known.keys())

    def _looping(self, file: str, piece: str, table: str, rows: set[str]) -> None:
        asked = self.question.blocks.setdefault(file, set())
        if not rows or piece not in self.cut(file).pieces:
            return
        self.question.rows.setdefault(table, set()).update(rows)
        if piece not in asked:
            asked.add(piece)
            self.question.looping.add((file, piece))

    def _touched(self) -> Iterable[str]:
        """The names whose output files are not as they were."""
        outputs = self.recalled.memo.outputs
        times, now = self.parts.times, self.recalled.times
        if now == times or not outputs:
            return
        start = len(self.parts.folder) + 1
        for place, path in enumerate(outputs.split("\n")):
            found = now[2 * place : 2 * place + 2] if now else _times(self.root / path)
            if found != times[2 * place : 2 * place + 2]:
                yield path[start : path.rindex(".")]

    def _named(self, names: set[str]) -> None:
        """The blocks and rows of names; those that only the lock has have none."""
        self.question.names |= names
        if not names:
            return
        loops = {
            (file, piece): (table, known)
            for table, each in self.parts.tables.items()
            for file, piece, _, known in each["blocks"]
        }
        for file, blocks in self.parts.blocks.items():
            for piece, made in blocks.items():
                if names.isdisjoint(made):
                    continue
                if (file, piece) in loops:
                    table, known = loops[file, piece]
                    present = set(self.table(table).pieces)
                    rows = {row for row, name in known.items() if name in names and row in present}
                    self._looping(file, piece, table, rows)
                else:
                    self._block(file, piece)


def _sure(cut: Cut | None) -> Cut:
    if cut is None or not cut.distinct:
        raise Unsure
    return cut


def _tells_apart(cut: Cut, key: str) -> bool:
    """Whether a column has another cell in each row."""
    header = cut.text[: cut.text.index("\n")]
    delimiter = max(",;\t", key=header.count)
    columns = [cell.strip() for cell in header.split(delimiter)]
    if key not in columns:
        return False
    at = columns.index(key)
    rows = [cut.text[start:end].split(delimiter, at + 1) for start, end in cut.places]
    return len({row[at].strip() for row in rows if len(row) > at}) == len(rows)


def _times(path: Path) -> list[int]:
    try:
        stat = path.stat()
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
