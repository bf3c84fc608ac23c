"""Alpha beside the colours: each frame of a film has it, wherever a player begins."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import av
from PIL import Image

from vidbuild.studio.render.film import FPS, filming
from vidbuild.studio.render.yuv import converted, planes

LENGTH = 500  # frames: two more key frames than the first
SIZE = (160, 96)
ALPHA_MODE = bytes.fromhex("53c0 81 01")  # the element of Matroska, of one byte: 1


def shot(path: Path) -> Path:
    """A film of a half that is seen, in a grey that changes with each frame."""
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    image.paste((90, 90, 90, 255), (SIZE[0] // 2, 0, *SIZE))
    frame = converted(image)
    bright = planes(frame)[0]
    with filming(path, *SIZE, webm=True) as film:
        for moment in range(LENGTH):
            bright.data[:] = bytes([16 + moment % 200]) * len(bright.data)
            film.hear(b"\0" * (2 * 22_050 // FPS))
            film.show(frame, moment)
    return path


def sides(frame: av.VideoFrame) -> tuple[int, int, int]:
    """Alpha left and right, and how bright the right is."""
    half = frame.height // 2
    found = [
        memoryview(plane)[half * plane.line_size + x]
        for plane, x in ((frame.planes[3], 8), (frame.planes[3], 150), (frame.planes[0], 150))
    ]
    return found[0], found[1], found[2]


def test_every_frame_has_its_alpha(tmp_path: Path) -> None:
    with av.open(str(shot(tmp_path / "a.webm"))) as media:
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        packets = [packet for packet in media.demux(video=0) if packet.size]
        assert sum(packet.is_keyframe for packet in packets) >= 3
        frames = [frame for packet in packets for frame in decoder.decode(packet)]
    assert len(frames) == LENGTH
    for number, frame in enumerate(frames):
        left, right, bright = sides(frame)
        assert (left < 4, right > 251) == (True, True), number
        assert abs(bright - 16 - number % 200) < 20, number


def test_a_player_may_begin_at_any_key_frame(tmp_path: Path) -> None:
    with av.open(str(shot(tmp_path / "a.webm"))) as media:
        media.seek(30 * av.time_base)
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        found = (frame for packet in media.demux(video=0) for frame in decoder.decode(packet))
        for frame in islice(found, 30):
            assert frame.time > 15
            left, right, _ = sides(frame)
            assert (left < 4, right > 251) == (True, True)


def test_alpha_is_said_in_the_header_and_costs_little(tmp_path: Path) -> None:
    path = shot(tmp_path / "a.webm")
    assert ALPHA_MODE in path.read_bytes()[:600]
    with av.open(str(path)) as media:
        beside = [
            packet.get_sidedata("matroska_block_additional").data_size
            for packet in media.demux(video=0)
            if packet.size
        ]
    assert min(beside) == 9
    assert sum(size == 9 for size in beside) > LENGTH - 10
