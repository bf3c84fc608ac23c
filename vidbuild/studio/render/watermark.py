"""The watermark of a request: laid over each frame on its way to the encoder, then lifted.

Lifted, because the parts that move beneath it are patched in the same frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidbuild.studio.render.layout import Box, Layout, even
from vidbuild.studio.render.media import Medium, open_picture
from vidbuild.studio.render.yuv import Plane, converted, planes

if TYPE_CHECKING:
    from PIL.Image import Image

_HALVES = (1, 2, 2)
_MARGIN = 24  # units between the picture and its corner


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A picture and the place in the frame that it covers, both of even size."""

    picture: Image  # RGBA
    box: Box


def read_seal(wanted: Mapping[str, Any], image: Medium, at: Layout) -> Seal | None:
    """The watermark in its size and place, cut at the frame's edges; None where nothing shows."""
    from PIL import Image

    picture = open_picture(image).convert("RGBA")
    scale = min(_given(wanted, "scale", 1.0), at.width / picture.width, at.height / picture.height)
    size = (max(2, even(picture.width * scale)), max(2, even(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    opacity = _given(wanted, "opacity", 1.0)
    picture.putalpha(picture.getchannel("A").point([round(v * opacity) for v in range(256)]))
    x, y = _corner(wanted.get("placement") or {}, size, at)
    shown = Box(x=max(0, x), y=max(0, y), width=0, height=0)
    right, bottom = min(at.width, x + size[0]), min(at.height, y + size[1])
    if right <= shown.x or bottom <= shown.y or not opacity:
        return None
    box = Box(x=shown.x, y=shown.y, width=right - shown.x, height=bottom - shown.y)
    return Seal(picture=picture.crop((box.x - x, box.y - y, right - x, bottom - y)), box=box)


class Press:
    """A seal over the planes of one frame."""

    def __init__(self, seal: Seal, target: Sequence[Plane]) -> None:
        self._box, self._target = seal.box, target
        marks = planes(converted(seal.picture))
        size = (seal.box.width, seal.box.height)
        full = seal.picture.getchannel("A")
        if len(target) > 3:
            full = self._raised(full)
        masks = (full, full.reduce(2), full.reduce(2))
        self._layers = [
            (_image(mark, size[0] // half, size[1] // half), mask)
            for mark, mask, half in zip(marks[:3], masks, _HALVES, strict=True)
        ]

    @contextmanager
    def pressed(self) -> Iterator[None]:
        """Within, the frame has its watermark."""
        below = [self._read(number) for number in range(3)]
        for number, (old, (mark, mask)) in enumerate(zip(below, self._layers, strict=True)):
            self._write(number, _blended(old, mark, mask))
        try:
            yield
        finally:
            for number, old in enumerate(below):
                self._write(number, old.tobytes())

    def _raised(self, mask: Image) -> Image:
        """Lays the mask over the frame's own alpha, once and for all, and gives the mask for
        the colours: what has nothing beneath it takes the picture's colour whole.
        """
        from PIL import ImageChops

        below = self._read(3)
        self._write(3, ImageChops.screen(below, mask).tobytes())
        seen = mask.point([0] + [255] * 255)
        opaque = below.point([0] * 128 + [255] * 128)
        return ImageChops.composite(mask, seen, opaque)

    def _read(self, number: int) -> Image:
        from PIL import Image

        plane, x, y, width, height = self._place(number)
        starts = range(y * plane.stride + x, (y + height) * plane.stride + x, plane.stride)
        data = b"".join(plane.data[at : at + width] for at in starts)
        return Image.frombytes("L", (width, height), data)

    def _write(self, number: int, data: bytes) -> None:
        plane, x, y, width, height = self._place(number)
        for row in range(height):
            at = (y + row) * plane.stride + x
            plane.data[at : at + width] = data[row * width : (row + 1) * width]

    def _place(self, number: int) -> tuple[Plane, int, int, int, int]:
        half, box = (*_HALVES, 1)[number], self._box
        return (
            self._target[number],
            box.x // half,
            box.y // half,
            box.width // half,
            box.height // half,
        )


def _blended(old: Image, mark: Image, mask: Image) -> bytes:
    from PIL import Image

    return Image.composite(mark, old, mask).tobytes()


def _image(plane: Plane, width: int, height: int) -> Image:
    from PIL import Image

    data = bytes(plane.data)[: plane.stride * height]
    return Image.frombytes("L", (width, height), data, "raw", "L", plane.stride, 1)


def _corner(placement: Mapping[str, Any], size: tuple[int, int], at: Layout) -> tuple[int, int]:
    where = str(placement.get("position") or "bottom_right")
    margin = _MARGIN * at.unit
    x = margin if where.endswith("left") else at.width - size[0] - margin
    y = margin if where.startswith("top") else at.height - size[1] - margin
    shift_x = at.width * _given(placement, "offset_x", 0.0)
    shift_y = at.height * _given(placement, "offset_y", 0.0)
    return even(x + shift_x), even(y + shift_y)


def _given(values: Mapping[str, Any], key: str, default: float) -> float:
    value = values.get(key)
    return default if value is None else float(value)
