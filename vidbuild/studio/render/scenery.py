"""The still part of a take, drawn once: backdrop, title, ids, DRAFT tag, badge, empty boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vidbuild.studio.render import colour as col
from vidbuild.studio.render import text
from vidbuild.studio.render.colour import Colour, Palette, mixed
from vidbuild.studio.render.figure import badge
from vidbuild.studio.render.fonts import missing
from vidbuild.studio.render.layout import Box, Layout, even
from vidbuild.studio.render.media import contained, covered, open_picture
from vidbuild.studio.render.takes import Take
from vidbuild.studio.render.text import Align, Style

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

CAPTION_SIZE = 31  # units
_OVER = 2


def colours(take: Take, *, clear: bool) -> Palette:
    """What is readable on a take's backdrop."""
    wanted = col.parsed(take.colour or "")
    pictured = clear or take.clip is not None or (take.picture is not None and not _behind(take))
    return col.palette(wanted or col.NIGHT, take.identity, picture=pictured)


def draw_scene(take: Take, at: Layout, shades: Palette, *, clear: bool, burned: bool) -> Image:
    """RGB, or RGBA with nothing behind the figure where `clear`."""
    from PIL import Image, ImageDraw

    if clear:
        image = Image.new("RGBA", (at.width, at.height), (*shades.surface, 0))
        _panel(image, _around(at.title, at), shades.surface, 18 * at.unit)
    else:
        image = _backdrop(take, at, shades)
    draw = ImageDraw.Draw(image)
    _title(draw, take, at, shades)
    _tag(image, at)
    if take.figure is not None:
        _place_badge(image, take, at, shades)
    if take.note is not None:
        _note(draw, take.note, at, shades)
    if take.talks:
        _panel(image, at.bars, shades.surface, at.bars.height)
    if take.cues:
        _panel(image, at.caption, caption_colour(shades, burned=burned), 20 * at.unit)
    track = mixed(shades.surface, shades.on_surface, 0.18)
    bar = at.progress
    draw.rectangle((bar.x, bar.y, bar.right, bar.bottom), fill=_solid(image, track))
    return image


def caption_colour(shades: Palette, *, burned: bool) -> Colour:
    """Burned captions are white on black, as the API's own; a draft's keep to its colours."""
    return col.BLACK if burned else shades.surface


def caption(cue: str, at: Layout, *, bold: bool) -> Image:
    """A mask of the text inside the caption box, centred both ways."""
    from PIL import Image, ImageDraw

    inside = caption_inside(at)
    if len(missing(cue)) * 2 > len(set(cue)):
        cue = "[No font here draws this caption: it is in the subtitle file]"
    image = Image.new("L", (inside.width, inside.height))
    style = Style(size=round(CAPTION_SIZE * at.unit), colour=255, bold=bold, align="centre")
    lines, style = text.fitted(cue, style, inside.width, at.caption_rows)
    if lines:
        top = (inside.height - len(lines) * style.leading) / 2
        text.write(ImageDraw.Draw(image), lines, style, x=0, y=top, room=inside.width)
    return image


def caption_ink(shades: Palette, *, burned: bool) -> Colour:
    return col.LIGHT if burned else shades.on_surface


def caption_inside(at: Layout) -> Box:
    return _inset(at.caption, 26 * at.unit, 8 * at.unit)


def bars_inside(at: Layout) -> Box:
    return _inset(at.bars, 18 * at.unit, 6 * at.unit)


def _behind(take: Take) -> bool:
    """A remote picture leaves the plain backdrop."""
    return take.picture is not None and take.picture.remote


def _backdrop(take: Take, at: Layout, shades: Palette) -> Image:
    from PIL import Image

    base = shades.backdrop
    if take.picture is None or take.picture.remote:
        image = Image.new("RGB", (at.width, at.height), base)
        if take.colour is None and take.clip is None:
            _rings(image, at, shades)
        return image
    picture = open_picture(take.picture)
    if take.contain:
        fitting = contained(picture, at.width, at.height)
    else:
        fitting = covered(picture, at.width, at.height)
    image = Image.new("RGB", (at.width, at.height), base)
    place = ((at.width - fitting.width) // 2, (at.height - fitting.height) // 2)
    image.paste(fitting, place, fitting if fitting.mode == "RGBA" else None)
    _scrim(image, at)
    return image


def _rings(image: Image, at: Layout, shades: Palette) -> None:
    """Two wide discs behind the badge, barely lighter: the default backdrop is no flat wall."""
    centre = (at.badge.x + at.badge.width // 2, at.badge.y + at.badge.height // 2)
    for radius, part in ((1.12, 0.045), (0.78, 0.095)):
        reach = round(at.badge.width * radius)
        disc = _disc(2 * reach)
        image.paste(mixed(shades.backdrop, shades.accent, part),
                    (centre[0] - reach, centre[1] - reach), disc)  # fmt: skip


def _scrim(image: Image, at: Layout) -> None:
    """Darkens the top of a picture, so that light text is readable on any."""
    from PIL import Image

    height = min(at.height, round(at.title.bottom * 1.35))
    fade = Image.linear_gradient("L").point([min(190, round((255 - v) * 2.2)) for v in range(256)])
    image.paste(col.DARK, (0, 0), fade.resize((at.width, height)))


def _title(draw: ImageDraw, take: Take, at: Layout, shades: Palette) -> None:
    style = Style(size=round(36 * at.unit), colour=shades.text, bold=True)
    box = at.title
    rows = 2 if at.height > at.width else 1
    lines, style = text.fitted(take.heading, style, box.width, rows)
    text.write(draw, lines, style, x=box.x, y=box.y, room=box.width)
    align: Align = "right" if text.right_to_left(take.heading) else "left"
    small = Style(size=round(19 * at.unit), colour=shades.quiet, align=align)
    line = text.elided(take.line, small, box.width)
    y = box.y + len(lines) * style.leading + 7 * at.unit
    text.write(draw, [line], small, x=box.x, y=y, room=box.width)


def _tag(image: Image, at: Layout) -> None:
    from PIL import ImageDraw

    _panel(image, at.tag, col.AMBER, at.tag.height)
    style = Style(size=round(20 * at.unit), colour=col.DARK, bold=True, align="centre")
    y = at.tag.y + (at.tag.height - style.size * 1.22) / 2
    spaced = "\u2009".join("DRAFT")
    text.write(ImageDraw.Draw(image), [spaced], style, x=at.tag.x, y=y, room=at.tag.width)


def labels(take: Take, at: Layout) -> list[tuple[Box, Image]]:
    """What lies over a clip: the tag and the heading, on plain strips (a clip hides the scene)."""
    from PIL import Image, ImageDraw

    tag = Image.new("RGB", (at.width, at.height // 2), col.AMBER)
    _tag(tag, at)
    style = Style(size=round(22 * at.unit), colour=col.LIGHT, bold=True)
    line = text.elided("  ·  ".join(filter(None, (take.heading, take.line))), style, at.title.width)
    pad = 14 * at.unit
    wide = min(at.title.width, even(text.width(line, style) + 2 * pad))
    strip = Box(x=at.title.x, y=at.tag.y, width=wide, height=at.tag.height)
    back = Image.new("RGB", (strip.width, strip.height), col.DARK)
    y = (strip.height - style.size * 1.22) / 2
    text.write(ImageDraw.Draw(back), [line], style, x=pad, y=y, room=strip.width - 2 * pad)
    return [(at.tag, tag.crop((at.tag.x, at.tag.y, at.tag.right, at.tag.bottom))), (strip, back)]


def _place_badge(image: Image, take: Take, at: Layout, shades: Palette) -> None:
    drawn = badge(at.badge.width, shades, take.figure or "")
    place = (at.badge.x, at.badge.y)
    if image.mode == "RGBA":
        image.alpha_composite(drawn, place)
    else:
        image.paste(drawn, place, drawn)


def _note(draw: ImageDraw, note: str, at: Layout, shades: Palette) -> None:
    """Large text in the place of badge and bars."""
    x = at.title.x
    room = at.width - 2 * x
    top = at.title.bottom + 24 * at.unit
    bottom = at.caption.y - 24 * at.unit
    style = Style(size=round(34 * at.unit), colour=shades.text, align="centre")
    rows = max(1, int((bottom - top) // style.leading))
    lines, style = text.fitted(note, style, room, rows)
    y = top + (bottom - top - len(lines) * style.leading) / 2
    text.write(draw, lines, style, x=x, y=y, room=room)


def _panel(image: Image, box: Box, fill: Colour, radius: float) -> None:
    """A rounded rectangle with smooth corners: each corner is drawn large, then averaged."""
    from PIL import ImageDraw

    r = round(min(radius, box.height / 2 - 1, box.width / 2 - 1))
    draw = ImageDraw.Draw(image)
    solid = _solid(image, fill)
    draw.rectangle((box.x + r, box.y, box.right - r - 1, box.bottom - 1), fill=solid)
    draw.rectangle((box.x, box.y + r, box.right - 1, box.bottom - r - 1), fill=solid)
    disc = _disc(2 * r)
    for x, left in ((box.x, 0), (box.right - r, r)):
        for y, top in ((box.y, 0), (box.bottom - r, r)):
            image.paste(solid, (x, y), disc.crop((left, top, left + r, top + r)))


def _disc(size: int) -> Image:
    """A mask with a smooth edge: drawn larger, then averaged."""
    from PIL import Image, ImageDraw

    disc = Image.new("L", (size * _OVER, size * _OVER), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, size * _OVER - 1, size * _OVER - 1), fill=255)
    return disc.reduce(_OVER)


def _solid(image: Image, fill: Colour) -> tuple[int, ...]:
    return (*fill, 255) if image.mode == "RGBA" else fill


def _around(box: Box, at: Layout) -> Box:
    pad = 2 * round(8 * at.unit)
    return replace(box, x=box.x - pad, y=box.y - pad // 2, width=box.width + pad, height=box.height)


def _inset(box: Box, x: float, y: float) -> Box:
    dx, dy = 2 * round(x / 2), 2 * round(y / 2)
    return Box(x=box.x + dx, y=box.y + dy, width=box.width - 2 * dx, height=box.height - 2 * dy)
