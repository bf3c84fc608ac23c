"""Estimates: how long a video gets and what it costs, before it is rendered.

Seconds come from the voice's own pace where the lock has finished renders of it, else from
the API's table of paces; recordings and fixed lengths count as they are. Unknown is None,
never 0, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vidbuild.plan.model import Estimate
from vidbuild.plan.paces import Pace, Paces
from vidbuild.plan.speech import Part, parts_of, spoken_seconds
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api
from vidbuild.schema.rates import price, unpriced

_USUAL = Pace()


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
    parts = parts_of(api, body, media or {})
    lengths = [_seconds(api, part, provider, paces) for part in parts]
    if seconds is None:
        seconds = total(lengths)
    else:
        lengths = _fitted(lengths, seconds)
    bounds = price(api, body, seconds, lengths=lengths)
    if bounds is None or seconds is None:
        unknown = _unknown(api, body, parts, lengths, priced=bounds is not None)
    else:
        unknown = ()
    if bounds is None:
        return Estimate(seconds=seconds, unknown=unknown)
    low, high = (round(bound, 4) for bound in bounds)
    return Estimate(
        seconds=seconds,
        cost_usd=round((low + high) / 2, 4),
        cost_low_usd=low,
        cost_high_usd=high,
        unknown=unknown,
    )


def price_of(api: Api, request: Request, seconds: float | None) -> float | None:
    """Dollars for a rendered video of this length; the middle where only a range is known."""
    if seconds is None:
        bounds = price(api, request.body, None)
        return None if bounds is None else round(sum(bounds) / 2, 4)
    known = estimate_body(
        api, request.body, media=request.media, provider=request.provider, paces={}, seconds=seconds
    )
    return known.cost_usd


def total(amounts: Iterable[float | None]) -> float | None:
    """The sum; None where one of them is unknown."""
    known = list(amounts)
    if None in known:
        return None
    return round(sum(amount for amount in known if amount is not None), 4)


def _seconds(api: Api, part: Part, provider: str, paces: Paces) -> float | None:
    if part.text is None:
        return part.seconds
    speech, pauses = spoken_seconds(api, part)
    own = paces.get((provider, part.voice or ""), _USUAL)
    if own.letter is not None:
        return round(len(part.text) * own.letter / part.speed, 2)
    return round(speech * own.stretch + pauses, 2)


def _fitted(lengths: Sequence[float | None], seconds: float) -> list[float | None]:
    """Scenes as long as expected, stretched alike to a length that is known for the whole."""
    expected = total(lengths)
    if not expected:
        return [None] * len(lengths)
    return [(length or 0.0) * seconds / expected for length in lengths]


def _unknown(
    api: Api,
    body: Mapping[str, Any],
    parts: Sequence[Part],
    lengths: Sequence[float | None],
    *,
    priced: bool,
) -> tuple[str, ...]:
    """What stands in the way of an estimate, such as `length of audio_url`."""
    pairs = zip(parts, lengths, strict=True)
    found = [f"length of {part.place}" for part, length in pairs if length is None]
    if not priced:
        found += [f"price of {place or 'the video'}" for place in unpriced(api, body)]
    return tuple(found)
