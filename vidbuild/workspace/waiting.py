"""Survey of what is in flight -> all of it over: waited for, written down, fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vidbuild.apply.attend import Attended, Stray, attend
from vidbuild.apply.work import Failure, Result
from vidbuild.plan.flights import Flight, recorded_request
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.provider.model import Provider
from vidbuild.state.journal import Journal
from vidbuild.workspace.applying import Run, work_of
from vidbuild.workspace.flying import Survey
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.providing import guard_account, open_provider
from vidbuild.workspace.publishing import publish_end
from vidbuild.workspace.remarks import Remarks
from vidbuild.workspace.signals import terminable

_IN_FLIGHT = "in_flight"


def wait_for(found: Survey, run: Run) -> Result:
    """Waits for what is in flight. The project must be held. Raises `Problems` without a key (3)
    and for the key of another account (5)."""
    import asyncio

    remarks = Remarks()
    result = asyncio.run(_wait_for(found, run, remarks))
    private = {f.label for f in found.flights if f.request is not None and f.request.private}
    return replace(result, warnings=(*result.warnings, *remarks.warnings(private)))


async def _wait_for(found: Survey, run: Run, remarks: Remarks) -> Result:
    workspace = found.workspace
    async with open_provider(workspace, remark=remarks.heard.append) as provider:
        account = await provider.account()
        guard_account(workspace, account)
        run.confirm(account)
        with terminable():
            return await _attend(found, run, provider, remarks)


async def _attend(found: Survey, run: Run, provider: Provider, remarks: Remarks) -> Result:
    workspace = found.workspace
    name = workspace.loaded.project.name
    with Journal(workspace.journal_path, project=name) as journal:
        work = work_of(workspace, run, provider=provider, journal=journal, remarks=remarks)
        async with run.around():
            return await attend(
                found.plan,
                attended(found),
                work,
                closing=lambda running: publish_end(workspace, running, remarks),
            )


def attended(found: Survey) -> Attended:
    """The plan's rows for what has an id, the rest as strays, and what has no answer yet."""
    provider = found.plan.provider
    mine = [flight for flight in found.flights if flight.render.provider == provider]
    sent = [flight for flight in mine if flight.render.video_id]
    resumed = [c for flight in sent for c in flight.changes if not _is_refused(c)]
    taken = {change.name for change in resumed}
    return Attended(
        resumed=tuple(sorted(resumed, key=lambda change: change.name)),
        strays=tuple(s for flight in sent if (s := _stray(found.workspace, flight, taken))),
        unanswered=tuple(
            (change, _unanswered(flight, change))
            for flight in mine
            if not flight.render.video_id
            for change in flight.changes or (_named(flight, flight.label),)
        ),
    )


def is_anything(found: Survey) -> bool:
    """Whether there is anything to wait for, or to tell."""
    return len(foreign(found)) < len(found.flights)


def shown_plan(found: Survey) -> Plan:
    """What is waited for as a plan, for those who show progress."""
    what = attended(found)
    changes = (*what.resumed, *(stray.change for stray in what.strays))
    return replace(found.plan, changes=changes)


def foreign(found: Survey) -> tuple[Flight, ...]:
    """What another provider has in flight: it cannot be asked here."""
    return tuple(f for f in found.flights if f.render.provider != found.plan.provider)


def _is_refused(change: Change) -> bool:
    """A protected name keeps its finished video, whatever is on its way to it."""
    return change.protected and change.replaces


def _stray(workspace: Workspace, flight: Flight, taken: set[str]) -> Stray | None:
    """What of a flight the plan's rows leave: other names of it, or all of it."""
    if any(change.name in taken for change in flight.changes):
        names = tuple(name for name in flight.names if name not in _settled(flight, taken))
        if not names:
            return None
    else:
        names = flight.names
    return Stray(
        change=_named(flight, names[0] if names else flight.label),
        render=flight.render,
        names=names,
        holders=tuple(_holders(workspace, flight, names)),
    )


def _settled(flight: Flight, taken: set[str]) -> set[str]:
    """The names that the plan's rows bring up to date: their own and those that move to them."""
    rows = [change for change in flight.changes if change.name in taken]
    return {name for change in rows for name in (change.name, *change.moves)}


def _holders(workspace: Workspace, flight: Flight, names: tuple[str, ...]) -> Iterator[Change]:
    """Names of the project whose entry points at the render: they get its files."""
    loaded = workspace.loaded
    for name in flight.pointing:
        if name in names and (name in loaded.requests or name in loaded.broken):
            entry = workspace.lock.videos[name]
            request = recorded_request(name, entry)
            yield replace(_named(flight, name), request=request, entry=entry)


def _named(flight: Flight, name: str) -> Change:
    render, request = flight.render, flight.request
    return Change(
        name=name, action=Action.resume, reason=_IN_FLIGHT, request=request, render=render,
        attempt=render.attempt,
    )  # fmt: skip


def _unanswered(flight: Flight, change: Change) -> Failure:
    if flight.unsure:
        return Failure(
            name=change.name,
            code="VB552",
            message="its create has no answer, and nobody can tell whether it was taken",
            hint="look at the provider's own list of videos: `lock adopt "
            f"{change.name} VIDEO_ID` if it is there, else `vidbuild apply --resubmit "
            f"{change.name}`, which pays anew",
            reason="unsure",
        )
    hint = "`vidbuild apply` sends it again under the same key: nothing is paid twice"
    if not flight.changes:
        hint = (
            "the project does not ask for it any more: `vidbuild apply` sends it again under the "
            f"same key once it does; `lock rm {change.name} --in-flight` forgets it"
        )
    return Failure(
        name=change.name, code="VB551", message="its create has no answer yet", hint=hint
    )
