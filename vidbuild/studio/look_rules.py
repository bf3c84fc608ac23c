"""Rules that depend on what a look or a voice can do: for those of the catalogue, whose are known.

Not for rules that a request breaks by itself; those are in the spec and its overlay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vidbuild.studio.answers import ApiError
from vidbuild.studio.catalogue import Look, Voice, catalogue

_VIDEOS, _IMAGES = 3, 9

# The MIME type of an uploaded file.
Mime = Callable[[str], str | None]


def refuse_unfit(body: Mapping[str, Any], mime: Mime) -> None:
    """Raises the first refusal."""
    for prefix, part in _parts(body):
        refusal = _voiced(part, prefix) or _presented(body, part, prefix)
        if refusal is not None:
            raise refusal
    avatars = body.get("avatar_id")
    if isinstance(avatars, list):
        _refuse_cast(body, avatars, mime)


def _parts(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Whatever may name a look or a voice, with the path that its fields begin with."""
    yield "", body
    scenes = body.get("scenes")
    for n, scene in enumerate(scenes if isinstance(scenes, list) else ()):
        if isinstance(scene, Mapping):
            yield f"scenes.{n}.", scene
            if isinstance(scene.get("input"), Mapping):
                yield f"scenes.{n}.input.", scene["input"]


def _presented(body: Mapping[str, Any], part: Mapping[str, Any], prefix: str) -> ApiError | None:
    avatar_id = part.get("avatar_id")
    if not isinstance(avatar_id, str):
        return None
    look = catalogue().looks.get(avatar_id)
    if look is None:
        return _grouped(avatar_id, f"{prefix}avatar_id")
    engine = part.get("engine") or {}
    name = engine.get("type") or "avatar_iv"
    return (
        _unready(look, f"{prefix}avatar_id")
        or _animated(look, name, f"{prefix}engine")
        or _directed(look, name, part, prefix)
        or _sized(look, name, body)
        or _cut_out(look, part, prefix)
        or _spoken(look, part, prefix)
        or _referred(look, engine, prefix)
    )


def _grouped(avatar_id: str, param: str) -> ApiError | None:
    if avatar_id not in catalogue().groups:
        return None
    message = f"{avatar_id} is a group of looks; give the id of one of its looks."
    return ApiError(404, "avatar_not_found", message, param=param)


def _unready(look: Look, param: str) -> ApiError | None:
    consent = catalogue().groups[look.group].consent
    if look.status == "pending_consent" or consent not in (None, "approved"):
        message = f"The person behind {look.id} has not agreed yet."
        return ApiError(400, "avatar_consent_required", message, param=param)
    if look.status not in (None, "completed"):
        message = f"{look.id} cannot be used: its training is {look.status}."
        return ApiError(400, "avatar_not_usable", message, param=param)
    return None


def _animated(look: Look, engine: str, param: str) -> ApiError | None:
    if engine in look.engines:
        return None
    supported = ", ".join(look.engines)
    return _invalid(f"{look.id} does not support {engine}; it supports {supported}.", param)


def _directed(look: Look, engine: str, part: Mapping[str, Any], prefix: str) -> ApiError | None:
    photo = look.kind == "photo_avatar"
    if part.get("motion_prompt") is not None and not photo and engine != "avatar_v":
        message = f"motion_prompt on a {look.kind} needs engine avatar_v."
        return _invalid(message, f"{prefix}motion_prompt")
    if part.get("expressiveness") is not None and not photo:
        message = f"expressiveness is for photo avatars; {look.id} is a {look.kind}."
        return _invalid(message, f"{prefix}expressiveness")
    return None


def _sized(look: Look, engine: str, body: Mapping[str, Any]) -> ApiError | None:
    if body.get("resolution") != "4k":
        return None
    if engine != "avatar_iii":
        return _invalid(f"4k is suspended for {engine}.", "resolution")
    if look.kind == "photo_avatar":
        return _invalid("Photo avatars have no 4k on avatar_iii.", "resolution")
    return None


def _cut_out(look: Look, part: Mapping[str, Any], prefix: str) -> ApiError | None:
    if look.matting:
        return None
    if part.get("output_format") == "webm":
        message = f"The avatar {look.id} does not support webm: it is not trained with matting."
        return _invalid(message, f"{prefix}output_format")
    if part.get("remove_background"):
        message = f"The background of {look.id} cannot be removed: it is not trained with matting."
        return _invalid(message, f"{prefix}remove_background")
    return None


def _spoken(look: Look, part: Mapping[str, Any], prefix: str) -> ApiError | None:
    silent = part.get("script") is None or part.get("voice_id") is not None
    if silent or look.voice is not None:
        return None
    return _invalid(f"{look.id} has no voice of its own; give a voice_id.", f"{prefix}voice_id")


def _referred(look: Look, engine: Mapping[str, Any], prefix: str) -> ApiError | None:
    other_id = engine.get("reference_look_id")
    other = catalogue().looks.get(other_id) if isinstance(other_id, str) else None
    if other is None or (other.group == look.group and other.kind == "digital_twin"):
        return None
    message = f"{other_id} is no digital twin of the group of {look.id}."
    return _invalid(message, f"{prefix}engine.reference_look_id")


def _voiced(part: Mapping[str, Any], prefix: str) -> ApiError | None:
    voice_id = part.get("voice_id")
    voice = catalogue().voices.get(voice_id) if isinstance(voice_id, str) else None
    if voice is None or part.get("script") is None:
        return None
    settings = (part.get("voice_settings") or {}).get("engine_settings") or {}
    wanted = settings.get("engine_type", voice.engine)
    if wanted != voice.engine:
        message = f"{voice.voice_id} is a {voice.engine} voice; these settings are for {wanted}."
        return _invalid(message, f"{prefix}voice_settings.engine_settings.engine_type")
    return unready_voice(voice, f"{prefix}voice_id")


def unready_voice(voice: Voice, param: str) -> ApiError | None:
    """Why a voice cannot speak yet."""
    if voice.clone in (None, "complete"):
        return None
    message = f"{voice.voice_id} cannot be used: its cloning is {voice.clone}."
    code = "voice_not_usable" if voice.clone == "processing" else "voice_unavailable"
    return ApiError(403 if voice.clone == "processing" else 400, code, message, param=param)


def _refuse_cast(body: Mapping[str, Any], avatars: list[Any], mime: Mime) -> None:
    """Looks of a staged scene have to be ready; with the references they are so many at most."""
    kinds = []
    for n, avatar_id in enumerate(avatars):
        look = catalogue().looks.get(avatar_id)
        param = f"avatar_id.{n}"
        refusal = _grouped(avatar_id, param) if look is None else _unready(look, param)
        if refusal is not None:
            raise refusal
        kinds += ["image" if look.kind == "photo_avatar" else "video"] if look else []
    kinds += [_medium(each, mime) for each in body.get("references") or ()]
    for kind, most in (("video", _VIDEOS), ("image", _IMAGES)):
        if kinds.count(kind) > most:
            message = f"Looks and references together may be {_VIDEOS} videos and {_IMAGES} images."
            raise _invalid(message, "references")


def _medium(reference: Mapping[str, Any], mime: Mime) -> str:
    """Image or video; nothing where an address does not tell."""
    stored = mime(reference["asset_id"]) if "asset_id" in reference else None
    return str(stored or reference.get("media_type") or "").partition("/")[0]


def _invalid(message: str, param: str) -> ApiError:
    return ApiError(400, "invalid_parameter", message, param=param)
