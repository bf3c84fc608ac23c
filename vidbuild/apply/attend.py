"""Waiting for what is in flight and fetching it: the engine without a single create.

What today's plan resumes becomes its names', as an apply has it. Whatever else is on its
way (its name gone, its content changed, its sources not ready) is followed to its end and
written down where the lock records it. An intent without an answer is told, never sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vidbuild.apply.close import close_lost
from vidbuild.apply.deliver import Lost
from vidbuild.apply.engine import carry_out, jobs_of, result_of
from vidbuild.apply.follow import Ending, follow
from vidbuild.apply.jobs import hand_out, render_failed, work_on
from vidbuild.apply.run import Run
from vidbuild.apply.start import start
from vidbuild.apply.work import Failed, Failure, Result, Work
from vidbuild.plan.model import Change, Plan
from vidbuild.state.advance import advanced
from vidbuild.state.records import Render, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A render that no row of the plan takes up. `names` of the lock record it; each of
    `holders` points at it and gets its files."""

    change: Change
    render: Render
    names: tuple[str, ...] = ()
    holders: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """What to wait for. `unanswered` are creates that nobody answered, with what to say of each."""

    resumed: tuple[Change, ...] = ()
    strays: tuple[Stray, ...] = ()
    unanswered: tuple[tuple[Change, Failure], ...] = ()


async def attend(
    plan: Plan, attended: Attended, work: Work, *, closing: Callable[[Run], None] = lambda _: None
) -> Result:
    """Waits until all of it is over, or the time is. The caller holds the project. `closing` has
    the last word before the end is told.

    Raises `Problems` for an account other than the lock's (exit code 5), a key that is refused
    (3), a provider that cannot be reached.
    """
    changes = (*attended.resumed, *(stray.change for stray in attended.strays))
    run = await start(replace(plan, changes=changes), work)
    for change, failure in attended.unanswered:
        run.fail(Failed(failure), change)
    open_ = set(range(len(attended.strays)))
    ending = await carry_out(run, _work(run, attended, open_))
    trouble = run.book.save()
    closing(run)
    return result_of(run, ending, trouble, also=len(open_))


async def _work(run: Run, attended: Attended, open_: set[int]) -> None:
    async with asyncio.TaskGroup() as group:
        for job in jobs_of(run, attended.resumed):
            group.create_task(work_on(run, job))
        for number, stray in enumerate(attended.strays):
            group.create_task(_finish(run, stray, number, open_))
    await close_lost(run)


async def _finish(run: Run, stray: Stray, number: int, open_: set[int]) -> None:
    """One stray to its end, in the journal and then in the lock; its files last."""
    change, render = stray.change, stray.render
    try:
        if render.status.in_flight:
            ending = await follow(run, change, render)
        else:
            ending = Ending(render=render)
    except Failed as failure:
        run.fail(failure, change)
        return
    except Lost:
        names = stray.names or (change.name,)
        run.lost += [(replace(change, name=name), render) for name in names]
        return
    if ending is None:
        return
    open_.discard(number)
    _write_down(run, stray.names, ending.render)
    if ending.render.status is Status.failed:
        run.fail(render_failed(change, ending.render), change)
        return
    for holder in stray.holders:
        await hand_out(run, holder, ending.render, ending.remote)
    if not stray.holders and not render.status.in_flight:
        run.tally.tell("updated", change.name)


def _write_down(run: Run, names: Sequence[str], render: Render) -> None:
    for name in names:
        entry = run.book.videos.get(name)
        if entry is not None:
            run.book.put(name, advanced(run.project, entry, render))
