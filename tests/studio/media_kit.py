"""Media files to break: one small good one of each kind, and what a fuzzer makes of it."""

from __future__ import annotations

import io
import random
import wave
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image

from vidbuild.studio import sample

KINDS = ("png", "jpg", "wav", "mp3", "mp4", "webm")


@cache
def good(kind: str) -> bytes:
    """A small file of this kind that decodes."""
    out = io.BytesIO()
    match kind:
        case "png":
            Image.effect_noise((48, 48), 60).convert("RGB").save(out, "PNG")
        case "jpg":
            Image.effect_noise((48, 48), 60).convert("RGB").save(out, "JPEG", progressive=True)
        case "wav":
            with wave.open(out, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(random.Random(1).randbytes(6000))  # noqa: S311 - noise
        case "mp3":
            _mp3(out)
        case _:
            path = sample.path(f"video.{kind}")
            assert path is not None
            return path.read_bytes()
    return out.getvalue()


def _mp3(out: io.BytesIO) -> None:
    import av

    file: Any
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=44100, layout="mono")
        frame = av.AudioFrame(format="s16p", layout="mono", samples=1152)
        frame.sample_rate = 44100
        for _ in range(12):
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def broken(kind: str, count: int, seed: int = 1) -> Iterator[bytes]:
    """Files that begin as one of this kind does and go wrong somewhere."""
    draw = random.Random(f"{kind}{seed}")  # noqa: S311 - to repeat
    for _ in range(count):
        data = bytearray(good(kind))
        for _ in range(draw.choice((1, 1, 3, 20))):
            at = draw.randrange(12, len(data))
            match draw.randrange(5):
                case 0:
                    del data[at:]
                case 1:
                    data[at : at + 4] = draw.choice(
                        (b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff")
                    )
                case 2:
                    data[at] ^= 1 << draw.randrange(8)
                case 3:
                    data[at:at] = data[at : at + draw.randrange(1, 400)]
                case _:
                    del data[at : at + draw.randrange(1, 40)]
            if len(data) < 40:
                break
        yield bytes(data)


def request_with(kind: str, asset_id: str) -> dict[str, Any]:
    """A video that has to open the file."""
    if kind in ("png", "jpg"):
        return {
            "type": "avatar", "avatar_id": "a", "voice_id": "v", "script": "Hi.",
            "resolution": "720p", "background": {"type": "image", "asset_id": asset_id},
        }  # fmt: skip
    if kind in ("wav", "mp3"):
        return {
            "type": "avatar",
            "avatar_id": "a",
            "audio_asset_id": asset_id,
            "resolution": "720p",
        }
    scene = {"type": "video", "source": {"type": "asset_id", "asset_id": asset_id}}
    return {"type": "studio", "resolution": "720p", "scenes": [scene]}
