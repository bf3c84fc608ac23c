"""Pictures as planes: one frame that is reused, and patches that are pasted into it.

Colours are BT.709, limited range, chroma at half size; every position and size is even.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidbuild.studio.render.layout import Box

if TYPE_CHECKING:
    from av import VideoFrame
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
    return frame.reformat(
        format="yuva420p" if alpha else "yuv420p",
        dst_colorspace="ITU709",
        dst_color_range="MPEG",
    )


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
        into = to.stride * (y // half) + x // half
        out_of = of.stride * (box.y // half) + box.x // half
        here, there = to.data, of.data
        for _ in range(box.height // half):
            here[into : into + width] = there[out_of : out_of + width]
            into += to.stride
            out_of += of.stride


def _fill(frame: VideoFrame, data: bytes, row: int) -> None:
    plane = frame.planes[0]
    if plane.line_size == row:
        plane.update(data)
        return
    target, source = memoryview(plane), memoryview(data)
    for y in range(frame.height):
        target[y * plane.line_size : y * plane.line_size + row] = source[y * row : (y + 1) * row]
