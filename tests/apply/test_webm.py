"""WebM files as they are really written: to a file, to a pipe, with an index in front."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.apply.ebml import _element, _pointed, flaw

SEGMENT, CLUSTER, CUES = 0x18538067, 0x1F43B675, 0x1C53BB6B
SECONDS = 2
SHORT = {"cluster_time_limit": "400"}


class Pipe:
    """What cannot go back: nothing is filled in afterwards."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        self.data += bytes(data)
        return len(data)


def write(target: Any, *, told: str | None = None, **options: str) -> None:
    """A film of two seconds; `told` is a length that somebody had announced."""
    with av.open(target, "w", format="webm", options=options) as container:
        video = container.add_stream("libvpx-vp9", rate=25, options={"deadline": "realtime"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 10
        if told is not None:
            video.metadata["DURATION"] = told
        audio = container.add_stream("libopus", rate=48_000, layout="mono")
        for beat in range(SECONDS * 25):
            picture = av.VideoFrame(64, 48, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([beat * 5 % 256]) * plane.buffer_size)
            sound = av.AudioFrame("s16", "mono", 1920)
            sound.planes[0].update(bytes(sound.planes[0].buffer_size))
            sound.sample_rate = 48_000
            picture.pts, sound.pts = beat, beat * 1920
            container.mux(video.encode(picture))
            container.mux(audio.encode(sound))
        container.mux(video.encode())
        container.mux(audio.encode())


def piped(**options: Any) -> bytes:
    pipe = Pipe()
    write(pipe, **options)
    return pipe.data


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Each way of writing one; those ending in `unsized` have sizes that nobody knew."""
    path = tmp_path_factory.mktemp("films") / "film.webm"
    found = {}
    for name, options in {"file": SHORT, "front": {**SHORT, "cues_to_front": "1"}}.items():
        write(str(path), **options)
        found[name] = path.read_bytes()
        found[f"{name}, segment unsized"] = unsized(found[name], SEGMENT)
        found[f"{name}, all unsized"] = unsized(found[name], SEGMENT, CLUSTER)
    found["pipe"] = piped(**SHORT)
    found["pipe, all unsized"] = unsized(found["pipe"], CLUSTER)
    found["live"] = piped(**SHORT, live="1")
    found["pipe, another length"] = piped(**SHORT, told="00:00:10.000000000")
    return found


def parts(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The parts of a segment of known parts: id, begin and end."""
    file, at = BytesIO(data), 0
    while at < len(data):
        element, content, length = _element(file, at, len(data))
        end = len(data) if length is None else content + length
        yield element, at, end
        at = content if element == SEGMENT else end


def unsized(data: bytes, *wanted: int) -> bytes:
    """The same with a size that says nothing, as long as it was."""
    found = bytearray(data)
    for element, begin, _ in parts(data):
        if element in wanted:
            width = 9 - data[begin + 4].bit_length()
            found[begin + 4 : begin + 4 + width] = ((1 << 7 * width + 1) - 1).to_bytes(width, "big")
    return bytes(found)


def judged(data: bytes) -> str | None:
    return flaw(BytesIO(data), len(data))


def test_none_is_refused(films: dict[str, bytes]) -> None:
    assert {name: judged(data) for name, data in films.items()} == dict.fromkeys(films)
    ids = [element for element, _, _ in parts(films["file"])]
    assert (ids.count(CLUSTER) > 3, ids[-1]) == (True, CUES)
    assert [element for element, _, _ in parts(films["front"])][-1] == CLUSTER


@pytest.mark.parametrize("name", ["file", "file, segment unsized", "front"])
def test_a_cut_is_seen_where_an_index_says_what_was_to_come(
    films: dict[str, bytes], name: str
) -> None:
    data = films[name]
    ends = [end for _, _, end in parts(data) if end < len(data)]
    assert len(ends) > 8
    for length in [*ends, *range(0, len(data), 61)]:
        assert judged(data[:length]) is not None, length


@pytest.mark.parametrize("how", ["segment unsized", "all unsized"])
def test_an_index_in_front_tells_of_every_cluster_that_it_points_at(
    films: dict[str, bytes], how: str
) -> None:
    data, sized = films[f"front, {how}"], films["front"]
    begins = {element: begin for element, begin, _ in parts(sized)}
    pointed = _pointed(BytesIO(sized), begins[CUES], len(sized))
    last = max(place for place, _ in pointed) + begins[SEGMENT] + 12
    ends = [end for _, _, end in parts(sized) if end <= last]
    assert (len(ends) > 8, ends[-1]) == (True, last)
    for length in [*ends, *range(0, last, 61)]:
        assert judged(data[:length]) is not None, length


@pytest.mark.parametrize("name", ["pipe", "live", "pipe, another length"])
def test_between_clusters_that_no_index_knows_a_cut_is_told_by_length_alone(
    films: dict[str, bytes], name: str
) -> None:
    data = films[name]
    clusters = [(begin, end) for element, begin, end in parts(data) if element == CLUSTER]
    for begin, end in clusters:
        assert judged(data[:end]) is None
        assert judged(data[: end - 1]) is not None
        assert judged(data[: begin + 3]) is not None


def index_of(data: bytes) -> int:
    """Where the position of the cues stands in the list of parts."""
    cues = next(begin for element, begin, _ in parts(data) if element == CUES)
    segment = next(begin for element, begin, _ in parts(data) if element == SEGMENT) + 12
    place = data.index(b"\x53\xab\x84\x1c\x53\xbb\x6b\x53\xac") + 10
    width = data[place - 1] & 0x7F
    assert int.from_bytes(data[place : place + width], "big") == cues - segment
    return place


def test_a_place_that_was_never_filled_in_promises_nothing(films: dict[str, bytes]) -> None:
    data = films["file, segment unsized"]
    cues = next(begin for element, begin, _ in parts(data) if element == CUES)
    place = index_of(data)
    width = data[place - 1] & 0x7F
    assert judged(data[:cues]) is not None
    assert judged(data[:place] + b"\xff" * width + data[place + width : cues]) is None
    assert judged(data[:place] + b"\0" * width + data[place + width : cues]) is None


def test_an_index_that_is_wrong_elsewhere_is_not_believed(films: dict[str, bytes]) -> None:
    """Somebody has put something in between: its positions are those of another file."""
    data = films["file, segment unsized"]
    tracks = next(begin for element, begin, _ in parts(data) if element == 0x1654AE6B)
    cues = next(begin for element, begin, _ in parts(data) if element == CUES)
    moved = data[:tracks] + b"\xec\x83abc" + data[tracks:cues]
    assert judged(moved) is None


def test_one_after_another_is_not_judged_by_the_index_of_the_first(
    films: dict[str, bytes],
) -> None:
    data = films["file, segment unsized"]
    assert judged(data + films["pipe"]) is None


@pytest.mark.parametrize("part", [b"\x18\x53\x80\x67\x01" + b"\xff" * 7, b"\x18\x53\x80\x67\x87"])
def test_segments_within_segments_are_no_crash(part: bytes) -> None:
    assert judged(b"\x1a\x45\xdf\xa3\x80" + part * 5000) is not None


@given(st.data())
def test_nothing_that_an_index_says_is_a_crash(
    films: dict[str, bytes], data: st.DataObject
) -> None:
    film = bytearray(films[data.draw(st.sampled_from(sorted(films)))])
    for _ in range(data.draw(st.integers(1, 8))):
        film[data.draw(st.integers(0, min(len(film) - 1, 700)))] = data.draw(st.integers(0, 255))
    found = judged(bytes(film[: data.draw(st.integers(0, len(film)))]))
    assert found is None or found.startswith("it ")
