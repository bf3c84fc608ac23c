"""The badge: a neutral drawn figure, its mouth in every position, its eyes open and shut.

The id chooses the disc's colour and the collar, nothing of a person: no skin, no hair.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from vidbuild.studio.render.colour import Colour, Palette, mixed
from vidbuild.studio.render.layout import Box, even

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

FACE: Colour = (238, 241, 245)
_SHADE: Colour = (212, 219, 227)
_INK: Colour = (38, 48, 60)
_HAIR: Colour = (74, 86, 100)  # one for all
_LIPS: Colour = (122, 52, 58)
_TONGUE: Colour = (206, 106, 106)
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
    _bust(ImageDraw.Draw(bust), s, colours.accent, zlib.crc32(identity.encode()) >> 8)
    image.paste(bust, (0, 0), inside)
    return image.reduce(_OVER)


def mouth_box(size: int) -> Box:
    """Where the mouth lies in a badge of this size."""
    return _part(size, 0.5, 0.505, 0.18, 0.105)


def eyes_box(size: int) -> Box:
    return _part(size, 0.5, 0.365, 0.27, 0.08)


@lru_cache(maxsize=8)
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


@lru_cache(maxsize=8)
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


def _bust(draw: ImageDraw, s: int, accent: Colour, choice: int) -> None:
    shirt = mixed(accent, (20, 28, 38), 0.62)
    light = mixed(shirt, FACE, 0.80)
    draw.ellipse((0.14 * s, 0.735 * s, 0.86 * s, 1.5 * s), fill=shirt)
    if choice % 3 == 1:  # a round neck
        collar = mixed(shirt, FACE, 0.35)
        draw.ellipse((0.395 * s, 0.70 * s, 0.605 * s, 0.85 * s), fill=collar)
    draw.rounded_rectangle((0.425 * s, 0.56 * s, 0.575 * s, 0.815 * s), 0.075 * s, fill=_SHADE)
    if choice % 3 == 0:  # an open collar
        draw.polygon(_at(s, 0.425, 0.715, 0.355, 0.765, 0.455, 0.885, 0.5, 0.815), fill=light)
        draw.polygon(_at(s, 0.575, 0.715, 0.645, 0.765, 0.545, 0.885, 0.5, 0.815), fill=light)
    for x in (0.262, 0.658):
        draw.ellipse((x * s, 0.355 * s, (x + 0.08) * s, 0.465 * s), fill=_SHADE)
    draw.rounded_rectangle((0.278 * s, 0.12 * s, 0.722 * s, 0.46 * s), 0.205 * s, fill=_HAIR)
    draw.rounded_rectangle((0.295 * s, 0.245 * s, 0.705 * s, 0.50 * s), 0.10 * s, fill=FACE)
    draw.rounded_rectangle((0.295 * s, 0.34 * s, 0.705 * s, 0.662 * s), 0.20 * s, fill=FACE)
    draw.rectangle((0.295 * s, 0.36 * s, 0.705 * s, 0.46 * s), fill=FACE)


def _mouth(box: Box, opening: float, shape: str) -> Image:
    from PIL import Image, ImageDraw

    w, h = box.width * _OVER, box.height * _OVER
    cell = Image.new("RGB", (w, h), FACE)
    draw = ImageDraw.Draw(cell)
    if opening == 0:
        smile = (0.22 * w, -0.10 * h, 0.78 * w, 0.66 * h)
        draw.arc(smile, 28, 152, fill=_LIPS, width=round(h * 0.085))
        return cell.reduce(_OVER)
    half = w * {"wide": 0.37, "plain": 0.31, "round": 0.20}[shape]
    tall = h * (0.20 + 0.68 * opening) * (0.85 if shape == "wide" else 1.0)
    top = 0.12 * h if shape != "round" else 0.5 * (h - tall)
    edge = (w / 2 - half, top, w / 2 + half, top + tall)
    hole = Image.new("L", (w, h), 0)
    corner = min(half, tall * (0.5 if shape == "round" else 0.72))
    ImageDraw.Draw(hole).rounded_rectangle(edge, corner, fill=255)
    if shape != "round":  # a flatter upper lip
        ImageDraw.Draw(hole).rounded_rectangle((*edge[:3], top + tall * 0.5), tall * 0.2, fill=255)
    inside = Image.new("RGB", (w, h), _LIPS)
    paint = ImageDraw.Draw(inside)
    if opening > 0.4 and shape != "round":
        teeth = (w / 2 - half * 0.78, top + tall * 0.07, w / 2 + half * 0.78, top + tall * 0.27)
        paint.rounded_rectangle(teeth, tall * 0.08, fill=(250, 251, 252))
        paint.ellipse(
            (w / 2 - half * 0.6, top + tall * 0.62, w / 2 + half * 0.6, h * 1.2), fill=_TONGUE
        )
    cell.paste(inside, (0, 0), hole)
    return cell.reduce(_OVER)


def _part(size: int, x: float, y: float, width: float, height: float) -> Box:
    w, h = even(size * width), even(size * height)
    return Box(x=even(size * x - w / 2), y=even(size * y), width=w, height=h)


def _at(s: int, *points: float) -> list[tuple[float, float]]:
    return [(points[n] * s, points[n + 1] * s) for n in range(0, len(points), 2)]
