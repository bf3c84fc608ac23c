"""The whole of one draft: takes, canvas, film, files. The table of contents of the renderer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidbuild.studio.render.captions import Cue, encode_srt
from vidbuild.studio.render.clips import clip_frames, clip_size
from vidbuild.studio.render.film import FPS, Film, filming
from vidbuild.studio.render.fonts import missing
from vidbuild.studio.render.layout import Layout, frame_size, lay_out
from vidbuild.studio.render.media import find, picture_size
from vidbuild.studio.render.model import Draft, Job, RenderError
from vidbuild.studio.render.scenery import colours, draw_scene
from vidbuild.studio.render.sound import RATE, Sound, loudness
from vidbuild.studio.render.stage import Stage
from vidbuild.studio.render.takes import Desk, Take, write_takes
from vidbuild.studio.render.text import needs_shaping
from vidbuild.studio.render.watermark import Press, Seal, read_seal
from vidbuild.studio.render.yuv import converted, planes, scaled

if TYPE_CHECKING:
    from av import VideoFrame

_THUMBNAIL = 640  # pixels of the longer edge, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What every take of a film shares."""

    at: Layout
    clear: bool  # WebM with nothing behind the figure
    burned: bool  # the request asks for captions in the picture
    seal: Seal | None = None


def produce(job: Job) -> Draft:
    """Makes the files of one job in its output folder: all of them, or none."""
    folder = Path(job.output_dir)
    webm = job.request.get("output_format") == "webm"
    finished = [
        folder / f"{job.video_id}.{end}" for end in ("webm" if webm else "mp4", "srt", "jpg")
    ]
    with _scratch(folder / f"{job.video_id}.parts") as scratch:
        made = [scratch / path.name for path in finished]
        shelf = Path(job.speech) if job.speech else None
        desk = Desk(assets=job.assets, folder=scratch, shelf=shelf)
        takes = write_takes(job, desk)
        form = _form(job.request, takes)
        _check_letters(takes, desk)
        seal = _seal(job.request, form.at, desk)
        with filming(made[0], form.at.width, form.at.height, webm=webm) as film:
            _shoot(film, takes, replace(form, seal=seal), made[2])
        made[1].write_text(encode_srt(_shifted(takes)), encoding="utf-8", newline="\n")
        for path, target in zip(made, finished, strict=True):
            path.replace(target)
    return Draft(
        video=str(finished[0]),
        subtitle=str(finished[1]),
        thumbnail=str(finished[2]),
        duration=round(sum(take.sound.samples for take in takes) / RATE, 3),
        warnings=tuple(desk.warnings),
    )


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for sound; goes away with its files. (`tempfile` costs 7 ms to import.)"""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _form(request: Mapping[str, Any], takes: Sequence[Take]) -> Format:
    ratio = request.get("aspect_ratio")
    resolution = request.get("resolution")
    if request.get("type") == "cinematic_avatar":
        resolution = resolution or "720p"
    size = frame_size(resolution, ratio, _own_size(takes[0]) if ratio == "auto" else None)
    return Format(
        at=lay_out(*size),
        clear=request.get("output_format") == "webm",
        burned=(request.get("caption") or {}).get("style") is not None,
    )


def _own_size(take: Take) -> tuple[int, int] | None:
    """Of what the first take shows; None where that has no size that can be read."""
    if take.clip is not None:
        return clip_size(take.clip)
    return picture_size(take.picture) if take.picture is not None else None


def _check_letters(takes: Sequence[Take], desk: Desk) -> None:
    """Warns of what the fonts here can't show, by name."""
    shown = [text for t in takes for text in (t.heading, t.line, t.note, *(c.text for c in t.cues))]
    text = "".join(filter(None, shown))
    if lost := missing(text):
        named = " ".join(lost[:12]) + (f" and {len(lost) - 12} more" if len(lost) > 12 else "")
        desk.warn(f"No font here draws: {named}. They are left out of the picture.")
    if needs_shaping(text):
        from PIL import features

        if not features.check("raqm"):
            desk.warn("Right-to-left and joined scripts are drawn wrong: Pillow lacks raqm.")


def _seal(request: Mapping[str, Any], at: Layout, desk: Desk) -> Seal | None:
    wanted = request.get("watermark")
    if not wanted:
        return None
    image = find(wanted.get("image") or {}, desk.assets)
    if image is None:
        raise RenderError("invalid_parameter", "The watermark's image is missing.")
    if image.remote:
        desk.warn(f"The watermark {image.name} is not fetched in a draft.")
        return None
    return read_seal(wanted, image, at)


def _shoot(film: Film, takes: Sequence[Take], form: Format, thumbnail: Path) -> None:
    """All takes in sequence. The thumbnail is the frame a quarter into the film."""
    total = sum(take.sound.samples for take in takes)
    length = max(len(takes), round(total / RATE * FPS))
    chosen = min(length - 1, max(1, length // 4))
    first = heard = 0
    for number, take in enumerate(takes, 1):
        heard += take.sound.samples
        # Every take has a frame of its own, however short it is; the last one ends the film.
        last = length if number == len(takes) else round(heard / RATE * FPS)
        last = min(max(last, first + 1), length - (len(takes) - number))
        for moment, frame in _play(film, take, form, range(first, last), length):
            if moment == chosen:
                _save_thumbnail(frame, thumbnail)
        first = last


def _play(
    film: Film, take: Take, form: Format, moments: range, length: int
) -> Iterator[tuple[int, VideoFrame]]:
    """One take, frame by frame; yields each, finished, so that the caller can look at it."""
    shades = colours(take, clear=form.clear)
    frame = converted(draw_scene(take, form.at, shades, clear=form.clear, burned=form.burned))
    layers = planes(frame)
    stage = Stage(layers, form.at, take, shades, form.burned)
    stage.set_up(moments[0] / length)
    over = Press(form.seal, layers).pressed if form.seal else nullcontext
    clip = clip_frames(take.clip, form.at.width, form.at.height, FPS) if take.clip else None
    for moment, samples in zip(moments, _stretches(take.sound, len(moments)), strict=True):
        film.hear(samples)
        if clip is not None:
            stage.background(next(clip))
        peak = loudness(memoryview(samples).cast("h")) if take.sound.path else 0
        changed = stage.move(moment - moments[0], peak, (moment + 1) / length)
        with over():
            if changed or moment in (moments[0], moments[-1]):
                film.show(frame, moment)
            yield moment, frame


def _stretches(sound: Sound, count: int) -> Iterator[bytes]:
    """The samples that belong to each of a take's frames; what is left goes to the last one."""
    with sound.path.open("rb") if sound.path else nullcontext() as source:
        read = 0
        for number in range(1, count + 1):
            until = sound.samples if number == count else number * RATE // FPS
            size = 2 * max(0, min(until, sound.samples) - read)
            read += size // 2
            yield (source.read(size) if source else b"").ljust(size, b"\0")


def _shifted(takes: Sequence[Take]) -> list[Cue]:
    cues: list[Cue] = []
    start = 0.0
    for take in takes:
        cues += [replace(c, start=c.start + start, end=c.end + start) for c in take.cues]
        start += take.sound.seconds
    return cues


def _save_thumbnail(frame: VideoFrame, path: Path) -> None:
    from PIL import Image

    scale = min(1.0, _THUMBNAIL / max(frame.width, frame.height))
    size = (round(frame.width * scale), round(frame.height * scale))
    small = scaled(frame, "rgb24", size=size, src_range="MPEG")
    Image.frombytes("RGB", (small.width, small.height), _rows(small)).save(path, "JPEG", quality=85)


def _rows(frame: VideoFrame) -> bytes:
    """Packed pixels: a plane's lines may end in padding."""
    plane = frame.planes[0]
    data, row = memoryview(plane), 3 * frame.width
    lines = (data[y : y + row] for y in range(0, frame.height * plane.line_size, plane.line_size))
    return b"".join(lines)
