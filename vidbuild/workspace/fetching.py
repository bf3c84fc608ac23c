"""Workspace -> the files of finished videos that are missing or altered, and then they are there.

Renders and submits nothing, and needs nobody's consent: the plan's `fetch` rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vidbuild.apply.work import Result
from vidbuild.plan.model import Action, Plan
from vidbuild.plan.selection import Selection
from vidbuild.provider.model import Provider
from vidbuild.state.journal import Journal
from vidbuild.workspace.applying import Run, work_of
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import PlanOptions, make_plan
from vidbuild.workspace.providing import guard_account, open_provider
from vidbuild.workspace.publishing import publish_end
from vidbuild.workspace.remarks import Remarks
from vidbuild.workspace.signals import terminable

_GOOD = (Action.unchanged, Action.update)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """`plan` has the videos to fetch alone; `in_place` counts the other files."""

    workspace: Workspace
    plan: Plan
    in_place: int


def missing(workspace: Workspace, selection: Selection) -> Missing:
    """What a fetch would get. Raises `Problems`."""
    plan = make_plan(workspace, PlanOptions(selection=selection))
    kinds = workspace.loaded.project.output.files
    in_place = sum(
        change.entry.render.outputs.get(kind) is not None
        for change in plan.changes
        if change.action in _GOOD and change.entry is not None
        for kind in kinds
    )
    changes = tuple(change for change in plan.changes if change.action is Action.fetch)
    return Missing(workspace=workspace, plan=replace(plan, changes=changes), in_place=in_place)


def fetch(found: Missing, run: Run) -> Result:
    """Gets the files. The project must be held. Raises `Problems` without a key (3) and for the
    key of another account (5)."""
    import asyncio

    remarks = Remarks()
    result = asyncio.run(_fetch(found, run, remarks))
    private = {c.name for c in found.plan.changes if c.request and c.request.private}
    return replace(result, warnings=(*result.warnings, *remarks.warnings(private)))


async def _fetch(found: Missing, run: Run, remarks: Remarks) -> Result:
    workspace = found.workspace
    async with open_provider(workspace, remark=remarks.heard.append) as provider:
        account = await provider.account()
        guard_account(workspace, account)
        run.confirm(account)
        with terminable():
            return await _carry_out(found, run, provider, remarks)


async def _carry_out(found: Missing, run: Run, provider: Provider, remarks: Remarks) -> Result:
    from vidbuild.apply.engine import carry_out, result_of, work_through
    from vidbuild.apply.start import start

    workspace, plan = found.workspace, found.plan
    with Journal(workspace.journal_path, project=workspace.loaded.project.name) as journal:
        work = work_of(workspace, run, provider=provider, journal=journal, remarks=remarks)
        running = await start(plan, work)
        async with run.around():
            ending = await carry_out(running, work_through(running, plan.changes))
            trouble = running.book.save()
            publish_end(workspace, running, remarks)
            return result_of(running, ending, trouble)
