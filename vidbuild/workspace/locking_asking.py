"""`lock adopt` at the provider: what it says of the videos that are to be adopted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from vidbuild.clock import Clock
from vidbuild.provider.model import Provider, Remote
from vidbuild.workspace.locking_adoption import Asked, Candidate
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.providing import guard_account, open_provider

_AT_ONCE = 10


def ask_about(workspace: Workspace, wanted: Sequence[Candidate], clock: Clock) -> Asked:
    """The provider's word on each video. Raises `Problems`: exit code 3 without a key, 5 for the
    key of another account."""
    return asyncio.run(_ask(workspace, wanted, clock))


async def _ask(workspace: Workspace, wanted: Sequence[Candidate], clock: Clock) -> Asked:
    async with open_provider(workspace) as provider:
        account = await provider.account()
        guard_account(workspace, account)
        ids = list(dict.fromkeys(each.video_id for each in wanted))
        videos = await _videos(provider, ids)
        now = provider.server_now
        return Asked(account=account, now=clock.now() if now is None else now, videos=videos)


async def _videos(provider: Provider, ids: Sequence[str]) -> dict[str, Remote | None]:
    """Each video, a few at a time: lengths and dates stand in no bulk answer. That one comes
    first, because with one wrong video all the others need not be asked about."""
    words = await provider.statuses(ids)
    doubtful = [i for i in ids if words.get(i) in ("failed", "not_found")]
    found = await _look(provider, doubtful)
    if any(remote is None or remote.status == "failed" for remote in found.values()):
        return found
    return found | await _look(provider, [i for i in ids if i not in found])


async def _look(provider: Provider, ids: Sequence[str]) -> dict[str, Remote | None]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(video_id: str) -> Remote | None:
        async with limit:
            return await provider.video(video_id)

    return dict(zip(ids, await asyncio.gather(*map(look, ids)), strict=True))
