"""Drafts in every ratio, size, container and script, each with each: whole, heard, readable.

`make gallery` makes all of them and keeps them in build/gallery; the suite makes a handful.
"""

# ruff: noqa: RUF001 - the punctuation of many scripts is the subject here

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.studio.render_kit import cues, made, still, watch
from vidbuild.studio.render import Draft, fonts, layout

SCRIPTS = {
    "Latin": "Žluťoučký kůň, Łódź, Größe, señor, Tiếng Việt.",
    "Greek": "Καλώς ήρθατε στην ομάδα μας.",
    "Cyrillic": "Добро пожаловать, ласкаво просимо.",
    "Arabic": "مرحبا بكم في المنصة، 25 درسا.",
    "Hebrew": "ברוכים הבאים לצוות, 25 שיעורים.",
    "Devanagari": "आपका हमारी टीम में स्वागत है।",
    "Thai": "ยินดีต้อนรับสู่ทีมของเราทุกคน",
    "Chinese": "欢迎来到我们的团队，今天有二十五节课。",
    "Japanese": "チームへようこそ。今日は授業が始まります。",
    "Korean": "우리 팀에 오신 것을 환영합니다.",
}
RATIOS = ("16:9", "9:16", "1:1", "4:5", "5:4")
RESOLUTIONS = ("720p", "1080p", "4k")
SIZES = {
    "720p": ((1280, 720), (720, 1280), (720, 720), (720, 900), (900, 720)),
    "1080p": ((1920, 1080), (1080, 1920), (1080, 1080), (1080, 1350), (1350, 1080)),
    "4k": ((3840, 2160), (2160, 3840), (2160, 2160), (2160, 2700), (2700, 2160)),
}
Row = tuple[str, str, str, str]  # script, ratio, resolution, container


def rows() -> Iterator[Row]:
    """Each script in each ratio; sizes and containers turn with them, so that all pairs occur."""
    for (s, script), (r, ratio) in product(enumerate(SCRIPTS), enumerate(RATIOS)):
        container = "webm" if (2 * s + r) % 5 == 0 else "mp4"
        yield script, ratio, RESOLUTIONS[(s + r) % 3], container


ALL = list(rows())
KEEP = os.environ.get("GALLERY")  # a folder for all of them
HANDFUL = [row for row in ALL if row[2] == "720p"][::3]


def test_every_pair_occurs() -> None:
    assert len(ALL) >= 45
    factors = (tuple(SCRIPTS), RATIOS, RESOLUTIONS, ("mp4", "webm"))
    for one, other in combinations(range(4), 2):
        found = {(row[one], row[other]) for row in ALL}
        assert found == set(product(factors[one], factors[other]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One stretch of text as it was given to the drawing library."""

    canvas: tuple[int, int]
    at: tuple[float, float]
    text: str
    font: ImageFont.FreeTypeFont


@dataclass(slots=True)
class Pen:
    drawn: list[Drawn] = field(default_factory=list)


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> Pen:
    """Notes every text that a draft draws, and lets it be drawn."""
    pen, write = Pen(), ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, xy: Any, text: str, *, font: Any, **more: Any) -> None:
        pen.drawn.append(Drawn(canvas=self._image.size, at=xy, text=text, font=font))
        write(self, xy, text, font=font, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return pen


@pytest.mark.parametrize("row", ALL if KEEP else HANDFUL, ids="-".join)
def test_a_draft_of_the_gallery(tmp_path: Path, pen: Pen, row: Row) -> None:
    script, ratio, resolution, container = row
    words = SCRIPTS[script]
    name = f"{script}-{ratio.replace(':', 'x')}-{resolution}".lower()
    folder = Path(KEEP, name) if KEEP else tmp_path
    body = {"type": "avatar", "avatar_id": script, "voice_id": "v", "title": words.split()[0],
            "script": words, "aspect_ratio": ratio, "resolution": resolution,
            "output_format": container}  # fmt: skip
    draft = made(folder, body)
    seen = watch(draft.video)
    size = SIZES[resolution][RATIOS.index(ratio)]
    assert seen.size == size
    assert abs(seen.picture_seconds - draft.duration) < 0.2
    assert abs(seen.sound_seconds - draft.duration) < 0.2
    assert seen.peak > 0.1
    assert pen.drawn
    for drawn in pen.drawn:
        assert no_box(drawn), drawn.text
        assert inside(drawn), drawn
    letters(draft, words, pen)
    assert shown(draft, size)
    if container == "webm":
        assert see_through(draft, size)
    if KEEP:
        picture = still(draft.video, draft.duration / 2)
        picture.thumbnail((960, 960))
        picture.save(folder / "still.png")


def no_box(drawn: Drawn) -> bool:
    """No letter looks like the font's own box for a glyph that it lacks."""
    box = drawn.font.getmask("\uffff")
    assert any(bytes(box))
    return all(
        (mask.size, bytes(mask)) != (box.size, bytes(box))
        for mask in map(drawn.font.getmask, set(drawn.text) - {" "})
    )


def inside(drawn: Drawn) -> bool:
    left, top, right, bottom = drawn.font.getbbox(drawn.text, anchor="ls")
    x, y = drawn.at
    width, height = drawn.canvas
    return min(x + left, y + top) >= 0 and x + right <= width and y + bottom <= height


def letters(draft: Draft, words: str, pen: Pen) -> None:
    """Every letter of the script is drawn, or named in a warning (the first dozen of many)."""
    captions = "".join("".join(text.split()) for _, _, text in cues(draft.subtitle))
    assert captions == "".join(words.split())
    lost = fonts.missing(words)
    if lost:
        (warning,) = draft.warnings
        assert all(char in warning for char in lost[:12])
    else:
        assert draft.warnings == ()
        assert set(captions) <= set("".join(drawn.text for drawn in pen.drawn))


def shown(draft: Draft, size: tuple[int, int]) -> bool:
    """The caption can be read in the finished video: light ink on a dark box, not at its edge."""
    start, end, _ = cues(draft.subtitle)[0]
    box = layout.lay_out(*size).caption
    picture = still(draft.video, (start + end) / 2).convert("L")
    text = picture.crop((box.x, box.y, box.right, box.bottom)).point([0] * 150 + [255] * 106)
    ink = text.getbbox()
    assert ink is not None
    edge = box.height // 20
    return (
        ink[0] > edge and ink[1] > edge and ink[2] < box.width - edge and ink[3] < box.height - edge
    )


def see_through(draft: Draft, size: tuple[int, int]) -> bool:
    """Nothing around the figure, all of it opaque."""
    with av.open(draft.video) as media:
        decoder = av.CodecContext.create("libvpx-vp9", "r")  # the plain one ignores alpha
        packet = next(p for p in media.demux(video=0) if p.size)
        assert isinstance(decoder, av.VideoCodecContext)
        plane = decoder.decode(packet)[0].reformat(format="yuva420p").planes[3]
        alpha = Image.frombytes("L", size, bytes(plane), "raw", "L", plane.line_size, 1)
    at = layout.lay_out(*size)
    middle = (at.badge.x + at.badge.width // 2, at.badge.y + at.badge.height // 2)
    corner = alpha.getpixel((at.badge.x // 2, at.badge.y + at.badge.height // 2))
    return corner == 0 and alpha.getpixel(middle) == 255
