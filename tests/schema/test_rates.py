"""Prices and paces."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.schema.schema_kit import bodies
from vidbuild.schema.api import load_api
from vidbuild.schema.rates import as_of, pace, price, unpriced

API = load_api()
PHOTO, TWIN, STUDIO = "photo_avatar", "digital_twin", "studio_avatar"
LOOK: dict[str, Any] = {"type": "avatar"}
OLD = {"type": "avatar", "engine": {"type": "avatar_iii"}}
NEW = {"type": "avatar", "engine": {"type": "avatar_v"}}


def studio(*scenes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "studio", "scenes": list(scenes), **fields}


def presenter(**fields: Any) -> dict[str, Any]:
    return {"type": "avatar_video", "input": {"type": "avatar", **fields}}


@pytest.mark.parametrize(
    ("body", "kind", "low", "high"),
    [
        (LOOK, PHOTO, 5.0, 5.0),
        (LOOK, TWIN, 6.67, 6.67),
        (LOOK, STUDIO, 6.67, 6.67),
        (LOOK, None, 5.0, 6.67),
        (LOOK, "something_new", 5.0, 6.67),
        ({**LOOK, "engine": {"type": "avatar_iv"}}, None, 5.0, 6.67),
        ({**LOOK, "engine": None}, PHOTO, 5.0, 5.0),
        ({**LOOK, "resolution": "720p"}, PHOTO, 5.0, 5.0),
        ({**LOOK, "resolution": "4k"}, PHOTO, 5.0, 6.67),
        ({**LOOK, "resolution": "4k"}, TWIN, 6.67, 8.33),
        ({**LOOK, "resolution": "4k"}, None, 5.0, 8.33),
        ({**LOOK, "output_format": "webm"}, None, 5.0, 6.67),
        ({**LOOK, "output_format": "webm", "resolution": "4k"}, TWIN, 6.67, 8.33),
        ({**LOOK, "expressiveness": "high"}, None, 5.0, 5.0),
        ({**LOOK, "motion_prompt": "Nod."}, None, 5.0, 5.0),
        ({**NEW, "motion_prompt": "Nod."}, None, 6.67, 6.67),
        ({**LOOK, "motion_prompt": "Nod.", "resolution": "4k"}, None, 5.0, 6.67),
        ({**LOOK, "motion_prompt": "Nod."}, TWIN, 6.67, 6.67),
        (NEW, TWIN, 6.67, 6.67),
        (NEW, None, 6.67, 6.67),
        (OLD, TWIN, 1.67, 1.67),
        (OLD, PHOTO, 4.33, 4.33),
        (OLD, None, 1.67, 4.33),
        ({**OLD, "resolution": "4k"}, TWIN, 1.67, 2.0),
        ({"type": "image"}, None, 5.0, 5.0),
        ({"type": "image", "resolution": "4k"}, None, 5.0, 6.67),
        ({"type": "image", "motion_prompt": "Nod."}, None, 5.0, 5.0),
        ({"type": "cinematic_avatar"}, None, 7.0, 7.0),
        (studio(presenter()), TWIN, 6.67, 6.67),
        (studio(presenter()), None, 5.0, 6.67),
        (studio(presenter(engine={"type": "avatar_iii"}), presenter()), TWIN, 1.67, 6.67),
        (studio(presenter(), resolution="4k"), TWIN, 6.67, 8.33),
        (studio(presenter(expressiveness="low")), None, 5.0, 5.0),
        (studio({"type": "avatar_video", "input": {"type": "image"}}), None, 5.0, 5.0),
    ],
)
def test_prices_of_100_seconds(
    body: dict[str, Any], kind: str | None, low: float, high: float
) -> None:
    assert price(API, body, 100, kind=kind) == pytest.approx((low, high))


STILL: dict[str, Any] = {"type": "avatar_video", "input": {"type": "image"}}
OLD_SCENE = presenter(engine={"type": "avatar_iii"})


@pytest.mark.parametrize(
    ("scenes", "lengths", "kind", "low", "high"),
    [
        ([presenter(), OLD_SCENE], (10.0, 30.0), TWIN, 1.168, 1.168),  # 0.667 + 0.501
        ([presenter(), OLD_SCENE], (10.0, 30.0), PHOTO, 1.799, 1.799),  # 0.5 + 1.299
        ([presenter(), OLD_SCENE], (10.0, 30.0), None, 1.001, 1.966),  # 0.5 + 0.501, 0.667 + 1.299
        ([presenter(), STILL], (10.0, 10.0), None, 1.0, 1.167),
        ([presenter(), STILL], (10.0, None), None, 1.0, 1.334),  # 20 s of either
        ([presenter(), STILL], (), None, 1.0, 1.334),
    ],
)
def test_scenes_are_summed_where_their_lengths_are_known(
    scenes: list[Any], lengths: tuple[float | None, ...], kind: str | None, low: float, high: float
) -> None:
    found = price(API, studio(*scenes), 20, kind=kind, lengths=lengths)
    assert found == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (LOOK, ()),
        ({"type": "hologram"}, ("",)),
        (studio(presenter()), ()),
        (studio(presenter(), {"type": "video"}, {"type": "image"}), ("scenes.1", "scenes.2")),
    ],
)
def test_what_has_no_price_is_named(body: dict[str, Any], places: tuple[str, ...]) -> None:
    assert unpriced(API, body) == places


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (LOOK, None),
        (studio(presenter()), None),
        (studio(presenter(), {"type": "video"}), 10),
        (studio({"type": "image"}), 10),
        (studio(), 10),
        ({"type": "studio"}, 10),
        ({"type": "avatar", "engine": {"type": "avatar_x"}}, 10),
        ({"type": "hologram"}, 10),
        ({}, 10),
    ],
)
def test_an_unknown_price_is_none(body: dict[str, Any], seconds: float | None) -> None:
    assert price(API, body, seconds) is None


def test_a_price_a_video_needs_no_length() -> None:
    assert price(API, {"type": "cinematic_avatar"}, None) == (7.0, 7.0)


@pytest.mark.parametrize("body", list(bodies(API.request)), ids=lambda body: body["type"])
def test_every_sample_has_an_ordered_price_or_none(body: dict[str, Any]) -> None:
    found = price(API, body, 10)
    assert found is None or 0 < found[0] <= found[1]


def test_the_day_of_the_prices() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", as_of(API))


@pytest.mark.parametrize(
    ("locale", "text", "language"),
    [
        ("de-DE", "", "de"),
        ("ja_JP", "", "ja"),
        ("ZH", "", "zh"),
        (None, "こんにちは", "ja"),
        (None, "漢字とかな", "ja"),
        (None, "你好", "zh"),
        (None, "안녕하세요", "ko"),
        (None, "Привет", "ru"),
        ("xx-XX", "你好", "zh"),
        ("de-DE", "Привет", "de"),
    ],
)
def test_paces(locale: str | None, text: str, language: str) -> None:
    table = API.document["x-vidbuild-pace"]["languages"]
    assert pace(API, locale=locale, text=text) == table[language]


# Characters a minute, blanks included, that readers aloud reached (the International Reading
# Speed Texts: characters and words a minute added up); narrations are slower, but not by half.
READ_ALOUD = {
    "ar": 750, "de": 1099, "en": 1215, "es": 1243, "fi": 1239, "fr": 1193, "he": 1020, "it": 1138,
    "nl": 1180, "pl": 1082, "pt": 1094, "ru": 1170, "sl": 1065, "sv": 1116, "tr": 1220,
}  # fmt: skip


@pytest.mark.parametrize("language", READ_ALOUD)
def test_paces_are_those_of_people_who_read_aloud(language: str) -> None:
    english = 14.5 / READ_ALOUD["en"]
    assert pace(API, locale=language) == pytest.approx(READ_ALOUD[language] * english, abs=0.06)


def test_paces_of_syllables() -> None:
    assert 1000 / pace(API, locale="zh") == pytest.approx(224, abs=5)  # ms a character
    assert 1000 / pace(API, locale="yue") == pytest.approx(231, abs=5)
    assert 300 <= pace(API, locale="ja") * 60 <= 350
    assert 300 <= pace(API, locale="ko") * 60 <= 330


def test_every_pace_is_plausible() -> None:
    table = API.document["x-vidbuild-pace"]
    assert len(table["languages"]) >= 40
    for language, each in table["languages"].items():
        assert 4 <= each <= 6 if language in ("ja", "ko", "zh", "yue") else 9 <= each <= 15
    assert {row["language"] for row in table["letters"]} <= table["languages"].keys()


def test_an_unknown_language_has_the_usual_pace() -> None:
    assert pace(API) == pace(API, text="Hello.") == API.document["x-vidbuild-pace"]["default"]
