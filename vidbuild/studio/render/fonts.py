"""Which font draws which character: the vendored ones first, then a Noto CJK of the system.

Reads the character maps itself (OpenType cmap formats 4 and 12): Pillow can't be asked
whether a glyph exists, and a missing one must be a warning, never a box.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_FOLDER = Path(__file__).parent.parent / "fonts"
_PLACES = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("/Library/Fonts"),
    Path("~/Library/Fonts").expanduser(),
)
# The collection first: it draws one character as China, Japan and Korea each write it.
_SYSTEM_FONTS = ("NotoSansCJK-{}.ttc", "NotoSansCJKsc-{}.otf", "NotoSansSC-{}.otf",
                 "NotoSansJP-{}.otf", "NotoSansKR-{}.otf")  # fmt: skip
_JAPAN, _KOREA, _CHINA = 0, 1, 2  # places in the collection


class Face(NamedTuple):
    """A font file, and which of the fonts in it where it is a collection."""

    path: Path
    place: int = 0


@cache
def chain(*, bold: bool) -> tuple[Path, ...]:
    """The vendored fonts to try in turn."""
    face = "FiraGO-SemiBold.ttf" if bold else "FiraGO-Regular.ttf"
    return (_FOLDER / face, _FOLDER / "DejaVuSans.ttf")


@cache
def _system(*, bold: bool) -> tuple[Path, ...]:
    """Searched for only when a text holds a character that the vendored fonts lack."""
    found = (p for place in _PLACES if place.is_dir() for p in sorted(place.rglob("Noto*")))
    plain = {path.name: path for path in found}
    weights = ("Bold", "Regular") if bold else ("Regular",)
    names = (name.format(weight) for weight in weights for name in _SYSTEM_FONTS)
    return tuple(plain[name] for name in names if name in plain)


@lru_cache(maxsize=64)
def sized(face: Face, size: int, *, shaped: bool = True) -> FreeTypeFont:
    """A face in a size; the unshaped one only measures letters one at a time."""
    from PIL import ImageFont

    engine = None if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(face.path), size, index=face.place, layout_engine=engine)


@lru_cache(maxsize=4096)
def font_for(char: str, *, bold: bool) -> Path | None:
    """The first font with a glyph for the character, or None."""
    code = ord(char)
    for path in chain(bold=bold):
        if code in _coverage(path):
            return path
    return next((path for path in _system(bold=bold) if code in _coverage(path)), None)


def runs(text: str, *, bold: bool) -> list[tuple[Face, str]]:
    """The text as stretches of one font each; characters that no font has are left out.

    Marks and joiners stay with the letter before them; a space never changes the font.
    """
    found: list[tuple[Path, str]] = []
    for char in text:
        follows = char.isspace() or unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")
        if found and follows and (char.isspace() or ord(char) in _coverage(found[-1][0])):
            found[-1] = (found[-1][0], found[-1][1] + char)
            continue
        path = font_for(char, bold=bold)
        if path is None:
            continue
        if found and found[-1][0] == path:
            found[-1] = (path, found[-1][1] + char)
        else:
            found.append((path, char))
    return [(_face(path, text), run) for path, run in found]


def _face(path: Path, text: str) -> Face:
    """Of a collection the font of the text's own country, as far as its letters tell."""
    if path.suffix != ".ttc":
        return Face(path)
    if any("\u3040" <= char <= "\u30ff" for char in text):
        return Face(path, _JAPAN)
    return Face(path, _KOREA if any("\uac00" <= char <= "\ud7a3" for char in text) else _CHINA)


def missing(text: str) -> str:
    """The characters of a text that no font here can draw, each once, in order."""
    unseen = ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Cs")
    return "".join(
        char
        for char in dict.fromkeys(text)
        if unicodedata.category(char) not in unseen and font_for(char, bold=False) is None
    )


@cache
def _coverage(path: Path) -> frozenset[int]:
    """Every code point that the font's own character map gives a glyph."""
    with path.open("rb") as file:
        head = file.read(16)
        start = struct.unpack(">I", head[12:16])[0] if head[:4] == b"ttcf" else 0
        file.seek(start + 4)
        count = struct.unpack(">H6x", file.read(8))[0]
        for _ in range(count):
            tag, _, offset, length = struct.unpack(">4sIII", file.read(16))
            if tag == b"cmap":
                file.seek(offset)
                return frozenset(_code_points(file.read(length)))
    return frozenset()


def _code_points(cmap: bytes) -> Iterator[int]:
    count = struct.unpack_from(">H", cmap, 2)[0]
    for offset in {struct.unpack_from(">I", cmap, 8 + 8 * n)[0] for n in range(count)}:
        form = struct.unpack_from(">H", cmap, offset)[0]
        if form == 4:
            yield from _segments(cmap, offset)
        elif form == 12:
            groups = struct.unpack_from(">I", cmap, offset + 12)[0]
            for n in range(groups):
                first, last, glyph = struct.unpack_from(">III", cmap, offset + 16 + 12 * n)
                yield from range(first + (glyph == 0), last + 1)


def _segments(cmap: bytes, table: int) -> Iterator[int]:
    size = struct.unpack_from(">H", cmap, table + 6)[0]
    ends, starts = table + 14, table + 16 + size
    for n in range(0, size, 2):
        first = struct.unpack_from(">H", cmap, starts + n)[0]
        last = struct.unpack_from(">H", cmap, ends + n)[0]
        delta = struct.unpack_from(">H", cmap, starts + size + n)[0]
        at = starts + 2 * size + n
        indirect = struct.unpack_from(">H", cmap, at)[0]
        for code in range(first, min(last, 0xFFFE) + 1):
            if indirect:
                glyph = struct.unpack_from(">H", cmap, at + indirect + 2 * (code - first))[0]
            else:
                glyph = (code + delta) & 0xFFFF
            if glyph:
                yield code
