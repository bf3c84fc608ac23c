"""What a request shows: watermarks, staged scenes, pictures and clips in every form, by pixel."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.studio.render_kit import close, colour_at, made, make, picture, still, watch
from vidbuild.studio.render import RenderError, cast, colour, fonts, layout, scenery, sound, yuv
from vidbuild.studio.render.media import Medium
from vidbuild.studio.render.takes import Take
from vidbuild.studio.render.watermark import read_seal

PLAIN = {"type": "color", "value": "#204060"}
RED = (220, 30, 40)
LOGO = {"image": {"type": "asset_id", "asset_id": "logo"}}
AT = layout.lay_out(1280, 720)

PLACES: list[tuple[dict[str, Any], tuple[int, int]]] = [
    ({}, (1280 - 24 - 100, 720 - 24 - 60)),
    ({"placement": {"position": "top_left"}}, (24, 24)),
    ({"placement": {"position": "top_right"}}, (1280 - 24 - 100, 24)),
    ({"placement": {"position": "bottom_left"}}, (24, 720 - 24 - 60)),
    ({"placement": {"position": "top_left", "offset_x": 0.5, "offset_y": 0.25}}, (664, 204)),
    ({"placement": {"position": "top_left", "offset_x": None}}, (24, 24)),
    ({"placement": None, "scale": 2}, (1280 - 24 - 200, 720 - 24 - 120)),
]


@pytest.mark.parametrize(("wanted", "corner"), PLACES)
def test_a_watermark_sits_where_it_is_asked_to(
    tmp_path: Path, wanted: dict[str, Any], corner: tuple[int, int]
) -> None:
    image = Medium(name="logo", path=picture(tmp_path / "l.png", RED, (100, 60)))
    seal = read_seal(wanted, image, AT)
    assert seal is not None
    assert (seal.box.x, seal.box.y) == corner
    scale = wanted.get("scale", 1)
    assert (seal.box.width, seal.box.height) == (100 * scale, 60 * scale)


@given(
    st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    st.floats(0.01, 2),
    st.floats(0, 1),
    st.sampled_from(["top_left", "top_right", "bottom_left", "bottom_right"]),
    st.floats(-1, 1),
    st.floats(-1, 1),
)
def test_a_watermark_never_leaves_the_frame(
    size: tuple[int, int], scale: float, opacity: float, position: str, x: float, y: float
) -> None:
    import io

    data = io.BytesIO()
    Image.new("1", size).save(data, "PNG")
    image = Medium(name="logo", data=data.getvalue())
    placement = {"position": position, "offset_x": x, "offset_y": y}
    wanted = {"scale": scale, "opacity": opacity, "placement": placement}
    seal = read_seal(wanted, image, AT)
    if seal is not None:
        box = seal.box
        assert min(box.x, box.y) >= 0
        assert box.right <= AT.width
        assert box.bottom <= AT.height
        assert not any(n % 2 for n in (box.x, box.y, box.width, box.height))
        assert seal.picture.size == (box.width, box.height)


@pytest.mark.parametrize(("opacity", "seen"), [(1, RED), (0.5, (126, 47, 68)), (0, (32, 64, 96))])
def test_a_watermark_is_as_solid_as_it_is_asked_to_be(
    tmp_path: Path, opacity: float, seen: tuple[int, int, int]
) -> None:
    asset = {"logo": picture(tmp_path / "l.png", RED, (200, 100))}
    mark = {**LOGO, "opacity": opacity, "placement": {"position": "bottom_left"}}
    draft = make(tmp_path / "out", asset, script="Hi.", background=PLAIN, watermark=mark)
    for moment in (0.1, draft.duration - 0.1):
        frame = still(draft.video, moment)
        assert close(colour_at(frame, 70 / 1280, 640 / 720), seen, 10)
        assert close(colour_at(frame, 10 / 1280, 640 / 720), (32, 64, 96))
    with Image.open(draft.thumbnail) as thumbnail:
        assert close(colour_at(thumbnail.convert("RGB"), 70 / 1280, 640 / 720), seen, 14)
    assert draft.warnings == ()


def test_a_watermark_on_nothing_is_opaque_by_itself(tmp_path: Path) -> None:
    asset = {"logo": picture(tmp_path / "l.png", RED, (200, 100))}
    mark = {**LOGO, "placement": {"position": "bottom_left", "offset_y": -0.3}}
    draft = make(tmp_path / "out", asset, script="Hi.", output_format="webm", watermark=mark)
    frame = first_with_alpha(draft.video)
    spot = frame.getpixel((100, 450))
    assert isinstance(spot, tuple)
    assert spot[3] == 255
    assert close(spot[:3], RED, 12)
    assert colour_of(frame, 300, 450)[3] == 0


def test_a_watermark_that_is_not_fetched_is_named(tmp_path: Path) -> None:
    mark = {"image": {"type": "url", "url": "https://media.example.com/logo.png?k=hush"}}
    draft = make(tmp_path, script="Hi.", watermark=mark)
    assert draft.warnings == (
        "The watermark media.example.com/…/logo.png is not fetched in a draft.",
    )


def test_a_broken_watermark_fails_the_video(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"no picture")
    for wanted, code in ((LOGO, "rendering_failed"), ({"image": {}}, "invalid_parameter")):
        with pytest.raises(RenderError) as caught:
            make(tmp_path / "out", {"logo": str(tmp_path / "l")}, watermark=wanted)
        assert caught.value.code == code


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (720, 720), (720, 900), (1280, 320)])
@pytest.mark.parametrize("count", [1, 3, 5, 12])
def test_the_card_of_a_staged_scene_holds_everything(size: tuple[int, int], count: int) -> None:
    at = layout.lay_out(*size)
    ids = tuple(map(str, range(min(3, count))))
    more = (Medium(name="x"),) * (count - len(ids))
    take = Take(heading="h", line="", sound=sound.silence(1), note="n", cast=ids, references=more,
                talks=False)  # fmt: skip
    card = cast.lay_card(take, at)
    assert len(card.tiles) == count
    boxes = [at.title, at.progress, card.note, *card.tiles]
    for number, one in enumerate(boxes):
        assert min(one.x, one.y) >= 0
        assert one.right <= at.width
        assert one.bottom <= at.height
        for other in boxes[number + 1 :]:
            assert (
                one.right <= other.x
                or other.right <= one.x
                or one.bottom <= other.y
                or other.bottom <= one.y
            )


def test_a_staged_scene_shows_its_references(tmp_path: Path) -> None:
    clip = make(tmp_path / "clip", script="Hi.")
    assets = {"p": picture(tmp_path / "p.png", RED), "c": clip.video}
    references = [
        {"type": "asset_id", "asset_id": "p"},
        {"type": "asset_id", "asset_id": "c"},
        {"type": "url", "url": "https://media.example.com/y.jpg"},
    ]
    body = {"type": "cinematic_avatar", "avatar_id": ["a"], "prompt": "A walk.", "duration": 4,
            "references": references}  # fmt: skip
    draft = made(tmp_path / "out", body, assets)
    frame = still(draft.video, 2)
    assert frame.size == (1280, 720)
    take = Take(heading="", line="", sound=sound.silence(1), note="n", cast=("a",),
                references=(Medium(name=""),) * 3, talks=False)  # fmt: skip
    tile = cast.lay_card(take, AT).tiles[1]
    assert close(frame.getpixel((tile.x + 50, tile.y + 50)), RED, 10)  # type: ignore[arg-type]  # RGB
    assert draft.warnings == ("The reference media.example.com/…/y.jpg is not fetched in a draft.",)


def test_fit_shows_all_or_fills(tmp_path: Path) -> None:
    asset = {"p": picture(tmp_path / "p.png", RED, (400, 400))}
    body = {"type": "image", "image": {"type": "asset_id", "asset_id": "p"}, "script": "Hi.",
            "voice_id": "v", "resolution": "720p", "background": PLAIN}  # fmt: skip
    contained = made(tmp_path / "1", {**body, "fit": "contain"}, asset)
    covered = made(tmp_path / "2", {**body, "fit": "cover"}, asset)
    assert close(colour_at(still(contained.video, 0.3), 0.05, 0.5), (32, 64, 96))
    assert close(colour_at(still(contained.video, 0.3), 0.4, 0.5), RED, 10)
    assert close(colour_at(still(covered.video, 0.3), 0.05, 0.5), RED, 10)


def test_a_picture_in_webm_is_a_card(tmp_path: Path) -> None:
    data = Path(picture(tmp_path / "p.png", RED, (400, 400))).read_bytes()
    image = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(data).decode()}
    body = {"type": "image", "image": image, "script": "Hi.", "voice_id": "v",
            "resolution": "720p", "output_format": "webm"}  # fmt: skip
    frame = first_with_alpha(made(tmp_path / "out", body).video)
    middle = colour_of(frame, 640, 300)
    assert middle[3] == 255
    assert close(middle[:3], RED, 12)
    assert colour_of(frame, 200, 300)[3] == 0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return Path(make(folder, script="A clip.", background=PLAIN, aspect_ratio="1:1").video)


SOUNDS: list[tuple[dict[str, Any] | None, float, float]] = [
    (None, 0.9, 1.1),
    ({}, 0.9, 1.1),
    ({"volume": 0.25}, 0.15, 0.35),
    ({"volume": 0}, 0.0, 0.01),
    ({"volume": 1, "mute": True}, 0.0, 0.01),
]


@pytest.mark.parametrize(("playback", "low", "high"), SOUNDS)
def test_a_clip_is_as_loud_as_it_is_asked_to_be(
    tmp_path: Path, clip: Path, playback: dict[str, Any] | None, low: float, high: float
) -> None:
    source = {"type": "asset_id", "asset_id": "c"}
    scene = {"type": "video", "source": source, "playback": playback}
    body = {"type": "studio", "scenes": [scene], "resolution": "720p", "aspect_ratio": "auto"}
    draft = made(tmp_path, body, {"c": str(clip)})
    seen, own = watch(draft.video), watch(str(clip))
    assert low <= seen.peak / own.peak <= high
    assert seen.size == (720, 720)  # its own ratio
    assert abs(seen.picture_seconds - own.picture_seconds) < 0.2


def test_a_clip_in_the_request_plays(tmp_path: Path, clip: Path) -> None:
    data = base64.b64encode(clip.read_bytes()).decode()
    source = {"type": "base64", "media_type": "video/mp4", "data": data}
    body = {"type": "studio", "scenes": [{"type": "video", "source": source}],
            "resolution": "720p"}  # fmt: skip
    draft = made(tmp_path, body)
    assert draft.warnings == ()
    assert close(colour_at(still(draft.video, 0.5), 0.02, 0.5), (32, 64, 96), 10)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_a_tinted_mask_is_the_picture_converted(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    mask = Image.linear_gradient("L").resize((16, 16)).point([0] * 100 + [255] * 156)
    mixed = Image.composite(
        Image.new("RGB", (16, 16), ink), Image.new("RGB", (16, 16), paper), mask
    )
    tinted, whole = yuv.tinted(mask, ink, paper), yuv.patch(mixed)
    for one, other, rows in zip(tinted.planes, whole.planes, (16, 8, 8), strict=True):
        for row in (0, rows - 1):  # far from where the colours meet
            assert abs(one.data[row * one.stride] - other.data[row * other.stride]) <= 2


@pytest.mark.parametrize("shade", [(255, 255, 255), (128, 128, 128), (250, 220, 60)])
def test_a_heading_is_readable_on_any_picture(tmp_path: Path, shade: tuple[int, int, int]) -> None:
    path = picture(tmp_path / "p.png", shade, (64, 36))
    take = Take(heading="Heading", line="line", sound=sound.silence(1), picture=Medium(
        name="p", path=path))  # fmt: skip
    shades = scenery.colours(take, clear=False)
    image = scenery.draw_scene(take, AT, shades, clear=False, burned=False)
    behind = image.getpixel((AT.title.x - 8, AT.title.y + 80))  # beside the small line
    assert isinstance(behind, tuple)
    assert colour.contrast(shades.quiet, (behind[0], behind[1], behind[2])) >= 4.5


@pytest.mark.parametrize(("text", "place"), [("骨が", 0), ("한骨", 1), ("骨", 2)])
def test_letters_that_countries_write_differently(text: str, place: int) -> None:
    faces = [face for face, _ in fonts.runs(text, bold=False) if face.path.suffix == ".ttc"]
    if not faces:
        assert fonts.missing(text) or fonts.runs(text, bold=False)
    assert all(face.place == place for face in faces)


def first_with_alpha(path: str) -> Image.Image:
    with av.open(path) as media:
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        packet = next(p for p in media.demux(video=0) if p.size)
        assert isinstance(decoder, av.VideoCodecContext)
        frame = decoder.decode(packet)[0].reformat(
            format="rgba", src_colorspace="ITU709", src_color_range="MPEG"
        )
        data, row = bytes(frame.planes[0]), frame.planes[0].line_size
        return Image.frombytes("RGBA", (frame.width, frame.height), data, "raw", "RGBA", row, 1)


def colour_of(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    spot = image.getpixel((x, y))
    assert isinstance(spot, tuple)
    return tuple(int(part) for part in spot)
