"""Local media: what a file is by its content, its size, its digest in the request."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.project.authoring import Folder, where
from vidbuild.diagnostics import Problems, Span
from vidbuild.request.media import kind_of, read_media
from vidbuild.schema.api import load_api

LIMITS: dict[str, Any] = load_api().document["x-vidbuild-limits"]
HERE = Span(file="vidbuild.yaml", line=3, column=4)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\x10\x18\x20")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def wav(seconds: float, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(rate)
        recording.writeframes(b"\x80" * int(seconds * rate))
    return out.getvalue()


SAMPLES = {
    "image/png": png(),
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 60,
    "video/mp4": b"\x00\x00\x00\x18ftypisom" + b"\0" * 60,
    "video/webm": b"\x1aE\xdf\xa3\x9f\x42\x86\x81" + b"\0" * 60,
    "audio/wav": wav(0.5),
    "audio/mpeg": b"ID3\x04\x00" + b"\0" * 60,
}


@pytest.mark.parametrize("mime", SAMPLES)
def test_kinds_by_content(tmp_path: Path, mime: str) -> None:
    path = tmp_path / "no-ending"
    path.write_bytes(SAMPLES[mime])
    found = read_media(path, name="m", limits=LIMITS, span=HERE)
    assert found.mime == mime
    assert found.bytes == len(SAMPLES[mime])
    assert found.sha256 == hashlib.sha256(SAMPLES[mime]).hexdigest()
    assert found.seconds == (0.5 if mime == "audio/wav" else None)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\xff\xfb\x90\x00", "audio/mpeg"), (b"\xff\xf3\x40\xc0", "audio/mpeg"),
        (b"\xff\xe0", None), (b"\xff\xff\xff", "audio/mpeg"), (b"\xff", None), (b"", None),
        (b"%PDF-1.7", "application/pdf"), (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"), (b"RIFF\0\0\0\0AVI ", None),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"), (b"\0\0\0\x18ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypisom", "video/mp4"), (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\x1aE\xdf\xa3\x01\x00B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"), (b"<svg", None), (b"PK\x03\x04", None),
    ],
)  # fmt: skip
def test_heads(head: bytes, mime: str | None) -> None:
    assert kind_of(head) == mime


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "VB420", "empty"), (b"text", "VB420", "unknown kind"),
        (b"GIF89a", "VB420", "image/gif"), (b"%PDF-1.7", "VB420", "application/pdf"),
        (None, "VB101", "does not exist"),
    ],
)  # fmt: skip
def test_files_that_the_api_does_not_take(
    tmp_path: Path, content: bytes | None, code: str, words: str
) -> None:
    path = tmp_path / "m"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Problems) as caught:
        read_media(path, name="media/m.png", limits=LIMITS, span=HERE)
    [found] = caught.value.diagnostics
    assert (found.code, found.span) == (code, HERE)
    assert words in found.message
    assert found.message.startswith("media/m.png")
    assert found.hint


def test_a_folder_is_no_media(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        read_media(tmp_path, name="m", limits=LIMITS, span=HERE)
    assert caught.value.diagnostics[0].code == "VB102"


def test_too_large(tmp_path: Path) -> None:
    limits = {**LIMITS, "media": {"image": {"bytes": 100, "types": ["image/png"]}}}
    path = tmp_path / "m.png"
    path.write_bytes(png()[:67] + b"\0" * 33)
    assert read_media(path, name="m", limits=limits, span=HERE).bytes == 100
    path.write_bytes(png()[:67] + b"\0" * 34)
    with pytest.raises(Problems) as caught:
        read_media(path, name="m", limits=limits, span=HERE)
    assert caught.value.diagnostics[0].code == "VB421"
    path.write_bytes(png())  # more than one request takes goes another way
    assert read_media(path, name="m", limits={**LIMITS, "upload_bytes": 10}, span=HERE).bytes > 10


def test_too_long(tmp_path: Path) -> None:
    path = tmp_path / "m.wav"
    path.write_bytes(wav(600, rate=100))
    assert read_media(path, name="m", limits=LIMITS, span=HERE).seconds == 600
    path.write_bytes(wav(601, rate=100))
    with pytest.raises(Problems) as caught:
        read_media(path, name="m", limits=LIMITS, span=HERE)
    assert caught.value.diagnostics[0].code == "VB421"


def test_a_wav_without_data_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "m.wav"
    path.write_bytes(wav(1)[:20] + b"\x11\x00" + wav(1)[22:])  # a compressed format
    assert read_media(path, name="m", limits=LIMITS, span=HERE).seconds == 1
    path.write_bytes(wav(1)[:14])
    assert read_media(path, name="m", limits=LIMITS, span=HERE).seconds is None


TEXT = """
videos:
  v:
    script: Hi.
    background: {type: image, asset_id: {file: "media/{{ video.key }}.png"}}
"""


def test_the_digest_stands_in_the_request(folder: Folder) -> None:
    loaded = folder.load(TEXT, {"media/v.png": png()})
    request = loaded.requests["v"]
    digest = hashlib.sha256(png()).hexdigest()
    assert request.body["background"] == {"type": "image", "asset_id": {"sha256": digest}}
    assert request.content["background"] == request.body["background"]
    assert request.media["background.asset_id"].file == "media/v.png"
    assert "media/v.png" in request.depends_on
    # The name of a file is nothing, its content everything.
    renamed = folder.load(TEXT.replace("{{ video.key }}", "w"), {"media/w.png": png()})
    assert renamed.requests["v"].fingerprint == request.fingerprint
    changed = folder.load(TEXT, {"media/v.png": png() + b"\0"})
    assert changed.requests["v"].fingerprint != request.fingerprint


def test_an_id_is_sent_as_it_is(folder: Folder) -> None:
    body = folder.body(TEXT.replace('{file: "media/{{ video.key }}.png"}', "abc123"))
    assert body["background"]["asset_id"] == "abc123"


def test_a_wrong_file_points_at_the_field(folder: Folder) -> None:
    found = folder.one(TEXT, {"media/v.png": b"text"})
    assert (found.code, *where(found)) == ("VB420", "vidbuild.yaml", 9, 41)
    assert (found.video, found.field) == ("v", "background.asset_id")
