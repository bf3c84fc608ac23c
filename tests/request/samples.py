"""Media files as real encoders write them."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any

import av as library
from PIL import Image

av: Any = library  # its streams have one type for all that they can be

RATE = 44_100


@cache
def picture(kind: str, width: int, height: int, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (16, 24, 32)).save(out, kind, **options)
    return out.getvalue()


@cache
def sound(form: str, codec: str, seconds: float, rate: int = RATE, **options: str) -> bytes:
    """A recording of silence."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=dict(options)) as film:
        stream = film.add_stream(codec, rate=rate)
        size = 1152
        for start in range(0, int(seconds * rate), size):
            frame = av.AudioFrame(format=stream.format.name, layout="mono", samples=size)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return out.getvalue()


@cache
def film(form: str, codec: str, seconds: float, width: int, height: int, **options: str) -> bytes:
    """A film of one colour, ten pictures a second."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=dict(options)) as made:
        stream = made.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        picture = Image.new("RGB", (width, height))
        for number in range(int(seconds * 10)):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()
