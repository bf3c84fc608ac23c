"""The badge: a neutral drawn figure, its mouth in every position, its eyes open and shut.

The id chooses the disc's colour and the collar, nothing of a person: no skin, no hair.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from vidbuild.studio.render.colour import Colour, Palette, mixed
from vidbuild.studio.render.layout import Box, even

if TYPE_CHECKING:
    from PIL.Image import Image

FACE: Colour = (238, 241, 245)
_SHADE: Colour = (212, 219, 227)
_INK: Colour = (38, 48, 60)
_TONGUE: Colour = (214, 120, 118)
_OVER = 3  # drawn this much larger, then averaged: smooth edges
OPENINGS = 5
SHAPES = ("wide", "plain", "round")


def badge(size: int, colours: Palette, identity: str) -> Image:
    """RGBA, `size` square: ring, disc and bust, with a mouth at rest."""
    from PIL import Image, ImageDraw

    s = size * _OVER
    image = Image.new("RGBA", (s, s), (*colours.accent, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((0, 0, s - 1, s - 1), fill=(*mixed(colours.accent, colours.surface, 0.72), 255))
    edge = 0.035 * s
    draw.ellipse((edge, edge, s - edge, s - edge), fill=(*colours.accent, 255))
    inside = Image.new("L", (s, s), 0)
    ImageDraw.Draw(inside).ellipse((edge, edge, s - edge, s - edge), fill=255)
    bust = Image.new("RGBA", (s, s), (*colours.accent, 255))
    _bust(ImageDraw.Draw(bust), s, colours.accent, hashlib.sha256(identity.encode()).digest()[1])
    image.paste(bust, (0, 0), inside)
    return image.reduce(_OVER)


def mouth_box(size: int) -> Box:
    """Where the mouth lies in a badge of this size."""
    return _part(size, 0.5, 0.505, 0.20, 0.115)


def eyes_box(size: int) -> Box:
    return _part(size, 0.5, 0.365, 0.27, 0.085)


@cache
def mouths(size: int) -> Image:
    """All mouths side by side: for each opening (rows) each shape (columns). RGB on the face."""
    from PIL import Image

    box = mouth_box(size)
    sheet = Image.new("RGB", (box.width * len(SHAPES), box.height * OPENINGS), FACE)
    for opening in range(OPENINGS):
        for column, shape in enumerate(SHAPES):
            cell = _mouth(box, opening / (OPENINGS - 1), shape)
            sheet.paste(cell, (column * box.width, opening * box.height))
    return sheet


@cache
def eyes(size: int) -> Image:
    """Open above shut, RGB on the face."""
    from PIL import Image, ImageDraw

    box = eyes_box(size)
    w, h = box.width * _OVER, box.height * _OVER
    sheet = Image.new("RGB", (w, 2 * h), FACE)
    draw = ImageDraw.Draw(sheet)
    r = 0.30 * h
    for x in (0.16 * w, 0.84 * w):
        draw.ellipse((x - r, h / 2 - r * 1.25, x + r, h / 2 + r * 1.25), fill=_INK)
        g = 0.3 * r
        draw.ellipse((x + g - g, h / 2 - 3 * g, x + 2 * g, h / 2 - g), fill=FACE)
        line = (x - 1.15 * r, 1.35 * h, x + 1.15 * r, 1.35 * h + 1.1 * r)
        draw.arc(line, 10, 170, fill=_INK, width=max(2, round(r * 0.34)))
    return sheet.reduce(_OVER)


def _bust(draw: object, s: int, accent: Colour, choice: int) -> None:
    from PIL.ImageDraw import ImageDraw

    assert isinstance(draw, ImageDraw)  # noqa: S101 - narrows a lazily imported type
    shirt = mixed(accent, (20, 28, 38), 0.62)
    draw.ellipse((0.17 * s, 0.70 * s, 0.83 * s, 1.45 * s), fill=shirt)
    draw.rounded_rectangle((0.425 * s, 0.55 * s, 0.575 * s, 0.78 * s), 0.06 * s, fill=_SHADE)
    draw.ellipse((0.425 * s, 0.70 * s, 0.575 * s, 0.82 * s), fill=_SHADE)
    light = mixed(shirt, FACE, 0.82)
    if choice % 3 == 0:  # an open collar
        draw.polygon(_at(s, 0.42, 0.70, 0.36, 0.745, 0.46, 0.86, 0.5, 0.80), fill=light)
        draw.polygon(_at(s, 0.58, 0.70, 0.64, 0.745, 0.54, 0.86, 0.5, 0.80), fill=light)
    elif choice % 3 == 1:  # a round neck
        draw.arc((0.41 * s, 0.66 * s, 0.59 * s, 0.84 * s), 5, 175, fill=light, width=round(s * 0.018))
    draw.rounded_rectangle((0.305 * s, 0.15 * s, 0.695 * s, 0.635 * s), 0.19 * s, fill=FACE)
    draw.ellipse((0.275 * s, 0.345 * s, 0.345 * s, 0.445 * s), fill=_SHADE)
    draw.ellipse((0.655 * s, 0.345 * s, 0.725 * s, 0.445 * s), fill=_SHADE)
    draw.rounded_rectangle((0.31 * s, 0.30 * s, 0.69 * s, 0.50 * s), 0.02 * s, fill=FACE)
    draw.rounded_rectangle(
        (0.478 * s, 0.415 * s, 0.522 * s, 0.44 * s), 0.012 * s, fill=_SHADE
    )


def _mouth(box: Box, opening: float, shape: str) -> Image:
    from PIL import Image, ImageDraw

    w, h = box.width * _OVER, box.height * _OVER
    cell = Image.new("RGB", (w, h), FACE)
    draw = ImageDraw.Draw(cell)
    half = w * {"wide": 0.36, "plain": 0.30, "round": 0.19}[shape]
    if opening == 0:
        half = w * 0.27
        draw.arc((w / 2 - half, 0.05 * h, w / 2 + half, 0.62 * h), 25, 155, fill=_INK,
                 width=round(h * 0.085))  # fmt: skip
        return cell.reduce(_OVER)
    tall = h * (0.16 + 0.74 * opening) * (0.82 if shape == "wide" else 1.0)
    top = 0.5 * h - tall * 0.5
    mouth = (w / 2 - half, top, w / 2 + half, top + tall)
    draw.rounded_rectangle(mouth, min(half, tall / 2), fill=_INK)
    if opening > 0.5 and shape != "round":  # noqa: PLR2004 - wide open: a tongue
        inner = half * 0.55
        draw.ellipse((w / 2 - inner, top + tall * 0.60, w / 2 + inner, top + tall * 1.15), fill=_TONGUE)
        mask = Image.new("L", (w, h), 255)
        ImageDraw.Draw(mask).rounded_rectangle(mouth, min(half, tall / 2), fill=0)
        cell.paste(FACE, (0, 0), mask)
    return cell.reduce(_OVER)


def _part(size: int, x: float, y: float, width: float, height: float) -> Box:
    w, h = even(size * width), even(size * height)
    return Box(x=even(size * x - w / 2), y=even(size * y), width=w, height=h)


def _at(s: int, *points: float) -> list[tuple[float, float]]:
    return [(points[n] * s, points[n + 1] * s) for n in range(0, len(points), 2)]
