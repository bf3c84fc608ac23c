"""Intents: made for a new create, found again for one whose answer never came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidbuild.apply.assets import sent_body, upload_assets
from vidbuild.apply.run import Run
from vidbuild.apply.slots import Slot
from vidbuild.apply.submit import is_fresh, look_for, send
from vidbuild.apply.work import Failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.plan.model import Change
from vidbuild.request.model import Request
from vidbuild.state.identity import key_of, make_key
from vidbuild.state.recorded import Intent
from vidbuild.state.records import Render
from vidbuild.state.times import seconds


def new_intent(run: Run, change: Change, body: Mapping[str, Any], attempt: int) -> Intent:
    """The create of a content's attempt, as it will be sent however often."""
    request = _request(change)
    now = run.now()
    return Intent(
        key=make_key(run.project, request.fingerprint, attempt),
        provider=request.provider,
        account=run.account,
        fingerprint=request.fingerprint,
        attempt=attempt,
        names=(change.name,),
        title=_title(run, body),
        body=body,
        first_sent=now,
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
        )
    try:
        return await look_for(
            intent,
            provider=work.provider,
            journal=work.journal,
            known_ids=run.known_ids,
            other_titles=_other_titles(run, intent),
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


def _other_titles(run: Run, intent: Intent) -> set[str]:
    """The titles of all other intents without an answer, in journal and lock."""
    titles = {
        other.title
        for other in run.work.journal.recorded().intents
        if other.key != intent.key and other.title
    }
    name = run.work.api.title
    for entry in run.book.videos.values():
        waiting = entry.render.status.in_flight and not entry.render.video_id
        if waiting and key_of(run.project, entry.render) != intent.key:
            title = entry.request.get(name) if name else None
            titles |= {title} if isinstance(title, str) else set()
    return titles


def _title(run: Run, body: Mapping[str, Any]) -> str | None:
    title = body.get(run.work.api.title) if run.work.api.title else None
    return title if isinstance(title, str) and title else None


def _request(change: Change) -> Request:
    if change.request is None:
        raise AssertionError(f"{change.name}: only a video of the project is submitted")
    return change.request
