"""Workspace and plan -> a finished apply: provider, account, question, journal, engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from vidbuild.apply.events import Event
from vidbuild.apply.work import Result
from vidbuild.clock import Clock
from vidbuild.diagnostics import EXIT_REFUSED, problem
from vidbuild.plan.model import Plan
from vidbuild.provider.model import Account, Provider
from vidbuild.workspace.opened import Workspace, shown
from vidbuild.workspace.providing import open_provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How to carry a plan out. `confirm` is asked once the account is known and raises to
    refuse; `around` is entered while events come."""

    clock: Clock
    emit: Callable[[Event], None]
    confirm: Callable[[Account | None], None]
    around: Callable[[], AbstractAsyncContextManager[None]]
    jobs: int = 10
    download: bool = True
    wait: bool = True
    fail_fast: bool = False
    timeout: float | None = None


def carry_out(workspace: Workspace, plan: Plan, run: Run) -> Result:
    """Applies the plan. The project must be held.

    The question is asked between two turns of the event loop, where Ctrl-C means what it
    means everywhere else.
    """
    import asyncio

    with asyncio.Runner() as runner:
        opened = open_provider(workspace)
        provider = runner.run(opened.__aenter__())
        try:
            account = runner.run(provider.account())
            _guard_account(workspace, account)
            run.confirm(account)
            return runner.run(_apply(workspace, plan, run, provider))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _apply(workspace: Workspace, plan: Plan, run: Run, provider: Provider) -> Result:
    from vidbuild.apply.engine import apply
    from vidbuild.apply.work import Work
    from vidbuild.plan.digest import listed, sealed
    from vidbuild.state.journal import Journal
    from vidbuild.state.recorded import Accepted

    project = workspace.loaded.project
    with Journal(workspace.journal_path, project=project.name) as journal, _terminable():
        async with run.around():
            return await apply(
                plan,
                Work(
                    provider=provider,
                    journal=journal,
                    lock=workspace.lock,
                    lock_path=workspace.lock_path,
                    lock_shown=shown(workspace.root, workspace.lock_path),
                    project_dir=workspace.root,
                    output_dir=workspace.output_dir,
                    api=workspace.loaded.api,
                    clock=run.clock,
                    emit=run.emit,
                    outputs=project.output.files,
                    siblings=workspace.siblings,
                    accepted=Accepted(
                        digest=plan.digest,
                        changes=sealed(listed(workspace.loaded.api, plan.changes)),
                    ),
                    jobs=run.jobs,
                    keep_history=project.output.keep_history,
                    download=run.download,
                    wait=run.wait,
                    fail_fast=run.fail_fast,
                    timeout=run.timeout,
                ),
            )


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM interrupts as Ctrl-C does: nothing more is submitted, the lock is written."""
    import asyncio
    import signal

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    try:
        loop.add_signal_handler(signal.SIGTERM, task.cancel if task else loop.stop)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def _guard_account(workspace: Workspace, account: Account | None) -> None:
    """Refuses (5) a key of another account than the project's or the lock's, before anybody
    is asked anything. Where nobody can tell whose key it is, only an account written in the
    project refuses.
    """
    from vidbuild.apply.start import refuse_other_account

    settings = workspace.loaded.project.provider
    wanted = settings.account
    if wanted is not None and (account is None or account.username != wanted):
        whose = f"the account {account.username}" if account else "an account that cannot be told"
        raise problem(
            "VB716",
            f"the key is of {whose}, the project wants {wanted}",
            hint="use the key of the right account, or change `account`",
            exit_code=EXIT_REFUSED,
        )
    refuse_other_account(
        account,
        workspace.lock,
        provider=settings.name,
        shown=shown(workspace.root, workspace.lock_path),
    )
