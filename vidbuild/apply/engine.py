"""Apply: carries out exactly the plan that was shown, and survives being stopped anywhere.

The imperative shell around the plan. Every name is independent; what was submitted is never
submitted again; interruption, a time limit and the end all leave a lock that says where
things stand. Not for deciding anything: the decision table did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from typing import Any, Literal

from vidbuild.apply.book import CHECKPOINT_SECONDS
from vidbuild.apply.close import close_lost
from vidbuild.apply.deliver import stage
from vidbuild.apply.jobs import Job, hand_out, work_on
from vidbuild.apply.leftovers import clear_leftovers, is_moved
from vidbuild.apply.remove import remove
from vidbuild.apply.run import Run
from vidbuild.apply.start import start
from vidbuild.apply.work import Failed, Result, Work, failed_by
from vidbuild.diagnostics import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_REFUSED, EXIT_STOPPED, Problems
from vidbuild.plan.digest import carried_out
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.state.identity import Identity, identity

# `held`: the first videos failed, so the rest was left alone; `declined`: somebody said no to it.
Ending = Literal["done", "timeout", "interrupted", "held", "declined"]


async def apply(plan: Plan, work: Work) -> Result:
    """Carries out `plan` in one go. The caller holds the project. Raises as `begin` does."""
    run = await begin(plan, work)
    return end(run, await carry_out(run, work_through(run, plan.changes)))


async def begin(plan: Plan, work: Work, *, first: Sequence[str] = ()) -> Run:
    """Nothing is sent yet. `first` names what is rendered before the rest is agreed to.

    Raises `Problems` for what stops everything before it begins: an account other than the
    lock's (exit code 5), a key that is refused (3), a provider that cannot be reached.
    """
    run = await start(plan, work)
    work.journal.begin(work.accepted)
    run.unsubmitted |= {job.leader.name for job in jobs_of(run, _active(plan.changes))}
    renders, canary = plan.summary.renders, list(first) or None
    run.tally.tell("planned", None, digest=plan.digest, renders=renders, canary=canary)
    return run


def end(run: Run, ending: Ending) -> Result:
    """Writes the lock a last time and says what came of it all."""
    trouble, work = run.book.save(), run.work
    if trouble is None and ending == "done" and not run.tally.failures and work.wait:
        work.journal.finish(work.accepted)
        for begun in run.recorded.applies:
            if carried_out(begun.changes, run.book.videos):
                work.journal.finish(begun)
    return result_of(run, ending, trouble)


async def carry_out(run: Run, steps: Coroutine[Any, Any, None]) -> Ending:
    """Works until everything is done, the time is up, or somebody stops it."""
    began, limit = run.work.clock.now(), run.work.timeout
    work = asyncio.create_task(steps)
    helpers = [asyncio.create_task(run.watch.run()), asyncio.create_task(_checkpoints(run))]
    timer = asyncio.create_task(_sleep(run, limit - run.spent)) if limit else None
    ending: Ending = "done"
    try:
        awaited: set[asyncio.Task[None]] = {work, *helpers, *([timer] if timer else [])}
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if timer is not None and timer.done() and not work.done():
            ending = "timeout"
    except asyncio.CancelledError:
        ending = "interrupted"
        current = asyncio.current_task()
        if current is not None:
            current.uncancel()
    finally:
        run.book.save()  # first of all: whatever the rest takes, the lock is on the disk
        await _end([work, *helpers, *([timer] if timer else [])])
        await _end(run.uploads.values())  # now that nobody begins another
        run.shelf.staging.close()
        run.spent += max(run.work.clock.now() - began, 0.0)
    for task in (work, *helpers):
        if not task.cancelled():
            _raise_bugs(run, task.exception())
    return ending


def _raise_bugs(run: Run, error: BaseException | None) -> None:
    """A journal that cannot be written ends everything, and is told; a bug stays a bug."""
    found: list[BaseException] = [error] if error is not None else []
    told: dict[str, Problems] = {}
    while found:
        each = found.pop()
        if isinstance(each, BaseExceptionGroup):
            found += each.exceptions
        elif isinstance(each, Problems):
            told[str(each)] = each
        elif error is not None:
            raise error
    for problems in told.values():
        run.tally.fail(Failed(failed_by(None, problems).failure, exit_code=EXIT_ERROR), None)


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def work_through(run: Run, wanted: Sequence[Change]) -> None:
    """First what is done at once, then everything else side by side.

    What belongs together comes together: names that swap, a render and its twins.
    """
    changes = _active(wanted)
    await _stage_copies(run, changes)
    for change in wanted:
        if change.reason == "gave_up" and change.render is not None:
            run.point(change, change.render)
    for change in changes:
        if change.action is Action.update:
            run.describe(change)
            run.tally.tell("updated", change.name)
    jobs = jobs_of(run, changes)
    async with asyncio.TaskGroup() as group:
        for change in changes:
            if change.action in (Action.fetch, Action.reuse) and change.render is not None:
                group.create_task(hand_out(run, change, change.render))
            elif change.action is Action.delete:
                group.create_task(remove(run, change))
        for job in jobs:
            # What is new begins when its turn is near: thousands need no task each.
            if job.leader.action is not Action.resume:
                await run.near.acquire()
                run.ahead.add(job.leader.name)
            group.create_task(work_on(run, job))
    await close_lost(run)
    clear_leftovers(run, changes)


def _active(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.reason != "gave_up"]


async def _stage_copies(run: Run, changes: Sequence[Change]) -> None:
    """Every local source is copied before any file is replaced: names may swap."""
    for change in changes:
        copies = change.action in (Action.reuse, Action.fetch) or is_moved(change)
        if copies and change.render is not None:
            stage(run, change, change.render)
            await asyncio.sleep(0)


def jobs_of(run: Run, changes: Sequence[Change]) -> list[Job]:
    """What is resumed, one job for each render; then what is new, the longest first."""
    resumed: dict[Identity, list[Change]] = {}
    twins: dict[str | None, list[Change]] = {}
    for change in changes:
        if change.action is Action.resume and change.render is not None:
            resumed.setdefault(identity(run.project, change.render), []).append(change)
        elif change.action is Action.reuse and change.render is None:
            twins.setdefault(change.source, []).append(change)
    new = sorted(
        (change for change in changes if change.pays),
        key=lambda change: (-(change.estimate.seconds or 0.0), change.name),
    )
    return [
        *(Job(leader=first, followers=tuple(rest)) for first, *rest in resumed.values()),
        *(Job(leader=each, followers=tuple(twins.get(each.name, ()))) for each in new),
    ]


async def _checkpoints(run: Run) -> None:
    while True:
        await run.work.clock.sleep(CHECKPOINT_SECONDS)
        run.book.checkpoint()


async def _sleep(run: Run, seconds: float) -> None:
    await run.work.clock.sleep(seconds)


def result_of(run: Run, ending: Ending, trouble: Problems | None, *, also: int = 0) -> Result:
    """How it ended; `also` are videos in flight that no name of the plan points at."""
    tally = run.tally
    if trouble is not None:
        tally.fail(Failed(failed_by(None, trouble).failure, exit_code=EXIT_ERROR), None)
    codes: dict[Ending, int] = {
        "done": tally.exit_code,
        "timeout": EXIT_STOPPED,
        "interrupted": EXIT_INTERRUPTED,
        "held": tally.exit_code,
        "declined": EXIT_REFUSED,
    }
    names = {change.name for change in run.plan.changes}
    in_flight = [
        name
        for name, entry in run.book.videos.items()
        if name in names and entry.render.status.in_flight
    ]
    result = Result(
        exit_code=codes[ending],
        counts=dict(tally.counts),
        failures=tuple(tally.failures),
        submitted=len(in_flight) + also,
        seconds=tally.seconds,
        cost_usd=tally.cost_usd,
        estimate_usd=tally.estimate_usd,
        compared=tally.compared,
        elapsed=run.spent,
        left=len(run.unsubmitted) if ending in ("held", "declined") else 0,
    )
    tally.tell(
        "done",
        None,
        counts=result.counts,
        failures=len(result.failures),
        submitted=result.submitted,
        left=result.left or None,
        seconds=round(result.seconds, 2),
        cost_usd=result.cost_usd,
        estimate_usd=result.estimate_usd,
        compared=result.compared.as_data() if result.compared.videos else None,
        exit_code=result.exit_code,
    )
    return result
