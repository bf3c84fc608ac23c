"""Makes the sample's files anew: `python -m vidbuild.studio.sample.make [FOLDER]`.

Not imported by the studio, so that a simulated one needs no encoder.
"""

from __future__ import annotations

import math
import struct
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw

SIZE = (320, 180)
FRAMES = 10
TONE, RATE = 440, 48000
_CODECS = {"mp4": ("libx264", "aac"), "webm": ("libvpx-vp9", "libopus")}


def make(folder: Path) -> None:
    """Writes the four files: a picture with a moving bar and a quiet tone."""
    for suffix, (video, audio) in _CODECS.items():
        _movie(folder / f"video.{suffix}", video, audio)
    _picture(0).save(folder / "thumbnail.jpg", quality=70)
    (folder / "subtitle.srt").write_bytes(b"1\n00:00:00,000 --> 00:00:01,000\nSimulated\n\n")


def _movie(path: Path, video: str, audio: str) -> None:
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    file: Any  # the types of streams depend on a codec's name
    frames: Any = av.VideoFrame
    with av.open(str(path), "w", options=options) as file:
        pictures = file.add_stream(video, rate=FRAMES)
        pictures.width, pictures.height = SIZE
        pictures.pix_fmt = "yuv420p"
        sound = file.add_stream(audio, rate=RATE, layout="mono")
        for n in range(FRAMES):
            frame = frames.from_image(_picture(n))
            frame.pts, frame.time_base = n, Fraction(1, FRAMES)
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        file.mux(sound.encode(_tone()))
        file.mux(sound.encode(None))


def _picture(n: int) -> Image.Image:
    picture = Image.new("RGB", SIZE, "#101820")
    draw = ImageDraw.Draw(picture)
    draw.text((16, 16), "SIMULATED", fill="#ffffff")
    draw.rectangle((0, 172, (n + 1) * SIZE[0] // FRAMES, 179), fill="#4fb3bf")
    return picture


def _tone() -> av.AudioFrame:
    wave = (round(3000 * math.sin(2 * math.pi * TONE * n / RATE)) for n in range(RATE))
    frame = av.AudioFrame(format="s16", layout="mono", samples=RATE)
    frame.planes[0].update(struct.pack(f"<{RATE}h", *wave))
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    return frame


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
