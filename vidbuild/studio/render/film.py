"""The encoder: frames and samples in, one file out. H.264 and AAC, or VP9 with alpha and Opus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from vidbuild.studio.render.alpha import Alpha
from vidbuild.studio.render.sound import RATE

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

FPS = 12
_BEAT = Fraction(1, FPS)
_H264 = {
    # Constant quantiser: CRF takes a third longer on still pictures and makes them larger.
    "preset": "ultrafast",
    "qp": "23",
    "x264-params": "scenecut=0:aq-mode=0:weightp=0:rc-lookahead=0:keyint=600:min-keyint=600",
}
_VP9 = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "34",
    "b": "0",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",  # every packet is a frame, and has its alpha
    "g": "240",
}
# A voice in mono needs no more; the encoder's time goes with both numbers.
_AAC = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0", "cutoff": "8000"}
_AAC_RATE, _OPUS_RATE = 32_000, 40_000  # bits a second
_BT709 = 1
_LIMITED = 1


@dataclass(slots=True)
class Film:
    """An open file. Frames and sound must come in the order of time."""

    container: OutputContainer
    video: VideoStream
    audio: AudioStream
    alpha: Alpha | None = None
    heard: int = 0
    waiting: list[bytes] = field(default_factory=list)

    def show(self, frame: VideoFrame, moment: int) -> None:
        """Encodes a frame at moment / FPS seconds. The frame may be changed afterwards."""
        if self.alpha is not None:
            frame = self.alpha.taken_off(frame)
        frame.pts = moment
        frame.time_base = _BEAT
        self._write(frame)

    def hear(self, samples: bytes) -> None:
        """Takes 16 bit mono samples; a second at a time goes to the encoder."""
        self.waiting.append(samples)
        if len(self.waiting) >= FPS:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self.container.mux(self.audio.encode(None))
        self._write(None)

    def _write(self, frame: VideoFrame | None) -> None:
        packets = self.video.encode(frame)
        if self.alpha is not None:
            self.alpha.put_on(packets)
        self.container.mux(packets)

    def _flush(self) -> None:
        data = b"".join(self.waiting)
        self.waiting.clear()
        if not data:
            return
        frame = _sound_frame(data)
        frame.pts = self.heard
        self.heard += frame.samples
        self.container.mux(self.audio.encode(frame))


@contextmanager
def filming(path: Path, width: int, height: int, *, webm: bool) -> Iterator[Film]:
    """Opens a film and closes it, whole only where the block ends without an exception."""
    import av

    # Without bitexact WebM holds random ids: the same request must give the same bytes.
    options = {"fflags": "+bitexact"} | ({} if webm else {"movflags": "+faststart"})
    with av.open(str(path), "w", format="webm" if webm else "mp4", options=options) as container:
        video = container.add_stream(
            "libvpx-vp9" if webm else "libx264", rate=FPS, options=dict(_VP9 if webm else _H264)
        )
        video.width, video.height = width, height
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        audio = container.add_stream(
            "libopus" if webm else "aac",
            rate=48_000 if webm else RATE,
            options={} if webm else dict(_AAC),
            layout="mono",
        )
        audio.codec_context.bit_rate = _OPUS_RATE if webm else _AAC_RATE
        if webm:
            video.metadata["alpha_mode"] = "1"
        film = Film(container, video, audio, Alpha(_VP9) if webm else None)
        yield film
        film.finish()


def _sound_frame(data: bytes) -> AudioFrame:
    import av

    frame = av.AudioFrame(format="s16", layout="mono", samples=len(data) // 2)
    frame.sample_rate = RATE
    frame.time_base = Fraction(1, RATE)
    frame.planes[0].update(data)
    return frame
