"""A text that changed, in the pieces that its templates made: which of them the change lies in."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from vidbuild.project.alignment import Edit
from vidbuild.project.marks import Piece, Ref, printed
from vidbuild.project.model import Layer, Path, Video

T = TypeVar("T")
Swap = tuple[str | re.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A text field: what is written, and its old and new value."""

    video: Video
    layer: Layer
    held: Path
    raw: Any
    file: str | None
    old: str
    new: str

    @property
    def key(self) -> Hashable:
        return self.file or (self.layer.source.name, self.layer.pointer, self.held)


@dataclass(frozen=True, slots=True)
class Words(Generic[T]):
    """An explanation: these words stand where those stood. A pattern leaves room for values."""

    cause: T
    changes: tuple[Swap, ...]

    def explains(self, text: ChangedText) -> bool:
        made = text.new
        for new, old in self.changes:
            if isinstance(new, str):
                if new not in made:
                    return False
                made = made.replace(new, old, 1)
            else:
                found = new.search(made)
                if found is None:
                    return False
                made = made[: found.start()] + old + made[found.end() :]
        return made.strip() == text.old


@dataclass(frozen=True, slots=True)
class Frame:
    """An explanation: the words of a template are what they were, what its expressions print is
    not. `plain` are the names of expressions that print just what these stand for."""

    pattern: re.Pattern[str]
    pieces: tuple[Piece, ...]
    plain: tuple[Ref | None, ...]

    def changed(
        self, text: ChangedText, lookup: Callable[[str], Any]
    ) -> list[tuple[Piece, str]] | None:
        """The expressions that print something else, with what; None where words changed."""
        new = self.pattern.fullmatch(text.new)
        old = self.pattern.fullmatch(text.old)
        if new is None or old is None:
            return None
        for ref, now in zip(self.plain, new.groups(), strict=True):
            # Room for a value is not room for other branches of the template.
            if "\n" in now if ref is None else now != printed(ref, lookup):
                return None
        prints = zip(self.pieces, new.groups(), old.groups(), strict=True)
        return [(piece, now) for piece, now, before in prints if now != before] or None


@dataclass(frozen=True, slots=True)
class Look:
    """A text in pieces: each with its end in the new text."""

    text: ChangedText
    pieces: list[Piece]
    ends: list[int]
    edits: list[Edit]

    def start(self, index: int) -> int:
        return self.ends[index - 1] if index else 0

    def owned(self) -> list[int]:
        """The pieces that an edit lies in, in order."""
        owned = {index for edit in self.edits for index in self.owners(edit)}
        return sorted(owned) or [0]

    def owners(self, edit: Edit) -> list[int]:
        """Those that made new words; of gone words the literal text next to them."""
        count = range(len(self.pieces))
        if edit.c < edit.d:
            inside = [i for i in count if self.start(i) < edit.d and edit.c < self.ends[i]]
            worded = [i for i in inside if self._says(i, edit)]
            return worded or inside
        beside = [i for i in count if self.start(i) <= edit.c <= self.ends[i]]
        within = [i for i in beside if self.start(i) < edit.c < self.ends[i]]
        literal = [i for i in beside if self.pieces[i].refs is None]
        return (within or literal or beside)[:1]

    def _says(self, index: int, edit: Edit) -> bool:
        start, end = max(self.start(index), edit.c), min(self.ends[index], edit.d)
        return bool(self.text.new[start:end].strip())

    def new_words(self, index: int) -> str:
        """What is new in a piece."""
        return " ".join(
            self.text.new[max(self.start(index), e.c) : min(self.ends[index], e.d)].strip()
            for e in self.edits
            if e.c < self.ends[index] and self.start(index) < e.d
        )

    def changes(self, owned: Sequence[int]) -> tuple[Swap, ...]:
        """The new words of each run of such pieces, and the old ones; empty where a run's
        bounds lie inside of an edit."""
        changes: list[Swap] = []
        for _, run in groupby(enumerate(owned), key=lambda pair: pair[1] - pair[0]):
            indexes = self._anchored([index for _, index in run])
            start, end = self.start(indexes[0]), self.ends[indexes[-1]]
            old = self._old(start, end)
            if old is None or start == end:
                return ()
            changes.append((self._pattern(indexes), old))
        return tuple(changes)

    def _anchored(self, run: list[int]) -> list[int]:
        """The run with the words beside it, where a value stands at its end."""
        if self.pieces[run[0]].refs is not None and run[0] > 0:
            run = [run[0] - 1, *run]
        if self.pieces[run[-1]].refs is not None and run[-1] + 1 < len(self.pieces):
            run = [*run, run[-1] + 1]
        return run

    def frame(self, lookup: Callable[[str], Any]) -> Frame:
        """The text with room for what its expressions print."""
        prints = [piece for piece in self.pieces if piece.refs is not None]
        parts = [
            "(.*?)" if piece.refs is not None else re.escape(self.text.new[start:end])
            for piece, start, end in zip(self.pieces, [0, *self.ends[:-1]], self.ends, strict=True)
        ]
        plain = tuple(
            piece.refs[0] if piece.refs and piece.text == printed(piece.refs[0], lookup) else None
            for piece in prints
        )
        return Frame(re.compile("".join(parts), re.DOTALL), tuple(prints), plain)

    def _pattern(self, indexes: Sequence[int]) -> str | re.Pattern[str]:
        texts = [self.text.new[self.start(i) : self.ends[i]] for i in indexes]
        if all(self.pieces[i].refs is None for i in indexes):
            return "".join(texts)
        parts = [
            re.escape(text) if self.pieces[i].refs is None else r"[^\n]*?"
            for i, text in zip(indexes, texts, strict=True)
        ]
        return re.compile("".join(parts))

    def _old(self, start: int, end: int) -> str | None:
        a, b = start, end
        for edit in self.edits:
            longer = (edit.b - edit.a) - (edit.d - edit.c)
            if edit.c >= start and edit.d <= end:
                b += longer
            elif edit.d <= start:
                a, b = a + longer, b + longer
            elif edit.c < end:
                return None
        return self.text.old[a:b]
