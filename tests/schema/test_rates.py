"""Prices and paces."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.schema.schema_kit import bodies
from vidbuild.schema.api import load_api
from vidbuild.schema.rates import as_of, pace, price

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
        (NEW, TWIN, 6.67, 6.67),
        (NEW, None, 6.67, 6.67),
        (OLD, TWIN, 1.67, 1.67),
        (OLD, PHOTO, 4.33, 4.33),
        (OLD, None, 1.67, 4.33),
        ({**OLD, "resolution": "4k"}, TWIN, 1.67, 2.0),
        ({"type": "image"}, None, 5.0, 5.0),
        ({"type": "cinematic_avatar"}, None, 7.0, 7.0),
        (studio(presenter()), TWIN, 6.67, 6.67),
        (studio(presenter()), None, 5.0, 6.67),
        (studio(presenter(engine={"type": "avatar_iii"}), presenter()), TWIN, 1.67, 6.67),
        (studio(presenter(), resolution="4k"), TWIN, 6.67, 8.33),
        (studio({"type": "avatar_video", "input": {"type": "image"}}), None, 5.0, 5.0),
    ],
)
def test_prices_of_100_seconds(
    body: dict[str, Any], kind: str | None, low: float, high: float
) -> None:
    assert price(API, body, 100, kind=kind) == pytest.approx((low, high))


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


def test_an_unknown_language_has_the_usual_pace() -> None:
    assert pace(API) == pace(API, text="Hello.") == API.document["x-vidbuild-pace"]["default"]
