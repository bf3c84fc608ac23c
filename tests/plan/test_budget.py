"""Limits on cost while an apply runs, and the wallet before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.diagnostics import EXIT_REFUSED, Problems
from vidbuild.plan.budget import Purse, Room, rooms_of
from vidbuild.plan.model import Action, Change, Estimate, Plan, Summary
from vidbuild.plan.policy import Limits, Spent
from vidbuild.plan.wallet import short_of
from vidbuild.provider.model import Account
from vidbuild.workspace.providing import guard_wallet

CENTS = st.integers(0, 2000).map(lambda cents: cents / 100)


def room(left: float) -> Room:
    return Room(name="max_cost", limit_usd=left, left_usd=left)


@given(
    CENTS,
    st.lists(st.tuples(CENTS, st.none() | CENTS, st.sampled_from(["paid", "kept", "open"]))),
)
def test_what_is_promised_and_paid_stays_within_the_limit_unless_it_turns_out_dearer(
    limit: float, jobs: list[tuple[float, float | None, str]]
) -> None:
    purse, spent, promised = Purse([room(limit)]), 0.0, 0.0
    for n, (high, actual, end) in enumerate(jobs):
        fits = spent + promised + high <= limit + 1e-6
        assert (purse.promise(str(n), high) is None) == fits
        if not fits:
            continue
        if end == "open":
            promised += high
        elif end == "kept":
            purse.keep(str(n))
        else:
            purse.pay(str(n), actual)
            spent += high if actual is None else actual


def test_without_limits_anything_goes_and_without_an_estimate_nothing_under_one() -> None:
    assert Purse([]).promise("a", None) is None
    assert Purse([room(5.0)]).promise("a", None) == room(5.0)


def test_a_second_attempt_takes_the_place_of_the_first() -> None:
    purse = Purse([room(1.0)])
    assert purse.promise("a", 0.8) is None
    assert purse.promise("a", 0.9) is None
    assert purse.promise("b", 0.2) == room(1.0)


def test_rooms_are_what_limits_leave_of_today() -> None:
    limits = Limits(max_cost=5.0, max_cost_day=8.0, max_cost_month=100.0)
    spent = Spent(day_usd=6.5, month_usd=None)
    left = {found.name: found.left_usd for found in rooms_of(limits, spent)}
    assert left == {"max_cost": 5.0, "max_cost_day": 1.5, "max_cost_month": 0.0}
    assert rooms_of(Limits(max_renders=3), spent) == ()


def plan(*costs: tuple[float, float] | None, provider: str = "heygen") -> Plan:
    changes = tuple(
        Change(
            name=f"v{n}",
            action=Action.create,
            reason="new",
            estimate=Estimate() if c is None else Estimate(cost_low_usd=c[0], cost_high_usd=c[1]),
        )
        for n, c in enumerate(costs)
    )
    summary = Summary(
        counts={}, renders=len(costs), seconds=None, cost_usd=None, cost_low_usd=None,
        cost_high_usd=None,
    )  # fmt: skip
    return Plan(
        project="acme", profile=None, provider=provider, vars={}, changes=changes,
        summary=summary, digest="sha256:0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("costs", "balance", "reloads", "severity"),
    [
        ([(1.0, 2.0)], 2.0, False, None),
        ([(1.0, 2.0)], 1.99, False, "warning"),
        ([(1.0, 2.0)], 1.0, False, "warning"),
        ([(1.0, 2.0)], 0.99, False, "error"),
        ([(1.0, 2.0)], 0.0, True, "warning"),
        ([(1.0, 2.0), (1.0, 2.0)], 3.0, False, "warning"),
        ([(1.0, 1.0), None], 1.0, False, None),
        ([(1.0, 1.0), None], 0.5, False, "error"),
        ([None], 0.0, False, None),
        ([], 0.0, False, None),
        ([(1.0, 2.0)], None, False, None),
    ],
)
def test_the_wallet_against_the_estimate(
    costs: list[tuple[float, float] | None],
    balance: float | None,
    reloads: bool,
    severity: str | None,
) -> None:
    found = short_of(plan(*costs), balance_usd=balance, reloads=reloads)
    assert (found and found.severity) == severity
    if found is not None:
        assert f"${balance:,.2f}" in found.message


def test_a_wallet_that_cannot_hold_the_plan_refuses_it() -> None:
    account = Account(hash="h", username="ann", balance_usd=0.5)
    with pytest.raises(Problems) as caught:
        guard_wallet(plan((1.0, 2.0)), account)
    assert caught.value.exit_code == EXIT_REFUSED
    said = guard_wallet(plan((0.4, 2.0)), account)
    assert said is not None
    assert said.severity == "warning"
    assert guard_wallet(plan((0.4, 2.0)), None) is None


def test_drafts_need_no_wallet_and_neither_does_what_pays_nothing() -> None:
    assert short_of(plan((9.0, 9.0), provider="studio"), balance_usd=0.0, reloads=False) is None
    made = plan((9.0, 9.0))
    free = replace(made, changes=(replace(made.changes[0], action=Action.fetch),))
    assert short_of(free, balance_usd=0.0, reloads=False) is None
