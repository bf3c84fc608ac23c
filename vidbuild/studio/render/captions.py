"""Captions: a script cut into lines that are shown while they are spoken, and the SRT file."""

# ruff: noqa: RUF001 - the punctuation of many scripts is the subject here

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from vidbuild.studio.render.script import Script
from vidbuild.studio.render.sound import RATE
from vidbuild.studio.render.voice import Utterance

_LONGEST = 74  # columns of one caption: two comfortable lines
_LINE = 42
_SENTENCE = re.compile(r"[^.!?…。！？।؟\n]*[.!?…。！？।؟\n]*[\"'”’»」』)\]]*\s*")
_CLOSING = frozenset(
    "。、，．！？）」』】〕》〉：；ー々ゝっゃゅょぁぃぅぇぉッャュョァィゥェォ,.!?:;)]}”’»%"
)
_LEADING = frozenset("เแโใไ([{«“‘「『（【《〈¿¡")  # never the last of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A caption and when it shows, in seconds."""

    start: float
    end: float
    text: str


def write_cues(script: Script, speech: Utterance) -> tuple[Cue, ...]:
    """Captions of a spoken script, timed by the word events of the engine."""
    positions = [word[0] for word in speech.words]
    times = [word[2] / RATE for word in speech.words]
    end = speech.samples / RATE
    pieces = [
        (part.start + at, text, part.start + len(part.text))
        for part in script.parts
        for at, text in _pieces(part.text)
    ]
    starts = [_moment(at, positions, times) for at, _, _ in pieces]
    cues: list[Cue] = []
    for number, (at, text, _) in enumerate(pieces):
        later = next((t for t in starts[number + 1 :] if t > starts[number]), end)
        silent = [p for p in script.parts if p.start <= at <= p.start + len(p.text)]
        last = number + 1 == len(pieces) or pieces[number + 1][2] != pieces[number][2]
        stop = later - silent[0].pause if last and silent else later
        stop = max(stop, min(starts[number] + 0.3, later))
        cues.append(Cue(start=starts[number], end=stop, text=text))
    return tuple(cue for cue in cues if cue.end - cue.start > 0.01)


def encode_srt(cues: Sequence[Cue]) -> str:
    """SubRip text: numbered from 1, lines of at most 42 columns."""
    blocks = [
        f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{_folded(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks)


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[str, ...]:
    """Pieces between which a line may break: words with their spaces, single CJK characters.

    A word wider than a line (Thai writes no spaces) is cut between its letters.
    """
    found: list[str] = []
    used = 0  # columns of the last piece
    last = ""
    for char in text:
        fresh = not found or (
            char not in _CLOSING
            and (
                last.isspace()
                or _wide(char)
                or _wide(last)
                or (used >= _LINE and _letter(char) and last not in _LEADING)
            )
        )
        if fresh and not char.isspace():
            found.append("")
            used = 0
        if found:
            found[-1] += char
            used += _columns(char)
            last = char
    return tuple(found)


def columns(text: str) -> int:
    """How wide a text is on a grid: CJK counts two, marks nothing."""
    return sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(char: str) -> int:
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1 + _wide(char)


def _letter(char: str) -> bool:
    return unicodedata.category(char) not in ("Mn", "Mc", "Me", "Cf") and char != "ำ"


@lru_cache(maxsize=4096)
def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" and not "\uac00" <= char <= "\ud7a3"


def _pieces(text: str) -> list[tuple[int, str]]:
    """Sentences, joined while short and cut evenly where long, with their offsets."""
    joined: list[tuple[int, str]] = []
    for found in _SENTENCE.finditer(text):
        sentence = found[0]
        if not sentence.strip():
            continue
        if joined and columns(joined[-1][1] + sentence) <= _LINE:
            joined[-1] = (joined[-1][0], joined[-1][1] + sentence)
        else:
            joined.append((found.start(), sentence))
    return [piece for at, sentence in joined for piece in _even(at, sentence)]


def _even(at: int, sentence: str) -> list[tuple[int, str]]:
    """Cuts a sentence into as few captions as fit, of about one width, after commas if it can."""
    at += len(sentence) - len(sentence.lstrip())
    words = tokens(sentence)
    pieces: list[tuple[int, str]] = []
    while words:
        text = "".join(words[: _cut(words)])
        pieces.append((at, text.strip()))
        at += len(text)
        words = words[_cut(words) :]
    return pieces


def _cut(words: Sequence[str]) -> int:
    """How many words the next caption takes."""
    ends = list(accumulate(columns(word) for word in words))
    count = -(-ends[-1] // _LONGEST)
    if count <= 1:
        return len(words)
    goal = ends[-1] / count

    def cost(number: int) -> float:
        end = ends[number - 1]
        clause = words[number - 1].rstrip()[-1:] in ",;:、，；：،—–"
        return abs(end - goal) - 14 * clause + 1000 * (end > _LONGEST)

    return min(range(1, len(words)), key=cost)


def _moment(position: int, positions: Sequence[int], times: Sequence[float]) -> float:
    """When the text at an offset is spoken: the word that starts there, or the next one."""
    at = bisect_right(positions, position)
    if at and positions[at - 1] == position:
        return times[at - 1]
    return times[at] if at < len(times) else times[-1]


def _clock(seconds: float) -> str:
    total = round(seconds * 1000)
    minutes, millis = divmod(total, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{millis // 1000:02},{millis % 1000:03}"


def _folded(text: str) -> str:
    lines = [""]
    for token in tokens(" ".join(text.split())):
        if lines[-1] and columns((lines[-1] + token).rstrip()) > _LINE:
            lines.append("")
        lines[-1] += token
    return "\n".join(line.rstrip() for line in lines if line.strip())
