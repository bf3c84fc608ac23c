"""Counts, lengths, money and the stable last line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.plan.build import summarise
from vidbuild.plan.model import Action, Change, Estimate
from vidbuild.report.words import dollars, elapsed, estimated, last_line, length, videos


def line(*changes: tuple[str, str, float | None, float | None]) -> str:
    made = tuple(
        Change(
            name=str(number),
            action=Action(action),
            reason=reason,
            estimate=Estimate(seconds=seconds, cost_usd=cost),
        )
        for number, (action, reason, seconds, cost) in enumerate(changes)
    )
    return last_line(summarise(made), made)


NEW = ("create", "new", 31.6, 2.113)
SAME = ("unchanged", "up_to_date", 4.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [NEW, NEW, NEW, ("rerender", "script_changed", 0.1, 0.001), SAME],
            "Plan: 3 to create, 1 to rerender, 1 unchanged. About 95 s of video, $6.34.",
        ),
        ([SAME] * 46, "Nothing to do: 46 videos are up to date."),
        ([SAME], "Nothing to do: 1 video is up to date."),
        ([], "Nothing to do: 0 videos are up to date."),
        (
            [SAME, ("fetch", "file_missing", 4.0, 0.0), ("hold", "untranslated", None, 0.0)],
            "Nothing to do: 1 video is up to date; 1 to fetch, 1 on hold.",
        ),
        (
            [("orphan", "not_in_project", 1.0, 0.0), ("retry", "gave_up", 4.0, 0.0)],
            "Nothing to do: 0 videos are up to date; 1 orphaned, 1 given up.",
        ),
        (
            [("reuse", "renamed", 4.0, 0.0), SAME],
            "Plan: 1 to reuse, 1 unchanged. About 0 s of video, $0.00.",
        ),
        (
            [NEW, ("retry", "gave_up", 4.0, 0.0), SAME],
            "Plan: 1 to create, 1 given up, 1 unchanged. About 32 s of video, $2.11.",
        ),
        (
            [("create", "new", 12.0, None)],
            "Plan: 1 to create. About 12 s of video, at an unknown cost.",
        ),
        (
            [NEW, ("create", "new", None, 7.0)],
            "Plan: 2 to create. Video of unknown length, $9.11.",
        ),
        (
            [("create", "new", 120_000.0, 8_004.5)],
            "Plan: 1 to create. About 120000 s of video, $8004.50.",
        ),
        (
            [(a.value, "any", 1.0, 1.0) for a in Action],
            (
                "Plan: 1 to create, 1 to rerender, 1 to retry, 1 to reuse, 1 to update, "
                "1 to resume, 1 to fetch, 1 on hold, 1 orphaned, 1 to delete, 1 unchanged. "
                "About 3 s of video, $3.00."
            ),
        ),
    ],
)
def test_last_line(changes: list[Any], expected: str) -> None:
    assert line(*changes) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from([a.value for a in Action]),
            st.sampled_from(["any", "gave_up"]),
            st.none() | st.floats(0, 1e7),
            st.none() | st.floats(0, 1e6),
        ),
        max_size=8,
    )
)
def test_the_last_line_is_one_line_for_grep(changes: list[Any]) -> None:
    shown = line(*changes)
    assert re.fullmatch(
        r"Nothing to do: \d+ videos? (is|are) up to date(; [^.]+)?\."
        r"|Plan: \d+ [^.]+\. (About \d+ s of video|Video of unknown length), "
        r"(\$\d+\.\d\d|at an unknown cost)\.",
        shown,
    )


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "$0.00"), (0.0001, "$0.01"), (6.344, "$6.34"), (9400, "$9,400.00")],
)
def test_dollars(amount: float, shown: str) -> None:
    assert dollars(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (59.4, "59s"), (60, "1m00s"), (3599, "59m59s"), (7620, "2h07m")],
)
def test_elapsed(seconds: float, shown: str) -> None:
    assert elapsed(seconds) == shown


def test_small_things() -> None:
    assert [videos(n) for n in (0, 1, 4812)] == ["0 videos", "1 video", "4,812 videos"]
    assert [length(s) for s in (0, 0.2, 1234.5)] == ["0 s", "1 s", "1,234 s"]
    assert estimated(None, None) == "of unknown length, at an unknown cost"
    assert estimated(11.6, 0.8) == "about 12 s, $0.80"
