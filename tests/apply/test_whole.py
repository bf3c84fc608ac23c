"""Files that are what they should be, and the same files cut anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apply.cloud import content_of
from vidbuild.apply.whole import flaw

SAMPLES = Path(__file__).parents[2] / "vidbuild" / "studio" / "sample"
MP4 = content_of("https://files/v1/video")
SRT = "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n2\n00:00:01,000 --> 00:00:02,500\nYou\nthere\n"
JPEG = b"\xff\xd8" + b"\xff\xe1\x00\x08\xff\xd8\xff\xd9xx" + b"\xff\xff\xda\x00\x02pixels\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IDAT1234" + b"\0\0\0\0IEND\xaeB`\x82"
WEBP = b"RIFF\x08\0\0\0WEBPVP8 "
GIF = b"GIF89a" + b"pixels" + b";"


def element(name: bytes, content: bytes, *, unknown: bool = False) -> bytes:
    """One EBML element, its size known or not."""
    size = b"\x01" + (b"\xff" * 7 if unknown else len(content).to_bytes(7, "big"))
    return name + size + content


def webm(*, unknown: bool, clusters: int = 2, behind: bytes = b"") -> bytes:
    """A WebM file; where sizes are `unknown` it was written to a pipe."""
    block = element(b"\xe7", b"\x01") + element(b"\xa3", b"picture" * 30)
    cluster = element(b"\x1f\x43\xb6\x75", block * 3, unknown=unknown)
    tracks = element(b"\x16\x54\xae\x6b", b"track")
    segment = element(b"\x18\x53\x80\x67", tracks + cluster * clusters + behind, unknown=unknown)
    return element(b"\x1aE\xdf\xa3", b"webm") + segment


CUES = element(b"\x1c\x53\xbb\x6b", b"cues")
VOID = element(b"\xec", b"\0" * 9)

GOOD = [
    ("video", MP4),
    ("video", MP4[:-108] + b"\0\0\0\0" + MP4[-104:]),  # the last box to the end of the file
    ("video", webm(unknown=False)),
    ("video", webm(unknown=True)),
    ("video", webm(unknown=True, behind=CUES)),
    ("video", webm(unknown=False, behind=CUES) + VOID),
    ("video", (SAMPLES / "video.webm").read_bytes()),
    ("subtitle", SRT.encode()),
    ("subtitle", b"\xef\xbb\xbf" + SRT.replace("\n", "\r\n").encode()),
    ("subtitle", SRT.rstrip().encode()),
    ("subtitle", SRT.replace("there", "there\n\nand here").encode()),
    ("subtitle", b""),  # a silent video
    ("subtitle", b"\n\n"),
    ("subtitle", b"1\n00:00:00,000 --> 00:00:01,000\n\n"),  # a caption without a word
    ("subtitle", b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n"),
    ("subtitle", "1\n0:00:00.0 --> 0:00:01.0 X1:10\n日本語\n".encode()),
    ("thumbnail", JPEG),
    ("thumbnail", JPEG + b"\0" * 99),
    ("thumbnail", PNG),
    ("thumbnail", WEBP),
    ("thumbnail", GIF),
]

BAD = [
    ("video", b"", "empty"),
    ("video", MP4 + b"x", "cut"),
    ("video", b"<html>no such file</html>", "neither"),
    ("video", (1).to_bytes(4, "big") + b"ftyp" + (2**63).to_bytes(8, "big"), "cut"),
    ("video", webm(unknown=False) + b"x", "cut"),
    ("video", webm(unknown=False, clusters=0), "no pictures"),
    ("video", element(b"\x1aE\xdf\xa3", b"webm"), "no pictures"),
    ("video", element(b"\x1aE\xdf\xa3", b"webm") + element(b"\xec", b"", unknown=True), "cut"),
    ("video", b"\x1aE\xdf\xa3" + b"\0" * 40, "cut"),
    ("subtitle", b"\n<!DOCTYPE html><p>Log in", "web page"),
    ("subtitle", b"1\n00:00\0", "no text"),
    ("subtitle", "1\n00:00:00,000 --> 00:00:01,000\né".encode()[:-1], "cut"),
    ("subtitle", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n\n2", "cut"),
    ("subtitle", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n\n2\n00:00:01,0", "cut"),
    ("subtitle", b"1\n0:00:00,000 --> 0:00:01,000\nHi\n\n2\n0:00:01,000 --> 0:00:02,000", "cut"),
    ("thumbnail", b"<html>", "no picture"),
    ("thumbnail", b"", "empty"),
    ("thumbnail", b"\xff\xd8\xff\xe1\x00\x00", "cut"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), GOOD)
def test_whole_files_have_no_flaw(tmp_path: Path, kind: str, data: bytes) -> None:
    assert judged(tmp_path, kind, data) is None


@pytest.mark.parametrize(("kind", "data", "word"), BAD)
def test_others_have_one(tmp_path: Path, kind: str, data: bytes, word: str) -> None:
    assert word in (judged(tmp_path, kind, data) or "")


CUT = [
    ("video", MP4, range(len(MP4))),
    ("video", webm(unknown=False, behind=CUES), None),
    ("video", (SAMPLES / "video.webm").read_bytes(), range(0, 11706, 97)),
    ("video", (SAMPLES / "video.mp4").read_bytes(), range(0, 12624, 97)),
    ("thumbnail", JPEG, None),
    ("thumbnail", PNG, None),
    ("thumbnail", WEBP, None),
    ("thumbnail", GIF, None),
    ("thumbnail", (SAMPLES / "thumbnail.jpg").read_bytes(), range(0, 2116, 13)),
]


@pytest.mark.parametrize(("kind", "data", "lengths"), CUT)
def test_a_cut_is_seen_wherever_it_is(
    tmp_path: Path, kind: str, data: bytes, lengths: Iterable[int] | None
) -> None:
    for length in lengths or range(len(data)):
        assert judged(tmp_path, kind, data[:length]) is not None, length


def test_a_cut_in_a_webm_without_sizes_is_seen_within_an_element(tmp_path: Path) -> None:
    """Between two of them nothing tells that more was to come: the length of the answer does."""
    data = webm(unknown=True)
    unseen = [n for n in range(len(data)) if judged(tmp_path, "video", data[:n]) is None]
    block = len(element(b"\xa3", b"picture" * 30))
    assert 0 < len(unseen) <= 2 * 3 * 2 + 2
    assert len(data) - block in unseen


@given(st.binary(max_size=200), st.sampled_from(["video", "subtitle", "thumbnail"]))
def test_nothing_that_comes_is_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for head in (b"", b"\x1aE\xdf\xa3\x80", MP4[:16], b"\xff\xd8\xff", b"1\n"):
        found = judged(folder, kind, head + data)
        assert found is None or found.startswith("it ")


def judged(folder: Path, kind: str, data: bytes) -> str | None:
    path = folder / "file"
    path.write_bytes(data)
    return flaw(path, kind)
