"""Scripts, languages and captions: the renderer's text before anything is drawn or spoken."""

# ruff: noqa: RUF001 - the punctuation of many scripts is the subject here

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.studio.render import RenderError
from vidbuild.studio.render.captions import columns, encode_srt, tokens, write_cues
from vidbuild.studio.render.language import candidates, detect
from vidbuild.studio.render.script import Script, read_script
from vidbuild.studio.render.voice import Utterance

WORDS = st.lists(
    st.sampled_from(["a", "hello", "worlds", "Größe,", "end.", "why?", "你好，", "今天", "สวัสดี"]),
    min_size=1,
    max_size=80,
)  # fmt: skip

BREAKS = [
    ('Hi. <break time="1.5s"/> Bye.', [("Hi. ", 1.5), (" Bye.", 0.0)]),
    ("Hi<break time='250ms' />bye", [("Hi", 0.25), ("bye", 0.0)]),
    ('Hi <BREAK strength="x" time="2"> bye', [("Hi ", 2.0), (" bye", 0.0)]),
    ('Hi <break time="86400s"/>', [("Hi ", 60.0), ("", 0.0)]),
    ("Hi <break> bye", [("Hi <break> bye", 0.0)]),
    ("Hi\tthere\x00.", [("Hi there .", 0.0)]),
]


@pytest.mark.parametrize(("raw", "parts"), BREAKS)
def test_a_script_is_cut_at_its_breaks(raw: str, parts: list[tuple[str, float]]) -> None:
    script = read_script(raw)
    assert [(part.text, part.pause) for part in script.parts] == parts
    for part in script.parts:
        assert script.text[part.start : part.start + len(part.text)] == part.text


@given(st.text(max_size=200))
def test_any_text_is_a_script_or_says_why_not(raw: str) -> None:
    code = ""
    try:
        text = read_script(raw).text
    except RenderError as error:
        code = error.code
    else:
        assert text.isprintable() or not text.isascii()
        text.encode()
    assert code in ("", "tts_text_invalid")


LANGUAGES = [
    ("Welcome to the team, and thank you for your time.", "en"),
    ("Willkommen im Team, wir freuen uns auf die Zusammenarbeit mit Ihnen.", "de"),
    ("Bienvenue dans notre équipe, nous sommes avec vous.", "fr"),
    ("Bienvenido a la empresa, una guía para que los equipos crezcan.", "es"),
    ("Benvenuti nella squadra, questo è il video di presentazione della ditta.", "it"),
    ("Você não está sozinho, este é um vídeo para as equipes.", "pt"),
    ("Welkom bij het team, wij zijn er voor je en niet te ver.", "nl"),
    ("Witamy w zespole, to jest nasz film i nie trwa długo.", "pl"),
    ("Καλώς ήρθατε", "el"),
    ("Добро пожаловать", "ru"),
    ("Ласкаво просимо до її країни", "uk"),
    ("مرحبا بكم", "ar"),
    ("خوش آمدید، چگونه", "fa"),
    ("ברוכים הבאים", "he"),
    ("आपका स्वागत है", "hi"),
    ("ยินดีต้อนรับ", "th"),
    ("欢迎来到", "cmn"),
    ("ようこそ、今日は", "ja"),
    ("환영합니다", "ko"),
    ("12345", "en"),
]


@pytest.mark.parametrize(("text", "language"), LANGUAGES)
def test_the_language_of_a_script_is_heard(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("locale", "first"),
    [("de-DE", "de-de"), ("zh-CN", "zh-cn"), ("zh-HK", "yue"), ("no", "nb"), ("pt_BR", "pt-br")],
)
def test_a_locale_goes_before_the_text(locale: str, first: str) -> None:
    tried = candidates(locale, "Bonjour à tous, vous êtes avec nous")
    assert tried[0] == first
    assert tried[-1] == "en"
    assert "fr" not in tried


@given(WORDS, st.floats(0.1, 0.6))
def test_captions_hold_every_word_in_time(words: list[str], pace: float) -> None:
    script = read_script(" ".join(words))
    cues = write_cues(script, spoken(script, pace))
    assert "".join("".join(c.text.split()) for c in cues) == "".join(script.text.split())
    assert all(columns(cue.text) <= 78 for cue in cues)
    assert all(cue.start < cue.end for cue in cues)
    assert all(a.end <= b.start for a, b in pairwise(cues))
    assert encode_srt(cues).count(" --> ") == len(cues)


@given(st.text(max_size=120))
def test_tokens_lose_nothing_but_leading_space(text: str) -> None:
    assert "".join(tokens(text)) == text.lstrip()


def test_srt_is_written_as_players_read_it() -> None:
    script = read_script("Hello there. " * 4)
    assert encode_srt(write_cues(script, spoken(script, 0.4))[:1]) == (
        "1\n00:00:00,000 --> 00:00:02,400\nHello there. Hello there. Hello there.\n"
    )


def spoken(script: Script, pace: float) -> Utterance:
    """Speech with one word event for each word, evenly paced."""
    starts = [
        at
        for at, char in enumerate(script.text)
        if not char.isspace() and (at == 0 or script.text[at - 1].isspace())
    ]
    times = [round(number * pace * 22_050) for number in range(len(starts) + 1)]
    return Utterance(
        path=Path("unused"),
        samples=times[-1],
        language="en",
        wanted="en",
        words=tuple((at, 1, time) for at, time in zip(starts, times, strict=False)),
        ends=(times[-1],),
        phonemes=(),
    )
