"""Layers: RFC 7396, and the two rules that come from the API spec."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.project.layers import merge, merge_all, without
from vidbuild.schema.api import load_api

REQUEST = load_api().request

# Target, patch, result: one row for each of the examples of RFC 7396, appendix A, whose target
# and patch are objects, the others inside a member.
ROWS: list[tuple[Any, Any, Any]] = [
    ({"k": "old"}, {"k": "new"}, {"k": "new"}),
    ({"k": "old"}, {"m": "new"}, {"k": "old", "m": "new"}),
    ({"k": "old"}, {"k": None}, {}),
    ({"k": "old", "m": 1}, {"k": None}, {"m": 1}),
    ({"k": ["old"]}, {"k": "new"}, {"k": "new"}),
    ({"k": "new"}, {"k": ["old"]}, {"k": ["old"]}),
    ({"k": {"m": "old"}}, {"k": {"m": "new", "n": None}}, {"k": {"m": "new"}}),
    ({"k": [{"m": "old"}]}, {"k": [1]}, {"k": [1]}),
    ({"k": ["a", "b"]}, {"k": ["c", "d"]}, {"k": ["c", "d"]}),
    ({"k": {"a": "b"}}, {"k": ["c"]}, {"k": ["c"]}),
    ({"k": {"a": "old"}}, {"k": None}, {}),
    ({"k": {"a": "old"}}, {"k": "text"}, {"k": "text"}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({"k": [1, 2]}, {"k": {"a": "b", "c": None}}, {"k": {"a": "b"}}),
    ({}, {"k": {"l": {"m": None}}}, {"k": {"l": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), ROWS)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((target, patch))
    assert merge(target, patch, None) == result
    assert (target, patch) == before


def reference(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as written there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = reference(result.get(name), value)
    return result


values = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from("xy"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abc"), values)


@given(objects, objects)
def test_agrees_with_the_rfc(target: Any, patch: Any) -> None:
    assert merge(target, patch, None) == reference(target, patch)


@given(objects, objects)
def test_a_patch_twice_is_the_patch_once(target: Any, patch: Any) -> None:
    once = merge(target, patch, None)
    assert merge(once, patch, None) == once


def test_what_is_kept_is_shared() -> None:
    kept, patched = {"deep": [1]}, {"a": {"b": 1}}
    merged = merge({"kept": kept, "patched": patched}, {"patched": {"c": 2}}, None)
    assert merged["kept"] is kept
    assert merged["patched"]["a"] is patched["a"]
    assert patched == {"a": {"b": 1}}


def merged(*layers: dict[str, Any]) -> dict[str, Any]:
    return merge_all(({"type": "avatar"}, *layers), REQUEST)


def test_a_new_nested_kind_starts_its_object_anew() -> None:
    colour = {"background": {"type": "color", "value": "#101820"}}
    image = {"background": {"type": "image", "url": "https://x.org/a.png"}}
    assert merged(colour, image)["background"] == image["background"]
    assert merged(colour, {"background": {"type": "color"}})["background"] == colour["background"]
    assert merged(colour, {"background": {"value": "#ffffff"}})["background"] == {
        "type": "color",
        "value": "#ffffff",
    }
    assert merged(colour, image, {"background": {"fit": "contain"}})["background"] == {
        **image["background"],
        "fit": "contain",
    }


def test_of_fields_that_exclude_each_other_the_higher_layer_wins() -> None:
    spoken, recorded = {"script": "Hello."}, {"audio_url": "https://x.org/a.mp3"}
    assert merged(spoken, recorded) == {"type": "avatar", **recorded}
    assert merged(recorded, spoken) == {"type": "avatar", **spoken}
    assert merged(recorded, spoken, {"script": None}) == {"type": "avatar"}
    assert merged(spoken, {"audio_url": None}) == {"type": "avatar", **spoken}
    nested = merged(
        {"background": {"type": "image", "url": "https://x.org/a.png"}},
        {"background": {"asset_id": "a1"}},
    )
    assert nested["background"] == {"type": "image", "asset_id": "a1"}


def test_a_layer_without_a_kind_excludes_too() -> None:
    """Which variant it will be may be said by another layer."""
    assert merge({"script": "Hello."}, {"audio_url": "u"}, REQUEST) == {"audio_url": "u"}


def test_a_file_in_a_text_field_replaces_and_is_replaced() -> None:
    assert merged({"script": {"file": "a.md"}}, {"script": "Hello."})["script"] == "Hello."
    assert merged({"script": "Hello."}, {"script": {"file": "a.md"}})["script"] == {"file": "a.md"}
    assert merged({"script": {"file": "a"}}, {"script": {"file": "b"}})["script"] == {"file": "b"}


@pytest.mark.parametrize(
    ("fields", "path", "left"),
    [
        ({"a": 1, "b": 2}, ("a",), {"b": 2}),
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), {"a": {"c": 2}}),
        ({"a": {"b": 1}}, ("a", "b"), {"a": {}}),
        ({"a": [1, 2, 3]}, ("a", 1), {"a": [1, 3]}),
        ({"a": [{"b": 1, "c": 2}]}, ("a", 0, "b"), {"a": [{"c": 2}]}),
        ({"a": [[1, 2]]}, ("a", 0, 0), {"a": [[2]]}),
    ],
)
def test_without(fields: Any, path: tuple[str | int, ...], left: Any) -> None:
    before = copy.deepcopy(fields)
    assert without(fields, path) == left
    assert fields == before
