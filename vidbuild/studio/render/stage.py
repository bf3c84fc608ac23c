"""What moves in a take: mouth and eyes, bars, caption, progress line. Patches one frame.

Not for drawing (`scenery`, `figure`) and not for files (`film`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidbuild.studio.render import figure
from vidbuild.studio.render.colour import Colour, Palette, mixed
from vidbuild.studio.render.figure import OPENINGS, SHAPES
from vidbuild.studio.render.film import FPS
from vidbuild.studio.render.layout import Box, Layout, even
from vidbuild.studio.render.scenery import (
    bars_inside,
    caption,
    caption_colour,
    caption_ink,
    caption_inside,
    labels,
)
from vidbuild.studio.render.sound import RATE
from vidbuild.studio.render.takes import Take
from vidbuild.studio.render.yuv import Patch, Plane, paste, patch, tinted

if TYPE_CHECKING:
    from PIL.Image import Image

_LEVELS = 14
_FULL = 21_000  # a peak that opens the mouth wide
_ROUND = frozenset("oOuUwQ")
_WIDE = frozenset("iIeEaszSZ")
_SHUT = frozenset("mbp")
_BLINKS = (2.9, 4.3, 3.4, 5.1)  # seconds between two


@dataclass(slots=True)
class Stage:
    """The moving parts of one take, laid over `target`, the planes of the reused frame."""

    target: tuple[Plane, ...]
    at: Layout
    take: Take
    shades: Palette
    burned: bool
    mouth: _Face | None = None
    bars: _Bars | None = None
    line: Patch | None = None
    labels: Sequence[tuple[Box, Patch]] = ()
    drawn: int = 0
    cue: int = -1

    def set_up(self, done: float) -> None:
        """Draws every patch; `done` is how much of the film is over when this take begins."""
        if self.take.figure is not None:
            self.mouth = _Face(self.target, self.at.badge, self.take.phonemes)
        if self.take.clip is not None:
            self.labels = [(box, patch(image)) for box, image in labels(self.take, self.at)]
        if self.take.talks:
            self.bars = _Bars(self.target, bars_inside(self.at), self.shades, self.at.unit)
        self.line = patch(
            _flat(self.at.progress.width, self.at.progress.height, self.shades.accent)
        )
        self._progress(done)

    def move(self, moment: int, peak: int, done: float) -> bool:
        """Brings the frame to a moment of the take; False where nothing changed.

        `peak` is the loudness of this moment, `done` the part of the whole film that is over.
        """
        level = min(1.0, (peak / _FULL) ** 0.7) if peak > 300 else 0.0
        changed = self._caption(moment / FPS)
        if self.mouth is not None:
            changed |= self.mouth.move(moment, level)
        if self.bars is not None:
            changed |= self.bars.move(round(level * (_LEVELS - 1)))
        return self._progress(done) or changed

    def background(self, picture: Patch) -> None:
        """Replaces the whole frame by a clip's and lays the still parts over it again."""
        paste(self.target, picture, 0, 0)
        for box, label in self.labels:
            paste(self.target, label, box.x, box.y)
        self.drawn = 0
        self.cue = -1

    def _caption(self, second: float) -> bool:
        cues = self.take.cues
        if not cues:
            return False
        number = self.cue + 1
        if number >= len(cues) or second < cues[number].start:
            return False
        while number + 1 < len(cues) and second >= cues[number + 1].start:
            number += 1
        inside = caption_inside(self.at)
        drawn = caption(cues[number].text, self.at, bold=self.burned)
        ink = caption_ink(self.shades, burned=self.burned)
        paper = caption_colour(self.shades, burned=self.burned)
        paste(self.target, tinted(drawn, ink, paper), inside.x, inside.y)
        self.cue = number
        return True

    def _progress(self, done: float) -> bool:
        bar = self.at.progress
        until = min(bar.width, even(bar.width * done))
        if until <= self.drawn or self.line is None:
            return False
        fresh = self.line.part(self.drawn, 0, until - self.drawn, bar.height)
        paste(self.target, fresh, bar.x + self.drawn, bar.y)
        self.drawn = until
        return True


class _Face:
    """Mouth and eyes of the badge."""

    def __init__(
        self, target: tuple[Plane, ...], badge: Box, phonemes: tuple[tuple[int, str], ...]
    ) -> None:
        self.target = target
        self.badge = badge
        self.times = [at for at, _ in phonemes]
        self.sounds = [_shape(name) for _, name in phonemes]
        self.mouths = patch(figure.mouths(badge.width))
        self.eyes = patch(figure.eyes(badge.width))
        self.shown = (0, 1)
        self.shut = False
        self.blinks = _blinks()
        self.blink = next(self.blinks)
        self._paste_mouth(0, 1)
        self._paste_eyes(shut=False)

    def move(self, moment: int, level: float) -> bool:
        return self._speak(moment, level) | self._blink(moment)

    def _speak(self, moment: int, level: float) -> bool:
        opening = round(level * (OPENINGS - 1))
        opening = max(opening, self.shown[0] - 2)  # a jaw does not snap shut
        at = bisect_right(self.times, (moment + 0.5) * RATE / FPS) - 1
        shape = self.sounds[at] if at >= 0 else 1
        if shape < 0:
            opening, shape = min(opening, 1), 1
        wanted = (opening, shape if opening else 1)
        if wanted == self.shown:
            return False
        self.shown = wanted
        self._paste_mouth(*wanted)
        return True

    def _blink(self, moment: int) -> bool:
        if moment > self.blink:
            self.blink = next(self.blinks)
        shut = moment == self.blink
        if shut == self.shut:
            return False
        self.shut = shut
        self._paste_eyes(shut=shut)
        return True

    def _paste_mouth(self, opening: int, shape: int) -> None:
        box = figure.mouth_box(self.badge.width)
        cell = self.mouths.part(shape * box.width, opening * box.height, box.width, box.height)
        paste(self.target, cell, self.badge.x + box.x, self.badge.y + box.y)

    def _paste_eyes(self, *, shut: bool) -> None:
        box = figure.eyes_box(self.badge.width)
        cell = self.eyes.part(0, box.height if shut else 0, box.width, box.height)
        paste(self.target, cell, self.badge.x + box.x, self.badge.y + box.y)


class _Bars:
    """A level meter: the newest level in the middle, older ones running outwards."""

    def __init__(
        self, target: tuple[Plane, ...], inside: Box, shades: Palette, unit: float
    ) -> None:
        self.target = target
        self.cell = max(2, even(12 * unit))
        self.sides = (inside.width // self.cell - 1) // 2
        self.box = Box(
            x=even(inside.x + (inside.width - self.cell * (2 * self.sides + 1)) / 2),
            y=inside.y,
            width=self.cell * (2 * self.sides + 1),
            height=inside.height,
        )
        self.cells = patch(_cells(self.cell, inside.height, shades))
        self.levels = [0] * (self.sides + 1)
        for number in range(2 * self.sides + 1):
            self._paste(0, self.box.x + number * self.cell)

    def move(self, level: int) -> bool:
        self.levels = [level, *self.levels[:-1]]
        if not any(self.levels):
            return False
        middle = self.box.x + self.sides * self.cell
        for plane, half in zip(self.target[:3], (1, 2, 2), strict=False):
            self._spread(plane, half, middle // half)
        self._paste(level, middle)
        return True

    def _spread(self, plane: Plane, half: int, middle: int) -> None:
        cell, reach = self.cell // half, self.sides * self.cell // half
        data, step = plane.data, plane.stride
        first = step * (self.box.y // half) + middle
        for row in range(first, first + self.box.height // half * step, step):
            right = row + cell
            data[right : right + reach] = data[row : row + reach]
            left = row - reach
            data[left:row] = data[left + cell : right]

    def _paste(self, level: int, x: int) -> None:
        cell = self.cells.part(level * self.cell, 0, self.cell, self.box.height)
        paste(self.target, cell, x, self.box.y)


def _cells(width: int, height: int, shades: Palette) -> Image:
    """One bar of each height, side by side."""
    from PIL import Image, ImageDraw

    over = 4
    sheet = Image.new("RGB", (width * _LEVELS * over, height * over), shades.surface)
    draw = ImageDraw.Draw(sheet)
    bar = width * over * 0.5
    for level in range(_LEVELS):
        tall = max(bar, height * over * level / (_LEVELS - 1))
        x = (level + 0.25) * width * over
        y = (height * over - tall) / 2
        quiet = mixed(shades.surface, shades.on_surface, 0.35)
        fill = mixed(quiet, shades.accent, min(1.0, level / 3))
        draw.rounded_rectangle((x, y, x + bar - 1, y + tall - 1), bar / 2, fill=fill)
    return sheet.reduce(over)


def _flat(width: int, height: int, fill: Colour) -> Image:
    from PIL import Image

    return Image.new("RGB", (width, height), fill)


def _shape(phoneme: str) -> int:
    """A column of `figure.mouths`, or -1 for lips that meet."""
    for char in phoneme:
        if char in _SHUT:
            return -1
        if char in _ROUND:
            return SHAPES.index("round")
        if char in _WIDE:
            return SHAPES.index("wide")
    return SHAPES.index("plain")


def _blinks() -> Iterator[int]:
    second = 0.0
    while True:
        for pause in _BLINKS:
            second += pause
            yield round(second * FPS)
