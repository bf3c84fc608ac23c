"""The question before money is spent: the count, the dollars, the account."""

from __future__ import annotations

import pytest

from vidbuild.plan.model import Action, Plan, Summary
from vidbuild.report.question import question


def plan(provider: str, *, renders: int, cost: float | None) -> Plan:
    summary = Summary(
        counts=dict.fromkeys(Action, 0),
        renders=renders,
        seconds=1.0,
        cost_usd=cost,
        cost_low_usd=cost,
        cost_high_usd=None if cost is None else cost * 2,
    )
    return Plan(
        project="p", profile=None, provider=provider, changes=(), summary=summary, digest="sha256:0"
    )


@pytest.mark.parametrize(
    ("asked", "account", "wanted"),
    [
        (
            plan("heygen", renders=12, cost=6.34),
            "ann",
            "Render 12 videos for about $6.34 ($6.34 to $12.68) with the account ann?",
        ),
        (
            plan("heygen", renders=1, cost=None),
            None,
            "Render 1 video at an unknown cost with an account nobody can tell?",
        ),
        (
            plan("studio", renders=2, cost=1.0),
            "studio",
            (
                "Render 2 videos as drafts, $0.00 charged (HeyGen: about $1.00), with the account "
                "studio?"
            ),
        ),
        (
            plan("heygen", renders=0, cost=0.0),
            "a\x1b[31m",
            "Record the changes with the account a\\x1b[31m; nothing is rendered?",
        ),
    ],
)
def test_the_question(asked: Plan, account: str | None, wanted: str) -> None:
    assert question(asked, account=account) == f"{wanted} Only `yes` goes on"
