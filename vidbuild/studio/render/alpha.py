"""Transparency in WebM: beside each frame of colours a VP9 frame whose brightness is the alpha.

https://wiki.webmproject.org/alpha-channel describes the pair. A draft's alpha stays as it is
from the first frame to the last, so it is encoded once: every key frame gets that one again,
every other frame an order to show what is there. An encoder beside the other would take as
much time and memory as the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.video.stream import VideoStream

# VP9's uncompressed header: marker 10, profile 0, show_existing_frame, frame 0 of 8.
_AS_BEFORE = bytes([0b10_00_1_000])
_NUMBER = (1).to_bytes(8, "big")  # alpha's BlockAddID
_NO_COLOUR = 128
_FINE = {"crf": "10"}  # edges are seen, and it is paid for once


class Alpha:
    """Takes the alpha off frames, and puts what it encodes to beside their packets."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = dict(options) | _FINE
        self._key = b""
        self._colours: VideoFrame | None = None

    def taken_off(self, frame: VideoFrame) -> VideoFrame:
        """The colours alone of a yuva420p frame, in a frame that the next call fills anew."""
        import av

        if self._colours is None:
            # Before the other encoder has its memory: the two are never there at once.
            self._key = self._encoded(frame)
            self._colours = av.VideoFrame(frame.width, frame.height, "yuv420p")
        for into, of in zip(self._colours.planes, frame.planes, strict=False):
            memoryview(into)[:] = memoryview(of)
        return self._colours

    def put_on(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Gives each packet of colours its alpha."""
        from av.packet import PacketSideData, packet_sidedata_type_from_literal

        kind = packet_sidedata_type_from_literal("matroska_block_additional")
        for packet in packets:
            data = _NUMBER + (self._key if packet.is_keyframe else _AS_BEFORE)
            # Its constructor is in the code and in none of its type hints.
            beside = cast("Any", PacketSideData)(kind, len(data))
            beside.update(data)
            packet.set_sidedata(beside, move=True)

    def _encoded(self, frame: VideoFrame) -> bytes:
        """One key frame."""
        import av

        encoder = av.CodecContext.create("libvpx-vp9", "w")
        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
        encoder.framerate, encoder.options = Fraction(1), self._options
        encoder.thread_count = 1
        bright = av.VideoFrame(frame.width, frame.height, "yuv420p")
        memoryview(bright.planes[0])[:] = memoryview(frame.planes[3])
        for plane in bright.planes[1:]:
            plane.update(bytes([_NO_COLOUR]) * plane.buffer_size)
        bright.pts = 0
        packets = [*encoder.encode(bright), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)
