"""Files cut by their lines: the blocks under `videos`, the rows of a table.

A cut never reads YAML. It says which lines could be read without the others, so that who knows
what most of them say reads the rest alone; `leave` blanks lines out and keeps every line's number.
A file in which lines depend on each other (anchors, odd indentation, quoted cells) is not cut.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from hashlib import blake2b

# Patterns begin with the line end before: searching for that is quick, for `^` it is not.
_VIDEOS = re.compile(r"\nvideos:[ \t]*(?:#.*)?(?=\n)")
_BEGIN = re.compile(r"videos:[ \t]*(?:#.*)?(?=\n)")
_TOP = re.compile(r"\n[^\s#]")
_FIRST = re.compile(r"\n( +)[^\s#]")
# A node that another place may repeat; what looks like one counts.
_ANCHOR = re.compile(r"[\s\[{,]&[^\s&]")
_KEY = re.compile(r"""\s*(?:"([^"\\]*)"|'([^']*)'|([^\s"'#:&*!|>%@`,\[\]{}?-][^#:]*?)):(?=\s|\Z)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A text in pieces: `head` is all that is in no piece. Pieces are named by their digests, in
    the order of the text; `places` are where each begins and ends."""

    text: str
    head: str
    pieces: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def distinct(self) -> bool:
        return len(set(self.pieces)) == len(self.pieces)

    def leave(self, wanted: Container[str]) -> str:
        """The text with only the wanted pieces in it; where others stood, their lines are empty."""
        kept: list[str] = []
        at = 0
        for piece, (start, end) in zip(self.pieces, self.places, strict=True):
            if piece not in wanted:
                kept += (self.text[at:start], "\n" * self.text.count("\n", start, end))
                at = end
        return "".join(kept) + self.text[at:]

    def of(self, wanted: Container[str]) -> list[str]:
        """The texts of the wanted pieces."""
        both = zip(self.pieces, self.places, strict=True)
        return [self.text[start:end] for piece, (start, end) in both if piece in wanted]


def cut_videos(text: str) -> Cut | None:
    """The blocks of a project file's `videos`; None where they cannot be told by their lines."""
    found = _BEGIN.match(text) or _VIDEOS.search(text)
    if found is None or _VIDEOS.search(text, found.end()):
        return None
    if "\t" in text or ("&" in text and _ANCHOR.search(text)):
        return None
    top = _TOP.search(text, found.end())
    end = top.start() + 1 if top else len(text)
    first = _FIRST.search(text, found.end(), end)
    if first is None:
        return None
    indent = first[1]
    if len(indent) > 1 and re.compile(rf"\n {{1,{len(indent) - 1}}}[^\s#]").search(
        text, found.end(), end
    ):
        return None
    begins = re.compile(rf"\n{indent}(?=[^\s#])")
    starts = [match.start() + 1 for match in begins.finditer(text, found.end(), end)]
    return _cut(text, list(zip(starts, [*starts[1:], end], strict=True)))


def cut_rows(text: str) -> Cut | None:
    """The lines of a table below its header; None for tables with quotes, whose rows may be of
    several lines, and without lines."""
    if '"' in text or text[:1].isspace():
        return None
    line_end = text.find("\n")
    if line_end < 0:
        return None
    places = []
    start = line_end + 1
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        if not text[start:end].isspace():
            places.append((start, end))
        start = end
    return _cut(text, places)


def key_of(block: str) -> str | None:
    """The name that a block begins with; None for one that has to be read to know."""
    found = _KEY.match(block)
    return next(name for name in found.groups() if name is not None) if found else None


def _cut(text: str, places: Sequence[tuple[int, int]]) -> Cut:
    head: list[str] = []
    at = 0
    for start, end in places:
        if at < start:
            head.append(text[at:start])
        at = end
    head.append(text[at:])
    return Cut(
        text=text,
        head="\0".join(head),
        pieces=tuple([named(text[start:end]) for start, end in places]),
        places=tuple(places),
    )


def named(piece: str) -> str:
    """A piece's name: its digest."""
    return blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
