"""Documents for machines are what their JSON Schemas say, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.plan.worlds import entry, plan, request
from tests.report.crowds import crowd, special_crowd
from tests.report.schemas import EVENTS, MANIFEST, PLAN, READER, REFRESH, STATUS, WRITER, closed
from vidbuild.apply.compared import Compared
from vidbuild.apply.events import EventKind
from vidbuild.plan.model import Action, Plan
from vidbuild.report.plan_json import plan_json
from vidbuild.state.records import Status


def check(result: Plan) -> None:
    for every in (False, True):
        WRITER.validate(json.loads(json.dumps(plan_json(result, all=every))))


ALL = [PLAN, EVENTS, STATUS, REFRESH, MANIFEST]


@pytest.mark.parametrize("document", ALL, ids=lambda d: d["title"])
def test_they_are_schemas(document: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(document)
    Draft202012Validator.check_schema(closed(document))


def test_the_code_has_the_same_words() -> None:
    assert PLAN["$defs"]["action"]["enum"] == [action.value for action in Action]
    assert list(EVENTS["$defs"]) == list(get_args(EventKind))
    assert EVENTS["$defs"]["done"]["properties"]["compared"]["required"] == list(
        Compared().as_data()
    )


@pytest.mark.parametrize("seed", range(3))
def test_plans_of_every_kind_of_change(seed: int) -> None:
    given = {"release": "4.2", "list": [1, None]}
    check(special_crowd(150, seed=seed, profile="draft", vars=given))


TEXT = st.text(max_size=12)


@given(TEXT, TEXT, st.booleans(), st.sampled_from(Status), st.dictionaries(TEXT, TEXT))
def test_plans_of_any_words(
    old: str, new: str, private: bool, status: Status, given_: dict[str, str]
) -> None:
    video = request("a", new or "x", private=private, title=old)
    remote = request("b", None, audio_url="https://example.com/a.mp3")
    before = {"a": entry(request("a", old or "y", private=private), status)}
    check(plan([video, remote], before, vars=given_))


def test_readers_take_what_a_later_version_adds() -> None:
    document = plan_json(crowd(20))
    later = deepcopy(document) | {"new": 1}
    later["summary"]["new"] = 1
    later["changes"][0]["new"] = later["changes"][0]["estimate"]["new"] = 1
    READER.validate(later)
    assert not WRITER.is_valid(later)


def members(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, by where it stands."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from members(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from members(value, f"{path}/*")


def test_nothing_is_declared_that_is_never_written() -> None:
    document = plan_json(special_crowd(100, select=("courses/**", "old/**", "none")))
    written = dict(members(document))
    for place, definition in (
        ("", PLAN),
        ("/summary", PLAN["$defs"]["summary"]),
        ("/changes/*", PLAN["$defs"]["change"]),
        ("/changes/*/estimate", PLAN["$defs"]["estimate"]),
        ("/changes/*/fields/*", PLAN["$defs"]["field"]),
        ("/diagnostics/*", PLAN["$defs"]["diagnostic"]),
    ):
        assert list(written[place]) == list(definition["properties"]), place
        assert definition["required"] == list(definition["properties"]), place


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("summary", "cost_usd"), -1),
        (("summary", "create"), None),
        (("digest",), "abc"),
        (("format_version",), 2),
        (("changes", 0, "action"), "destroy"),
        (("changes", 0, "reason"), "Why not"),
        (("changes", 0, "estimate", "unknown"), None),
        (("changes", 0, "request"), []),
    ],
)
def test_what_is_wrong_is_found(place: tuple[Any, ...], value: Any) -> None:
    document: Any = plan_json(plan([request("a")]))
    at = document
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert not READER.is_valid(document)
