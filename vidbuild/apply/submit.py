"""Sending a create until its answer is clear, and finding out about old ones that are not.

The rules of the key: an intent is on disk before its request, is sent again unchanged under
its stored key while the provider still replays answers, and is looked for afterwards. No
answer but a clear one leads to another key.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace

from vidbuild.apply.slots import Slot, Slots
from vidbuild.apply.work import Failed, Failure
from vidbuild.clock import Clock, Steady
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_FAILED
from vidbuild.provider.model import InProgress, Provider, Refused, Taken, Unknown
from vidbuild.state.journal import Journal
from vidbuild.state.recorded import Intent
from vidbuild.state.times import stamp

PATIENCE = 600.0  # seconds of sending one key in one apply
REPLAYED = 20 * 3600.0  # how long a key is taken to be remembered by the provider (24 h)
SKEW = 60.0  # a date has whole seconds, and a service has several clocks
AROUND = 600.0  # seconds around the sends in which a lost job may have been created
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_IN_PROGRESS_PAUSE = 5.0
# A file just uploaded may not be visible yet; the same request is asked again.
_ASSET_WAITS = 3


def server_time(provider: Provider, clock: Clock) -> float:
    """The server's time as far as it is known."""
    now = provider.server_now
    return clock.now() if now is None else now


def is_fresh(intent: Intent, now: float) -> bool:
    """Whether the provider surely still knows the key; time that ran backwards says no."""
    return intent.last_sent - SKEW <= now <= intent.first_sent + REPLAYED


async def send(
    intent: Intent,
    *,
    provider: Provider,
    journal: Journal,
    clock: Clock,
    slots: Slots,
    slot: Slot,
    waits: Callable[[], None],
    new_asset: bool = False,
) -> str:
    """The video id of an intent that is in the journal, which has it too on return.

    Raises `Failed` for a refusal and for an answer that stays unclear for ten minutes of
    trying; the intent then stays open unless every one of its sends was refused. Waiting for
    a turn, because the provider takes no more at once, is no trying: `waits` is told of it.
    """
    steady, before = Steady(clock), slots.clear
    tried, tries, refusals = 0.0, 0, 0
    while True:
        at = server_time(provider, clock)
        journal.sending(intent, at=at)
        intent = replace(intent, last_sent=max(intent.last_sent, at))
        slots.sending(slot)
        began = steady.now()
        answer = await provider.create(intent.body, key=intent.key)
        tries += 1
        slots.clear += not isinstance(answer, Unknown)
        match answer:
            case Taken():
                slots.accept(slot)
                journal.answered(intent, answer.video_id, sent_at=stamp(intent.first_sent))
                return answer.video_id
            case Refused():
                closed = journal.refused(intent)
                refusals += 1
                if not (new_asset and _is_asset(answer) and refusals <= _ASSET_WAITS):
                    raise _refused(intent, answer, closed=closed)
                pause = _IN_PROGRESS_PAUSE * refusals
                if closed:
                    journal.intend(intent)
            case InProgress():
                pause = answer.retry_after or _IN_PROGRESS_PAUSE
            case Unknown():
                pause = max(answer.retry_after or 0.0, _backoff(intent.key, tries))
        tried += steady.now() - began + pause
        if tried > PATIENCE:
            # Nobody has had a clear answer meanwhile, or nobody is to ask for long.
            stops = slots.clear == before or pause > PATIENCE
            raise _unclear(intent, answer, stops=stops)
        await _pause(answer, pause, slots, slot, clock, waits=waits)
        # A machine may sleep through a pause, and a turn may take a day to come.
        if slots.stopped or not is_fresh(intent, server_time(provider, clock)):
            raise _unclear(intent, answer)


async def _pause(
    answer: Unknown | InProgress | Refused,
    seconds: float,
    slots: Slots,
    slot: Slot,
    clock: Clock,
    *,
    waits: Callable[[], None],
) -> None:
    """Before the next send. What the provider asks of one it asks of all."""
    match answer:
        case Unknown(limited=True):
            slots.turned_away(slot)
            waits()
            await slots.put_off(slot, seconds)
        case Unknown(retry_after=float()):
            await slots.rest(seconds)
        case _:
            await clock.sleep(seconds)


async def look_for(
    intent: Intent,
    *,
    provider: Provider,
    journal: Journal,
    known_ids: Collection[str],
    shared: bool,
) -> str:
    """The video id of an intent too old for its key: the one video that can only be it.

    `known_ids` are the videos of the pool; `shared`: another open intent may have its title.
    Raises `Failed` where nobody can tell.
    """
    found: list[str] = []
    if intent.title and not shared:
        videos = await provider.recent(
            title=intent.title,
            since=intent.first_sent - AROUND,
            until=intent.last_sent + AROUND,
        )
        found = [video.video_id for video in videos if video.video_id not in known_ids]
    if len(found) != 1:
        raise _unsure(intent, found, shared=shared)
    journal.answered(intent, found[0], sent_at=stamp(intent.first_sent))
    return found[0]


def _is_asset(answer: Refused) -> bool:
    return answer.code in ("asset_not_found", "asset_not_available")


def _backoff(key: str, tries: int) -> float:
    spread = random.Random(f"{key}{tries}").uniform(0.75, 1.25)  # noqa: S311 - no secret
    return min(_FIRST_PAUSE * 2.0 ** min(tries - 1, 10), _LONGEST_PAUSE) * spread


def _refused(intent: Intent, answer: Refused, *, closed: bool) -> Failed:
    hint = answer.hint
    if not closed:
        hint = f"{hint or 'correct the cause'}; an earlier send of it has no answer yet"
    return Failed(
        Failure(
            name=intent.names[0],
            code="VB556",
            message=f"the provider refused it: {answer.message}",
            hint=hint,
            reason=answer.code,
            field=answer.param,
            request_id=answer.request_id,
        ),
        exit_code=EXIT_CREDENTIALS if answer.credentials else EXIT_FAILED,
        stops=answer.stops,
        closed=closed,
    )


def _unclear(
    intent: Intent, answer: Unknown | InProgress | Refused, *, stops: bool = False
) -> Failed:
    what = "it is still being taken" if isinstance(answer, InProgress) else answer.message
    return Failed(
        Failure(
            name=intent.names[0],
            code="VB551",
            message=f"no clear answer to the create: {what}",
            hint="apply again, best within 20 hours: the same key is sent, nothing is paid twice",
            reason=None if isinstance(answer, InProgress) else answer.code,
            request_id=None if isinstance(answer, InProgress) else answer.request_id,
        ),
        exit_code=EXIT_FAILED,
        stops=stops,
    )


def _unsure(intent: Intent, found: Collection[str], *, shared: bool) -> Failed:
    name = intent.names[0]
    seen = f"{len(found)} videos fit" if found else "no video fits"
    if shared:
        seen = "another one without an answer may have its title"
    if not intent.title:
        seen = "it has no title to look for"
    return Failed(
        Failure(
            name=name,
            code="VB552",
            message=f"its create of {stamp(intent.first_sent)} has no answer, and {seen}",
            hint="look at the provider's own list of videos; if it is there, take it with "
            f"`vidbuild lock adopt {name} VIDEO_ID`, else pay anew with "
            f"`vidbuild apply --resubmit {name}`",
            reason="unsure",
        ),
        exit_code=EXIT_FAILED,
    )
