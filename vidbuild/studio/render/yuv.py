"""Pictures as planes: one frame that is reused, and patches that are pasted into it.

Colours are BT.709, limited range, chroma at half size; every position and size is even.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from vidbuild.studio.render.colour import Colour
from vidbuild.studio.render.layout import Box

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.reformatter import VideoReformatter
    from PIL.Image import Image

_HALVES = (1, 2, 2, 1)  # Y, U, V, alpha


@dataclass(frozen=True, slots=True)
class Plane:
    data: memoryview
    stride: int


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle of a converted picture, ready to be pasted."""

    planes: tuple[Plane, ...]
    box: Box

    def part(self, x: int, y: int, width: int, height: int) -> Patch:
        inside = Box(x=self.box.x + x, y=self.box.y + y, width=width, height=height)
        return Patch(self.planes, inside)


def converted(image: Image) -> VideoFrame:
    """A frame of planes: yuv420p, with alpha where the picture has it."""
    import av

    alpha = image.mode == "RGBA"
    frame = av.VideoFrame(image.width, image.height, "rgba" if alpha else "rgb24")
    _fill(frame, image.tobytes(), image.width * (4 if alpha else 3))
    return scaled(frame, "yuva420p" if alpha else "yuv420p", dst_range="MPEG")


def scaled(
    frame: VideoFrame,
    form: str,
    *,
    size: tuple[int, int] | None = None,
    src_range: str | None = None,
    dst_range: str | None = None,
) -> VideoFrame:
    """The frame in another form and size; a range that is named comes with BT.709.

    One thread: to start and join one for each processor takes longer than most patches.
    """
    from av.video.reformatter import Colorspace

    width, height = size or (frame.width, frame.height)
    return _scaler().reformat(
        frame,
        width=width,
        height=height,
        format=form,
        src_colorspace=Colorspace.ITU709 if src_range else None,
        src_color_range=src_range,
        dst_colorspace=Colorspace.ITU709 if dst_range else None,
        dst_color_range=dst_range,
        threads=1,
    )


@cache
def _scaler() -> VideoReformatter:
    """One for all: it keeps its tables while the sizes stay the same."""
    from av.video.reformatter import VideoReformatter

    return VideoReformatter()


def planes(frame: VideoFrame) -> tuple[Plane, ...]:
    return tuple(Plane(memoryview(plane), plane.line_size) for plane in frame.planes)


def patch(image: Image) -> Patch:
    """A picture (RGB, even size) as one patch."""
    frame = converted(image)
    return Patch(planes(frame), Box(x=0, y=0, width=image.width, height=image.height))


def paste(target: tuple[Plane, ...], source: Patch, x: int, y: int) -> None:
    """Copies a patch's colours to a place; alpha stays what it is."""
    box = source.box
    for to, of, half in zip(target[:3], source.planes[:3], _HALVES, strict=False):
        width = box.width // half
        here, into, step = to.data, to.stride * (y // half) + x // half, to.stride
        there, start, row = of.data, of.stride * (box.y // half) + box.x // half, of.stride
        for out_of in range(start, start + box.height // half * row, row):
            here[into : into + width] = there[out_of : out_of + width]
            into += step


def tinted(mask: Image, ink: Colour, paper: Colour) -> Patch:
    """A mask (L, even size) in two colours: what it covers is `ink`, the rest `paper`.

    Conversion is linear, so that mixing the converted colours is the same as converting the
    mixed ones, at a fraction of the cost.
    """
    small = mask.reduce(2)
    parts = zip((mask, small, small), _converted(ink), _converted(paper), strict=True)
    box = Box(x=0, y=0, width=mask.width, height=mask.height)
    return Patch(
        tuple(
            Plane(memoryview(part.point(_blend(full, none)).tobytes()), part.width)
            for part, full, none in parts
        ),
        box,
    )


@cache
def _blend(full: int, none: int) -> list[int]:
    return [round(none + (full - none) * part / 255) for part in range(256)]


def _converted(colour: Colour) -> tuple[int, int, int]:
    """BT.709, limited range."""
    red, green, blue = colour
    bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + bright * 219 / 255),
        round(128 + (blue - bright) / 1.8556 * 224 / 255),
        round(128 + (red - bright) / 1.5748 * 224 / 255),
    )


def _fill(frame: VideoFrame, data: bytes, row: int) -> None:
    plane = frame.planes[0]
    if plane.line_size == row:
        plane.update(data)
        return
    target, source = memoryview(plane), memoryview(data)
    for y in range(frame.height):
        target[y * plane.line_size : y * plane.line_size + row] = source[y * row : (y + 1) * row]
