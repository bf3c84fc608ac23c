"""Markdown as GitHub's own parser reads it: nothing breaks out, nothing is too long."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import entry, plan, render, request
from tests.report.crowds import crowd
from vidbuild.diagnostics import Diagnostic, Span
from vidbuild.plan.model import Cause, FileState, Plan
from vidbuild.report.folding import FOLD_OVER
from vidbuild.report.markdown import LIMIT, plan_markdown
from vidbuild.report.markup import code, details, fenced
from vidbuild.report.plan_text import plan_text
from vidbuild.state.records import Status

_EMPTY = {"br", "hr", "img", "input"}


class Read(HTMLParser):
    """A rendered document: its tags in order, and its text inside and outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.code = ""
        self.prose = ""
        self.balanced = True
        self.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
        self.close()
        self.balanced = self.balanced and not self.open

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        self.tags.append(tag)
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code += data
        else:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.prose += data


def check(result: Plan, **how: Any) -> Read:
    """What holds for every plan."""
    text = plan_markdown(result, **how)
    assert len(text.encode()) < LIMIT
    plain = plan_text(result).split("\n")
    assert text.split("\n")[-2:] == plain[-2:]
    read = Read(text)
    assert read.balanced
    assert read.tags[0] == "h2"
    assert read.tags.count("h2") == 1
    assert read.tags.count("summary") == read.tags.count("details")
    assert set(read.tags) <= {
        "h2", "p", "code", "pre", "details", "summary", "table", "thead", "tbody", "tr", "th",
        "td", "ul", "li", "strong",
    }  # fmt: skip
    assert "@" not in read.prose
    for line in read.prose.split("\n"):  # or GitHub takes what is between for a formula
        assert all(line[i - 1].isspace() for i, c in enumerate(line) if c == "$" and i)
    return read


_WORDS = [
    "ZZ```ZZ", "ZZ````` ` ``", "ZZ|pipe|", "ZZ</details>", "ZZ<script>alert(1)</script>",
    "@ZZteam #1 GH-1", "ZZ\n```\nout", "ZZ$x$", "**ZZ**", "- ZZ", "# ZZ", "~ ZZ", "\u202eZZ",
    "[ZZ](https://x.y)", "https://zz.example/ZZ", "ZZ\\", "ZZ&lt;", "<!-- ZZ", "ZZ`",
    "`ZZ", "", " ", "ZZ\x1b[2J", "+++ ZZ", "@@ ZZ", "ZZ" + "\U0001f469\u200d" * 3000,
    "ZZ word " * 2000, "\n".join(f"ZZ{i}" for i in range(500)),
]  # fmt: skip
NASTY = st.integers(0, len(_WORDS) - 1)


@given(NASTY, NASTY, NASTY, NASTY, st.booleans(), st.booleans())
def test_nothing_breaks_out(
    first: int, second: int, third: int, fourth: int, every: bool, private: bool
) -> None:
    old, new, title, said = (_WORDS[each] for each in (first, second, third, fourth))
    failed = request("failed", new or "x", private=private)
    made = {"failure_code": "zz", "failure_message": said}
    before = {
        "a": entry(request("a", old or "x", fit=title, private=private)),
        "failed": entry(failed, Status.failed, made=made),
    }
    result = plan(
        [request("a", new or "x", title=title, fit=old, private=private), failed],
        before,
        vars={"v": title, title or "w": said},
        profile=new or None,
    )
    found = Diagnostic(code="VB249", severity="warning", message=said, hint=old, video="a")
    cause = Cause(kind="template", file=title, line=3, videos=1, cost_usd=0.5)
    full = replace(
        result, project=said, provider=old, diagnostics=(found,) * 30, causes=(cause,) * 40
    )
    read = check(full, all=every)
    assert "ZZ" not in read.prose


@pytest.mark.parametrize("count", [0, 1, 5, 39, 300, 3000])
@pytest.mark.parametrize("every", [False, True])
def test_any_number_of_changes_fits(count: int, *, every: bool) -> None:
    read = check(crowd(count, seed=count), all=every)
    assert (read.tags.count("table") == 1) == (count > 0)


def test_it_folds_step_by_step() -> None:
    """Ever more detail is left out, never all of it at once."""
    long = "A sentence of many words that are different in each of these videos. " * 12
    opened = []
    for count in (5, 15, 60, 200, 900):
        videos = [request(f"v{i}", f"{long}{i}", voice_id=f"v{i % 40}") for i in range(count)]
        before = {v.name: entry(request(v.name, f"{long}old", voice_id="x")) for v in videos}
        read = check(plan(videos, before))
        opened.append(read.code.count("script:") / count)
    assert opened[0] == 1.0
    assert opened == sorted(opened, reverse=True)
    assert opened[-1] > 0


def test_hundreds_of_reasons_are_counted_where_they_find_no_room() -> None:
    base = plan([request("a")]).changes[0]
    name = "x" * 190
    changes = tuple(
        replace(base, name=f"{name}{i}", reason=f"{'field' * 30}_{i}_changed") for i in range(900)
    )
    result = replace(plan([request("a")]), changes=changes)
    read = check(result)
    assert "other reasons" in read.prose


def test_all_opens_what_is_folded() -> None:
    videos = [request(f"v{i:02}", f"Words {i}.") for i in range(FOLD_OVER + 5)]
    assert "script" in plan_markdown(plan(videos))
    folded, opened = (plan_markdown(plan(videos), all=every) for every in (False, True))
    assert folded.count("script:") == 3
    assert opened.count("script:") == len(videos)


@pytest.mark.parametrize(
    ("result", "title"),
    [
        (plan([request("a", "Hello there.")]), "$0.05 for 1 video to render, $0.04 to $0.06"),
        (
            plan([request("a", None, audio_url="https://x.y/z.mp3")]),
            "Unknown cost, 1 video to render",
        ),
        (plan([request("a")], {"a": entry(request("a"))}), "$0.00, nothing to do"),
        (
            plan([request("b")], {"a": entry(request("a"))}),
            "$0.00, nothing to render",
        ),
        (
            plan([request("a", None, type="cinematic_avatar", prompt="x", voice_id=None)]),
            "$7.00 for 1 video to render",
        ),
    ],
)  # fmt: skip
def test_the_cost_comes_first(result: Plan, title: str) -> None:
    assert plan_markdown(result).split("\n")[0] == f"## {title}"


def test_a_table_by_action_and_refused_videos() -> None:
    guarded = request("guarded", "Changed.", protect=True)
    before = {
        "guarded": entry(request("guarded", "Kept."), protect=True),
        "gone": entry(request("gone", "Gone.")),
        "hopeless": entry(request("hopeless", "No."), Status.failed, made={"attempt": 3}),
        "back": entry(request("back", "New."), history=(render(request("back", "Before.")),)),
    }
    wanted = [guarded, request("hopeless", "No."), request("back", "Before.")]
    text = plan_markdown(plan(wanted, before, files=lambda _name, _render: FileState.good))
    assert "| `~` | rerender | 1 | 1 s | $0.03 | $0.03 | $0.04 |" in text
    assert "| `?` | orphan | 1 |  |  |  |  |" in text
    assert "|  | given up | 1 |  |  |  |  |" in text
    assert "protected: an apply is refused" in text


def test_diagnostics_and_causes_are_told() -> None:
    result = plan([request("a")])
    found = Diagnostic(code="VB249", severity="warning", message="odd", span=Span(file="a.yaml"))
    cause = Cause(kind="template", file="scripts/intro.j2", line=3, videos=4812, cost_usd=9400.0)
    text = plan_markdown(replace(result, diagnostics=(found,), causes=(cause,)))
    assert "<summary>1 warning</summary>" in text
    assert "a.yaml:1:1: warning VB249: odd" in text
    assert "- `scripts/intro.j2:3 changed: 4,812 videos, $9,400.00`" in text


@given(st.text())
def test_a_code_span_is_one_and_holds_what_it_is_given(text: str) -> None:
    read = Read(f"a {code(text)} b")
    assert read.tags == ["p", "code"]
    assert read.prose.split() == ["a", "b"]


@given(st.lists(st.text(alphabet="`~ab \\<>|", max_size=20)))
def test_a_fence_holds(lines: list[str]) -> None:
    read = Read("\n".join(details("s", fenced(lines, language="diff"))))
    assert read.tags == ["details", "summary", "pre", "code"]
    assert read.code.split("\n")[:-1] == lines or not any(lines)
