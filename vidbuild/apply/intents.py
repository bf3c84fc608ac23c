"""Intents: made for a new create, found again for one whose answer never came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vidbuild.apply.assets import sent_body, upload_assets
from vidbuild.apply.run import Run
from vidbuild.apply.slots import Slot
from vidbuild.apply.submit import is_fresh, look_for, send
from vidbuild.apply.work import Failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.plan.mask import mask_text
from vidbuild.plan.model import Change
from vidbuild.request.model import Request
from vidbuild.state.identity import key_of, make_key
from vidbuild.state.recorded import Intent, Recorded
from vidbuild.state.records import Entry, Render, Status
from vidbuild.state.times import seconds


def new_intent(run: Run, change: Change, body: Mapping[str, Any], attempt: int) -> Intent:
    """The create of a content's attempt, as it will be sent however often.

    Its key's age counts from a time that the server has told, not from one that this machine's
    clock has added to: a clock that jumps ahead would make the key seem younger for ever.
    """
    request = _request(change)
    now = run.now()
    seen = run.work.provider.server_seen
    return Intent(
        key=make_key(run.project, request.fingerprint, attempt),
        provider=request.provider,
        account=run.account,
        fingerprint=request.fingerprint,
        attempt=attempt,
        names=(change.name,),
        title=_title(run, body),
        body=body,
        first_sent=now if seen is None else min(seen, now),
        last_sent=now,
    )


async def answer_intent(run: Run, change: Change, render: Render, slot: Slot) -> str:
    """The video id of an intent without an answer. Raises `Failed` where there is none.

    While the provider replays answers the same request goes out under the same key; later
    its videos are searched.
    """
    run.refuse_elsewhere(change.name, render)
    work = run.work
    intent = _recorded(run, render) or await _rebuilt(run, change, render)
    if is_fresh(intent, run.now()):
        work.journal.intend(intent)
        return await send(
            intent,
            provider=work.provider,
            journal=work.journal,
            clock=work.clock,
            slots=run.slots,
            slot=slot,
            waits=lambda: run.wait_for_room(change.name),
        )
    try:
        return await look_for(
            intent,
            provider=work.provider,
            journal=work.journal,
            known_ids=run.known_ids,
            shared=_may_share_its_title(run, intent),
        )
    except Failed:
        work.journal.intend(intent)  # one that only a lock knew
        work.journal.doubt(intent)
        raise
    except Problems as problems:
        raise failed_by(change.name, problems) from problems


def _recorded(run: Run, render: Render) -> Intent | None:
    key = key_of(run.project, render)
    for intent in run.recorded.intents:
        if (intent.key, intent.provider, intent.account) == (key, render.provider, render.account):
            return intent
    return None


async def _rebuilt(run: Run, change: Change, render: Render) -> Intent:
    """An intent that only a lock knows: the request is today's, which has the same content.

    Somebody sent it at least once, so a refusal alone can never close it.
    """
    request = _request(change)
    assets, _ = await upload_assets(run, request)
    body = sent_body(request, assets)
    sent = seconds(render.sent_at) if render.sent_at else 0.0
    return Intent(
        key=key_of(run.project, render),
        provider=render.provider,
        account=render.account,
        fingerprint=render.fingerprint,
        attempt=render.attempt,
        names=(change.name,),
        title=_title(run, body),
        body=body,
        first_sent=sent,
        last_sent=sent,
        sends=1,
    )


def _may_share_its_title(run: Run, intent: Intent) -> bool:
    """Whether some other intent without an answer has its title, or one that nobody knows.

    A lock has the title of what an entry points at, as a digest where it is private, and none
    of what an entry has left behind.
    """
    recorded = run.work.journal.recorded()
    others = [other for other in recorded.intents if other.key != intent.key]
    if any(other.title == intent.title for other in others):
        return True
    locks = [run.book.videos, *(lock.videos for lock in run.work.siblings.values())]
    entries = [entry for videos in locks for entry in videos.values()]
    told = {intent.key, *(other.key for other in others), *_answered(run, recorded, entries)}
    titles = (intent.title, mask_text(intent.title or ""))
    name = run.work.api.title
    for entry in entries:
        for render in _waiting(entry):
            past = render is not entry.render
            if key_of(run.project, render) not in told and (
                past or (name is not None and entry.request.get(name) in titles)
            ):
                return True
    return False


def _waiting(entry: Entry) -> Iterator[Render]:
    renders = (entry.render, *entry.history)
    return (each for each in renders if each.status is Status.intent)


def _answered(run: Run, recorded: Recorded, entries: Iterable[Entry]) -> Iterator[str]:
    """The keys that some record has a video for, or that were given up."""
    renders = [each for entry in entries for each in (entry.render, *entry.history)]
    for render in (*recorded.renders, *renders):
        if render.video_id:
            yield key_of(run.project, render)
    yield from (grave.key for grave in recorded.tombstones if grave.key)


def _title(run: Run, body: Mapping[str, Any]) -> str | None:
    title = body.get(run.work.api.title) if run.work.api.title else None
    return title if isinstance(title, str) and title else None


def _request(change: Change) -> Request:
    if change.request is None:
        raise AssertionError(f"{change.name}: only a video of the project is submitted")
    return change.request
