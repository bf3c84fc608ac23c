"""Overlay targets and merging."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from vidbuild.diagnostics import Problems
from vidbuild.schema.overlay import _Finder, apply_overlay

STORE: dict[str, Any] = {
    "info": {"title": "t"},
    "components": {
        "schemas": {
            "A": {"properties": {"x": {"n": 1}, "y": {"n": 2}}},
            "B": {"properties": {"x": {"n": 3}}, "tags": [{"n": 4}, {"n": 5}]},
        }
    },
    "paths": {"/a b": {"n": 6}},
}


@pytest.mark.parametrize(
    ("target", "numbers"),
    [
        ("$.components.schemas.A.properties.x", [1]),
        ("$.components.schemas['A','B'].properties['x', 'y']", [1, 2, 3]),
        ("$['paths']['/a b']", [6]),
        ("$.components.schemas.B.tags[*]", [4, 5]),
        ("$.components.schemas.A.properties.*", [1, 2]),
        ("$..properties.x", [1, 3]),
        ("$.components..x", [1, 3]),
        ("$..['x', 'y']", [1, 2, 3]),
        ("$..[?@.n]", [6, 1, 2, 3, 4, 5]),
        ("$.components.schemas[?@.properties.x && @.properties.y].properties.y", [2]),
        ("$.components.schemas[?@.properties.x && !@.properties.y].properties.x", [3]),
        ("$.nowhere", []),
        ("$.info.title.deeper", []),
    ],
)
def test_targets(target: str, numbers: list[int]) -> None:
    assert sorted(node["n"] for node in _Finder(STORE).select(target)) == sorted(numbers)


def test_the_root() -> None:
    assert _Finder(STORE).select("$") == [STORE]


@pytest.mark.parametrize(
    "target", ["", "info", "$info", "$.a[0]", "$.a[?@.b == 1]", "$.a[", "$.a b", "$.a[1:2]", "$."]
)
def test_targets_that_cannot_be_read(target: str) -> None:
    with pytest.raises(Problems) as caught:
        _Finder(STORE).select(target)
    assert caught.value.diagnostics[0].code == "VB279"


def overlaid(*actions: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(STORE)
    return apply_overlay(document, {"overlay": "1.0.0", "actions": list(actions)})


def test_objects_merge_lists_join_and_the_rest_is_replaced() -> None:
    result = overlaid({
        "target": "$.components.schemas.B",
        "update": {"properties": {"x": {"n": 9}, "z": {}}, "tags": [{"n": 7}], "new": True},
    })["components"]["schemas"]["B"]  # fmt: skip
    assert result == {
        "properties": {"x": {"n": 9}, "z": {}},
        "tags": [{"n": 4}, {"n": 5}, {"n": 7}],
        "new": True,
    }


def test_a_later_action_finds_what_an_earlier_one_added() -> None:
    result = overlaid(
        {"target": "$..properties.x", "update": {"late": {"q": {}}}},
        {"target": "$..q", "update": {"found": True}},
    )
    assert result["components"]["schemas"]["A"]["properties"]["x"]["late"]["q"] == {"found": True}


def test_what_is_no_object_is_passed_over() -> None:
    assert overlaid({"target": "$.info.*", "update": {"x": 1}})["info"] == STORE["info"]


def test_two_targets_do_not_share_what_was_merged() -> None:
    result = overlaid({"target": "$..properties", "update": {"k": {"v": {}}}})
    first, second = (result["components"]["schemas"][name]["properties"]["k"] for name in "AB")
    first["v"]["changed"] = True
    assert second == {"v": {}}


@pytest.mark.parametrize(
    "overlay",
    [
        {"overlay": "2.0.0", "actions": []},
        {"actions": []},
        {"overlay": "1.0.0", "actions": [{"target": "$.info", "remove": True}]},
    ],
)
def test_overlays_that_cannot_be_applied(overlay: dict[str, Any]) -> None:
    with pytest.raises(Problems) as caught:
        apply_overlay(copy.deepcopy(STORE), overlay)
    assert caught.value.diagnostics[0].code == "VB279"
