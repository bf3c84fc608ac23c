"""How fast each voice speaks, learned from the finished videos of a lock.

A voice is compared with the table of paces, so that what one text taught holds for texts
with more digits, more pauses or another language. Not for the table itself (`schema.rates`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.plan.speech import Part, parts_of, spoken_seconds, voices_of
from vidbuild.schema.api import Api
from vidbuild.state.records import Entry, Lock, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`stretch` is how much slower than the table a voice is: 1.1 takes a tenth longer.

    `letter` is seconds a character at speed 1, for a voice that only spoke in private videos:
    of their texts the lock has nothing but the lengths.
    """

    stretch: float = 1.0
    letter: float | None = None


Voice = tuple[str, str]  # provider and voice, or look where that speaks
Paces = Mapping[Voice, Pace]

_ENOUGH_SECONDS = 3.0  # speech shorter than this says little about a pace
_ENOUGH_LETTERS = 40
_ENOUGH_VIDEOS = 200
_PLAUSIBLE = (0.4, 2.5)
_PLAUSIBLE_LETTER = (0.03, 0.6)


@dataclass(slots=True)
class _Heard:
    """Seconds that were rendered, and what was said in them by the table or in characters."""

    seconds: float = 0.0
    said: float = 0.0
    videos: int = 0


def learn_paces(api: Api, lock: Lock, wanted: Iterable[Mapping[str, Any]] | None = None) -> Paces:
    """Each voice's own pace, from the lock's finished videos in which it alone speaks.

    `wanted` are the requests that are about to be estimated: only their voices are learned,
    each from a few hundred videos at most, for a plan that renders one video of ten thousand.
    """
    open_: defaultdict[Voice, _Heard] = defaultdict(_Heard)
    hidden: defaultdict[Voice, _Heard] = defaultdict(_Heard)
    missing = None if wanted is None else {voice for body in wanted for voice in voices_of(body)}
    for entry in lock.videos.values():
        render = entry.render
        if missing is not None and missing.isdisjoint(voices_of(entry.request)):
            continue
        if render.status is not Status.completed or not render.duration:
            continue
        parts, rest = _one_voice(api, entry)
        if not parts or not parts[0].voice:
            continue
        name = parts[0].voice
        letters, speech = _said(api, parts)
        voice = (hidden if letters else open_)[render.provider, name]
        voice.seconds += max(render.duration - rest, 0.0)
        voice.said += letters or speech
        voice.videos += 1
        if missing is not None and voice.videos == _ENOUGH_VIDEOS:
            missing.discard(name)
            if not missing:
                break
    learned = {
        voice: Pace(letter=_within(heard, _PLAUSIBLE_LETTER))
        for voice, heard in hidden.items()
        if heard.said >= _ENOUGH_LETTERS
    }
    return learned | {
        voice: Pace(stretch=_within(heard, _PLAUSIBLE))
        for voice, heard in open_.items()
        if heard.said >= _ENOUGH_SECONDS
    }


def _one_voice(api: Api, entry: Entry) -> tuple[list[Part], float]:
    """The spoken parts of an entry, and the seconds of its pauses and of what is not speech.

    No parts where several voices speak, or something else has no known length.
    """
    parts = parts_of(api, entry.request, {})
    spoken = [part for part in parts if part.text is not None or part.hidden]
    silent = [part.seconds for part in parts if part.text is None and not part.hidden]
    if len({(part.voice, part.text is None) for part in spoken}) != 1 or None in silent:
        return [], 0.0
    rest = sum(seconds for seconds in silent if seconds is not None)
    return spoken, rest + sum(_pauses(api, spoken))


def _pauses(api: Api, parts: list[Part]) -> Iterator[float]:
    for part in parts:
        yield spoken_seconds(api, part)[1]


def _said(api: Api, parts: list[Part]) -> tuple[float, float]:
    """Hidden characters at speed 1, and seconds of open speech by the table."""
    letters = sum(part.hidden / part.speed for part in parts)
    return letters, sum(spoken_seconds(api, part)[0] for part in parts if part.text is not None)


def _within(heard: _Heard, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(max(heard.seconds / heard.said, low), high)
