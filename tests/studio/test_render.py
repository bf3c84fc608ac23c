"""Drafts as files: they decode, have their size and length, are heard, and repeat exactly."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops

from tests.studio.render_kit import (
    AVATAR,
    beep,
    close,
    colour_at,
    cues,
    made,
    make,
    picture,
    still,
    watch,
)
from vidbuild.diagnostics import Problems
from vidbuild.studio.render import RenderError, layout
from vidbuild.studio.render.script import read_script
from vidbuild.studio.render.voice import utter

SIZES = [
    ("16:9", "720p", (1280, 720)),
    ("9:16", "1080p", (1080, 1920)),
    ("1:1", None, (1080, 1080)),  # the API's own default
    ("4:5", "720p", (720, 900)),
    ("5:4", "1080p", (1350, 1080)),
    ("auto", "720p", (1280, 720)),  # nothing to take a ratio from
    (None, "4k", (3840, 2160)),
]
NOISE = {"type": "color", "value": "#204060"}


@pytest.mark.parametrize(("ratio", "resolution", "size"), SIZES)
def test_an_mp4_is_whole(
    tmp_path: Path, ratio: str | None, resolution: str | None, size: tuple[int, int]
) -> None:
    draft = make(tmp_path, aspect_ratio=ratio, resolution=resolution)
    seen = watch(draft.video)
    assert seen.size == size
    assert seen.codecs == ("h264", "aac")
    assert abs(seen.picture_seconds - draft.duration) < 0.1
    assert abs(seen.sound_seconds - draft.duration) < 0.1
    assert seen.peak > 0.1
    assert seen.frames == sorted(set(seen.frames))
    with Image.open(draft.thumbnail) as thumbnail:
        assert thumbnail.format == "JPEG"
        assert max(thumbnail.size) == 640
        assert abs(thumbnail.width / thumbnail.height - size[0] / size[1]) < 0.01
        assert len(thumbnail.convert("L").getcolors() or []) > 20  # not a blank wall
    assert draft.warnings == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.jpg", "d.mp4", "d.srt"]


def test_an_mp4_is_made_for_players(tmp_path: Path) -> None:
    draft = make(tmp_path)
    data = Path(draft.video).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(draft.video) as media:
        context = media.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1


def test_a_webm_is_transparent_around_the_figure(tmp_path: Path) -> None:
    draft = make(tmp_path, output_format="webm", script="Hello.")
    assert draft.video.endswith(".webm")
    seen = watch(draft.video)
    assert seen.codecs[1] == "opus"
    assert seen.size == (1280, 720)
    assert abs(seen.picture_seconds - draft.duration) < 0.2
    with av.open(draft.video) as media:
        decoder = av.CodecContext.create("libvpx-vp9", "r")  # the plain one ignores alpha
        packet = next(p for p in media.demux(video=0) if p.size)
        assert isinstance(decoder, av.VideoCodecContext)
        frame = decoder.decode(packet)[0]
        alpha = frame.reformat(format="yuva420p").planes[3]
        at = layout.lay_out(1280, 720)
        row = alpha.line_size
        values = bytes(alpha)
        assert values[row * 360 + 60] < 10
        middle = row * (at.badge.y + at.badge.height // 2) + at.badge.x + at.badge.width // 2
        assert values[middle] > 245


def test_length_is_that_of_the_speech(tmp_path: Path) -> None:
    text = "One two three. Four five six, seven eight nine ten."
    spoken = utter(read_script(text), voice_id="v1", settings={}, path=tmp_path / "s")
    draft = make(tmp_path, script=text)
    assert abs(watch(draft.video).picture_seconds - spoken.samples / 22_050) < 0.3
    shown = cues(draft.subtitle)
    assert " ".join(" ".join(t.split()) for _, _, t in shown) == text
    assert shown[0][0] < 0.3
    assert abs(shown[-1][1] - draft.duration) < 0.05
    assert all(a[1] <= b[0] for a, b in pairwise(shown))


VOICES: list[tuple[str, dict[str, Any], Any]] = [
    ("speed", {"speed": 1.5}, lambda plain, other: other.sound_seconds < plain.sound_seconds * 0.8),
    ("slow", {"speed": 0.5}, lambda plain, other: other.sound_seconds > plain.sound_seconds * 1.4),
    ("volume", {"volume": 0.2}, lambda plain, other: other.peak < plain.peak * 0.5),
    ("silence", {"volume": 0}, lambda _, other: other.peak < 0.01),
    ("pitch", {"pitch": 40}, lambda plain, other: other != plain),
    ("locale", {"locale": "de-DE"}, lambda plain, other: other != plain),
    ("british", {"locale": "en-GB"}, lambda _, other: other.sound_seconds > 0.5),
]


@pytest.mark.parametrize(("settings", "holds"), [v[1:] for v in VOICES], ids=[v[0] for v in VOICES])
def test_voice_settings_are_heard(tmp_path: Path, settings: dict[str, Any], holds: Any) -> None:
    plain = make(tmp_path / "plain", script="Hello there.")
    other = make(tmp_path / "other", script="Hello there.", voice_settings=settings)
    assert holds(watch(plain.video), watch(other.video))


def test_a_break_is_a_pause_in_sound_and_captions(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", script="Hello there.   Good bye.")
    paused = make(tmp_path / "paused", script='Hello there. <break time="1.5s"/> Good bye.')
    assert 1.2 < paused.duration - plain.duration < 1.8
    (_, end, first), (start, _, _) = cues(paused.subtitle)
    assert first == "Hello there."
    assert start - end > 1.4


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"output_format": "webm", "script": "Hi."},
        {"background": NOISE, "caption": {"style": "default"}},
    ],
    ids=["mp4", "webm", "burned"],
)
def test_the_same_request_gives_the_same_bytes(tmp_path: Path, changes: dict[str, Any]) -> None:
    one, two = make(tmp_path / "one", **changes), make(tmp_path / "two", **changes)
    for a, b in (
        (one.video, two.video),
        (one.subtitle, two.subtitle),
        (one.thumbnail, two.thumbnail),
    ):
        assert Path(a).read_bytes() == Path(b).read_bytes()


def test_the_background_has_the_colour_asked_for(tmp_path: Path) -> None:
    draft = make(tmp_path, background=NOISE)
    assert close(colour_at(still(draft.video, 0.5), 0.02, 0.5), (0x20, 0x40, 0x60))


def test_an_uploaded_picture_lies_behind(tmp_path: Path) -> None:
    path = picture(tmp_path / "p.png", (180, 40, 90))
    back = {"type": "image", "asset_id": "p"}
    draft = make(tmp_path / "out", {"p": path}, background=back)
    assert close(colour_at(still(draft.video, 0.5), 0.02, 0.6), (180, 40, 90))


def test_what_moves_moves(tmp_path: Path) -> None:
    at = layout.lay_out(1280, 720)
    draft = make(
        tmp_path, script="Hello there, my friend. And this is another caption, a long one."
    )
    boxes = {name: getattr(at, name) for name in ("badge", "bars", "caption", "progress")}
    starts = [start + 0.1 for start, _, _ in cues(draft.subtitle)]
    assert len(starts) == 2
    early, late = still(draft.video, starts[0] + 0.5), still(draft.video, starts[1] + 0.5)
    for name, box in boxes.items():
        area = (box.x, box.y, box.right, box.bottom)
        change = ImageChops.difference(early.crop(area), late.crop(area)).convert("L")
        assert biggest(change) > 32, name
    area = (at.title.x, at.title.y, at.tag.right, at.title.bottom)
    quiet = ImageChops.difference(early.crop(area), late.crop(area)).convert("L")
    assert biggest(quiet) < 24  # title and tag stand still


def test_a_recording_is_played(tmp_path: Path) -> None:
    asset = {"rec": beep(tmp_path / "b.wav")}
    draft = make(tmp_path / "out", asset, script=None, voice_id=None, audio_asset_id="rec")
    seen = watch(draft.video)
    assert abs(seen.sound_seconds - 1.5) < 0.1
    assert seen.peak > 0.3
    assert [text for _, _, text in cues(draft.subtitle)] == ["[Recording rec]"]


def test_a_remote_recording_has_a_placeholder_and_keeps_its_secret(tmp_path: Path) -> None:
    url = "https://media.example.com/a/b/intro.mp3?signature=hush"
    draft = make(tmp_path, script=None, audio_url=url)
    seen = watch(draft.video)
    assert 5 < seen.sound_seconds < 7
    assert seen.peak > 0.02
    assert "media.example.com/…/intro.mp3" in cues(draft.subtitle)[0][2]
    assert "hush" not in repr(draft) + Path(draft.subtitle).read_text(encoding="utf-8")


def test_an_image_video_shows_its_image_at_its_own_ratio(tmp_path: Path) -> None:
    path = picture(tmp_path / "p.jpg", (30, 160, 90), (900, 600))
    body = {
        "type": "image",
        "image": {"type": "asset_id", "asset_id": "p"},
        "script": "Look at this.",
        "voice_id": "v",
        "aspect_ratio": "auto",
        "resolution": "720p",
    }
    draft = made(tmp_path / "out", body, {"p": path})
    assert watch(draft.video).size == (1080, 720)
    assert close(colour_at(still(draft.video, 0.5), 0.1, 0.5), (30, 160, 90))


def test_studio_scenes_follow_one_another(tmp_path: Path) -> None:
    clip = make(
        tmp_path / "clip", script="A clip.", background={"type": "color", "value": "#aa2200"}
    )
    assets = {"clip": clip.video, "green": picture(tmp_path / "g.png", (20, 150, 60))}
    speaker = {"type": "avatar", "avatar_id": "z", "voice_id": "v", "script": "First scene.",
               "background": {"type": "color", "color": "#102080"}}  # fmt: skip
    green = {"type": "asset_id", "asset_id": "green"}
    body = {
        "type": "studio",
        "resolution": "720p",
        "scenes": [
            {"type": "avatar_video", "input": speaker},
            {"type": "image", "source": green, "duration": 1.0},
            {"type": "image", "source": green, "script": "Told.", "voice_id": "v"},
            {"type": "video", "source": {"type": "asset_id", "asset_id": "clip"}},
        ],
    }
    draft = made(tmp_path / "out", body, assets)
    seen = watch(draft.video)
    assert abs(seen.picture_seconds - draft.duration) < 0.1
    told = cues(draft.subtitle)
    assert [text for _, _, text in told] == ["First scene.", "Told."]
    assert close(colour_at(still(draft.video, 0.3), 0.02, 0.5), (0x10, 0x20, 0x80))
    assert close(colour_at(still(draft.video, told[0][1] + 0.5), 0.02, 0.5), (20, 150, 60))
    assert close(colour_at(still(draft.video, draft.duration - 0.2), 0.02, 0.5), (0xAA, 0x22, 0))
    assert draft.duration == pytest.approx(told[1][1] + clip.duration, abs=0.15)


def test_scenes_shorter_than_a_frame_have_one_each(tmp_path: Path) -> None:
    source = {"type": "asset_id", "asset_id": "p"}
    scenes = [{"type": "image", "source": source, "duration": 0.01}] * 3
    asset = {"p": picture(tmp_path / "p.png", (9, 9, 9))}
    draft = made(tmp_path / "out", {"type": "studio", "scenes": scenes}, asset)
    assert len(watch(draft.video).frames) == 3


def test_a_cinematic_video_is_a_card_of_its_length(tmp_path: Path) -> None:
    body = {"type": "cinematic_avatar", "avatar_id": ["a"], "prompt": "A walk.", "duration": 4}
    draft = made(tmp_path, body)
    seen = watch(draft.video)
    assert seen.size == (1280, 720)
    assert abs(seen.picture_seconds - 4) < 0.1
    assert cues(draft.subtitle) == []


AUDIO = {"script": None, "audio_asset_id": "x"}
BACK = {"background": {"type": "image", "asset_id": "x"}}
PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
BROKEN: list[tuple[str, bytes, dict[str, Any], str]] = [
    ("text as sound", b"no sound here " * 40, AUDIO, "rendering_failed"),
    ("empty sound", b"", AUDIO, "rendering_failed"),
    ("cut WAV header", b"RIFF\x00\x00\x00\x00WAVEfmt ", AUDIO, "rendering_failed"),
    ("a playlist as sound", PLAYLIST, AUDIO, "rendering_failed"),
    ("text as picture", b"not a picture", BACK, "rendering_failed"),
    ("PostScript as picture", POSTSCRIPT, BACK, "rendering_failed"),
    ("cut PNG", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", BACK, "rendering_failed"),
    ("no such asset", b"", {"background": {"type": "image", "asset_id": "y"}}, "asset_not_found"),
    ("punctuation", b"", {"script": "?!... \u2013"}, "tts_text_invalid"),
    ("only a pause", b"", {"script": '<break time="1s"/>'}, "tts_text_invalid"),
    ("neither words nor sound", b"", {"script": None}, "invalid_parameter"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "changes", "code"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_bad_input_is_a_failed_video(
    tmp_path: Path, data: bytes, changes: dict[str, Any], code: str
) -> None:
    (tmp_path / "x").write_bytes(data)
    out = tmp_path / "out"
    with pytest.raises(RenderError) as caught:
        make(out, {"x": str(tmp_path / "x")}, **changes)
    assert caught.value.code == code
    assert str(tmp_path) not in caught.value.message
    assert list(out.iterdir()) == []  # nothing half-made stays behind


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", ["png", "jpg", "wav", "mp4"])
def test_a_cut_file_plays_or_fails_but_never_crashes(
    tmp_path: Path, kind: str, keep: float
) -> None:
    whole = tmp_path / f"w.{kind}"
    if kind == "wav":
        beep(whole, 0.5)
    elif kind == "mp4":
        whole.write_bytes(Path(make(tmp_path / "clip", script="Hi.").video).read_bytes())
    else:
        Image.effect_noise((60, 40), 90).convert("RGB").save(whole)
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * keep)])
    changes = AUDIO if kind in ("wav", "mp4") else BACK | {"script": "Hi."}
    code = None
    try:
        draft = make(tmp_path / "out", {"x": str(cut)}, **changes)
    except RenderError as error:
        code = error.code
    else:
        assert watch(draft.video).frames
    assert code in (None, "rendering_failed", "no_audio_track")


def test_a_crash_of_the_speech_engine_stays_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text("import os\nos.abort()\n")
    monkeypatch.setattr("vidbuild.studio.render.voice._CHILD", child)
    with pytest.raises(RenderError) as caught:
        make(tmp_path / "out")
    assert caught.value.code == "rendering_failed"


def test_speech_works_from_a_deep_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import espeakng_loader

    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    (deep / "data").symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep / "data"))
    assert make(tmp_path / "out").duration > 1


@pytest.mark.parametrize("wheel", ["av", "PIL", "espeakng_loader"])
def test_a_missing_wheel_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: str
) -> None:
    monkeypatch.setitem(sys.modules, wheel, None)
    with pytest.raises(Problems) as caught:
        make(tmp_path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "VB801"
    assert wheel in diagnostic.message
    assert "vidbuild[studio]" in (diagnostic.hint or "")


def test_importing_the_renderer_loads_no_wheel() -> None:
    wheels = "{'av', 'PIL', 'espeakng_loader'}"
    code = f"import sys, vidbuild.studio.render\nprint({wheels} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_avatar_body_is_never_changed(tmp_path: Path) -> None:
    body = {**AVATAR, "background": dict(NOISE)}
    made(tmp_path, body)
    assert body == {**AVATAR, "background": NOISE}


def biggest(grey: Image.Image) -> int:
    return max(value for _, value in grey.getcolors() or [])  # type: ignore[return-value]  # grey: ints
