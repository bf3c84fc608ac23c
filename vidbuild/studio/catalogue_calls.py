"""The calls about what there is to choose from: avatars, looks, voices, glossaries.

A look or voice that is not in the catalogue is found all the same, as it is accepted in a
video: with everything that the API knows, so that no rule speaks against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from vidbuild.studio import asking
from vidbuild.studio.answers import ApiError, data, listing
from vidbuild.studio.catalogue import Group, Look, Voice, catalogue
from vidbuild.studio.desk import Desk

T = TypeVar("T")

# When everything in the catalogue was made: the day of the edition that the spec describes.
_MADE = datetime(2026, 7, 21, tzinfo=UTC)
_ENGINES = ("avatar_iii", "avatar_iv", "avatar_v")
_VOICE_TYPES = {True: "private", False: "public"}


async def list_groups(_desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    groups = [g for g in catalogue().groups.values() if _owned(g.private, asked["ownership"])]
    found, token = _page("groups", groups, asked)
    return listing([_group(each) for each in found], token)


async def get_group(_desk: Desk, request: Request) -> Response:
    group = catalogue().groups.get(request.path_params["group_id"])
    if group is None:
        raise ApiError(404, "avatar_group_not_found", "There is no avatar with this id.")
    return data(_group(group))


async def list_looks(_desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    groups = catalogue().groups
    looks = [
        look
        for look in catalogue().looks.values()
        if asked["group_id"] in (None, look.group)
        and asked["avatar_type"] in (None, look.kind)
        and _owned(groups[look.group].private, asked["ownership"])
    ]
    found, token = _page("looks", looks, asked)
    return listing([_look(each) for each in found], token)


async def get_look(_desk: Desk, request: Request) -> Response:
    look_id = request.path_params["look_id"]
    look = catalogue().looks.get(look_id)
    if look is not None:
        return data(_look(look))
    if look_id.startswith("missing_") or look_id in catalogue().groups:
        raise ApiError(404, "avatar_not_found", "There is no look with this id.")
    any_look = {"avatar_type": "photo_avatar", "supported_api_engines": _ENGINES, "tags": []}
    return data({"id": look_id, "name": look_id, **any_look})


async def list_voices(_desk: Desk, request: Request) -> Response:
    asked = asking.query(request)
    voices = [
        voice
        for voice in catalogue().voices.values()
        if _VOICE_TYPES[voice.clone is not None] == asked["type"]
        and _says(asked["engine"], voice.engine)
        and _says(asked["language"], voice.language)
        and _says(asked["gender"], voice.gender)
    ]
    found, token = _page("voices", voices, asked)
    return listing([_listed(each) for each in found], token)


async def get_voice(_desk: Desk, request: Request) -> Response:
    voice_id = request.path_params["voice_id"]
    voice = catalogue().voices.get(voice_id)
    if voice is not None:
        return data(_voice(voice))
    if voice_id.startswith("missing_"):
        raise ApiError(404, "voice_not_found", "There is no voice with this id.")
    return data({"voice_id": voice_id, "name": voice_id, "support_pause": True})


async def list_glossaries(_desk: Desk, request: Request) -> Response:
    made = _MADE.isoformat()
    entries = [{**each, "created_at": made, "updated_at": made} for each in catalogue().glossaries]
    return listing(*_page("glossaries", entries, asking.query(request)))


def _page(kind: str, entries: Sequence[T], asked: dict[str, Any]) -> tuple[list[T], str | None]:
    """The entries that were asked for, and the token of the rest."""
    start = asking.place(kind, asked["token"]) or 0
    end = start + asked["limit"]
    more = end < len(entries)
    return list(entries[start:end]), asking.token(kind, end) if more else None


def _owned(private: bool, asked: str | None) -> bool:
    return asked is None or private == (asked == "private")


def _says(asked: str | None, found: str) -> bool:
    return asked is None or asked.casefold() == found.casefold()


def _group(group: Group) -> dict[str, Any]:
    status = group.looks[0].status
    return {
        "id": group.id,
        "name": group.name,
        "created_at": int(_MADE.timestamp()),
        "looks_count": len(group.looks),
        "gender": group.gender,
        "consent_status": group.consent,
        "default_voice_id": group.voice,
        "preview_image_url": None,
        "preview_video_url": None,
        "status": status,
        "error": _trouble(status),
    }


def _look(look: Look) -> dict[str, Any]:
    return {
        "id": look.id,
        "name": look.name,
        "avatar_type": look.kind,
        "group_id": look.group,
        "gender": look.gender,
        "tags": look.tags,
        "default_voice_id": look.voice,
        "supported_api_engines": look.engines,
        "preferred_orientation": look.orientation,
        "image_width": look.width,
        "image_height": look.height,
        "preview_image_url": None,
        "preview_video_url": None,
        "status": look.status,
        "error": _trouble(look.status),
    }


def _trouble(status: str | None) -> dict[str, str] | None:
    message = "The pictures show more than one person."
    return {"code": "avatar_not_usable", "message": message} if status == "failed" else None


def _listed(voice: Voice) -> dict[str, Any]:
    return {
        "voice_id": voice.voice_id,
        "name": voice.name,
        "language": voice.language,
        "gender": voice.gender,
        "type": _VOICE_TYPES[voice.clone is not None],
        "support_pause": True,
        "support_locale": True,
        "preview_audio_url": None,
    }


def _voice(voice: Voice) -> dict[str, Any]:
    failed = voice.clone == "failed"
    return {
        "voice_id": voice.voice_id,
        "name": voice.name,
        "language": voice.language,
        "gender": voice.gender,
        "support_pause": True,
        "support_interactive_avatar": False,
        "preview_audio_url": None,
        "created_at": None if voice.clone is None else int(_MADE.timestamp()),
        "status": voice.clone,
        "failure_message": "The recording is too noisy." if failed else None,
    }
