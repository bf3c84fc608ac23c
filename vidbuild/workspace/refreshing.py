"""Workspace -> what the provider says today of the renders that are recorded. Writes nothing.

Not for deciding what follows from it: that is the plan's; nor for recording it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from vidbuild.apply.ended import ended
from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_REFUSED, Problems, problem
from vidbuild.plan.cost import price_of
from vidbuild.plan.flights import recorded_request
from vidbuild.provider.model import Provider, Remote
from vidbuild.request.model import Request
from vidbuild.state.pool import Member
from vidbuild.state.records import Render, Status
from vidbuild.state.times import seconds
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import pool_of
from vidbuild.workspace.providing import guard_account, open_provider

_AT_ONCE = 10
_PROBES = 3  # videos to look at one by one before all of them are called unknown
_VISIBLE_AFTER = 24 * 3600.0  # until then a video that was submitted may still appear


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`facts` are renders with another status by now: finished, failed, gone; `was` is their
    recorded status by id. `asked` are the ids
    that were asked about; `doubted` are those that the provider does not know, which for now means
    nothing; `unclear` those that it could not answer for, with its words."""

    facts: tuple[Render, ...] = ()
    was: Mapping[str, Status] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    doubted: tuple[Render, ...] = ()
    unclear: tuple[tuple[Render, Problems], ...] = ()


def look_again(
    workspace: Workspace, clock: Clock, *, wanted: Callable[[Member], bool] = lambda _: True
) -> Seen:
    """What has become of the recorded renders, of the `wanted` ones alone.

    Raises `Problems`: exit code 3 without a key, 5 for the key of another account and where the
    provider knows none of the recorded videos. Where there is nothing to ask about nobody is asked.
    """
    if not any(wanted(member) for member in _recorded(workspace, None).values()):
        return Seen()
    return asyncio.run(_look_again(workspace, clock, wanted))


async def _look_again(workspace: Workspace, clock: Clock, wanted: Callable[[Member], bool]) -> Seen:
    async with open_provider(workspace) as provider:
        account = await provider.account()
        guard_account(workspace, account)
        own = account.hash if account else None
        members = _recorded(workspace, own)
        renders = {i: member.render for i, member in members.items() if wanted(member)}
        if not renders:
            return Seen()
        look = _Look(
            provider=provider,
            words=await provider.statuses(list(renders)),
            requests=_requests(workspace),
            workspace=workspace,
            clock=clock,
        )
        others = {i: member.render for i, member in members.items() if i not in renders}
        met = await _met(look, renders, others)
        return await _seen(look, renders, met, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What looking takes: `words` are the bulk answers by id, `requests` the project's by
    fingerprint."""

    provider: Provider
    words: Mapping[str, str]
    requests: Mapping[str, Request]
    workspace: Workspace
    clock: Clock

    def now(self) -> float:
        return self.provider.server_now or self.clock.now()


async def _seen(
    look: _Look, renders: Mapping[str, Render], met: Collection[str | None], own: str | None
) -> Seen:
    """One look at each video that has news, a few at a time."""
    facts: list[Render] = []
    doubted: list[Render] = []
    unclear: list[tuple[Render, Problems]] = []
    waiting = iter([r for i, r in renders.items() if _is_news(r, look.words[i])])

    async def work() -> None:
        for render in waiting:
            try:
                remote = await look.provider.video(render.video_id or "")
            except Problems as problems:
                if problems.exit_code == EXIT_CREDENTIALS:
                    raise
                unclear.append((render, problems))
                continue
            known = own is not None and render.account == own
            if remote is not None:
                facts.extend(_over(look, render, remote))
            elif (known or render.account in met) and _is_gone(look, render):
                facts.append(replace(render, status=Status.gone))
            else:
                doubted.append(render)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    if unclear and len(unclear) == len(renders):
        raise unclear[0][1]
    return Seen(
        facts=_sorted(facts),
        was={i: renders[i].status for i in (fact.video_id or "" for fact in facts)},
        asked=frozenset(renders),
        doubted=_sorted(doubted),
        unclear=tuple(unclear),
    )


def _sorted(renders: Iterable[Render]) -> tuple[Render, ...]:
    return tuple(sorted(renders, key=lambda render: render.video_id or ""))


def _recorded(workspace: Workspace, account: str | None) -> dict[str, Member]:
    """By id what may have another status: in flight or finished, never another account's."""
    pool = pool_of(workspace, workspace.loaded.requests)
    return {
        member.render.video_id: member
        for member in pool.members
        if member.render.video_id
        and not member.tombstone
        and member.render.status in (Status.submitted, Status.completed)
        and (account is None or member.render.account in (None, account))
    }


async def _met(
    look: _Look, renders: Mapping[str, Render], others: Mapping[str, Render]
) -> frozenset[str | None]:
    """The accounts, as recorded, of which the provider knows some video.

    Nothing is concluded from a provider that knows none: where it knows none of those asked
    about, others are asked about as well, and a few looked at one by one.
    """
    met = _known(look.words, renders)
    if met:
        return met
    words = await look.provider.statuses(list(others)) if others else {}
    if known := _known(words, others):
        return known
    for video_id in sorted(look.words)[:_PROBES]:
        if await look.provider.video(video_id) is not None:
            return frozenset({renders[video_id].account})
    count = len(look.words) + len(words)
    raise problem(
        "VB554",
        f"the provider knows none of the {count} recorded videos: is this the key of another "
        "account?",
        hint="check the API key; nothing was planned, and nothing is recorded as gone",
        exit_code=EXIT_REFUSED,
    )


def _known(words: Mapping[str, str], renders: Mapping[str, Render]) -> frozenset[str | None]:
    return frozenset(renders[i].account for i, word in words.items() if word != "not_found")


def _is_news(render: Render, word: str) -> bool:
    return word == "not_found" or (word != "submitted" and render.status is Status.submitted)


def _is_gone(look: _Look, render: Render) -> bool:
    """Two calls agree, and it has had its time to appear."""
    young = render.sent_at is None or look.now() - seconds(render.sent_at) <= _VISIBLE_AFTER
    waiting = render.status is Status.submitted and young
    return look.words[render.video_id or ""] == "not_found" and not waiting


def _over(look: _Look, render: Render, remote: Remote) -> Iterable[Render]:
    """The render as it ended, if it has."""
    if render.status is not Status.submitted or remote.status == "submitted":
        return
    request = look.requests.get(render.fingerprint)
    cost = None
    if request is not None and remote.status == "completed":
        cost = price_of(look.workspace.loaded.api, request, remote.duration)
    private = request is None or request.private
    yield ended(render, remote, now=look.now(), cost=cost, private=private)


def _requests(workspace: Workspace) -> dict[str, Request]:
    """By fingerprint the contents whose price can be told."""
    open_ = {
        entry.fingerprint: recorded_request(name, entry)
        for name, entry in workspace.lock.videos.items()
        if entry.render.status.in_flight
    }
    return open_ | {r.fingerprint: r for r in workspace.loaded.requests.values()}
