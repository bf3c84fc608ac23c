"""Lengths and sizes of real media files, of damaged ones, and in the fields of a project."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project.authoring import DEFAULTS, HEAD, Folder, where
from tests.request.samples import film, picture, sound
from vidbuild.diagnostics import Span
from vidbuild.request.media import read_media
from vidbuild.request.model import Media
from vidbuild.schema.api import load_api

LIMITS = load_api().document["x-vidbuild-limits"]
HERE = Span(file="vidbuild.yaml")

Made = Callable[[], bytes]
Size = tuple[int, int] | None

FILES: dict[str, tuple[Made, float | None, Size]] = {
    "mp3": (lambda: sound("mp3", "libmp3lame", 3), 3, None),
    "mp3 without a header": (
        lambda: sound("mp3", "libmp3lame", 3, write_xing="0", id3v2_version="0"), 3, None),
    "mp3 of low rate": (lambda: sound("mp3", "libmp3lame", 3, 22_050), 3, None),
    "mp3 of lowest rate": (lambda: sound("mp3", "libmp3lame", 3, 8_000), 3, None),
    "layer 2": (lambda: sound("mp2", "mp2", 3), 3, None),
    "mp3 behind garbage": (
        lambda: b"ID3\4\0\0\0\0\1\0" + b"\0" * 128 + b"\xff" * 999 + sound("mp3", "libmp3lame", 3),
        3, None),
    "mp3 with a tag at its end": (
        lambda: sound("mp3", "libmp3lame", 3) + b"TAG" + b"\0" * 125, 3, None),
    "wav": (lambda: sound("wav", "pcm_s16le", 2.5), 2.5, None),
    "wav of another law": (lambda: sound("wav", "pcm_mulaw", 2.5, 8_000), 2.5, None),
    "wav compressed": (lambda: sound("wav", "adpcm_ms", 2.5), 2.5, None),
    "wav with more channels": (lambda: sound("wav", "pcm_s24le", 1), 1, None),
    "mp4": (lambda: film("mp4", "libx264", 2, 320, 180), 2, (320, 180)),
    "mp4 in fragments": (
        lambda: film("mp4", "libx264", 2, 320, 180, movflags="frag_keyframe+empty_moov"),
        None, (320, 180)),
    "webm": (lambda: film("webm", "libvpx", 2, 320, 180), 2, (320, 180)),
    "webm streamed": (lambda: film("webm", "libvpx", 2, 320, 180, live="1"), None, (320, 180)),
    "png": (lambda: picture("PNG", 20, 30), None, (20, 30)),
    "jpeg": (lambda: picture("JPEG", 21, 30), None, (21, 30)),
    "jpeg progressive": (lambda: picture("JPEG", 21, 30, progressive=True), None, (21, 30)),
    "jpeg with a long comment": (
        lambda: picture("JPEG", 21, 30, comment=b"x" * 60_000), None, (21, 30)),
}  # fmt: skip


def read(path: Path, content: bytes) -> Media:
    path.write_bytes(content)
    return read_media(path, name="m", limits=LIMITS, span=HERE)


@pytest.mark.parametrize("name", FILES)
def test_files_of_real_encoders(tmp_path: Path, name: str) -> None:
    made, seconds, size = FILES[name]
    found = read(tmp_path / "m", made())
    assert found.seconds == (None if seconds is None else pytest.approx(seconds, abs=0.2))
    assert (found.width, found.height) == (size or (None, None))


def test_refused_in_words(folder: Folder) -> None:
    files = {
        "a.m4a": sound("ipod", "aac", 1), "b.mov": film("mov", "libx264", 1, 64, 64),
        "c.mkv": film("matroska", "libvpx", 1, 64, 64), "d.webp": picture("WEBP", 8, 8),
    }  # fmt: skip
    types = {"a": "audio/mp4", "b": "video/quicktime", "c": "video/x-matroska", "d": "image/webp"}
    for name, content in files.items():
        found = folder.one(
            f"videos: {{v: {{script: Hi., background: {{asset_id: {{file: {name}}}}}}}}}\n",
            {name: content},
        )
        assert (found.code, found.message) == ("VB420", f"{name} is {types[name[0]]}")


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    """Whatever becomes of a file behind its first bytes, it is read, soon, and in bounds."""
    rng = random.Random(name)  # noqa: S311 - no secret: the same damage every time
    whole = FILES[name][0]()
    path = tmp_path / "m"
    began = time.process_time()
    for _ in range(150):
        data = bytearray(whole[: rng.randrange(16, len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(rng.randrange(1, 9)):
            at = rng.randrange(12, min(len(data), rng.choice([64, 400, 10**9])))
            data[at : at + rng.randrange(5)] = rng.choice(
                [b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", rng.randbytes(4), b"", b"\1\0\0\0\0"]
            )
        found = read(path, bytes(data))
        assert found.seconds is None or 0 <= found.seconds < 10**30
        assert found.width is None or found.width >= 0
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    "content",
    [
        b"ID3\4\0\0\0\0\0\0" + b"\xff" * 3_000_000,
        b"\xff\xd8\xff" + b"\xff" * 3_000_000,
        b"\x00\x00\x00\x08ftyp" + b"\x00\x00\x00\x08free" * 300_000,
        b"\x1aE\xdf\xa3\x80" + b"\xec\x80" * 1_000_000,
        b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 300_000,
        b"\xff\xfb\x90\x00" + (b"\xff" * 65_000 + b"\xff\xfb\x90\x00" + b"\0" * 413) * 40,
    ],
)
def test_files_made_to_keep_a_reader_busy(tmp_path: Path, content: bytes) -> None:
    began = time.process_time()
    assert read(tmp_path / "m", content).bytes == len(content)
    assert time.process_time() - began < 5


USES = """
  background: {script: Hi., background: {type: image, asset_id: {file: FILE}}}
  audio: {audio_asset_id: {file: FILE}}
  image: {type: image, image: {type: asset_id, asset_id: {file: FILE}}, script: Hi.}
  watermark: {script: Hi., watermark: {image: {type: asset_id, asset_id: {file: FILE}}}}
  references: {type: cinematic_avatar, prompt: Hi., avatar_id: [a], references: [{type: asset_id, asset_id: {file: FILE}}]}
  still: {type: studio, scenes: [{type: image, duration: 1, source: {type: asset_id, asset_id: {file: FILE}}}]}
  clip: {type: studio, scenes: [{type: video, source: {type: asset_id, asset_id: {file: FILE}}}]}
  narrated: {type: studio, scenes: [{type: image, source: {type: asset_id, asset_id: x}, audio_asset_id: {file: FILE}}]}
"""  # noqa: E501 - one field a line
TAKES = {
    "background": {"png"}, "audio": {"wav"}, "image": {"png"}, "watermark": {"png"},
    "references": {"png", "mp4"}, "still": {"png"}, "clip": {"mp4"}, "narrated": {"wav"},
}  # fmt: skip


@pytest.mark.parametrize("kind", ["png", "wav", "mp4"])
def test_fields_take_their_kind_of_media(folder: Folder, kind: str) -> None:
    name = f"m.{kind}"
    text = f"{HEAD}{DEFAULTS}videos:{USES}".replace("FILE", name)
    loaded = folder.load(text, {name: FILES[kind][0]()})
    assert set(loaded.requests) == {use for use, kinds in TAKES.items() if kind in kinds}
    assert {d.video for d in loaded.diagnostics} == TAKES.keys() - loaded.requests.keys()
    lines = text.split("\n")
    for found in loaded.diagnostics:
        file, line, column = where(found)
        assert (found.code, file) == ("VB422", "vidbuild.yaml")
        assert lines[line - 1][column - 1 :].startswith("{file:")
        assert str(found.field).endswith("asset_id")
        assert "name a file of type" in str(found.hint)


@pytest.mark.parametrize(("width", "warned"), [(2047, False), (2048, True)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_of_many_pixels(folder: Folder, kind: str, width: int, *, warned: bool) -> None:
    text = "videos:\n  v:\n    script: Hi.\n    background: {type: image, asset_id: {file: m}}\n"
    loaded = folder.load(text, {"m": picture(kind, 3, width)})
    assert list(loaded.requests) == ["v"]
    found = [(d.code, d.severity, d.video, d.field) for d in loaded.diagnostics]
    expected = [("VB423", "warning", "v", "background.asset_id")]
    assert found == (expected if warned else [])


def test_a_recording_that_is_too_long(folder: Folder) -> None:
    content = sound("mp3", "libmp3lame", 20, 8_000) * 31
    found = folder.one("videos: {v: {audio_asset_id: {file: m.mp3}}}\n", {"m.mp3": content})
    assert (found.code, found.video) == ("VB421", "v")
    assert "more than 600 s" in found.message


def test_a_request_knows_the_length_of_its_recording(folder: Folder) -> None:
    text = "videos: {v: {audio_asset_id: {file: m.mp3}}}\n"
    loaded = folder.load(text, {"m.mp3": sound("mp3", "libmp3lame", 3)})
    assert loaded.requests["v"].media["audio_asset_id"].seconds == pytest.approx(3, abs=0.15)
