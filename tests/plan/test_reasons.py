"""Reasons are stable names, all of them documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.plan.test_decide import CASES
from vidbuild.plan.reasons import REASONS, in_words

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"


def test_each_is_snake_case_and_in_the_documentation() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for reason in REASONS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)
        assert f"`{reason}`" in text, reason


@pytest.mark.parametrize("case", CASES)
def test_plans_give_no_other_reason(case: str) -> None:
    for change in CASES[case][0]().changes:
        assert change.reason in REASONS or change.reason.endswith("_changed")


def test_words() -> None:
    assert in_words("script_changed") == "script changed"
    assert in_words("renamed") == "renamed"
