"""Where things stand: pixel sizes of a request and regions that never overlap at any ratio."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = {"720p": 720, "1080p": 1080, "4k": 2160}
_LONG = {"720p": 1280, "1080p": 1920, "4k": 3840}
_RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "4:5": (4, 5), "5:4": (5, 4), "1:1": (1, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of pixels, all four numbers even (chroma is kept at half size)."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The regions of a draft's frame. `unit` is one pixel of a 720 pixel short edge."""

    width: int
    height: int
    unit: float
    title: Box
    tag: Box
    badge: Box
    bars: Box
    caption: Box
    progress: Box
    caption_rows: int


def frame_size(
    resolution: str | None, ratio: str | None, picture: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Width and height: the short edge is the resolution's, the long one capped by its tier.

    `auto` takes the picture's own ratio, 16:9 without one. No resolution means 1080p.
    """
    short, cap = _SHORT[resolution or "1080p"], _LONG[resolution or "1080p"]
    wide, high = _RATIOS.get(ratio or "16:9", (16, 9))
    if ratio == "auto" and picture and min(picture) > 0:
        wide, high = picture
        wide, high = min(wide, 4 * high), min(high, 4 * wide)  # beyond, the frame cuts it
    scale = min(short / min(wide, high), cap / max(wide, high))
    return max(128, even(wide * scale)), max(128, even(high * scale))


def lay_out(width: int, height: int) -> Layout:
    """A stack: title and tag, badge, bars, caption, progress line."""
    unit = min(width, height) / 720
    margin = 44 * unit
    inner = width - 2 * margin
    tag = _box(width - margin - 122 * unit, margin, 122 * unit, 40 * unit)
    title = _box(margin, margin - 4 * unit, tag.x - margin - 24 * unit, 116 * unit)
    progress = _box(0, height - 6 * unit, width, 6 * unit)
    rows = 2 if width >= height * 1.5 else 3 if width >= height else 4
    box_width = min(inner, 1000 * unit)
    box_height = (rows * 41 + 34) * unit
    bottom = progress.y - 34 * unit
    caption = _box((width - box_width) / 2, bottom - box_height, box_width, box_height)
    bars_width, bars_height = even(396 * unit), even(52 * unit)
    bars_top = caption.y - 22 * unit - bars_height
    bars = _box((width - bars_width) / 2, bars_top, bars_width, bars_height)
    room = bars.y - 26 * unit - title.bottom
    size = min(room, inner * 0.72, 460 * unit)
    badge_top = title.bottom + (room - size) / 2
    badge = _box((width - size) / 2, badge_top, size, size)
    return Layout(
        width=width,
        height=height,
        unit=unit,
        title=title,
        tag=tag,
        badge=badge,
        bars=bars,
        caption=caption,
        progress=progress,
        caption_rows=rows,
    )


def even(value: float) -> int:
    return 2 * round(value / 2)


def _box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x=even(x), y=even(y), width=max(2, even(width)), height=max(2, even(height)))
