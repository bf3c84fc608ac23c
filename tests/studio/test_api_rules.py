"""Every rule between fields of a video, with the answer to a request that breaks it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.studio.rule_book import broken
from tests.studio.studio_kit import AVATAR, assert_by_the_spec, run, studio
from tests.studio.test_api_files import PNG, upload

IMAGE = {"type": "image", "image": {"type": "url", "url": "https://x.test/a.png"}}
SPOKEN = {"script": "A picture speaks.", "voice_id": "v"}
CAST = {"type": "cinematic_avatar", "prompt": "a walk", "avatar_id": ["a"]}
COLOR = {"type": "color", "value": "#102030"}
URL = {"type": "url", "url": "https://x.test/a.png"}
ADA, STAGE = "look-ada-desk", "look-ada-stage"
BEN, PORTRAIT = "look-ben-street", "look-ben-portrait"
OFFICE, HOME, GARDEN = "look-cleo-office", "look-cleo-home", "look-cleo-garden"


def avatar(look: str = "anna", **more: Any) -> dict[str, Any]:
    return {**AVATAR, "avatar_id": look, **more}


def engine(name: str, **more: Any) -> dict[str, Any]:
    return {"engine": {"type": f"avatar_{name}", **more}}


def scene_of(scene: dict[str, Any]) -> dict[str, Any]:
    return {"type": "studio", "scenes": [{"type": "video", "source": URL}, scene]}


def presenter(**more: Any) -> dict[str, Any]:
    given = {"type": "avatar", "avatar_id": "anna", "voice_id": "v", "script": "Hi", **more}
    return scene_of({"type": "avatar_video", "input": given})


def still(**more: Any) -> dict[str, Any]:
    return scene_of({"type": "image", "source": URL, **more})


def tuned(**settings: Any) -> dict[str, Any]:
    return {"voice_settings": {"engine_settings": settings}}


def several(kind: str, many: int) -> list[dict[str, str]]:
    return [{"type": "base64", "media_type": f"{kind}/x", "data": "AA=="}] * many


IN, SCENE = "scenes.1.input.", "scenes.1."
# Rules that a request breaks by itself: what is wrong, and the field that is named.
FIELDS: list[tuple[dict[str, Any], str]] = [
    (avatar(audio_url="https://x.test/a.mp3"), "audio_url"),
    (avatar(audio_asset_id="a"), "audio_asset_id"),
    (avatar(script=None), "script"),
    (avatar(script=None, audio_url="https://x.test/a", audio_asset_id="a"), "audio_asset_id"),
    ({**IMAGE, "voice_id": "v"}, "script"),
    ({**IMAGE, "script": "No voice."}, "voice_id"),
    ({**IMAGE, **SPOKEN, "audio_asset_id": "a"}, "audio_asset_id"),
    (presenter(audio_url="https://x.test/a.mp3"), f"{IN}audio_url"),
    (presenter(script=None), f"{IN}script"),
    (scene_of({"type": "avatar_video", "input": {**IMAGE, "script": "x"}}), f"{IN}voice_id"),
    (still(), f"{SCENE}duration"),
    (still(duration=3, **SPOKEN), f"{SCENE}script"),
    (still(script="No voice."), f"{SCENE}voice_id"),
    (avatar(output_format="webm", background=COLOR), "background"),
    ({**IMAGE, **SPOKEN, "output_format": "webm", "background": COLOR}, "background"),
    (avatar(background={"type": "color"}), "background.value"),
    (avatar(background={"type": "image"}), "background.url"),
    (avatar(background={**URL, "type": "image", "asset_id": "a"}), "background.asset_id"),
    (avatar(motion_prompt="nod", **engine("iii")), "motion_prompt"),
    (avatar(expressiveness="low", **engine("iii")), "expressiveness"),
    (avatar(expressiveness="low", **engine("v")), "expressiveness"),
    (presenter(motion_prompt="nod", **engine("iii")), f"{IN}motion_prompt"),
    (presenter(expressiveness="high", **engine("v")), f"{IN}expressiveness"),
    ({**CAST, "duration": 5, "auto_duration": True}, "duration"),
    ({**CAST, "aspect_ratio": "4:5"}, "aspect_ratio"),
    ({**CAST, "aspect_ratio": "auto"}, "aspect_ratio"),
    ({**CAST, "references": [URL] * 12}, "references"),
    (
        avatar(**tuned(engine_type="elevenlabs", model="eleven_v3", stability=0.3)),
        "voice_settings.engine_settings.stability",
    ),
]


@pytest.mark.parametrize(("video", "param"), FIELDS, ids=[str(n) for n in range(len(FIELDS))])
def test_a_rule_between_fields_names_the_field(
    tmp_path: Path, video: dict[str, Any], param: str
) -> None:
    assert broken(video)
    refused = answer(tmp_path, video)
    assert (refused["status"], refused["code"], refused["param"]) == (
        400, "invalid_parameter", param,
    )  # fmt: skip


INVALID = "invalid_parameter"
# Rules that depend on what a look or a voice is.
KINDS: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("not this engine", avatar(ADA, **engine("v")), 400, INVALID, "engine"),
    ("not the usual engine", avatar(STAGE), 400, INVALID, "engine"),
    ("not the old engine", avatar(PORTRAIT, **engine("iii")), 400, INVALID, "engine"),
    ("in a scene", presenter(avatar_id=STAGE), 400, INVALID, f"{IN}engine"),
    ("motion of a studio avatar", avatar(ADA, motion_prompt="nod"), 400, INVALID, "motion_prompt"),
    ("motion of a twin on IV", avatar(HOME, motion_prompt="nod"), 400, INVALID, "motion_prompt"),
    ("no photo", avatar(HOME, expressiveness="low"), 400, INVALID, "expressiveness"),
    ("4k is suspended", avatar(ADA, resolution="4k"), 400, INVALID, "resolution"),
    ("4k of a photo", avatar(BEN, resolution="4k", **engine("iii")), 400, INVALID, "resolution"),
    ("webm", avatar(HOME, output_format="webm"), 400, INVALID, "output_format"),
    ("no matting", avatar(HOME, remove_background=True), 400, INVALID, "remove_background"),
    ("no voice", avatar(PORTRAIT, voice_id=None), 400, INVALID, "voice_id"),
    (
        "a reference elsewhere",
        avatar(HOME, **engine("v", reference_look_id=ADA)),
        400,
        INVALID,
        "engine.reference_look_id",
    ),
    (
        "a reference that nobody has",
        avatar(HOME, **engine("v", reference_look_id="missing_look")),
        404,
        "avatar_not_found",
        "engine.reference_look_id",
    ),
    ("in training", avatar(GARDEN), 400, "avatar_not_usable", "avatar_id"),
    ("failed", avatar("look-eve"), 400, "avatar_not_usable", "avatar_id"),
    ("no consent", avatar("look-dan"), 400, "avatar_consent_required", "avatar_id"),
    ("a group", avatar("group-ada"), 404, "avatar_not_found", "avatar_id"),
    ("a cast", {**CAST, "avatar_id": ["a", GARDEN]}, 400, "avatar_not_usable", "avatar_id.1"),
    ("a group as cast", {**CAST, "avatar_id": ["group-ada"]}, 404, "avatar_not_found",
     "avatar_id.0"),
    ("a voice in the making", avatar(voice_id="voice-dan"), 403, "voice_not_usable", "voice_id"),
    ("a voice that failed", avatar(voice_id="voice-eve"), 400, "voice_unavailable", "voice_id"),
    (
        "another engine's tuning",
        avatar(voice_id="voice-en", **tuned(engine_type="fish")),
        400,
        INVALID,
        "voice_settings.engine_settings.engine_type",
    ),
    ("four clips", {**CAST, "references": several("video", 4)}, 400, INVALID, "references"),
    (
        "clips and twins",
        {**CAST, "avatar_id": [ADA, HOME], "references": several("video", 2)},
        400,
        INVALID,
        "references",
    ),
    (
        "ten pictures",
        {**CAST, "avatar_id": [BEN], "references": several("image", 9)},
        400,
        INVALID,
        "references",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("video", "status", "code", "param"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_a_rule_that_depends_on_the_look_or_voice(
    tmp_path: Path, video: dict[str, Any], status: int, code: str, param: str
) -> None:
    refused = answer(tmp_path, video)
    assert (refused["status"], refused["code"], refused["param"]) == (status, code, param)


FINE: list[dict[str, Any]] = [
    avatar(ADA, output_format="webm"),
    avatar(ADA, remove_background=True, voice_id=None),
    avatar(STAGE, resolution="4k", **engine("iii")),
    avatar(BEN, motion_prompt="nod", expressiveness="high"),
    avatar(HOME, motion_prompt="nod", **engine("v", reference_look_id=OFFICE)),
    avatar(HOME, voice_id=None),
    avatar(voice_id="voice-expressive", **tuned(engine_type="elevenlabs", stability=0.3)),
    avatar(script=None, audio_url="https://x.test/a.mp3", voice_id="voice-dan"),
    # Of what is not in the catalogue nothing is known, so nothing speaks against it.
    avatar(motion_prompt="nod", expressiveness="low", resolution="4k"),
    avatar(output_format="webm", remove_background=True, voice_id=None),
    avatar(**engine("v", reference_look_id="hers"), **tuned(engine_type="starfish")),
    presenter(avatar_id=BEN, expressiveness="medium"),
    still(duration=0.5),
    still(**SPOKEN),
    {**IMAGE, "audio_asset_id": "theirs", "voice_settings": {"speed": 1.2}},
    {**CAST, "auto_duration": True, "aspect_ratio": "1:1"},
    {**CAST, "avatar_id": [ADA], "references": several("video", 2) + several("image", 9)},
]


@pytest.mark.parametrize("video", FINE, ids=[str(n) for n in range(len(FINE))])
def test_what_breaks_no_rule_is_taken(tmp_path: Path, video: dict[str, Any]) -> None:
    assert not broken(video)
    assert answer(tmp_path, video)["status"] == 200


def test_uploads_count_as_what_their_bytes_are(tmp_path: Path) -> None:
    async def scene() -> list[int]:
        async with studio(tmp_path) as call:
            asset_id = (await upload(call, PNG)).json()["data"]["asset_id"]
            references = [{"type": "asset_id", "asset_id": asset_id}] * 10
            return [
                (await call.create({**CAST, "references": references[:many]})).status_code
                for many in (9, 10)
            ]

    assert run(scene()) == [200, 400]


def test_a_look_of_the_catalogue_costs_what_its_kind_does(tmp_path: Path) -> None:
    async def scene() -> dict[str, float]:
        async with studio(tmp_path) as call:
            ids = {look: await call.made(avatar(look)) for look in (ADA, BEN, "anna")}
            seconds = (await call.get(f"/v3/videos/{ids[ADA]}")).json()["data"]["duration"]
            jobs = {job["video_id"]: job["charged_usd"] for job in (await call.ledger())["jobs"]}
            return {look: jobs[video_id] / seconds for look, video_id in ids.items()}

    costs = run(scene())
    assert costs[ADA] == pytest.approx(0.0667, abs=1e-4)
    assert costs[BEN] == pytest.approx(0.05, abs=1e-4)
    assert costs["anna"] == pytest.approx((0.05 + 0.0667) / 2, abs=1e-4)


def answer(folder: Path, video: dict[str, Any]) -> dict[str, Any]:
    """Status, code and param of what a create is answered with."""

    async def scene() -> dict[str, Any]:
        async with studio(folder) as call:
            response = await call.create(video)
            if response.status_code != 200:
                assert_by_the_spec("createVideo", response.json(), response.status_code)
            return {"status": response.status_code, **response.json().get("error", {})}

    return run(scene())
