"""The still part of a take, drawn once: backdrop, title, ids, DRAFT tag, badge, empty boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidbuild.studio.render import colour as col
from vidbuild.studio.render import text
from vidbuild.studio.render.cast import draw_card
from vidbuild.studio.render.colour import Colour, Palette, mixed
from vidbuild.studio.render.figure import badge
from vidbuild.studio.render.fonts import missing
from vidbuild.studio.render.layout import Box, Layout, even
from vidbuild.studio.render.media import contained, covered, open_picture
from vidbuild.studio.render.shapes import disc, panel, rounded, solid
from vidbuild.studio.render.takes import Take
from vidbuild.studio.render.text import Style

if TYPE_CHECKING:
    from PIL.Image import Image

CAPTION_SIZE = 31  # units


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
        _card(image, take, at)
    else:
        image = _backdrop(take, at, shades)
    _title(image, take, at, shades)
    _tag(image, at)
    if take.figure is not None:
        _place_badge(image, take, at, shades)
    if take.note is not None:
        draw_card(image, take, at, shades)
    if take.talks:
        panel(image, at.bars, shades.surface, at.bars.height)
    if take.cues:
        panel(image, at.caption, caption_colour(shades, burned=burned), 20 * at.unit)
    track = mixed(shades.surface, shades.on_surface, 0.18)
    bar = at.progress
    box = (bar.x, bar.y, bar.right, bar.bottom)
    ImageDraw.Draw(image).rectangle(box, fill=solid(image, track))
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
        image.paste(mixed(shades.backdrop, shades.accent, part),
                    (centre[0] - reach, centre[1] - reach), disc(2 * reach))  # fmt: skip


def _card(image: Image, take: Take, at: Layout) -> None:
    """A picture that nobody has cut out stands as a card between title and voice."""
    if take.picture is None or take.picture.remote:
        return
    top, bottom = at.title.bottom + 20 * at.unit, at.bars.y - 20 * at.unit
    room = (at.width - 2 * at.title.x, round(bottom - top))
    card = rounded(contained(open_picture(take.picture), *room), 18 * at.unit)
    image.alpha_composite(
        card, ((at.width - card.width) // 2, round(top + (room[1] - card.height) / 2))
    )


def _scrim(image: Image, at: Layout) -> None:
    """Darkens the top of a picture, so that light text is readable on any; below, it fades."""
    from PIL import Image

    height = min(at.height, round(at.title.bottom * 1.5))
    below = [max(0.0, v / 255 - 0.5) * 2 for v in range(256)]  # how far down from the text
    strength = [round(200 * (1 - part * part * (3 - 2 * part))) for part in below]
    fade = Image.linear_gradient("L").point(strength)
    image.paste(col.DARK, (0, 0), fade.resize((at.width, height)))


def _title(image: Image, take: Take, at: Layout, shades: Palette) -> None:
    """The heading and a line of ids; on a panel of their own where nothing is behind them."""
    from PIL import ImageDraw

    box = at.title
    style = Style(size=round(36 * at.unit), colour=shades.text, bold=True)
    rows = 2 if at.height > at.width else 1
    lines, style = text.fitted(take.heading, style, box.width, rows)
    rtl = text.right_to_left(take.heading)
    small = Style(size=round(19 * at.unit), colour=shades.quiet, align="right" if rtl else "left")
    line = text.elided(take.line, small, box.width)
    y = box.y + len(lines) * style.leading + 7 * at.unit
    if image.mode == "RGBA":
        wide = max([text.width(line, small), *(text.width(one, style) for one in lines)])
        text_box = Box(
            x=even(box.right - wide) if rtl else box.x,
            y=box.y,
            width=even(wide),
            height=even(y + small.leading - box.y),
        )
        panel(image, _around(text_box, at), shades.surface, 18 * at.unit)
    draw = ImageDraw.Draw(image)
    text.write(draw, lines, style, x=box.x, y=box.y, room=box.width)
    text.write(draw, [line], small, x=box.x, y=y, room=box.width)


def _around(box: Box, at: Layout) -> Box:
    pad = 2 * round(8 * at.unit)
    wide, tall = box.width + 2 * pad, box.height + pad
    return Box(x=box.x - pad, y=box.y - pad // 2, width=wide, height=tall)


def _tag(image: Image, at: Layout) -> None:
    from PIL import ImageDraw

    panel(image, at.tag, col.AMBER, at.tag.height)
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


def _inset(box: Box, x: float, y: float) -> Box:
    dx, dy = 2 * round(x / 2), 2 * round(y / 2)
    return Box(x=box.x + dx, y=box.y + dy, width=box.width - 2 * dx, height=box.height - 2 * dy)
