"""What is shown is what was agreed on, word for word."""

from __future__ import annotations

import pytest

from tests.report.golden import CASES, GOLDEN


@pytest.mark.parametrize("name", GOLDEN)
def test_shown_as_expected(name: str) -> None:
    expected = (CASES / name).read_text(encoding="utf-8")
    assert GOLDEN[name]() + "\n" == expected, "python -m tests.report.golden writes it anew"


def test_no_case_is_left_over() -> None:
    assert {path.name for path in CASES.iterdir()} == set(GOLDEN)
