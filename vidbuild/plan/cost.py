"""Estimates: how long a video gets and what it costs, before it is rendered.

Seconds come from the voice's own pace where the lock has finished renders of it, else from
the API's table of paces; recordings and fixed lengths count as they are. Unknown is None,
never 0, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidbuild.plan.model import Estimate
from vidbuild.plan.paces import Pace, Paces
from vidbuild.plan.speech import SCRIPT, SPEAKING, Part, parts_of, spoken_seconds
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api
from vidbuild.schema.rates import deciding, price, tariff, unpriced

_USUAL = Pace()


class Estimates:
    """Estimates of many requests: what is spoken and priced alike shares all but its words."""

    def __init__(self, api: Api, paces: Paces) -> None:
        self._api, self._paces = api, paces
        self._alike: dict[Hashable, _Alike | None] = {}
        self._fields = sorted(deciding(api) | SPEAKING)

    def of(self, request: Request) -> Estimate:
        """Seconds and dollars of rendering a request."""
        text = request.body.get(SCRIPT)
        if type(text) is not str:
            return estimate(self._api, request, self._paces)
        told = map(request.body.get, self._fields)
        key = (request.provider, *[v if type(v) is str or v is None else (repr(v),) for v in told])
        if key not in self._alike:
            self._alike[key] = self._learned(request)
        alike = self._alike[key]
        if alike is None:
            return estimate(self._api, request, self._paces)
        seconds = _spoken(self._api, alike.part, text, alike.pace)
        return _within(seconds, alike.price(seconds))

    def _learned(self, request: Request) -> _Alike | None:
        parts = parts_of(self._api, request.body, request.media)
        price = tariff(self._api, request.body)
        if price is None or len(parts) != 1 or parts[0].text != request.body[SCRIPT]:
            return None
        own = self._paces.get((request.provider, parts[0].voice or ""), _USUAL)
        return _Alike(part=parts[0], pace=own, price=price)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """What requests have in common that one voice speaks from the first word to the last."""

    part: Part
    pace: Pace
    price: Callable[[float], tuple[float, float]]


def estimate(
    api: Api, request: Request, paces: Paces, *, spoken: Mapping[str, float] | None = None
) -> Estimate:
    """Seconds and dollars of rendering a request; `spoken` are lengths of parts by their place,
    where they were measured."""
    return estimate_body(
        api,
        request.body,
        media=request.media,
        provider=request.provider,
        paces=paces,
        spoken=spoken,
    )


def estimate_body(
    api: Api,
    body: Mapping[str, Any],
    *,
    provider: str,
    paces: Paces,
    media: Mapping[str, Media] | None = None,
    seconds: float | None = None,
    spoken: Mapping[str, float] | None = None,
) -> Estimate:
    """The same for a body alone, such as a recorded one; `seconds` where the length is known."""
    parts = parts_of(api, body, media or {})
    lengths = [
        spoken[part.place]
        if spoken and part.place in spoken
        else _seconds(api, part, provider, paces)
        for part in parts
    ]
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
    return _within(seconds, bounds, unknown)


def _within(
    seconds: float | None, bounds: tuple[float, float], unknown: tuple[str, ...] = ()
) -> Estimate:
    low, high = round(bounds[0], 4), round(bounds[1], 4)
    return Estimate(
        seconds=seconds,
        cost_usd=low if low == high else round((low + high) / 2, 4),
        cost_low_usd=low,
        cost_high_usd=high,
        unknown=unknown,
    )


def price_of(api: Api, request: Request, seconds: float | None) -> float | None:
    """Dollars for a rendered video of this length; the middle where only a range is known."""
    if seconds is None:
        bounds = price(api, request.body, None)
        return None if bounds is None else round(sum(bounds) / 2, 4)
    by_length = tariff(api, request.body)
    if by_length is not None:
        return _within(seconds, by_length(seconds)).cost_usd
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
    return expected_seconds(api, part, provider, paces)


def expected_seconds(api: Api, part: Part, provider: str, paces: Paces) -> float:
    """What a spoken part is estimated at."""
    return _spoken(api, part, part.text or "", paces.get((provider, part.voice or ""), _USUAL))


def _spoken(api: Api, part: Part, text: str, own: Pace) -> float:
    """Seconds that a text takes in the voice and at the speed of a part."""
    if own.letter is not None:
        return round(len(text) * own.letter / part.speed, 2)
    speech, pauses = spoken_seconds(api, part, text)
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
