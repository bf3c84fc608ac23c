"""Discs, panels and rounded pictures with smooth edges: drawn larger, then averaged."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vidbuild.studio.render.colour import Colour
from vidbuild.studio.render.layout import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_OVER = 2


@lru_cache(maxsize=16)
def disc(size: int) -> Image:
    """A mask."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (size * _OVER, size * _OVER), 0)
    ImageDraw.Draw(large).ellipse((0, 0, size * _OVER - 1, size * _OVER - 1), fill=255)
    return large.reduce(_OVER)


def panel(image: Image, box: Box, fill: Colour, radius: float) -> None:
    """A rounded rectangle."""
    from PIL import ImageDraw

    r = round(min(radius, box.height / 2 - 1, box.width / 2 - 1))
    draw = ImageDraw.Draw(image)
    full = solid(image, fill)
    draw.rectangle((box.x + r, box.y, box.right - r - 1, box.bottom - 1), fill=full)
    draw.rectangle((box.x, box.y + r, box.right - 1, box.bottom - r - 1), fill=full)
    corners = disc(2 * r)
    for x, left in ((box.x, 0), (box.right - r, r)):
        for y, top in ((box.y, 0), (box.bottom - r, r)):
            image.paste(full, (x, y), corners.crop((left, top, left + r, top + r)))


def rounded(picture: Image, radius: float) -> Image:
    """RGBA: the picture with its corners cut."""
    from PIL import Image, ImageChops

    mask = Image.new("L", picture.size, 0)
    whole = Box(x=0, y=0, width=picture.width, height=picture.height)
    panel(mask, whole, (255, 255, 255), radius)
    cut = picture.convert("RGBA")
    cut.putalpha(ImageChops.multiply(mask, cut.getchannel("A")))
    return cut


def solid(image: Image, fill: Colour) -> int | tuple[int, ...]:
    """The colour as the picture's mode has it."""
    if image.mode == "L":
        return fill[0]
    return (*fill, 255) if image.mode == "RGBA" else fill
