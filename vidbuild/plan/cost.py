"""Estimates: how long a video gets and what it costs, before it is rendered.

Seconds come from the voice's own pace where the lock has finished renders of it, else from
the API's table of paces; recordings and fixed lengths count as they are. Unknown is None,
never 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from vidbuild.plan.model import Estimate
from vidbuild.plan.speech import Part, parts_of, spoken_seconds
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api
from vidbuild.schema.rates import price
from vidbuild.state.records import Lock, Status

# How much slower than the table each voice of a provider speaks: 1.1 takes a tenth longer.
Paces = Mapping[tuple[str, str], float]

_ENOUGH_SECONDS = 3.0  # speech shorter than this says little about a pace
_PLAUSIBLE = (0.4, 2.5)


def learn_paces(api: Api, lock: Lock) -> Paces:
    """Each voice's own pace, from the finished single-speech videos of the lock."""
    heard: defaultdict[tuple[str, str], float] = defaultdict(float)
    expected: defaultdict[tuple[str, str], float] = defaultdict(float)
    for entry in lock.videos.values():
        render = entry.render
        if render.status is not Status.completed or not render.duration:
            continue
        parts = parts_of(entry.request, {})
        if len(parts) != 1 or not parts[0].text or not parts[0].voice:
            continue
        speech, pauses = spoken_seconds(api, parts[0])
        voice = (render.provider, parts[0].voice)
        heard[voice] += max(render.duration - pauses, 0.0)
        expected[voice] += speech
    low, high = _PLAUSIBLE
    return {
        voice: min(max(heard[voice] / seconds, low), high)
        for voice, seconds in expected.items()
        if seconds >= _ENOUGH_SECONDS
    }


def estimate(api: Api, request: Request, paces: Paces) -> Estimate:
    """Seconds and dollars of rendering a request."""
    return estimate_body(
        api, request.body, media=request.media, provider=request.provider, paces=paces
    )


def estimate_body(
    api: Api,
    body: Mapping[str, Any],
    *,
    provider: str,
    paces: Paces,
    media: Mapping[str, Media] | None = None,
    seconds: float | None = None,
) -> Estimate:
    """The same for a body alone, such as a recorded one; `seconds` where the length is known."""
    if seconds is None:
        seconds = total(_seconds(api, p, provider, paces) for p in parts_of(body, media or {}))
    bounds = price(api, body, seconds)
    if bounds is None:
        return Estimate(seconds=seconds)
    low, high = (round(bound, 4) for bound in bounds)
    return Estimate(
        seconds=seconds,
        cost_usd=round((low + high) / 2, 4),
        cost_low_usd=low,
        cost_high_usd=high,
    )


def total(amounts: Iterable[float | None]) -> float | None:
    """The sum; None where one of them is unknown."""
    known = list(amounts)
    if any(amount is None for amount in known):
        return None
    return round(sum(amount for amount in known if amount is not None), 4)


def _seconds(api: Api, part: Part, provider: str, paces: Paces) -> float | None:
    if part.text is None:
        return part.seconds
    speech, pauses = spoken_seconds(api, part)
    own = paces.get((provider, part.voice or ""), 1.0)
    return round(speech * own + pauses, 2)
