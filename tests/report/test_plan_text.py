"""The text of a plan: it fits a screen, in any width, and says the same without colour."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import api, entry, plan, request
from tests.report.crowds import crowd, special_crowd
from vidbuild.diagnostics import Diagnostic, Span
from vidbuild.plan.changes import shown_request
from vidbuild.plan.model import Cause
from vidbuild.report.diagnostics import diagnostics_text
from vidbuild.report.markdown import plan_markdown
from vidbuild.report.plan_json import plan_json
from vidbuild.report.plan_text import MANY, SCREEN, plan_text
from vidbuild.report.style import uncolored, width_of, wrapped
from vidbuild.state.records import Status

CAUSES = tuple(
    Cause(kind="template", file=f"scripts/{i}.j2", line=i + 1, videos=9, cost_usd=1.0)
    for i in range(30)
)


@pytest.mark.parametrize("count", [MANY + 40, 500, 2000, 6000])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_changes_fit_a_screen(count: int, seed: int) -> None:
    result = replace(
        special_crowd(count, seed=seed, vars={f"v{i}": "x" * 99 for i in range(40)}), causes=CAUSES
    )
    lines = plan_text(result).split("\n")
    assert len(lines) <= SCREEN
    assert all(width_of(line) <= 100 for line in lines[:-2])


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_any_width(width: int) -> None:
    """Only the digest, the last line and names, which are for copying, may be wider."""
    for count in (12, 30, 2000):
        lines = plan_text(replace(crowd(count), causes=CAUSES[:2]), width=width).split("\n")
        wide = [line for line in lines[:-2] if width_of(line) > width]
        assert not wide
        rows = sum(max(1, -(-width_of(line) // width)) for line in lines)
        assert rows <= SCREEN or count < 2000


def test_every_reason_is_counted_even_without_a_line_of_its_own() -> None:
    base = plan([request("a")]).changes[0]
    changes = tuple(
        replace(base, name=f"v{i:04}", reason=f"field_{i % 90}_changed") for i in range(2000)
    )
    text = plan_text(replace(plan([request("a")]), changes=changes))
    assert len(text.split("\n")) <= SCREEN
    assert "other reasons (--all shows them)" in text


def test_all_opens_everything() -> None:
    result = crowd(300)
    text = plan_text(result, all=True)
    assert all(change.name in text for change in result.changes)
    assert "--all" not in text


def test_a_few_changes_are_shown_one_by_one() -> None:
    videos = [request(f"v{i}", f"Words {i}.", fit="cover", title="T") for i in range(20)]
    text = plan_text(plan(videos))
    assert text.count("script:") == 20


@pytest.mark.parametrize("count", [3, 30, 300])
def test_colour_adds_nothing(count: int) -> None:
    result = crowd(count)
    assert uncolored(plan_text(result, color=True)) == plan_text(result)


def test_what_is_unknown_is_named_and_the_rest_is_summed() -> None:
    result = plan([
        request("known", "Hello there, and welcome."),
        request("remote", None, audio_url="https://x.y/z.mp3"),
        request("film", None, type="studio", avatar_id=None, voice_id=None,
                scenes=[{"type": "video", "source": {"type": "url", "url": "https://x.y/z.mp4"}}]),
    ])  # fmt: skip
    text = plan_text(result)
    assert "Cost: $0.09 to $0.11 for 1 video, unknown for 2 more" in text
    assert "Unknown: length of audio_url (remote)." in text
    assert "Unknown: length of scenes.0.source (film)." in text
    assert "Unknown: price of scenes.0 (film)." in text
    assert text.endswith("Plan: 3 to create. Video of unknown length, at an unknown cost.")


SECRET = st.lists(
    st.sampled_from(["quokka", "ZanzibaR", "größe", "安全", "obsidian"]), min_size=1, max_size=6
).map(" ".join)


@given(SECRET, SECRET, SECRET, st.sampled_from(Status), st.booleans())
def test_no_word_of_a_private_video_is_in_any_view(
    old: str, new: str, title: str, status: Status, every: bool
) -> None:
    failed = {"failure_code": "refused", "failure_message": f"cannot say {old}"}
    made = failed if status is Status.failed else {}
    video = request("a", new, title=title, private=True, callback_url=f"https://x.y/{old}")
    before = entry(request("a", old, title=old, private=True), status, made=made)
    failing = request("f", old, private=True)
    given_ = {"who": new.split(maxsplit=1)[0].upper(), "all": [title, {"deep": new}], "fine": "4.2"}
    result = plan(
        [video, failing, request("open", "Nothing of it.")],
        {"a": before, "f": entry(failing, Status.failed, made=failed)},
        vars=given_,
    )
    views = [
        plan_text(result, all=every),
        plan_markdown(result, all=every),
        json.dumps(plan_json(result, all=every), ensure_ascii=False),
    ]
    for view in views:
        for word in {*old.split(), *new.split(), *title.split()}:
            assert word.casefold() not in view.casefold()
        assert "4.2" in view
        assert "Nothing of it." in view or status is Status.intent


def test_variables_are_shown_where_nothing_private_says_them() -> None:
    given_: dict[str, Any] = {"who": "Ann", "n": 3, "none": None, "yes": True}
    video = request("a", "Hello Ann, 3 of them.", private=False)
    assert plan([video], vars=given_).vars == given_
    hidden = plan([request("a", "Hello Ann.", private=True)], vars=given_).vars
    assert hidden["who"] == shown_request(api(), request("b", "Ann", private=True))["script"]
    assert {name: hidden[name] for name in ("n", "none", "yes")} == {
        "n": 3, "none": None, "yes": True,
    }  # fmt: skip


def test_a_private_diagnostic_has_no_source_line() -> None:
    found = Diagnostic(
        code="VB302",
        message="'x' is not defined",
        span=Span(file="a.yaml"),
        video="x.y",
        excerpt="",
    )
    text = diagnostics_text([found], source_line=lambda _file, _line: "secret {{ x }}")
    assert text == "a.yaml:1:1: error VB302: 'x' is not defined\n  video: x.y"


@given(st.lists(st.text("ab世", min_size=1, max_size=9), min_size=1), st.integers(4, 40))
def test_wrapping_loses_no_word(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width, indent="  ")
    assert " ".join(line.strip() for line in lines) == " ".join(words)
    assert all(width_of(line) <= width or " " not in line.strip() for line in lines)


MONEY = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.sampled_from(["720p", "4k"]),
        st.sampled_from(["avatar_iii", "avatar_iv", "avatar_v"]),
    ),
    min_size=1,
    max_size=30,
)


@given(MONEY)
def test_the_total_is_the_sum_of_its_parts(videos: list[tuple[int, str, str]]) -> None:
    wanted = [
        request(f"v{i}", "word " * words + str(i), resolution=size, engine={"type": engine})
        for i, (words, size, engine) in enumerate(videos)
    ]
    document = plan_json(plan(wanted))
    for key in ("seconds", "cost_usd", "cost_low_usd", "cost_high_usd"):
        parts = sum(change["estimate"][key] for change in document["changes"])
        assert document["summary"][key] == pytest.approx(parts, abs=1e-4)
    summary = document["summary"]
    assert summary["cost_low_usd"] <= summary["cost_usd"] <= summary["cost_high_usd"]
