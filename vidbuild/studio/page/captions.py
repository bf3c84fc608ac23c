"""Captions as browsers take them: SubRip to WebVTT."""

from __future__ import annotations

import re

_TIMES = re.compile(r"^(\d+:\d\d:\d\d),(\d{3}) --> (\d+:\d\d:\d\d),(\d{3})[^\n]*$", re.MULTILINE)


def webvtt(srt: str) -> str:
    """The same cues; a `<` or `&` in a caption is one, not the beginning of markup."""
    text = srt.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    cues = []
    for block in re.split(r"\n\n+", text.strip()):
        times = _TIMES.search(block)
        if times:
            words = _escaped(block[times.end() :].strip("\n"))
            cues.append(f"{times[1]}.{times[2]} --> {times[3]}.{times[4]}\n{words}\n")
    return "\n".join(["WEBVTT\n", *cues])


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
