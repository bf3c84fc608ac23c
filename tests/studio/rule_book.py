"""What the API refuses of a video that its schema allows, said once more and otherwise.

Written from the vendor's prose, not from the overlay: where the two disagree, one is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SOUNDS = ("script", "audio_url", "audio_asset_id")


def broken(video: Mapping[str, Any]) -> set[str]:
    """The names of the rules between fields that a video breaks."""
    match video["type"]:
        case "avatar":
            return {*_presenter(video), *_frame(video)}
        case "image":
            return {*_presenter(video), *_frame(video)}
        case "cinematic_avatar":
            return set(_cinematic(video))
        case _:
            return {rule for scene in video["scenes"] for rule in _scene(scene)}


def _given(part: Mapping[str, Any], *names: str) -> list[str]:
    return [name for name in names if part.get(name) is not None]


def _presenter(part: Mapping[str, Any]) -> Iterator[str]:
    if len(_given(part, *SOUNDS)) != 1:
        yield "exactly one of script, audio_url and audio_asset_id"
    if "avatar_id" not in part and _given(part, "script") and not _given(part, "voice_id"):
        yield "a picture has no voice of its own"
    engine = (part.get("engine") or {"type": "avatar_iv"})["type"]
    if _given(part, "motion_prompt") and engine == "avatar_iii":
        yield "no motion_prompt on Avatar III"
    if _given(part, "expressiveness") and engine != "avatar_iv":
        yield "expressiveness on Avatar IV only"
    yield from _voice(part)


def _voice(part: Mapping[str, Any]) -> Iterator[str]:
    tuning = (part.get("voice_settings") or {}).get("engine_settings") or {}
    if tuning.get("model") == "eleven_v3" and tuning.get("stability") not in (None, 0, 0.5, 1):
        yield "three steps of stability on Eleven v3"


def _frame(video: Mapping[str, Any]) -> Iterator[str]:
    background = video.get("background")
    if background is None:
        return
    if video.get("output_format") == "webm":
        yield "no background on webm"
    if background["type"] == "color" and not _given(background, "value"):
        yield "a colour has a value"
    if background["type"] == "image" and len(_given(background, "url", "asset_id")) != 1:
        yield "a picture has a url or an asset_id"


def _cinematic(video: Mapping[str, Any]) -> Iterator[str]:
    if video.get("auto_duration") and _given(video, "duration"):
        yield "duration or auto_duration"
    if video.get("aspect_ratio", "16:9") not in ("16:9", "9:16", "1:1"):
        yield "three aspect ratios of staged scenes"
    references = video.get("references") or []
    if len(video["avatar_id"]) + len(references) > 12:
        yield "twelve looks and references"
    kinds = [str(each.get("media_type", "")).split("/")[0] for each in references]
    if kinds.count("video") > 3 or kinds.count("image") > 9:
        yield "three videos and nine images"


def _scene(scene: Mapping[str, Any]) -> Iterator[str]:
    if scene["type"] == "avatar_video":
        yield from _presenter(scene["input"])
    if scene["type"] == "image":
        if len(_given(scene, "duration", *SOUNDS)) != 1:
            yield "silent for a set time, or narrated"
        if _given(scene, "script") and not _given(scene, "voice_id"):
            yield "a picture has no voice of its own"
        yield from _voice(scene)
