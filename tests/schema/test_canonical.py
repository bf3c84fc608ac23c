"""Canonical form 1: what is the same video, and what is not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.schema.schema_kit import at, bodies, places, put, without
from vidbuild.schema.api import load_api
from vidbuild.schema.canonical import content
from vidbuild.schema.finding import Path, same
from vidbuild.schema.shape import MISSING, Shape

API = load_api()
BODIES = list(bodies(API.request))
BASE: dict[str, Any] = {"type": "avatar", "avatar_id": "a", "script": "s"}


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, {}),
        ({"title": "t", "callback_url": "u", "callback_id": "i"}, {}),
        ({"aspect_ratio": "16:9"}, {}),
        ({"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
        ({"output_format": "mp4"}, {}),
        ({"resolution": None}, {}),
        ({"resolution": "1080p"}, {"resolution": "1080p"}),
        ({"remove_background": False}, {"remove_background": False}),
        ({"voice_settings": {}}, {}),
        ({"voice_settings": {"speed": 1, "pitch": 0.0, "volume": 1.0, "locale": None}}, {}),
        ({"voice_settings": {"speed": 1.2, "pitch": 0}}, {"voice_settings": {"speed": 1.2}}),
        ({"voice_settings": {"engine_settings": {"engine_type": "fish", "model": None}}},
         {"voice_settings": {"engine_settings": {"engine_type": "fish"}}}),
        ({"caption": {"file_format": "srt", "style": None}}, {}),
        ({"caption": {"style": "default"}}, {"caption": {"style": "default"}}),
        ({"engine": {"type": "avatar_iv"}}, {"engine": {"type": "avatar_iv"}}),
        ({"engine": {"type": "avatar_v", "reference_look_id": None}},
         {"engine": {"type": "avatar_v"}}),
        ({"background": {"type": "image", "asset_id": {"sha256": "0" * 64}, "url": None}},
         {"background": {"type": "image", "asset_id": {"sha256": "0" * 64}}}),
        ({"watermark": {"image": {"type": "asset_id", "asset_id": "x"}, "scale": 1,
                        "placement": {"position": "bottom_right", "offset_x": None}}},
         {"watermark": {"image": {"type": "asset_id", "asset_id": "x"}}}),
    ],
)  # fmt: skip
def test_what_stays(more: dict[str, Any], kept: dict[str, Any]) -> None:
    assert content(API, {**BASE, **more}) == {**BASE, **kept}


def test_objects_in_lists() -> None:
    scene = {"type": "video", "source": {"type": "url", "url": "https://a/b"}}
    spelt = {**scene, "playback": {"volume": 1.0, "mute": False}}
    body = {"type": "studio", "scenes": [spelt, spelt], "aspect_ratio": "16:9"}
    assert content(API, body) == {"type": "studio", "scenes": [scene, scene]}


def test_true_is_not_one_and_zero_is_not_false() -> None:
    body = {"type": "cinematic_avatar", "prompt": "p", "avatar_id": ["a"], "auto_duration": 0}
    assert content(API, body) == body
    assert "auto_duration" not in content(API, {**body, "auto_duration": False})


@pytest.mark.parametrize("body", [{}, {"type": "none", "x": None, "script": "s"}, {"scenes": [1]}])
def test_an_invalid_body_has_a_content_too(body: dict[str, Any]) -> None:
    assert content(API, body) == {key: value for key, value in body.items() if value is not None}


def optional() -> list[tuple[dict[str, Any], Path, Shape]]:
    """Every place of the sample bodies that may be left out."""
    found = []
    for body in BODIES:
        for path, shape in places(API.request, body):
            if isinstance(path[-1], str) and path[-1] not in required_at(body, path):
                found.append((body, path, shape))
    return found


def required_at(body: Any, path: Path) -> frozenset[str]:
    shape = API.request
    for depth, part in enumerate(path[:-1]):
        inner = shape.items if isinstance(part, int) else shape.member(part, at(body, path[:depth]))
        assert inner is not None
        shape = inner
    chosen = shape.variant(at(body, path[:-1])) or shape
    return chosen.required


PLACES = optional()


def sparse(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[Path, Shape]]]:
    """A body with some optional members left out, and where they were."""
    body = draw(st.sampled_from(BODIES))
    places_here = [(path, shape) for each, path, shape in PLACES if each is body]
    gone: list[tuple[Path, Shape]] = []
    made = body
    for path, shape in draw(st.lists(st.sampled_from(places_here), max_size=12)):
        if not any(path[: len(other)] == other for other, _ in gone) and not any(
            other[: len(path)] == path for other, _ in gone
        ):
            made = without(made, path)
            gone.append((path, shape))
    return made, gone


SPARSE = st.composite(sparse)()


@settings(max_examples=200, deadline=None)
@given(SPARSE, st.data())
def test_spelling_a_default_out_changes_nothing(
    pair: tuple[dict[str, Any], list[tuple[Path, Shape]]], data: st.DataObject
) -> None:
    body, gone = pair
    spelt = body
    for path, shape in gone:
        if data.draw(st.booleans()):
            spelt = put(spelt, path, None if shape.default is MISSING else shape.default)
    assert content(API, spelt) == content(API, body)


@settings(max_examples=200, deadline=None)
@given(SPARSE)
def test_the_form_of_a_form_is_itself(
    pair: tuple[dict[str, Any], list[tuple[Path, Shape]]],
) -> None:
    once = content(API, pair[0])
    assert content(API, once) == once


@settings(max_examples=100, deadline=None)
@given(SPARSE)
def test_the_body_is_left_as_it_was(
    pair: tuple[dict[str, Any], list[tuple[Path, Shape]]],
) -> None:
    before = copy.deepcopy(pair[0])
    content(API, pair[0])
    assert pair[0] == before


@pytest.mark.parametrize(
    ("body", "path", "shape"), [pytest.param(*p, id=".".join(map(str, p[1]))) for p in PLACES]
)
def test_every_other_value_is_another_video(body: Any, path: Path, shape: Shape) -> None:
    """Unless it is metadata, a member with a value of its own is seen."""
    if len(path) == 1 and path[0] in API.metadata:
        return
    value = at(body, path)
    default = None if shape.default is MISSING else shape.default
    if isinstance(value, dict) or same(value, default):
        return
    assert content(API, body) != content(API, without(body, path))


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True), (0.1, 0.1, True), (1, True, False), (0, False, False), ("1", 1, False),
        ([1, 2], [1.0, 2], True), ([1], [1, 1], False), ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False), ({"a": None}, {}, False), (None, None, True),
    ],
)  # fmt: skip
def test_equality_of_json(left: Any, right: Any, equal: bool) -> None:
    assert same(left, right) is same(right, left) is equal
