"""Clips inside a draft: their sound beforehand, their pictures one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vidbuild.studio.render import sound
from vidbuild.studio.render.layout import Box, even
from vidbuild.studio.render.media import PLAIN_MEDIA, Medium, reason
from vidbuild.studio.render.model import RenderError
from vidbuild.studio.render.sound import Sound
from vidbuild.studio.render.yuv import Patch, planes, scaled

if TYPE_CHECKING:
    from av import VideoFrame

_LONGEST = 300.0  # seconds of a clip that a draft plays


def clip_sound(clip: Medium, path: Path, *, volume: float) -> Sound:
    """The clip's sound, as long as its pictures; silence where it has none or is muted."""
    seconds = _length(clip)
    if volume == 0.0:
        return sound.silence(seconds)
    try:
        heard = sound.decode(str(clip.path), path, name=clip.name, volume=volume)
    except RenderError as error:
        if error.code == "no_audio_track":
            return sound.silence(seconds)
        raise
    samples = round(seconds * sound.RATE)
    if heard.samples < samples:
        with path.open("ab") as out:
            out.write(bytes(2 * (samples - heard.samples)))
    return Sound(path=path, samples=samples)


def clip_frames(clip: Medium, width: int, height: int, fps: int) -> Iterator[Patch]:
    """One patch of the frame's size for each moment; the last one again and again."""
    import av

    moment = 0
    last: Patch | None = None
    try:
        with av.open(str(clip.path), options=PLAIN_MEDIA) as media:
            stream = media.streams.video[0]
            for frame in media.decode(stream):
                at = float(frame.time or 0.0)
                while last is not None and moment / fps < at:
                    yield last
                    moment += 1
                last = _cropped(frame, width, height)
    except (av.FFmpegError, ValueError, OSError, IndexError) as error:
        raise RenderError(
            "rendering_failed", f"{clip.name} can't be decoded: {reason(error)}."
        ) from error
    if last is None:
        raise RenderError("rendering_failed", f"{clip.name} has no picture that can be decoded.")
    while True:
        yield last


def clip_size(clip: Medium) -> tuple[int, int] | None:
    """Width and height as the container says; None where it can't be read."""
    import av

    try:
        with av.open(str(clip.path), options=PLAIN_MEDIA) as media:
            stream = media.streams.video[0]
            return stream.width, stream.height
    except (av.FFmpegError, ValueError, OSError, IndexError):
        return None


def _cropped(frame: VideoFrame, width: int, height: int) -> Patch:
    scale = max(width / frame.width, height / frame.height)
    w, h = max(width, even(frame.width * scale)), max(height, even(frame.height * scale))
    fitting = scaled(frame, "yuv420p", size=(w, h), dst_range="MPEG")
    x, y = even((w - width) / 2), even((h - height) / 2)
    return Patch(
        planes(fitting), Box(x=min(x, w - width), y=min(y, h - height), width=width, height=height)
    )


def _length(clip: Medium) -> float:
    """Seconds from the first picture to the end of the last, by what the container says."""
    import av

    try:
        with av.open(str(clip.path), options=PLAIN_MEDIA) as media:
            if not media.streams.video:
                raise RenderError("rendering_failed", f"{clip.name} has no pictures.")
            stream = media.streams.video[0]
            if stream.duration and stream.time_base:
                seconds = float(stream.duration * stream.time_base)
            else:
                seconds = float(media.duration or 0) / 1_000_000
    except (av.FFmpegError, ValueError, OSError) as error:
        raise RenderError(
            "rendering_failed", f"{clip.name} can't be decoded: {reason(error)}."
        ) from error
    if not 0.0 < seconds <= _LONGEST:
        raise RenderError(
            "video_too_long", f"{clip.name} lasts {seconds:.0f} s; 300 s are the most."
        )
    return seconds
