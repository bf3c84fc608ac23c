"""The card of a staged scene: its prompt, and beneath it who appears and what it goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidbuild.studio.render import text
from vidbuild.studio.render.colour import Palette, accent, mixed
from vidbuild.studio.render.figure import badge
from vidbuild.studio.render.layout import Box, Layout, even
from vidbuild.studio.render.media import Medium, covered, open_picture
from vidbuild.studio.render.model import RenderError
from vidbuild.studio.render.shapes import panel, rounded
from vidbuild.studio.render.takes import Take
from vidbuild.studio.render.text import Style

if TYPE_CHECKING:
    from PIL.Image import Image

_TILE = 104  # units
_GAP = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Where a note and the tiles beneath it go."""

    note: Box
    tiles: tuple[Box, ...]


def lay_card(take: Take, at: Layout) -> Card:
    """The note between the title and the tiles; without tiles it ends above voice and captions."""
    count = len(take.cast) + len(take.references)
    gap, margin = even(_GAP * at.unit), even(24 * at.unit)
    room = at.width - 2 * at.title.x
    size = even(min(_TILE * at.unit, (room - 2 * gap) / 3))
    most = max(1, (room + gap) // (size + gap))
    rows = -(-count // most)
    beneath = at.bars.y if take.talks else at.caption.y
    ends = at.progress.y - 2 * margin if rows else beneath - margin
    first = ends - rows * (size + gap) + gap
    tiles = []
    for row in range(rows):
        here = min(most, count - row * most)
        left = even((at.width - here * (size + gap) + gap) / 2)
        tiles += [
            Box(x=left + n * (size + gap), y=first + row * (size + gap), width=size, height=size)
            for n in range(here)
        ]
    top = at.title.bottom + margin
    bottom = first - margin if rows else ends
    note = Box(x=at.title.x, y=top, width=room, height=max(2, bottom - top))
    return Card(note=note, tiles=tuple(tiles))


def draw_card(image: Image, take: Take, at: Layout, shades: Palette) -> None:
    """Large text in the middle of its box, and the tiles."""
    from PIL import ImageDraw

    card = lay_card(take, at)
    style = Style(size=round(34 * at.unit), colour=shades.text, align="centre")
    rows = max(1, card.note.height // style.leading)
    lines, style = text.fitted(take.note or "", style, card.note.width, rows)
    y = card.note.y + (card.note.height - len(lines) * style.leading) / 2
    text.write(ImageDraw.Draw(image), lines, style, x=card.note.x, y=y, room=card.note.width)
    for box, tile in zip(card.tiles, _tiles(take, card, at, shades), strict=True):
        image.paste(tile, (box.x, box.y), tile)


def _tiles(take: Take, card: Card, at: Layout, shades: Palette) -> Iterator[Image]:
    size = card.tiles[0].width if card.tiles else 0
    for identity in take.cast:
        own = replace(shades, accent=accent(identity, shades.surface))
        yield badge(size, own, identity)
    for reference in take.references:
        yield _reference(reference, size, at, shades)


def _reference(medium: Medium, size: int, at: Layout, shades: Palette) -> Image:
    """A picture, cut to a square; a clip or what is not fetched stands as its kind."""
    from PIL import Image

    picture = None if medium.remote else _picture(medium)
    if picture is not None:
        return rounded(covered(picture, size, size), 16 * at.unit)
    tile = Image.new("RGBA", (size, size), (*shades.surface, 0))
    box = Box(x=0, y=0, width=size, height=size)
    panel(tile, box, mixed(shades.surface, shades.on_surface, 0.14), 16 * at.unit)
    _sign(tile, shades, clip=not medium.remote)
    return tile


def _picture(medium: Medium) -> Image | None:
    """None for what is no picture: a clip, as a rule."""
    try:
        return open_picture(medium)
    except RenderError:
        return None


def _sign(tile: Image, shades: Palette, *, clip: bool) -> None:
    """A triangle for a clip, a frame with a hill and a sun for what is not fetched."""
    from PIL import ImageDraw

    draw, s = ImageDraw.Draw(tile), tile.width
    ink = (*mixed(shades.surface, shades.on_surface, 0.6), 255)
    if clip:
        draw.polygon([(0.40 * s, 0.33 * s), (0.40 * s, 0.67 * s), (0.68 * s, 0.5 * s)], fill=ink)
        return
    draw.ellipse((0.30 * s, 0.30 * s, 0.42 * s, 0.42 * s), fill=ink)
    draw.polygon([(0.24 * s, 0.70 * s), (0.46 * s, 0.46 * s), (0.60 * s, 0.60 * s),
                  (0.66 * s, 0.54 * s), (0.78 * s, 0.70 * s)], fill=ink)  # fmt: skip
