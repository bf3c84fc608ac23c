"""What is in flight -> how it stands, with the provider's own word where it can be had.

Writes nothing. Who cannot be asked is no error: the records say what they say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_REFUSED, Diagnostic, Problems
from vidbuild.plan.cost import Estimates
from vidbuild.plan.model import Estimate
from vidbuild.plan.paces import learn_paces
from vidbuild.provider.model import Provider, Remote
from vidbuild.report.standing import InFlight, Standing
from vidbuild.state.times import seconds, stamp
from vidbuild.workspace.flying import Survey
from vidbuild.workspace.providing import guard_account, open_provider

_AT_ONCE = 10
# The bulk answer has no pages: so many videos are looked at for theirs, and no longer than that.
_LOOKED_AT, _PATIENCE = 20, 5.0
_EMBEDDED = "studio"  # rendering in this process alone: whoever opens it sets it to work


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The provider's words and pages by id, its time, and why there may be less than was asked
    for."""

    words: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    now: float | None = None
    notes: tuple[Diagnostic, ...] = ()
    refused: bool = False


def ask(found: Survey) -> Asked:
    """The provider's word on each submitted render of the key's account."""
    if not _ids(found, None) or found.plan.provider == _EMBEDDED:
        return Asked()
    try:
        return asyncio.run(_ask(found))
    except Problems as problems:
        notes = tuple(replace(d, severity="warning") for d in problems.diagnostics)
        return Asked(notes=notes, refused=problems.exit_code == EXIT_REFUSED)


async def _ask(found: Survey) -> Asked:
    async with open_provider(found.workspace) as provider:
        account = await provider.account()
        guard_account(found.workspace, account)
        ids = _ids(found, account.hash if account else None)
        words = dict(await provider.statuses(ids)) if ids else {}
        doubtful = [i for i, word in words.items() if word == "not_found"]
        looks: dict[str, Remote | None] = {}
        await _look(provider, doubtful, looks)
        words |= {i: look.status if look else "not_found" for i, look in looks.items()}
        if ids and all(word == "not_found" for word in words.values()):
            return Asked(now=provider.server_now, notes=(_strangers(len(words)),))
        await _look_for_pages(provider, found, [i for i in words if i not in looks], looks)
        pages = {i: look.page_url for i, look in looks.items() if look and look.page_url}
        return Asked(words=words, pages=pages, now=provider.server_now)


def _ids(found: Survey, account: str | None) -> list[str]:
    """The ids to ask about: never those of another account."""
    renders = [f.render for f in found.flights if f.render.provider == found.plan.provider]
    return [
        render.video_id
        for render in renders
        if render.video_id
        and render.status.in_flight
        and (account is None or render.account in (None, account))
    ]


async def _look(provider: Provider, ids: Iterable[str], looks: dict[str, Remote | None]) -> None:
    """One look at each. What the bulk call does not know is so only if this one says it too."""
    waiting = iter(ids)

    async def work() -> None:
        for video_id in waiting:
            looks[video_id] = await provider.video(video_id)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def _look_for_pages(
    provider: Provider, found: Survey, ids: Iterable[str], looks: dict[str, Remote | None]
) -> None:
    """The first of those that are recorded without a page; whatever goes wrong, without one."""
    paged = {f.render.video_id for f in found.flights if f.render.page_url}
    with suppress(Problems, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            wanted = (video_id for video_id in ids if video_id not in paged)
            await _look(provider, islice(wanted, _LOOKED_AT), looks)


def _strangers(count: int) -> Diagnostic:
    return Diagnostic(
        code="VB554",
        severity="warning",
        message=f"the provider knows none of the {count} videos in flight: is this the key of "
        "another account?",
        hint="check the API key; what is shown is what was recorded",
    )


def standing(found: Survey, asked: Asked, clock: Clock) -> InFlight:
    """Everything in flight with its age, its price and the provider's word."""
    loaded = found.workspace.loaded
    now = asked.now if asked.now is not None else clock.now()
    bodies = [flight.request.body for flight in found.flights if flight.request is not None]
    estimates = Estimates(loaded.api, learn_paces(loaded.api, found.workspace.lock, bodies))
    return InFlight(
        project=found.plan.project,
        profile=found.plan.profile,
        provider=found.plan.provider,
        at=stamp(now),
        asked=bool(asked.words),
        standings=tuple(
            Standing(
                flight=flight,
                there=asked.words.get(flight.render.video_id or ""),
                page_url=asked.pages.get(flight.render.video_id or "", flight.render.page_url),
                age=now - seconds(flight.render.sent_at) if flight.render.sent_at else None,
                estimate=estimates.of(flight.request) if flight.request else Estimate(),
            )
            for flight in found.flights
        ),
        diagnostics=(*found.warnings, *asked.notes),
    )
