"""Workspace -> what the provider says today of the renders that are recorded. Writes nothing.

Not for deciding what follows from it: that is the plan's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_REFUSED, problem
from vidbuild.provider.model import Provider, Remote
from vidbuild.schema.rates import price
from vidbuild.state.records import Render, Status
from vidbuild.state.times import seconds, stamp
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import pool_of
from vidbuild.workspace.providing import guard_account, open_provider

_AT_ONCE = 10
_PROBES = 3  # videos to look at one by one before all of them are called unknown
_VISIBLE_AFTER = 24 * 3600.0  # until then a video that was submitted may still appear


def look_again(workspace: Workspace, clock: Clock) -> tuple[Render, ...]:
    """The recorded renders that have another status by now: finished, failed, gone.

    Raises `Problems`: exit code 3 without a key, 5 for the key of another account and where the
    provider knows none of the recorded videos.
    """
    return asyncio.run(_look_again(workspace, clock))


async def _look_again(workspace: Workspace, clock: Clock) -> tuple[Render, ...]:
    async with open_provider(workspace) as provider:
        account = await provider.account()
        guard_account(workspace, account)
        renders = _recorded(workspace, account.hash if account else None)
        if not renders:
            return ()
        words = await provider.statuses(list(renders))
        await _refuse_strangers(provider, words)
        asked = [render for i, render in renders.items() if _is_news(render, words[i])]
        limit = asyncio.Semaphore(_AT_ONCE)

        async def look(render: Render) -> Render | None:
            async with limit:
                remote = await provider.video(render.video_id or "")
            now = provider.server_now or clock.now()
            return _known(workspace, render, remote, words[render.video_id or ""], now)

        found = await asyncio.gather(*map(look, asked))
    return tuple(render for render in found if render is not None)


def _recorded(workspace: Workspace, account: str | None) -> dict[str, Render]:
    """By id what may have another status: in flight or finished, never another account's."""
    pool = pool_of(workspace, workspace.loaded.requests)
    return {
        member.render.video_id: member.render
        for member in pool.members
        if member.render.video_id
        and not member.tombstone
        and member.render.status in (Status.submitted, Status.completed)
        and (account is None or member.render.account in (None, account))
    }


async def _refuse_strangers(provider: Provider, words: Mapping[str, str]) -> None:
    """Nothing is concluded from a provider that knows none of the videos."""
    if any(word != "not_found" for word in words.values()):
        return
    some: Sequence[str] = sorted(words)[:_PROBES]
    if any([await provider.video(video_id) is not None for video_id in some]):
        return
    raise problem(
        "VB554",
        f"the provider knows none of the {len(words)} recorded videos: is this the key of another "
        "account?",
        hint="check the API key; nothing was planned, and nothing is recorded as gone",
        exit_code=EXIT_REFUSED,
    )


def _is_news(render: Render, word: str) -> bool:
    return word == "not_found" or (word != "submitted" and render.status is Status.submitted)


def _known(
    workspace: Workspace, render: Render, remote: Remote | None, word: str, now: float
) -> Render | None:
    """The render as it is by now; None where nothing is new, or sure."""
    if remote is None:
        young = render.sent_at is None or now - seconds(render.sent_at) <= _VISIBLE_AFTER
        if word != "not_found" or (render.status is Status.submitted and young):
            return None
        return replace(render, status=Status.gone)
    if render.status is not Status.submitted or remote.status == "submitted":
        return None
    if remote.status == "failed":
        return replace(
            render,
            status=Status.failed,
            failure_code=remote.failure_code,
            failure_message=remote.failure_message,
        )
    return replace(
        render,
        status=Status.completed,
        completed_at=stamp(remote.completed_at or now),
        duration=remote.duration,
        cost_usd=_cost(workspace, render, remote.duration),
        page_url=remote.page_url,
    )


def _cost(workspace: Workspace, render: Render, length: float | None) -> float | None:
    """The list price of the content, where the project still has it."""
    for request in workspace.loaded.requests.values():
        if request.fingerprint == render.fingerprint:
            bounds = price(workspace.loaded.api, request.body, length)
            return None if bounds is None else round(sum(bounds) / 2, 4)
    return None
