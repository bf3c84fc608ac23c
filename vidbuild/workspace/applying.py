"""Workspace and plan -> a finished apply: provider, account, question, journal, engine."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from vidbuild.apply.events import Event
from vidbuild.apply.work import Result, Work
from vidbuild.clock import Clock, Steady
from vidbuild.diagnostics import EXIT_STOPPED, Diagnostic, problem
from vidbuild.plan.budget import Room
from vidbuild.provider.model import Account, Provider
from vidbuild.state.journal import Journal
from vidbuild.state.recorded import Accepted
from vidbuild.workspace.accepting import Proposal
from vidbuild.workspace.locating import place_of
from vidbuild.workspace.opened import Workspace, shown
from vidbuild.workspace.providing import guard_account, open_provider
from vidbuild.workspace.publishing import publish_end
from vidbuild.workspace.remarks import Remarks
from vidbuild.workspace.signals import end_at_once, impatient, terminable, terminable_question

if TYPE_CHECKING:
    import asyncio

    from vidbuild.apply.canary import Look
    from vidbuild.apply.engine import Ending
    from vidbuild.apply.run import Run as Running
    from vidbuild.plan.canary import First
    from vidbuild.plan.model import Change

T = TypeVar("T")
_AT_ONCE = 10
_NO_TIME = 1e-3  # of a time limit that is used up: not none, which would be no limit
Verdict = Literal["done", "held", "declined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How to carry a plan out. `confirm` is asked once the account is known and raises to
    refuse; `around` is entered while events come. `warn` hears what is to be known before.

    With a `canary` of so many, `judge` is shown the riskiest videos when they are rendered,
    and says whether the rest is done too.
    """

    clock: Clock
    emit: Callable[[Event], None]
    confirm: Callable[[Account | None], None]
    around: Callable[[], AbstractAsyncContextManager[None]]
    warn: Callable[[Diagnostic], None] = lambda _: None
    judge: Callable[[Look], Verdict] = lambda _: "done"
    canary: int | None = None
    jobs: int = 10
    wait: bool = True
    fail_fast: bool = False
    timeout: float | None = None
    rooms: Sequence[Room] = ()


def carry_out(proposal: Proposal, run: Run) -> Result:
    """Applies what was proposed. The project must be held.

    Questions are asked between two turns of the event loop, where Ctrl-C means what it
    means everywhere else.
    """
    import asyncio

    workspace, passed = proposal.workspace, Steady(run.clock)
    with ExitStack() as closing, asyncio.Runner() as runner:
        remarks = Remarks()
        opened = open_provider(workspace, remark=remarks.heard.append)
        provider = runner.run(opened.__aenter__())
        try:
            remarks.tell(run.warn)
            account = runner.run(_interruptible(_in_time(run, provider.account())))
            guard_account(workspace, account)
            spent = passed.now()
            with terminable_question():
                run.confirm(account)
            left = replace(run, timeout=run.timeout and max(run.timeout - spent, _NO_TIME))
            result = _apply(runner, proposal, left, provider, remarks)
        finally:
            closing.enter_context(impatient())  # everything is on the disk by now
            runner.run(opened.__aexit__(None, None, None))
    private = {c.name for c in proposal.plan.changes if c.request and c.request.private}
    return replace(result, warnings=(*result.warnings, *remarks.warnings(private)))


def _apply(
    runner: asyncio.Runner, proposal: Proposal, run: Run, provider: Provider, remarks: Remarks
) -> Result:
    from vidbuild.apply.engine import begin, end
    from vidbuild.plan.canary import riskiest
    from vidbuild.state.identity import key_of

    workspace, plan = proposal.workspace, proposal.plan
    project = workspace.loaded.project
    first = riskiest(workspace.loaded.api, plan.changes, run.canary) if run.canary else ()
    with Journal(workspace.journal_path, project=project.name) as journal:
        if proposal.facts:
            journal.advance_all((each, key_of(project.name, each)) for each in proposal.facts)
        work = replace(
            work_of(workspace, run, provider=provider, journal=journal, remarks=remarks),
            accepted=proposal.accepted,
            delete_remote=proposal.delete_remote,
            download=proposal.download,
        )
        names = [each.change.name for each in first]
        running = _whole(runner, _in_time(run, begin(plan, work, first=names)))
        if first:
            ending = _parts(runner, run, running, first)
        else:
            ending = _part(runner, run, running, plan.changes)
        publish_end(workspace, running, remarks)
        return end(running, ending)


def _parts(runner: asyncio.Runner, run: Run, running: Running, first: Sequence[First]) -> Ending:
    """The first videos and what costs nothing; then, if that is wanted, the rest."""
    from vidbuild.apply.canary import is_stopped, look_at
    from vidbuild.plan.canary import apart

    early, rest = apart(running.plan.changes, {each.change.name for each in first})
    ending = _part(runner, run, running, early)
    if ending != "done" or not rest:
        return ending
    look = look_at(running, first, early, rest)
    if look.unpaid:
        if is_stopped(running):
            return "held"
        try:
            with terminable_question():
                verdict = run.judge(look)
        except KeyboardInterrupt:
            return "interrupted"
        if verdict != "done":
            return verdict
    return _part(runner, run, running, rest)


def _part(runner: asyncio.Runner, run: Run, running: Running, changes: Sequence[Change]) -> Ending:
    from vidbuild.apply.engine import carry_out as carry
    from vidbuild.apply.engine import work_through

    async def part() -> Ending:
        async with run.around():
            return await carry(running, work_through(running, changes))

    try:
        return runner.run(_interruptible(part()))
    except KeyboardInterrupt:  # the second: the first one is an ending, and wrote the lock
        end_at_once()


def _whole(runner: asyncio.Runner, steps: Coroutine[Any, Any, T]) -> T:
    """What the steps return, however much it is: Python 3.11 spells a task's result out."""
    found: list[T] = []

    async def kept() -> None:
        found.append(await steps)

    runner.run(_interruptible(kept()))
    return found[0]


async def _interruptible(steps: Coroutine[Any, Any, T]) -> T:
    """SIGTERM interrupts them as Ctrl-C does."""
    with terminable():
        return await steps


async def _in_time(run: Run, steps: Coroutine[Any, Any, T]) -> T:
    """What comes before anything is sent, within the time that there is."""
    import asyncio

    try:
        async with asyncio.timeout(run.timeout):
            return await steps
    except TimeoutError:
        raise problem(
            "VB565",
            "stopped waiting before anything was submitted: the provider did not answer in time",
            hint="apply again, with a longer --timeout",
            exit_code=EXIT_STOPPED,
        ) from None


def at_once(workspace: Workspace) -> int:
    """How many videos the provider has in progress at once, as its API file says."""
    from vidbuild.provider.routes import limit

    return limit(workspace.loaded.api, "videos_at_once", _AT_ONCE)


def work_of(
    workspace: Workspace, run: Run, *, provider: Provider, journal: Journal, remarks: Remarks
) -> Work:
    """What the engine works with, with nothing accepted yet."""

    def emit(event: Event) -> None:
        remarks.note(event)
        run.emit(event)

    output = workspace.loaded.project.output
    return Work(
        provider=provider,
        journal=journal,
        lock=workspace.lock,
        lock_path=workspace.lock_path,
        lock_shown=shown(workspace.root, workspace.lock_path),
        project_dir=workspace.root,
        output_dir=workspace.output_dir,
        api=workspace.loaded.api,
        clock=run.clock,
        emit=emit,
        outputs=output.files,
        siblings=workspace.siblings,
        accepted=Accepted(digest=""),
        jobs=run.jobs,
        keep_history=output.keep_history,
        wait=run.wait,
        fail_fast=run.fail_fast,
        timeout=run.timeout,
        rooms=run.rooms,
        locate=partial(place_of, workspace),
    )
