"""Which renders to look at before paying for the rest: those most likely to go wrong.

Long texts, characters that nothing else has, and one of each engine, voice and language tell
the most about the others. Pure: the same plan always names the same videos.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from unicodedata import category, name

from vidbuild.plan.model import Action, Change
from vidbuild.plan.speech import parts_of
from vidbuild.schema.api import Api

Trait = tuple[str, str]  # what is told apart, and which of them

_LONGEST: Trait = ("", "the longest")
_UNUSUAL: Trait = ("", "the most unusual characters")
_ODD = 8  # characters of a text that are looked at
_ROW_LANGUAGE = ("lang", "language", "locale")


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A change to carry out before the others, and what it stands for."""

    change: Change
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Risk:
    """A change with the traits that it can stand for; `order` puts the riskier one first."""

    change: Change
    traits: frozenset[Trait]
    order: tuple[int, str]


def riskiest(api: Api, changes: Iterable[Change], count: int) -> tuple[First, ...]:
    """At most `count` of the changes that pay, the one that tells most about the rest first.

    Each next one is that with the most traits that none before it has; when all are there, the
    longest and most unusual of what is left.
    """
    risks = _risks(api, [change for change in changes if change.pays])
    seen: set[Trait] = set()
    chosen: list[First] = []
    heap = [(-len(risk.traits), risk.order, index) for index, risk in enumerate(risks)]
    heapq.heapify(heap)
    while heap and len(chosen) < count:
        gain, order, index = heapq.heappop(heap)
        new = risks[index].traits - seen
        if len(new) < -gain:  # others have taken some of it since
            heapq.heappush(heap, (-len(new), order, index))
            continue
        seen |= new
        why = tuple(f"{kind} {which}".strip() for kind, which in sorted(new))
        chosen.append(First(change=risks[index].change, why=why))
    return tuple(chosen)


def apart(changes: Iterable[Change], first: Collection[str]) -> tuple[list[Change], list[Change]]:
    """What is done before the rest is agreed to, and that rest.

    The rest are the other renders with the twins that wait for them, and everything that is
    deleted. What costs nothing and takes nothing away is done at once.
    """
    early: list[Change] = []
    late: list[Change] = []
    for change in changes:
        twin = change.action is Action.reuse and change.render is None
        leader = change.source if twin else change.name
        waits = (change.pays or twin) and leader not in first
        (late if waits or change.action is Action.delete else early).append(change)
    return early, late


def _risks(api: Api, changes: Sequence[Change]) -> list[_Risk]:
    texts = [_texts(api, change) for change in changes]
    lengths = _ranks([_seconds(change) for change in changes])
    oddness = _ranks(_oddness(texts))
    traits = [set(_traits(change, text)) for change, text in zip(changes, texts, strict=True)]
    carriers = Counter(trait for own in traits for trait in own)
    risks = []
    for change, own, long, odd in zip(changes, traits, lengths, oddness, strict=True):
        telling = {trait for trait in own if carriers[trait] < len(changes)}
        telling |= {_LONGEST} if long == 0 and max(lengths) else set()
        telling |= {_UNUSUAL} if odd == 0 and max(oddness) else set()
        order = (long + odd, change.name)
        risks.append(_Risk(change=change, traits=frozenset(telling), order=order))
    return risks


def _seconds(change: Change) -> float:
    """A length that nobody knows counts as the longest."""
    seconds = change.estimate.seconds
    return math.inf if seconds is None else seconds


def _texts(api: Api, change: Change) -> str:
    """Everything that is spoken in a change's video."""
    if change.request is None:
        return ""
    parts = parts_of(api, change.request.body, change.request.media)
    return " ".join(part.text for part in parts if part.text)


def _oddness(texts: Sequence[str]) -> list[float]:
    """How rare the rarest characters of each text are among all of the texts: a few, so that
    nothing is odd for being long."""
    found = [frozenset(text) for text in texts]
    videos = Counter(character for characters in found for character in characters)
    weights = {each: _weight(each, count / len(texts)) for each, count in videos.items()}
    return [
        round(math.fsum(heapq.nlargest(_ODD, (weights[each] for each in characters))), 6)
        for characters in found
    ]


def _weight(character: str, share: float) -> float:
    """Letters and stops of English are never odd; numbers and symbols, which are read aloud in
    ways that nobody expects, are so twice."""
    symbol = category(character)[0] in "NS"
    if character.isascii() and not symbol and character not in "&@#%/\\_*<>":
        return 0.0
    return 2.0 * symbol - math.log2(share)


def _ranks(values: Sequence[float]) -> list[int]:
    """0 for the highest; equal ones have one rank."""
    order = {value: rank for rank, value in enumerate(sorted(set(values), reverse=True))}
    return [order[value] for value in values]


def _traits(change: Change, text: str) -> Iterator[Trait]:
    request = change.request
    if request is None:
        return
    yield from _of_body(request.body)
    if isinstance(request.body.get("type"), str):
        yield "type", request.body["type"]
    for column in _ROW_LANGUAGE:
        if request.row and isinstance(request.row.get(column), str):
            yield "language", request.row[column]
    for alphabet in {_alphabet(character) for character in set(text) if character.isalpha()}:
        yield "alphabet", alphabet


def _of_body(value: Any) -> Iterator[Trait]:
    """Engines, voices and locales, wherever they stand in a request."""
    if isinstance(value, Mapping):
        engine = value.get("engine")
        found = {
            "engine": engine.get("type") if isinstance(engine, Mapping) else None,
            "voice engine": value.get("engine_type"),
            "voice": value.get("voice_id"),
            "language": value.get("locale"),
        }
        yield from ((kind, which) for kind, which in found.items() if isinstance(which, str))
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _of_body(inner)


@lru_cache(maxsize=1 << 12)
def _alphabet(letter: str) -> str:
    """`Latin`, `Cyrillic`, `CJK`: the first word of a letter's name."""
    if letter.isascii():
        return "Latin"
    word = name(letter, "other").partition(" ")[0]
    return word if word == "CJK" else word.title()
