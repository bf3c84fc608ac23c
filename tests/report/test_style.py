"""No value may steer the terminal; widths are those of its cells."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import entry, plan, request
from vidbuild.diagnostics import Diagnostic, Span
from vidbuild.plan.model import Action
from vidbuild.report.diagnostics import diagnostics_text
from vidbuild.report.differ import text_diff, word_diff
from vidbuild.report.plan_text import plan_text
from vidbuild.report.style import SYMBOLS, clip, painter, visible, width_of

PLAIN = painter(color=False)


def is_harmless(text: str) -> bool:
    return all(
        c in "\n\u200c\u200d" or category(c) not in ("Cc", "Cf", "Zl", "Zp", "Cs") for c in text
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\ufeffx\u2028", "\\ufeffx\\u2028"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\U000e0041", "\\U000e0041"),
        ("日本語 é", "日本語 é"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_visible_steers_a_terminal(text: str) -> None:
    assert is_harmless(visible(text))
    assert "\n" not in visible(text)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("世界", 4),
        ("e\u0301", 1),
        ("\uff46", 2),
        ("", 0),
        ("한국어", 6),
        ("\u1112\u1161\u11ab", 2),  # one syllable in three parts
        ("नमस्ते", 4),
        ("👩\u200d💻", 2),
        ("👍\U0001f3fd!", 3),
        ("🇩🇪🇫🇷", 4),
        ("❤\ufe0f", 2),
        ("✓…→", 3),
    ],
)
def test_width(text: str, width: int) -> None:
    assert width_of(text) == width


@given(st.text(), st.integers(1, 30))
def test_clip_keeps_to_the_width(text: str, width: int) -> None:
    shown = clip(visible(text), width)
    assert width_of(shown) <= width
    assert shown == visible(text) or shown.endswith("…")


def test_each_action_has_a_symbol_of_its_own() -> None:
    assert {a: SYMBOLS[a][0] for a in Action} == dict(
        zip(Action, ["+", "~", "!", ">", ".", "^", "v", "=", "?", "-", " "], strict=True)
    )


@given(st.text(), st.text(), st.text(), st.booleans())
def test_plans_are_harmless_whatever_the_sources_say(
    script: str, title: str, value: str, every: bool
) -> None:
    old = request("a", script or "x", title=title, fit=value)
    new = request("a", (script or "x") + value, title=value)
    text = plan_text(plan([new], {"a": entry(old)}, vars={"v": value}), all=every)
    assert is_harmless(text)
    assert text.split("\n")[-2].startswith("Digest: sha256:")


@given(st.text(), st.text(), st.integers(1, 400), st.text())
def test_diagnostics_are_harmless(message: str, line: str, column: int, hint: str) -> None:
    problem = Diagnostic(
        code="VB201", message=message, hint=hint, span=Span(file="f\x1b.yaml", column=column)
    )
    text = diagnostics_text([problem], source_line=lambda _file, _line: line)
    assert is_harmless(text)
    assert text.startswith(f"f\\x1b.yaml:1:{column}: error VB201:")


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a b c", "a x c", ["~ a [-b-]{+x+} c"]),
        ("one", "two", ["- one", "+ two"]),
        ("one\ntwo", "one", ["- two"]),
        ("one", "one\ntwo", ["+ two"]),
        ("same\nold words here", "same\nnew words here", ["~ [-old-]{+new+} words here"]),
        ("今日は晴れです", "明日は晴れです", ["~ [-今-]{+明+}日は晴れです"]),
        ("v4.1", "v4.2", ["~ v4.[-1-]{+2+}"]),
    ],
)
def test_text_differences(old: str, new: str, lines: list[str]) -> None:
    assert text_diff(old, new, paint=PLAIN, width=80) == lines


def test_long_unchanged_stretches_are_cut() -> None:
    words = " ".join(f"w{i}" for i in range(200))
    (line,) = text_diff(words, words.replace("w100", "new"), paint=PLAIN, width=80)
    assert len(line) < 100
    assert "w99 [-w100-]{+new+} w101" in line
    assert "w50" not in line


@given(
    st.lists(st.sampled_from("abcdef"), max_size=9), st.lists(st.sampled_from("abcdef"), max_size=9)
)
def test_a_word_difference_holds_both_sides(old: list[str], new: list[str]) -> None:
    import re

    marked = word_diff(" ".join(old), " ".join(new), paint=PLAIN)
    if "…" in marked:
        return
    assert re.sub(r"\{\+.*?\+\}", "", marked).replace("[-", "").replace("-]", "") == " ".join(old)
    assert re.sub(r"\[-.*?-\]", "", marked).replace("{+", "").replace("+}", "") == " ".join(new)
