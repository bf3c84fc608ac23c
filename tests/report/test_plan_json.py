"""The JSON plan to the letter of its format."""

from __future__ import annotations

import json
from typing import Any

from tests.plan.worlds import entry, plan, request
from vidbuild.plan.model import Action
from vidbuild.report.diagnostics import diagnostics_json
from vidbuild.report.plan_json import plan_json

A = request("a", "One.", callback_url="https://example.com/hook?secret=x", title="T")


def test_members() -> None:
    document = plan_json(plan([A], profile="draft", vars={"v": 1}))
    assert list(document) == [
        "format_version",
        "project",
        "profile",
        "provider",
        "vars",
        "summary",
        "digest",
        "changes",
        "causes",
        "diagnostics",
    ]
    assert document["format_version"] == 1
    assert document["profile"] == "draft"
    assert document["vars"] == {"v": 1}
    costs = ["seconds", "cost_usd", "cost_low_usd", "cost_high_usd"]
    totals = ["renders", *costs, "prices_as_of"]
    assert list(document["summary"]) == [*(a.value for a in Action), *totals]
    (change,) = document["changes"]
    assert list(change) == [
        "name",
        "action",
        "reason",
        "from",
        "fields",
        "fingerprint",
        "estimate",
        "request",
        "depends_on",
        "protected",
    ]
    assert list(change["estimate"]) == [
        *costs,
        "unknown",
        "measured",
        "audio",
        "unmeasured",
    ]
    assert change["fingerprint"] == A.fingerprint
    assert change["request"]["title"] == "T"


def test_callbacks_and_private_text_stay_out() -> None:
    secret = request("s", "Classified words.", title="Classified", private=True)
    text = json.dumps(plan_json(plan([A, secret])))
    assert "secret=x" not in text
    assert "lassified" not in text
    assert str(len("Classified words.")) in text


def test_unchanged_videos_only_on_demand() -> None:
    result = plan([A], {"a": entry(A)})
    assert plan_json(result)["changes"] == []
    (change,) = plan_json(result, all=True)["changes"]
    assert (change["action"], change["estimate"]["cost_usd"]) == ("unchanged", 0.0)


def test_unknown_is_null_and_never_nothing() -> None:
    remote = request("a", None, audio_url="https://example.com/a.mp3")
    document = plan_json(plan([remote, request("b")]))
    assert document["changes"][0]["estimate"] == {
        "seconds": None,
        "cost_usd": None,
        "cost_low_usd": None,
        "cost_high_usd": None,
        "unknown": ["length of audio_url"],
        "measured": False,
        "audio": [],
        "unmeasured": [],
    }
    for key in ("seconds", "cost_usd", "cost_low_usd", "cost_high_usd"):
        assert document["summary"][key] is None


def test_what_gave_up_is_counted_but_not_as_a_render() -> None:
    from vidbuild.state.records import Status

    summary = plan_json(plan([A], {"a": entry(A, Status.failed, made={"attempt": 3})}))["summary"]
    assert (summary["retry"], summary["renders"], summary["cost_usd"]) == (1, 0, 0)


def test_orphans_have_no_request() -> None:
    (change,) = plan_json(plan([], {"a": entry(A)}))["changes"]
    assert change["request"] is None
    assert change["fingerprint"] == A.fingerprint


def test_it_is_json_all_the_way_down() -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)
        else:
            assert value is None or isinstance(value, str | int | float | bool)

    check(plan_json(plan([A], {"a": entry(request("a", "Other."))}), all=True))


def test_diagnostics_ride_along() -> None:
    result = plan([A], select=("a", "b"))
    (item,) = plan_json(result)["diagnostics"]
    assert list(item) == [
        "code",
        "severity",
        "message",
        "hint",
        "file",
        "line",
        "column",
        "video",
        "field",
    ]
    assert diagnostics_json(result.diagnostics) == {"format_version": 1, "diagnostics": [item]}
