"""Avatars, looks, voices and glossaries: lists by filters and pages, single ones, and the
catalogue itself."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import espeakng_loader
import pytest

from tests.studio.studio_kit import assert_by_the_spec, error, run, studio
from vidbuild.studio.catalogue import catalogue, kind_of, language_of
from vidbuild.studio.render.voice import _VARIANTS

LISTS = {
    "/v3/avatars": "listAvatarGroups",
    "/v3/avatars/looks": "listAvatarLooks",
    "/v3/voices": "listVoices",
    "/v3/brand-glossaries": "listBrandGlossaries",
}


def test_there_is_one_voice_for_each_language_of_the_engine() -> None:
    """Of a private voice or another engine's there may be more."""
    spoken = Path(espeakng_loader.get_data_path()) / "lang"
    codes = sorted(path.name.lower() for path in spoken.rglob("*") if path.is_file())
    voices = catalogue().voices.values()
    ours = [v.code for v in voices if v.engine == "starfish" and v.clone is None]
    assert sorted(ours) == codes


def test_voices_sound_as_they_are_listed() -> None:
    for voice in catalogue().voices.values():
        _, gender = _VARIANTS[zlib.crc32(voice.voice_id.encode()) % len(_VARIANTS)]
        assert voice.gender == {1: "male", 2: "female"}[gender], voice.voice_id


def test_there_is_every_kind_of_avatar_every_engine_and_every_trouble() -> None:
    looks = catalogue().looks.values()
    assert {look.kind for look in looks} == {"studio_avatar", "digital_twin", "photo_avatar"}
    assert {e for look in looks for e in look.engines} == {"avatar_iii", "avatar_iv", "avatar_v"}
    assert {look.status for look in looks} == {
        None, "completed", "processing", "pending_consent", "failed",
    }  # fmt: skip
    assert {look.orientation for look in looks} == {"landscape", "portrait", "square"}
    assert {look.matting for look in looks} == {True, False}
    assert {v.engine for v in catalogue().voices.values()} == {"starfish", "elevenlabs", "fish"}
    known = {None, *catalogue().voices}
    assert {look.voice for look in looks} | {g.voice for g in catalogue().groups.values()} <= known
    assert not [i for i in (*catalogue().looks, *known) if str(i).startswith("missing_")]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_lists_come_in_pages(tmp_path: Path, path: str, limit: int) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            seen: list[Any] = []
            query: dict[str, Any] = {"limit": limit}
            while True:
                page = (await call.get(path, **query)).json()
                assert_by_the_spec(LISTS[path], page)
                assert len(page["data"]) <= limit
                seen += page["data"]
                assert page["has_more"] == (page["next_token"] is not None)
                if not page["has_more"] or len(seen) > 5:
                    break
                query["token"] = page["next_token"]
            first = (await call.get(path, limit=50)).json()["data"]
            assert seen == first[: len(seen)]
            assert seen

    run(scene())


Wanted = Callable[[dict[str, Any]], bool]
FILTERS: list[tuple[str, dict[str, str], int, Wanted]] = [
    ("/v3/avatars", {"ownership": "public"}, 2, lambda g: g["status"] is None),
    ("/v3/avatars", {"ownership": "private"}, 3, lambda g: g["status"] is not None),
    ("/v3/avatars/looks", {"group_id": "group-ada"}, 2, lambda x: x["group_id"] == "group-ada"),
    ("/v3/avatars/looks", {"group_id": "nobody"}, 0, bool),
    (
        "/v3/avatars/looks",
        {"avatar_type": "photo_avatar", "ownership": "public"},
        2,
        lambda x: x["avatar_type"] == "photo_avatar",
    ),
    ("/v3/voices", {"type": "private"}, 3, lambda v: v["type"] == "private"),
    ("/v3/voices", {"language": "Welsh"}, 1, lambda v: v["language"] == "Welsh"),
    ("/v3/voices", {"language": "welsh", "gender": "none"}, 0, bool),
    ("/v3/voices", {"engine": "fish"}, 1, lambda v: v["voice_id"] == "voice-lively"),
]


@pytest.mark.parametrize(("path", "query", "many", "wanted"), FILTERS)
def test_lists_are_filtered(
    tmp_path: Path, path: str, query: dict[str, str], many: int, wanted: Wanted
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            found = (await call.get(path, **query)).json()["data"]
            assert len(found) == many
            assert all(wanted(each) for each in found)

    run(scene())


@pytest.mark.parametrize(
    ("path", "query", "param"),
    [
        ("/v3/avatars", {"ownership": "mine"}, "ownership"),
        ("/v3/avatars", {"limit": "51"}, "limit"),
        ("/v3/avatars/looks", {"avatar_type": "robot"}, "avatar_type"),
        ("/v3/voices", {"type": "any"}, "type"),
        ("/v3/voices", {"limit": "101"}, "limit"),
        ("/v3/voices", {"limit": "1.5"}, "limit"),
        ("/v3/voices", {"token": "AAAA"}, "token"),
    ],
)
def test_filters_are_those_of_the_spec(
    tmp_path: Path, path: str, query: dict[str, str], param: str
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            refused = await call.get(path, **query)
            assert error(refused) == (400, "invalid_parameter")
            assert refused.json()["error"]["param"] == param

    run(scene())


def test_what_is_listed_is_found_and_so_is_what_is_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            for group_id, group in catalogue().groups.items():
                found = (await call.get(f"/v3/avatars/{group_id}")).json()
                assert_by_the_spec("getAvatarGroup", found)
                assert found["data"]["looks_count"] == len(group.looks)
            for look_id in (*catalogue().looks, "somebody's own", "looks2"):
                found = (await call.get(f"/v3/avatars/looks/{look_id}")).json()
                assert_by_the_spec("getAvatarLook", found)
                assert found["data"]["id"] == look_id
            for voice_id in ("voice-cy", "voice-cleo", "voice-eve", "somebody's own"):
                found = (await call.get(f"/v3/voices/{voice_id}")).json()
                assert_by_the_spec("getVoice", found)
                assert found["data"]["voice_id"] == voice_id
            for path, code in {
                "/v3/avatars/nobody": "avatar_group_not_found",
                "/v3/avatars/looks/missing_ada": "avatar_not_found",
                "/v3/avatars/looks/group-ada": "avatar_not_found",
                "/v3/voices/missing_voice": "voice_not_found",
            }.items():
                assert error(await call.get(path)) == (404, code)

    run(scene())


def test_a_kind_is_known_where_all_looks_are_and_agree() -> None:
    ada, ben, cleo = "look-ada-desk", "look-ben-street", "look-cleo-home"
    assert kind_of({"avatar_id": ada}) == "studio_avatar"
    assert kind_of({"avatar_id": "somebody"}) is None
    assert kind_of({"avatar_id": [cleo, "look-cleo-office"]}) == "digital_twin"
    assert kind_of({"avatar_id": [cleo, ben]}) is None
    assert kind_of({"scenes": [{"input": {"avatar_id": ben}}, {"source": {}}]}) == "photo_avatar"
    assert (
        kind_of({"scenes": [{"input": {"avatar_id": ben}}, {"input": {"avatar_id": ada}}]}) is None
    )
    assert kind_of({"image": {}}) is None
    assert (language_of("voice-cy"), language_of("somebody")) == ("cy", None)
