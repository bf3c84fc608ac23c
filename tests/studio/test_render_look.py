"""What a draft looks like, without encoding one: regions, contrast, letters, faces."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from tests.studio.render_kit import make
from vidbuild.studio.render import colour, figure, fonts, text
from vidbuild.studio.render.layout import Box, Layout, frame_size, lay_out
from vidbuild.studio.render.text import Style

RATIOS = st.sampled_from(["16:9", "9:16", "1:1", "4:5", "5:4", "auto", None])
RESOLUTIONS = st.sampled_from(["720p", "1080p", "4k", None])
PICTURES = st.none() | st.tuples(st.integers(1, 9000), st.integers(1, 9000))
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
REGIONS = ("title", "tag", "badge", "bars", "caption", "progress")


@given(RESOLUTIONS, RATIOS, PICTURES)
def test_regions_never_overlap(
    resolution: str | None, ratio: str | None, picture: tuple[int, int] | None
) -> None:
    width, height = frame_size(resolution, ratio, picture)
    assert 128 <= min(width, height) <= max(width, height) <= 4096
    at = lay_out(width, height)
    boxes = [getattr(at, name) for name in REGIONS]
    for box in boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= width
        assert box.bottom <= height
        assert not any(n % 2 for n in (box.x, box.y, box.width, box.height))
    for one, other in combinations(boxes, 2):
        assert apart(one, other), (one, other)
    assert at.badge.height >= 0.2 * min(width, height)
    assert inside(figure.mouth_box(at.badge.width), at)
    assert inside(figure.eyes_box(at.badge.width), at)
    assert apart(figure.mouth_box(at.badge.width), figure.eyes_box(at.badge.width))


@given(COLOURS, st.text(max_size=8))
def test_text_is_readable_on_any_background(backdrop: tuple[int, int, int], identity: str) -> None:
    shades = colour.palette(backdrop, identity)
    assert colour.contrast(shades.text, shades.backdrop) >= 4.5
    assert colour.contrast(shades.quiet, shades.backdrop) >= 4.5
    assert colour.contrast(shades.on_surface, shades.surface) >= 4.5
    assert colour.contrast(shades.accent, shades.surface) >= 2


def test_contrast_is_that_of_the_standard() -> None:
    assert colour.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colour.contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("#abc", (170, 187, 204)),
        ("#204060", (32, 64, 96)),
        ("204060ff", (32, 64, 96)),
        ("red", None),
    ],
)
def test_colours_are_read(value: str, wanted: tuple[int, int, int] | None) -> None:
    assert colour.parsed(value) == wanted


TEXTS = {
    "Latin": "Žluťoučký kůň, Łódź, Größe, señor, Tiếng Việt, Đặng",
    "Greek": "Καλώς ήρθατε",
    "Cyrillic": "Добро пожаловать, ласкаво просимо",
    "Arabic": "مرحبا بكم في المنصة",
    "Hebrew": "ברוכים הבאים",
    "Devanagari": "आपका स्वागत है",
    "Thai": "ยินดีต้อนรับ",
    "Georgian": "მოგესალმებით",
}
CJK = {"Chinese": "欢迎来到", "Japanese": "ようこそ", "Korean": "환영합니다"}


@pytest.mark.parametrize("words", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("bold", [False, True])
def test_the_vendored_fonts_draw_every_letter(words: str, bold: bool) -> None:
    assert fonts.missing(words) == ""
    assert "".join(run for _, run in fonts.runs(words, bold=bold)) == words


@pytest.mark.parametrize("words", [*CJK.values(), "𓀀𓁐"], ids=[*CJK, "hieroglyphs"])
def test_letters_without_a_font_are_named_in_a_warning(tmp_path: Path, words: str) -> None:
    draft = make(tmp_path, title=words)
    lost = fonts.missing(words)
    if lost:  # a machine with a Noto CJK has glyphs for all but the last
        (warning,) = draft.warnings
        assert all(char in warning for char in lost)
    else:
        assert draft.warnings == ()
        assert "".join(run for _, run in fonts.runs(words, bold=True)) == words


@settings(max_examples=300)
@given(st.integers(0x20, 0x2FFF), st.booleans())
def test_coverage_is_what_the_font_really_has(code: int, bold: bool) -> None:
    """The oracle is the font's own box for a missing glyph."""
    for path in fonts.chain(bold=bold):
        font = ImageFont.truetype(str(path), 40, layout_engine=ImageFont.Layout.BASIC)
        drawn, box = font.getmask(chr(code)), font.getmask("\uffff")
        if bytes(drawn) != bytes(box) or drawn.size != box.size:
            assert code in fonts._coverage(path) or not any(bytes(drawn))
        else:
            assert code not in fonts._coverage(path)


@given(st.text(max_size=90), st.integers(60, 900), st.integers(1, 4), st.booleans())
def test_text_stays_inside_its_box(words: str, room: int, rows: int, bold: bool) -> None:
    style = Style(size=30, colour=(255, 255, 255), bold=bold, align="centre")
    lines, small = text.fitted(words, style, room, rows)
    assert len(lines) * small.leading <= rows * style.leading
    assert all(text.width(line, small) <= room + 1 for line in lines)
    image = Image.new("RGB", (room, 200))
    text.write(ImageDraw.Draw(image), lines, small, x=0, y=0, room=room)


def test_no_box_is_ever_drawn() -> None:
    style = Style(size=40, colour=(255, 255, 255))
    image = Image.new("RGB", (400, 100))
    text.write(ImageDraw.Draw(image), ["\U0001f9ff\U00013000"], style, x=10, y=10, room=380)
    assert image.getbbox() is None


@pytest.mark.parametrize(
    ("line", "leftmost"), [("abc", True), ("שלום", False), ("123 שלום", False), ("3 cats", True)]
)
def test_a_line_starts_at_its_own_side(line: str, leftmost: bool) -> None:
    style = Style(size=30, colour=(255, 255, 255))
    canvas = Image.new("RGB", (600, 60))
    text.write(ImageDraw.Draw(canvas), [line], style, x=0, y=0, room=600)
    box: Any = canvas.getbbox()
    assert (box[0] < 40) is leftmost
    assert (box[2] > 560) is not leftmost


def test_mouths_differ_and_eyes_shut() -> None:
    box = figure.mouth_box(300)
    sheet = figure.mouths(300)
    cells = {
        sheet.crop((x, y, x + box.width, y + box.height)).tobytes()
        for x in range(0, sheet.width, box.width)
        for y in range(box.height, sheet.height, box.height)
    }
    assert len(cells) == len(figure.SHAPES) * (figure.OPENINGS - 1)
    eyes = figure.eyes(300)
    half = eyes.height // 2
    assert eyes.crop((0, 0, eyes.width, half)).tobytes() != (
        eyes.crop((0, half, eyes.width, 2 * half)).tobytes()
    )


def test_the_moving_parts_of_the_face_lie_on_one_colour() -> None:
    """A patch replaces its whole rectangle: the badge must be plain there."""
    shades = colour.palette(colour.NIGHT, "x")
    for size in (200, 308, 460):
        badge = figure.badge(size, shades, "x").convert("RGB")
        for box in (figure.mouth_box(size), figure.eyes_box(size)):
            area = badge.crop((box.x, box.y, box.right, box.bottom))
            assert area.getcolors() == [(box.width * box.height, figure.FACE)]


def apart(one: Box, other: Box) -> bool:
    return (
        one.right <= other.x
        or other.right <= one.x
        or one.bottom <= other.y
        or other.bottom <= one.y
    )


def inside(box: Box, at: Layout) -> bool:
    return min(box.x, box.y) >= 0 and max(box.right, box.bottom) <= at.badge.width
