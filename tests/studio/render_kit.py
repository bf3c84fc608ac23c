"""What the renderer's tests share: making drafts, and looking at what was made."""

from __future__ import annotations

import math
import re
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image

from vidbuild.studio.render import Draft, Job, render

AVATAR = {
    "type": "avatar",
    "avatar_id": "anna",
    "voice_id": "v1",
    "title": "Welcome",
    "script": "Hello there. This is short.",
    "resolution": "720p",
}
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d),(\d\d\d) --> (\d\d):(\d\d):(\d\d),(\d\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A video as decoded from end to end; `peak` is of 1."""

    size: tuple[int, int]
    frames: list[float]
    picture_seconds: float
    sound_seconds: float
    peak: float
    codecs: tuple[str, str]


def make(folder: Path, assets: dict[str, str] | None = None, **changes: Any) -> Draft:
    """A draft of the short avatar body with some members changed; None takes one away."""
    body = {k: v for k, v in (AVATAR | changes).items() if v is not None}
    return made(folder, body, assets)


def made(folder: Path, body: dict[str, Any], assets: dict[str, str] | None = None) -> Draft:
    folder.mkdir(parents=True, exist_ok=True)
    return render(Job(video_id="d", request=body, assets=assets or {}, output_dir=str(folder)))


def watch(path: str) -> Seen:
    """Decodes every frame and every sample."""
    with av.open(path) as media:
        video, audio = media.streams.video[0], media.streams.audio[0]
        times: list[float] = []
        samples, loudest = 0, 0.0
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        for frame in media.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                assert (frame.width, frame.height) == (video.width, video.height)
                times.append(float(frame.time or 0.0))
            elif isinstance(frame, av.AudioFrame):
                for part in resampler.resample(frame):
                    data = array("h", bytes(part.planes[0])[: part.samples * 2])
                    samples += len(data)
                    loudest = max(loudest, *(abs(s) / 32768 for s in data))
        return Seen(
            size=(video.width, video.height),
            frames=times,
            picture_seconds=times[-1] + 1 / 12,
            sound_seconds=samples / 16_000,
            peak=loudest,
            codecs=(video.codec_context.name, audio.codec_context.name),
        )


def still(path: str, second: float) -> Image.Image:
    """The frame that shows at a moment, as RGB."""
    with av.open(path) as media:
        shown = None
        for frame in media.decode(video=0):
            if shown is not None and float(frame.time or 0.0) > second:
                break
            shown = frame
        assert shown is not None
        rgb = shown.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG")
        data = bytes(rgb.planes[0])
        row = rgb.planes[0].line_size
        return Image.frombytes("RGB", (rgb.width, rgb.height), data, "raw", "RGB", row, 1)


def cues(path: str) -> list[tuple[float, float, str]]:
    """The captions of an SRT file, whose form is checked on the way."""
    text = Path(path).read_text(encoding="utf-8")
    found = []
    for number, block in enumerate(filter(None, text.split("\n\n")), 1):
        index, times, *lines = block.strip("\n").split("\n")
        assert index == str(number)
        match = _CLOCK.fullmatch(times)
        assert match, times
        h, m, s, ms, h2, m2, s2, ms2 = map(int, match.groups())
        start, end = h * 3600 + m * 60 + s + ms / 1000, h2 * 3600 + m2 * 60 + s2 + ms2 / 1000
        assert 1 <= len(lines) <= 3
        assert all(lines)
        found.append((start, end, " ".join(lines)))
    return found


def beep(path: Path, seconds: float = 1.5) -> str:
    """A WAV file with one note."""
    rate = 16_000
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        count = round(rate * seconds)
        notes = (int(14_000 * math.sin(n * 0.17)) for n in range(count))
        out.writeframes(array("h", notes).tobytes())
    return str(path)


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (320, 200)) -> str:
    Image.new("RGB", size, colour).save(path)
    return str(path)


def close(one: tuple[int, ...], other: tuple[int, ...], by: int = 6) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def colour_at(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    """The pixel at a fraction of the width and height."""
    spot = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(spot, tuple)
    r, g, b = spot
    return int(r), int(g), int(b)
