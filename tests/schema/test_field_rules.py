"""Every rule of the overlay: a body it takes and a body it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schema.schema_kit import OVERLAY
from vidbuild.schema.api import load_api
from vidbuild.schema.finding import Finding
from vidbuild.schema.validate import advise, check

API = load_api()
RULES = {
    rule["id"]: rule
    for action in OVERLAY["actions"]
    for rule in action["update"].get("x-vidbuild-rules", ())
}
PICTURE = {"type": "url", "url": "https://example.org/a.png"}


def avatar(**fields: Any) -> dict[str, Any]:
    return {"type": "avatar", "avatar_id": "a", "script": "Hello.", **fields}


def image(**fields: Any) -> dict[str, Any]:
    return {"type": "image", "image": PICTURE, **fields}


def staged(**fields: Any) -> dict[str, Any]:
    return {"type": "cinematic_avatar", "prompt": "p", "avatar_id": ["a"], **fields}


def scene(**fields: Any) -> dict[str, Any]:
    return {"type": "studio", "scenes": [{"type": "image", "source": PICTURE, **fields}]}


def spoken(**fields: Any) -> dict[str, Any]:
    inner = {"type": "avatar", "avatar_id": "a", **fields}
    return {"type": "studio", "scenes": [{"type": "avatar_video", "input": inner}]}


def tuned(**fields: Any) -> dict[str, Any]:
    return avatar(voice_settings={"engine_settings": {"engine_type": "elevenlabs", **fields}})


SOUNDLESS = {"type": "avatar", "avatar_id": "a"}
INNER = ("scenes", 0, "input")
TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("one_sound", avatar()),
    ("one_sound", {**SOUNDLESS, "audio_url": "https://a/b"}),
    ("one_sound", avatar(audio_url=None)),
    ("one_sound", spoken(audio_asset_id="x")),
    ("silent_or_narrated", scene(duration=3)),
    ("silent_or_narrated", scene(script="s", voice_id="v")),
    ("voice_for_script", image(script="s", voice_id="v")),
    ("voice_for_script", image(audio_url="https://a/b")),
    ("voice_for_script", avatar()),
    ("voice_settings_unused", avatar(voice_settings={"speed": 1.1})),
    ("webm_without_background", avatar(output_format="webm")),
    ("webm_without_background", avatar(background={"type": "color", "value": "#fff"})),
    ("motion_needs_iv_or_v", avatar(motion_prompt="m")),
    ("motion_needs_iv_or_v", avatar(motion_prompt="m", engine={"type": "avatar_v"})),
    ("expressiveness_needs_iv", avatar(expressiveness="low")),
    ("expressiveness_needs_iv", avatar(expressiveness="low", engine={"type": "avatar_iv"})),
    ("background_color", avatar(background={"type": "color", "value": "#101820"})),
    ("background_image", avatar(background={"type": "image", "url": "https://a/b"})),
    ("background_image", avatar(background={"type": "image", "asset_id": "x"})),
    ("duration_or_auto", staged(duration=5)),
    ("duration_or_auto", staged(auto_duration=True)),
    ("duration_or_auto", staged(duration=5, auto_duration=False)),
    ("cinematic_ratio", staged(aspect_ratio="1:1")),
    ("references_count", staged(references=[PICTURE] * 11)),
    ("eleven_v3_stability", tuned(model="eleven_v3", stability=0.5)),
    ("eleven_v3_stability", tuned(model="eleven_v3", stability=1.0)),
    ("eleven_v3_stability", tuned(model="eleven_flash_v2_5", stability=0.4)),
]
BROKEN: list[tuple[str, dict[str, Any], str, tuple[Any, ...]]] = [
    ("one_sound", SOUNDLESS, "VB212", ("script",)),
    ("one_sound", avatar(audio_url="https://a/b"), "VB211", ("audio_url",)),
    ("one_sound", {**SOUNDLESS, "audio_url": "u", "audio_asset_id": "x"}, "VB211",
     ("audio_asset_id",)),
    ("one_sound", spoken(), "VB212", (*INNER, "script")),
    ("silent_or_narrated", scene(), "VB212", ("scenes", 0, "duration")),
    ("silent_or_narrated", scene(duration=3, script="s", voice_id="v"), "VB211",
     ("scenes", 0, "script")),
    ("voice_for_script", image(script="s"), "VB213", ("voice_id",)),
    ("voice_for_script", scene(script="s"), "VB213", ("scenes", 0, "voice_id")),
    ("voice_settings_unused", {**SOUNDLESS, "audio_url": "u", "voice_settings": {}}, "VB249",
     ("voice_settings",)),
    ("webm_without_background",
     avatar(output_format="webm", background={"type": "color", "value": "#fff"}), "VB214",
     ("background",)),
    ("motion_needs_iv_or_v", avatar(motion_prompt="m", engine={"type": "avatar_iii"}), "VB214",
     ("motion_prompt",)),
    ("motion_needs_iv_or_v", spoken(script="s", motion_prompt="m", engine={"type": "avatar_iii"}),
     "VB214", (*INNER, "motion_prompt")),
    ("expressiveness_needs_iv", avatar(expressiveness="low", engine={"type": "avatar_v"}), "VB214",
     ("expressiveness",)),
    ("background_color", avatar(background={"type": "color"}), "VB213", ("background", "value")),
    ("background_image", avatar(background={"type": "image"}), "VB212", ("background", "url")),
    ("background_image", avatar(background={"type": "image", "url": "u", "asset_id": "x"}),
     "VB211", ("background", "asset_id")),
    ("duration_or_auto", staged(duration=5, auto_duration=True), "VB214", ("duration",)),
    ("cinematic_ratio", staged(aspect_ratio="4:5"), "VB215", ("aspect_ratio",)),
    ("references_count", staged(references=[PICTURE] * 12), "VB216", ("references",)),
    ("eleven_v3_stability", tuned(model="eleven_v3", stability=0.4), "VB215",
     ("voice_settings", "engine_settings", "stability")),
]  # fmt: skip


def found(body: dict[str, Any]) -> list[Finding]:
    return check(API, body) + advise(API, body)


@pytest.mark.parametrize(("rule", "body"), TAKEN)
def test_taken(rule: str, body: dict[str, Any]) -> None:
    assert found(body) == []


@pytest.mark.parametrize(("rule", "body", "code", "path"), BROKEN)
def test_broken(rule: str, body: dict[str, Any], code: str, path: tuple[Any, ...]) -> None:
    (problem,) = found(body)
    assert (problem.code, problem.path) == (code, path)
    assert problem.hint == RULES[rule]["hint"]
    assert "{" not in problem.message


def test_every_rule_has_both_cases() -> None:
    assert set(RULES) == {rule for rule, _ in TAKEN} == {rule for rule, *_ in BROKEN}


def test_the_other_field_is_named() -> None:
    (problem,) = found(avatar(audio_url="https://a/b"))
    assert problem.others == (("script",),)
    assert "script and audio_url are given" in problem.message
    (problem,) = found(avatar(expressiveness="low", engine={"type": "avatar_v"}))
    assert problem.others == (("engine", "type"),)
    assert "avatar_v" in problem.message
