"""What is said while an apply runs and when it has ended."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import entry, plan, request
from vidbuild.apply.compared import Compared
from vidbuild.apply.events import Event, EventKind
from vidbuild.apply.work import Failure, Place, Result
from vidbuild.diagnostics import EXIT_INTERRUPTED, EXIT_STOPPED, Span
from vidbuild.plan.model import Estimate
from vidbuild.report.events import event_json, events_plain
from vidbuild.report.progress import Progress
from vidbuild.report.remaining import about, until
from vidbuild.report.style import width_of
from vidbuild.report.summary import summary_text


def event(kind: EventKind, name: str | None = "a", at: float = 100.0, **data: Any) -> Event:
    return Event(kind=kind, name=name, at=at, data=data)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (event("submitted", video_id="v_1"), "submitted a: v_1"),
        (event("completed", seconds=12.44, cost_usd=0.831), "rendered a: 12.4 s, $0.83"),
        (event("completed", seconds=None, cost_usd=None), "rendered a"),
        (event("fetched", path="build/a.mp4"), "fetched a: build/a.mp4"),
        (event("reused", source="b", path="a.mp4"), "reused a: a.mp4, from b"),
        (event("updated"), "updated a"),
        (event("deleted"), "deleted a"),
        (
            event("failed", code="VB1", failure_code="x", message="no\x1b", hint="look"),
            "failed a: x: no\\x1b (look)",
        ),
        (event("progress", status="processing"), None),
        (event("planned", None), None),
        (event("done", None), None),
    ],
)
def test_plain_lines(said: Event, line: str | None) -> None:
    assert events_plain(said) == line


def test_json_lines() -> None:
    text = event_json(event("submitted", at=1.23456, video_id="ü\n", event="no"))
    assert "\n" not in text
    assert json.loads(text) == {"event": "submitted", "name": "a", "at": 1.235, "video_id": "ü\n"}
    assert next(iter(json.loads(text))) == "event"


def three() -> Progress:
    changes = [request("a", "One."), request("b", "Two."), request("c", "Three.")]
    done = request("same", "Same.")
    return Progress(plan([*changes, done], {"same": entry(done)}), start=100.0)


def test_progress_counts_jobs_and_dollars() -> None:
    progress = three()
    assert progress.lines(100.0)[0].endswith("0/3  $0.00  0s")
    assert progress.remaining(100.0) is None
    progress.feed(event("submitted", "a", 101.0))
    progress.feed(event("submitted", "b", 102.0))
    progress.feed(event("progress", "b", 103.0, status="processing"))
    first, *jobs = progress.lines(110.0)
    assert [job.split() for job in jobs] == [["a", "rendering", "9s"], ["b", "processing", "8s"]]
    progress.feed(event("completed", "a", 130.0, cost_usd=1.5))
    progress.feed(event("progress", "a", 130.0, status="downloading"))
    assert "0/3" in progress.lines(130.0)[0]
    assert progress.lines(132.0)[2].split() == ["a", "downloading", "2s"]
    progress.feed(event("fetched", "a", 131.0))
    assert "1/3  about" in progress.lines(130.0)[0]
    assert progress.lines(130.0)[0].endswith("left  $1.50  30s")
    progress.waited(600.0)
    assert progress.lines(730.0)[0].endswith("$1.50  30s")
    progress.feed(event("failed", "b", 140.0))
    progress.feed(event("completed", "c", 140.0))
    assert progress.remaining(140.0) == 0.0
    assert "3/3  1 failed" in progress.lines(140.0)[0]
    assert "left" not in progress.lines(140.0)[0]
    assert first != progress.lines(140.0)[0]


def long_ones(**seconds: float) -> Progress:
    """Jobs of so many estimated seconds each."""
    changes = [
        replace(change, estimate=Estimate(seconds=seconds[change.name], cost_usd=1.0))
        for change in plan([request(name, f"{name}.") for name in seconds]).changes
    ]
    return Progress(replace(plan([]), changes=tuple(changes)), start=0.0)


def test_what_is_left_is_weighed_by_length_and_by_how_many_work_at_once() -> None:
    progress = long_ones(a=100.0, b=50.0, c=50.0, d=10.0, e=10.0)
    progress.feed(event("submitted", "a", 0.0))
    progress.feed(event("submitted", "b", 0.0))
    progress.feed(event("completed", "b", 100.0))  # two seconds for one of video
    progress.feed(event("submitted", "c", 100.0))
    # a: 100 left, c: 100 left, d and e: 20 each, two at once
    assert progress.remaining(100.0) == pytest.approx((100 + 100 + 20 + 20) / 2)
    for name in ("c", "d", "e"):
        progress.feed(event("submitted", name, 100.0))
    assert progress.remaining(100.0) == pytest.approx(100.0)  # the longest is what is waited for
    progress.feed(event("completed", "a", 200.0))
    assert progress.remaining(1000.0) == pytest.approx(0.05 * 100)  # late: soon, not in the past


def test_what_is_left_goes_by_what_the_provider_takes_now() -> None:
    progress = long_ones(**{f"v{n:02}": 10.0 for n in range(20)})
    for n in range(8):
        progress.feed(event("submitted", f"v{n:02}", 0.0, at_once=10))
    progress.feed(event("completed", "v00", 20.0))
    # seven end now, then a round of eight and one of four
    assert progress.remaining(20.0) == pytest.approx(1 + 20 + 20, abs=1)
    progress.feed(event("progress", "v08", 20.0, status="waiting", at_once=3))
    # of twelve left, three at once
    assert progress.remaining(20.0) == pytest.approx(1 + 4 * 20, abs=1)
    progress.feed(event("submitted", "v08", 20.0, at_once=4))  # it may be four, and it is eight
    assert progress.remaining(20.0) == pytest.approx(1 + 3 * 20, abs=1)
    progress.feed(event("submitted", "v09", 20.0, at_once=10))
    assert progress.remaining(20.0) == pytest.approx(1 + 2 * 20, abs=1)


SECONDS = st.floats(0, 1e4)


@given(st.lists(SECONDS, max_size=30), st.lists(SECONDS, max_size=60), st.integers(-1, 40))
def test_what_is_left_one_by_one_and_as_a_whole(
    ends: list[float], works: list[float], at_once: int
) -> None:
    works.sort(reverse=True)
    left, whole = (
        until(ends, works, at_once=at_once),
        about(ends, sum(works), at_once=at_once),
    )
    longest, last = max(works, default=0.0), max(ends, default=0.0)
    assert max(longest, last) <= left <= last + sum(works) + 1e-6
    assert whole - 1e-6 <= left <= whole + longest + 1e-6
    assert left <= until(ends, works, at_once=at_once - 1) + 1e-6


def test_what_was_submitted_earlier_says_nothing_about_the_others() -> None:
    progress = long_ones(a=10.0, b=10.0)
    progress.feed(event("progress", "a", 5.0, status="submitted"))
    progress.feed(event("completed", "a", 6.0))
    assert progress.remaining(6.0) is None


def test_progress_shows_a_few_of_many() -> None:
    names = [f"v{i:02}" for i in range(30)]
    progress = Progress(plan([request(n, f"{n}.") for n in names]), start=0.0)
    for name in names:
        progress.feed(event("submitted", name, 1.0))
    lines = progress.lines(2.0)
    assert len(lines) == 14
    assert lines[-1] == "  and 18 more in flight"
    for height in range(1, 20):
        assert len(progress.lines(2.0, height=height)) <= height


def test_long_names_keep_their_ends_and_columns_stay_columns() -> None:
    names = ["short", "a/" * 60 + "the-end", "\u5bb6" * 40 + "x"]
    progress = Progress(plan([request(n, f"{n}.") for n in names]), start=0.0)
    for name in names:
        progress.feed(event("submitted", name, 1.0))
    progress.feed(event("progress", "short", 1.0, status="downloading"))
    bar, *jobs = progress.lines(100.0, width=60)
    assert len({width_of(line) for line in jobs}) == 1
    assert any("the-end  rendering    1m39s" in line for line in jobs)
    assert any("\u5bb6x  rendering" in line for line in jobs)
    assert bar.startswith("[-")


def test_a_job_that_waits_for_room_is_not_in_flight() -> None:
    progress = three()
    progress.feed(event("progress", "a", 101.0, status="uploading"))
    assert progress.lines(103.0)[1].split() == ["a", "uploading", "2s"]
    progress.feed(event("progress", "a", 110.0, status="waiting"))
    assert len(progress.lines(110.0)) == 1
    progress.feed(event("submitted", "a", 120.0))
    assert progress.lines(121.0)[1].split() == ["a", "rendering", "1s"]


def test_progress_of_nothing() -> None:
    assert "0/0" in Progress(plan([]), start=0.0).lines(0.0)[0]


KINDS: list[EventKind] = ["submitted", "progress", "completed", "failed", "fetched", "reused"]


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["a", "b", "c", "x"]))),
    st.integers(12, 120),
)
def test_progress_never_breaks_a_line(steps: list[tuple[EventKind, str]], width: int) -> None:
    progress = three()
    for at, (kind, name) in enumerate(steps):
        progress.feed(event(kind, name, 100.0 + at, status="x" * 5))
    for line in progress.lines(1e5, width=width):
        assert width_of(line) <= width
    assert "\x1b" in "".join(progress.lines(1e5, color=True))


def result(**fields: Any) -> Result:
    usual: dict[str, Any] = {
        "exit_code": 0,
        "counts": {},
        "failures": (),
        "submitted": 0,
        "seconds": 0.0,
        "cost_usd": 0.0,
        "estimate_usd": 0.0,
        "elapsed": 75.0,
    }
    return Result(**{**usual, **fields})


def test_a_summary_of_success() -> None:
    text = summary_text(
        result(
            counts={"completed": 3, "reused": 1},
            seconds=38.2,
            cost_usd=2.1,
            compared=Compared(3, 40.6, 2.213, 38.2, 2.1),
        ),
        output_dir="build",
    )
    assert text.split("\n") == [
        "Apply: 3 rendered, 1 reused, in 1m15s.",
        "Estimated 41 s and $2.21, rendered 38 s for $2.10 (-6 % in length, -5 % in cost).",
        "Files are in build",
    ]


def test_a_summary_of_failures_says_what_to_do() -> None:
    failures = (
        Failure(
            name="intro",
            code="VB612",
            message="no face\x1b",
            hint="use another look",
            reason="rendering_failed",
            field="avatar_id",
            request_id="req_1",
        ),
        Failure(name=None, code="VB603", message="the host is gone"),
    )
    text = summary_text(
        result(failures=failures, submitted=2, exit_code=6, cost_usd=None), output_dir="build"
    )
    assert text.split("\n") == [
        "! intro: VB612 rendering_failed: no face\\x1b (field avatar_id)",
        "  hint: use another look",
        "  request id: req_1",
        "! VB603 the host is gone",
        "",
        "Apply: 1 failed, 2 in flight, in 1m15s.",
        "2 videos still in flight: `vidbuild wait` or the next apply goes on.",
    ]


def failures(count: int, **fields: Any) -> tuple[Failure, ...]:
    usual: dict[str, Any] = {"code": "VB556", "message": "no voice", "reason": "voice_not_found"}
    return tuple(Failure(name=f"v{n}", **{**usual, **fields}) for n in range(count))


PLACE = Place(span=Span(file="vidbuild.yaml", line=8, column=5), layer="override 2")


def test_a_failure_leads_to_its_line() -> None:
    told = [
        *failures(1, field="voice_id", place=PLACE, hint="choose another"),
        *failures(1, place=replace(PLACE, layer=None)),
    ]
    text = summary_text(result(failures=tuple(told)), output_dir="build")
    assert text.split("\n")[:5] == [
        "! v0: VB556 voice_not_found: no voice (field voice_id)",
        "  vidbuild.yaml:8:5: set by override 2",
        "  hint: choose another",
        "! v0: VB556 voice_not_found: no voice",
        "  vidbuild.yaml:8:5: the video is defined here",
    ]


def test_hundreds_of_one_kind_are_told_as_one() -> None:
    mixed = (
        *failures(21, place=PLACE, hint="choose another"),
        *failures(20, reason="avatar_not_found"),
        Failure(name=None, code="VB556", message="the disk is full", reason="voice_not_found"),
    )
    lines = summary_text(result(failures=mixed), output_dir="build").split("\n")
    assert lines[:6] == [
        "! 21 videos: VB556 voice_not_found: no voice",
        "    v0 (vidbuild.yaml:8:5)",
        "    v1 (vidbuild.yaml:8:5)",
        "    v2 (vidbuild.yaml:8:5)",
        "    … and 18 more",
        "  hint: choose another",
    ]
    assert lines[6:26] == [f"! v{n}: VB556 avatar_not_found: no voice" for n in range(20)]
    assert lines[26] == "! VB556 voice_not_found: the disk is full"


def test_one_kind_in_many_words_shows_some_of_them() -> None:
    said = [replace(f, message=f"{f.name}\x1b is broken") for f in failures(400)]
    lines = summary_text(result(failures=tuple(said)), output_dir="build").split("\n")
    assert lines[:5] == [
        "! 400 videos: VB556 voice_not_found",
        "    v0: v0\\x1b is broken",
        "    v1: v1\\x1b is broken",
        "    v2: v2\\x1b is broken",
        "    … and 397 more",
    ]


def test_what_was_not_submitted_is_counted() -> None:
    text = summary_text(result(counts={"completed": 1}, left=7), output_dir="b", command="wait")
    assert text.startswith("Wait: 1 rendered, 7 not submitted, in 1m15s.")


@pytest.mark.parametrize(
    ("compared", "rendered", "lines"),
    [
        (
            Compared(2, 95.0, 6.34, 101.0, 6.71),
            2,
            ["Estimated 95 s and $6.34, rendered 101 s for $6.71 (+6 %)."],
        ),
        (
            Compared(1, 10.0, 0.5, 10.0, 0.5),
            1,
            ["Estimated 10 s and $0.50, rendered 10 s for $0.50 (+0 %)."],
        ),
        (
            Compared(1, 10.0, 7.0, 12.0, 7.0),
            1,
            ["Estimated 10 s and $7.00, rendered 12 s for $7.00 (+20 % in length, +0 % in cost)."],
        ),
        (Compared(), 1, ["50 s of video, $2.50."]),
        (
            Compared(1, 10.0, 0.5, 9.0, 0.45),
            3,
            [
                "50 s of video, $2.50. 1 of 3 videos had an estimate:",
                "Estimated 10 s and $0.50, rendered 9 s for $0.45 (-10 %).",
            ],
        ),
    ],
)
def test_how_far_the_estimate_was_off(compared: Compared, rendered: int, lines: list[str]) -> None:
    done = result(counts={"completed": rendered}, seconds=50.0, cost_usd=2.5, compared=compared)
    assert summary_text(done, output_dir="b").split("\n")[1:-1] == lines


def test_only_videos_with_an_estimate_and_an_outcome_are_compared() -> None:
    known = (
        Compared().plus(10.0, 0.5, 11.0, 0.6).plus(None, 0.5, 1.0, 1.0).plus(1.0, 1.0, 1.0, None)
    )
    assert known == Compared(1, 10.0, 0.5, 11.0, 0.6)
    assert known.off == (10.0, 20.0)
    assert Compared(1, 0.0, 0.0, 1.0, 1.0).off == (None, None)


def test_a_summary_of_nothing_and_of_unknown_cost() -> None:
    assert summary_text(result(), output_dir="build") == "Apply: nothing changed, in 1m15s."
    unknown = result(counts={"completed": 1}, seconds=4.0, cost_usd=None, estimate_usd=None)
    assert "4 s of video, at an unknown cost." in summary_text(unknown, output_dir="build")


def test_drafts_are_said_to_be_charged_to_nobody() -> None:
    done = result(counts={"completed": 1}, seconds=4.0, cost_usd=0.2)
    assert "nothing was charged" in summary_text(done, output_dir="b", drafts=True)
    assert "charged" not in summary_text(done, output_dir="b")


@pytest.mark.parametrize("code", [EXIT_STOPPED, EXIT_INTERRUPTED])
def test_what_ended_early_says_once_that_it_goes_on(code: int) -> None:
    text = summary_text(result(submitted=2, exit_code=code), output_dir="b")
    assert text == "Apply: 2 in flight, in 1m15s."
