"""Sound on disk: 16 bit mono at one rate, streamed in and out, never held whole."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vidbuild.studio.render.media import PLAIN_MEDIA, reason
from vidbuild.studio.render.model import RenderError

if TYPE_CHECKING:
    from av import AudioFrame

RATE = 22_050
_LONGEST = 1_800  # seconds of one recording
_TONE_SECONDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """`samples` of sound: from a file, or silence without one."""

    path: Path | None
    samples: int

    @property
    def seconds(self) -> float:
        return self.samples / RATE


def silence(seconds: float) -> Sound:
    return Sound(path=None, samples=round(seconds * RATE))


def tone(path: Path) -> Sound:
    """Six soft notes: the place of a recording that a draft does not fetch."""
    with path.open("wb") as out:
        for note in (392.0, 440.0, 494.0, 440.0, 392.0, 330.0)[:_TONE_SECONDS]:
            step = 2 * math.pi * note / RATE
            fade = -4.0 / RATE
            out.write(array("h", (
                int(6000 * math.exp(fade * n) * min(1.0, n / 300) * math.sin(step * n))
                for n in range(RATE)
            )).tobytes())  # fmt: skip
    return Sound(path=path, samples=_TONE_SECONDS * RATE)


def decode(source: str, path: Path, *, name: str, volume: float = 1.0) -> Sound:
    """A recording (or a clip's sound) as samples in `path`.

    Raises RenderError `no_audio_track`, `video_too_long` or, where it can't be decoded,
    `rendering_failed`.
    """
    import av

    samples = 0
    try:
        with av.open(source, options=PLAIN_MEDIA) as media, path.open("wb") as out:
            if not media.streams.audio:
                raise RenderError("no_audio_track", f"{name} has no sound.")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in media.decode(media.streams.audio[0]):
                samples += _write(out, resampler.resample(frame), volume)
                if samples > _LONGEST * RATE:
                    raise RenderError("video_too_long", f"{name} is longer than 30 minutes.")
            samples += _write(out, resampler.resample(None), volume)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise RenderError(
            "rendering_failed", f"{name} can't be decoded: {reason(error)}."
        ) from error
    if not samples:
        raise RenderError("no_audio_track", f"{name} holds no sound.")
    return Sound(path=path, samples=samples)


def _write(out: IO[bytes], frames: Sequence[AudioFrame], volume: float) -> int:
    count = 0
    for frame in frames:
        data = bytes(frame.planes[0])[: frame.samples * 2]
        if volume != 1.0:
            data = array("h", (int(v * volume) for v in memoryview(data).cast("h"))).tobytes()
        out.write(data)
        count += frame.samples
    return count


def loudness(samples: memoryview) -> int:
    """The peak of some 16 bit samples, 0 to 32767; every eighth is looked at."""
    sparse = samples[::8].tolist()
    if not sparse:
        return 0
    high, low = max(sparse), min(sparse)
    return max(high, -low)
