"""Differences between what the lock records and what is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import api, entry, request
from vidbuild.plan.changes import (
    Same,
    changed_reason,
    compare,
    diff,
    field_path,
    shown_request,
    without,
)
from vidbuild.plan.mask import mask_text, masked, revealed
from vidbuild.plan.model import FieldChange

SCENES: list[dict[str, Any]] = [
    {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "A", "script": "One."}},
    {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "A", "script": "Two."}},
]


def paths(old: dict[str, Any], new: dict[str, Any], **keys: Any) -> list[tuple[str, Any, Any]]:
    before, after = request("v", **old), request("v", **new, **keys)
    return [(f.path, f.old, f.new) for f in diff(api(), entry(before), after)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {}, []),
        ({"script": "A"}, {"script": "B"}, [("script", "A", "B")]),
        ({}, {"caption": {"style": "default"}}, [("caption.style", None, "default")]),
        (
            {"voice_settings": {"speed": 1.2}},
            {"voice_settings": {"speed": 1.3}},
            [("voice_settings.speed", 1.2, 1.3)],
        ),
        ({"voice_settings": {"speed": 1}}, {}, []),
        (
            {"remove_background": False},
            {"remove_background": True},
            [("remove_background", False, True)],
        ),
        (
            {"background": {"type": "color", "value": "#000000"}},
            {"background": {"type": "image", "asset_id": {"sha256": "ff"}}},
            [
                ("background.asset_id", None, {"sha256": "ff"}),
                ("background.type", "color", "image"),
                ("background.value", "#000000", None),
            ],
        ),
        (
            {"background": {"type": "image", "asset_id": {"sha256": "aa"}}},
            {"background": {"type": "image", "asset_id": {"sha256": "bb"}}},
            [("background.asset_id", {"sha256": "aa"}, {"sha256": "bb"})],
        ),
        ({"title": "A"}, {"title": "B"}, []),
        ({"x": {"n": [1]}}, {"x": {"n": [1.0]}}, []),
        ({"x": {"n": [1]}}, {"x": {"n": [True]}}, [("x.n.0", 1, True)]),
        ({"revision": 1}, {"revision": 2}, [("revision", 1, 2)]),
    ],
)
def test_fields(old: dict[str, Any], new: dict[str, Any], expected: list[Any]) -> None:
    assert paths(old, new) == expected


def test_lists_go_by_position_and_numbers_sort_as_numbers() -> None:
    changed = [SCENES[0], {**SCENES[1], "input": {**SCENES[1]["input"], "script": "Three."}}]
    assert paths({"scenes": SCENES}, {"scenes": changed}) == [
        ("scenes.1.input.script", "Two.", "Three.")
    ]
    many = [{"n": i} for i in range(11)]
    found = paths({"x": [{"n": -1}] * 11}, {"x": many})
    assert [path for path, _, _ in found][-2:] == ["x.9.n", "x.10.n"]


def test_ignored_fields_are_no_difference() -> None:
    old, new = {"script": "A", "resolution": "720p"}, {"script": "B", "resolution": "1080p"}
    assert paths(old, new, ignore_changes=("script",)) == [("resolution", "720p", "1080p")]
    before, after = (
        request("v", **old),
        request("v", **new, ignore_changes=("script", "resolution")),
    )
    assert compare(api(), entry(before), after) is Same.ignored


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("a", {"a": 1, "b": 2}, {"b": 2}),
        ("a.b", {"a": {"b": 1}, "c": 2}, {"c": 2}),
        ("a.b", {"a": {"b": 1, "d": 3}}, {"a": {"d": 3}}),
        ("a.0.b", {"a": [{"b": 1, "c": 2}, {"b": 1}]}, {"a": [{"c": 2}, {"b": 1}]}),
        ("a.*.b", {"a": [{"b": 1, "c": 2}, {"b": 1, "c": 3}]}, {"a": [{"c": 2}, {"c": 3}]}),
        ("x.y", {"a": 1}, {"a": 1}),
    ],
)
def test_without(path: str, value: Any, expected: Any) -> None:
    assert without(value, [field_path(path)]) == expected


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (["script"], "script_changed"),
        (["background.type", "background.value"], "background_changed"),
        (["script", "resolution"], "content_changed"),
        ([], "content_changed"),
        (["x-Odd Name"], "x_odd_name_changed"),
    ],
)
def test_reasons(changed: list[str], reason: str) -> None:
    assert changed_reason(FieldChange(path=p, old=1, new=2) for p in changed) == reason


def test_hidden_text_is_its_length_and_digest() -> None:
    private = request("v", "Word", title="T", private=True, callback_url="https://x/cb")
    shown = shown_request(api(), private)
    assert shown["script"] == mask_text("Word")
    assert shown["script"]["length"] == 4
    assert shown["title"] == mask_text("T")
    assert shown["avatar_id"] == "Anna"
    assert "callback_url" not in shown
    assert masked(api().request, shown) == shown


def test_text_inside_scenes_is_hidden_too() -> None:
    body = {"type": "studio", "scenes": SCENES}
    hidden = masked(api().request, body)
    assert hidden["scenes"][0]["input"]["script"] == mask_text("One.")
    assert hidden["scenes"][0]["type"] == "avatar_video"


@given(
    st.dictionaries(st.sampled_from(["script", "title", "fit", "resolution"]), st.text(max_size=3))
)
def test_equal_requests_have_no_differences(extra: dict[str, str]) -> None:
    one = request("v", **extra)
    assert compare(api(), entry(one), one) is Same.exact
    assert diff(api(), entry(one), one) == ()


def test_what_was_hidden_comes_back_where_the_text_is_known() -> None:
    body = {"script": "One.", "scenes": [{"script": "Two.", "n": 1}, {"script": "Three."}]}
    hidden = {
        "script": mask_text("One."),
        "scenes": [{"script": mask_text("Two."), "n": 1}, {"script": mask_text("Three.")}],
    }
    assert revealed(hidden, body) == body
    other = {"script": "Another.", "resolution": "4k", "scenes": [{"script": "Two.", "n": 2}]}
    assert revealed(hidden, other) == {
        "script": mask_text("One."),
        "scenes": [{"script": "Two.", "n": 1}, {"script": mask_text("Three.")}],
    }
