"""Policy: limits, what raises and lowers them, protection, what has been spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.plan.worlds import api, entry, lock, plan, render, request, situation
from vidbuild.diagnostics import EXIT_USAGE, Problems
from vidbuild.plan.model import Plan
from vidbuild.plan.policy import (
    Limits,
    Spent,
    allowed,
    check_policy,
    limits_from,
    lowered,
    planned_cost,
)
from vidbuild.plan.spending import spent_so_far
from vidbuild.state.records import Entry, Status

HALF_MINUTE = "Word " * 87  # about 30 s: 1.50 to 2.00 dollars
COSTS_TWO = request("a", HALF_MINUTE)
UNKNOWN = request("u", None, audio_url="https://example.com/a.mp3")


def codes(result: Plan, limits: Limits, **more: Any) -> list[str]:
    spent = more.pop("spent", Spent())
    found = check_policy(result, limits, spent=spent, lock_videos=more.pop("lock_videos", 0))
    assert all(each.hint and "--" in each.hint for each in found)
    return [each.code for each in found]


def test_the_high_estimate_counts() -> None:
    result = plan([COSTS_TWO])
    high = result.summary.cost_high_usd
    low = result.summary.cost_low_usd
    assert high is not None
    assert low is not None
    assert low < high
    assert codes(result, Limits(max_cost=high)) == []
    assert codes(result, Limits(max_cost=(high + low) / 2)) == ["VB710"]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), []),
        (Limits(max_cost=1e9), ["VB710"]),
        (Limits(max_cost_day=1e9, max_cost_month=1e9), ["VB711", "VB711"]),
        (Limits(max_renders=1), []),
    ],
)
def test_an_unknown_cost_is_over_any_limit(limits: Limits, expected: list[str]) -> None:
    assert codes(plan([UNKNOWN]), limits) == expected


def test_nothing_to_pay_passes_every_cost_limit() -> None:
    result = plan([COSTS_TWO], {"a": entry(COSTS_TWO)})
    zero = Limits(max_cost=0, max_cost_day=0, max_cost_month=0, max_renders=0, max_deletes=0)
    assert codes(result, zero, spent=Spent(day_usd=5, month_usd=5)) == []


def test_a_day_and_a_month_add_to_what_was_spent() -> None:
    result = plan([COSTS_TWO])
    high = result.summary.cost_high_usd or 0
    limits = Limits(max_cost_day=10, max_cost_month=100)
    assert codes(result, limits, spent=Spent(day_usd=10 - high, month_usd=50)) == []
    assert codes(result, limits, spent=Spent(day_usd=9.9, month_usd=99.9)) == ["VB711", "VB711"]
    assert codes(result, limits, spent=Spent(day_usd=None, month_usd=1)) == ["VB711"]


@pytest.mark.parametrize(
    ("limit", "again", "videos", "refused"),
    [
        ("20%", 2, 10, False),
        ("20%", 3, 10, True),
        ("20%", 9, 9, False),  # too few videos for a share
        ("0%", 1, 10, True),
        ("12.5%", 2, 16, False),
        (3, 3, 100, False),
        (2, 3, 100, True),
        (0, 1, 1, True),
    ],
)
def test_max_renders(limit: int | str, again: int, videos: int, refused: bool) -> None:
    changed = [request(f"v{i}", f"New {i}.") for i in range(again)]
    world = {r.name: entry(request(r.name, f"Old {i}.")) for i, r in enumerate(changed)}
    result = plan(changed, world)
    found = codes(result, Limits(max_renders=limit), lock_videos=videos)
    assert found == (["VB712"] if refused else [])


def test_a_share_does_not_count_new_videos() -> None:
    result = plan([request(f"v{i}", f"New {i}.") for i in range(50)])
    assert codes(result, Limits(max_renders="1%"), lock_videos=50) == []
    assert codes(result, Limits(max_renders=49), lock_videos=50) == ["VB712"]


def test_max_deletes() -> None:
    result = plan([], {"a": entry(request("a"))}, prune=True)
    assert codes(result, Limits(max_deletes=0)) == ["VB713"]
    assert codes(result, Limits(max_deletes=1)) == []


def test_protected_names_are_refused_by_name() -> None:
    new = request("a", "New.", protect=True)
    result = plan(
        [new],
        {"a": entry(request("a", "Old.")), "b": entry(request("b", protect=True))},
        prune=True,
    )
    (found,) = check_policy(result, Limits(), spent=Spent(), lock_videos=2)
    assert found.code == "VB714"
    assert "a, b" in found.message


def test_an_intent_without_an_answer_counts_and_a_submitted_one_does_not() -> None:
    for status, counts in ((Status.intent, True), (Status.submitted, False)):
        result = plan([COSTS_TWO], {"a": entry(COSTS_TWO, status)})
        assert result.summary.renders == 0
        assert (planned_cost(result.changes)[0] > 0) is counts
        assert codes(result, Limits(max_cost=0.01)) == (["VB710"] if counts else [])


def test_max_cost_only_lowers_and_allow_raises() -> None:
    base = Limits(max_cost=10)
    assert lowered(base, 5).max_cost == 5
    assert lowered(base, 50).max_cost == 10
    assert lowered(Limits(), 5).max_cost == 5
    assert allowed(base, ["max_cost=500"]).max_cost == 500
    assert allowed(base, ["max_renders=20%", "max_deletes=3"]) == Limits(
        max_cost=10, max_renders="20%", max_deletes=3
    )


@pytest.mark.parametrize(
    "given",
    [
        "max_cots=5",
        "max_cost",
        "max_cost=",
        "max_cost=x",
        "max_cost=-1",
        "max_deletes=20%",
        "max_renders=1.5",
        "max_cost=inf",
        "max_cost=nan",
    ],
)
def test_allow_that_means_nothing(given: str) -> None:
    with pytest.raises(Problems) as caught:
        allowed(Limits(), [given])
    assert caught.value.exit_code == EXIT_USAGE


def test_a_hint_names_a_limit_that_is_enough() -> None:
    result = plan([COSTS_TWO])
    (found,) = check_policy(result, Limits(max_cost=0.5), spent=Spent(), lock_videos=0)
    allow = (found.hint or "").rpartition("--allow ")[2]
    assert codes(result, allowed(Limits(max_cost=0.5), [allow])) == []


def test_limits_come_from_a_policy_and_lint_does_not() -> None:
    assert limits_from({"max_cost": 5, "lint": {"ignore": []}}) == Limits(max_cost=5)


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spent(entries: dict[str, Entry]) -> Spent:
    known = situation([], entries)
    return spent_so_far(api(), known.pool, {None: lock(entries)}, changes=(), now=NOON)


@pytest.mark.parametrize(
    ("made", "day", "month"),
    [
        ({"completed_at": "2026-11-22T00:00:00Z", "cost_usd": 2.0}, 2.0, 2.0),
        ({"completed_at": "2026-11-21T23:59:59Z", "cost_usd": 2.0}, 0.0, 2.0),
        ({"completed_at": "2026-10-31T23:59:59Z", "cost_usd": 2.0}, 0.0, 0.0),
        ({"completed_at": None, "cost_usd": 2.0}, 0.0, 0.0),
    ],
)
def test_what_was_spent_goes_by_when_it_finished(
    made: dict[str, Any], day: float, month: float
) -> None:
    assert spent({"a": entry(COSTS_TWO, made=made)}) == Spent(day_usd=day, month_usd=month)


def test_history_counts_twins_count_once_and_failures_never() -> None:
    past = render(request("a", "Old."), cost_usd=1.0)
    world = {
        "a": entry(COSTS_TWO, made={"cost_usd": 2.0}, history=(past,)),
        "b": entry(replace(COSTS_TWO, name="b"), made={"cost_usd": 2.0}),
        "c": entry(request("c", "C."), Status.failed, made={"cost_usd": 9.0}),
    }
    assert spent(world) == Spent(day_usd=3.0, month_usd=3.0)


def test_renders_in_flight_count_by_their_estimate_and_unknown_costs_are_unknown() -> None:
    flying = spent({"a": entry(COSTS_TWO, Status.submitted)})
    assert flying.day_usd == flying.month_usd
    assert 1.9 < (flying.day_usd or 0) < 2.2
    old = render(request("a", "Old."))
    assert spent({"a": entry(COSTS_TWO, made={"cost_usd": 1.0}, history=(old,))}).day_usd is None
