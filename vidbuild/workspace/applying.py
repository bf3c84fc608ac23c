"""Workspace and plan -> a finished apply: provider, account, question, journal, engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from vidbuild.apply.events import Event
from vidbuild.apply.work import Result
from vidbuild.clock import Clock
from vidbuild.provider.model import Account, Provider
from vidbuild.workspace.accepting import Proposal
from vidbuild.workspace.opened import shown
from vidbuild.workspace.providing import guard_account, open_provider
from vidbuild.workspace.remarks import Remarks
from vidbuild.workspace.signals import terminable


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How to carry a plan out. `confirm` is asked once the account is known and raises to
    refuse; `around` is entered while events come."""

    clock: Clock
    emit: Callable[[Event], None]
    confirm: Callable[[Account | None], None]
    around: Callable[[], AbstractAsyncContextManager[None]]
    jobs: int = 10
    wait: bool = True
    fail_fast: bool = False
    timeout: float | None = None


def carry_out(proposal: Proposal, run: Run) -> Result:
    """Applies what was proposed. The project must be held.

    The question is asked between two turns of the event loop, where Ctrl-C means what it
    means everywhere else.
    """
    import asyncio

    workspace = proposal.workspace
    with asyncio.Runner() as runner:
        remarks = Remarks()
        opened = open_provider(workspace, remark=remarks.heard.append)
        provider = runner.run(opened.__aenter__())
        try:
            account = runner.run(provider.account())
            guard_account(workspace, account)
            run.confirm(account)
            result = runner.run(_apply(proposal, run, provider, remarks))
        finally:
            runner.run(opened.__aexit__(None, None, None))
    private = {c.name for c in proposal.plan.changes if c.request and c.request.private}
    return replace(result, warnings=(*result.warnings, *remarks.warnings(private)))


async def _apply(proposal: Proposal, run: Run, provider: Provider, remarks: Remarks) -> Result:
    from vidbuild.apply.engine import apply
    from vidbuild.apply.work import Work
    from vidbuild.state.identity import key_of
    from vidbuild.state.journal import Journal

    def emit(event: Event) -> None:
        remarks.note(event)
        run.emit(event)

    workspace = proposal.workspace
    project = workspace.loaded.project
    with Journal(workspace.journal_path, project=project.name) as journal, terminable():
        for render in proposal.facts:
            journal.advance(render, key=key_of(project.name, render))
        async with run.around():
            return await apply(
                proposal.plan,
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
                    emit=emit,
                    outputs=project.output.files,
                    siblings=workspace.siblings,
                    accepted=proposal.accepted,
                    delete_remote=proposal.delete_remote,
                    jobs=run.jobs,
                    keep_history=project.output.keep_history,
                    download=proposal.download,
                    wait=run.wait,
                    fail_fast=run.fail_fast,
                    timeout=run.timeout,
                ),
            )
