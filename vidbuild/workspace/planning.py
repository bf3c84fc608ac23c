"""Workspace -> plan, and whether the policy lets it be carried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from vidbuild.collecting import uncollected
from vidbuild.diagnostics import EXIT_REFUSED, Diagnostic, Problems, folded
from vidbuild.plan.budget import Room, rooms_of
from vidbuild.plan.build import Heading, build_plan, plan_pool
from vidbuild.plan.model import Action, FileState, Plan
from vidbuild.plan.selection import Selection
from vidbuild.plan.situation import Situation
from vidbuild.request.model import Request
from vidbuild.state.outputs import is_good, look_at, output_paths, receipt_path
from vidbuild.state.pool import Pool
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Lock, Output, Render
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.selected import found_in


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a command line says about a plan."""

    selection: Selection = field(default_factory=Selection)
    resubmit: frozenset[str] = frozenset()
    download: bool = True
    prune: bool = False
    delete_remote: bool = False
    causes: bool = False


@uncollected()
def make_plan(workspace: Workspace, options: PlanOptions) -> Plan:
    """The plan. Raises `Problems` for errors in what is selected."""
    loaded = workspace.loaded
    found = found_in(loaded, options.selection)
    _raise_errors(found)
    plan = build_plan(
        situation_of(workspace, options),
        heading=heading_of(workspace, loaded.project.outside),
        selection=options.selection,
        delete_remote=options.delete_remote,
        diagnostics=tuple(folded(found)),  # warnings: errors have been raised
    )
    if not options.causes or all(c.action is Action.unchanged for c in plan.changes):
        return plan
    from vidbuild.workspace.causing import with_causes

    return with_causes(workspace, plan)


def situation_of(workspace: Workspace, options: PlanOptions) -> Situation:
    """What the decision table is asked about, for a project with its records."""
    loaded = workspace.loaded
    return Situation(
        api=loaded.api,
        provider=loaded.project.provider.name,
        requests=loaded.requests,
        lock=workspace.lock,
        pool=pool_of(workspace, loaded.requests),
        files=LocalFiles(workspace, loaded.requests, download=options.download),
        broken=frozenset(loaded.broken),
        prune=options.prune,
        resubmit=options.resubmit,
        unsure=unsure(workspace),
        paces=workspace.paces,
    )


def heading_of(workspace: Workspace, outside: Mapping[str, Any]) -> Heading:
    project = workspace.loaded.project
    return Heading(
        project=project.name, profile=project.profile, provider=project.provider.name, vars=outside
    )


def unsure(workspace: Workspace) -> frozenset[str]:
    """The keys of requests that an apply has looked for in vain."""
    return frozenset(intent.key for intent in workspace.journal.intents if intent.unsure)


def pool_of(workspace: Workspace, requests: Mapping[str, Request]) -> Pool:
    """The pool for planning these requests."""
    loaded = workspace.loaded
    return plan_pool(
        loaded.api,
        requests,
        workspace.lock,
        provider=loaded.project.provider.name,
        siblings=workspace.siblings,
        journal=workspace.journal,
        kept=LocalVideos(workspace),
    )


@dataclass(frozen=True)
class LocalFiles:
    """How the files of a finished render stand in the output folder."""

    workspace: Workspace
    requests: Mapping[str, Request]
    download: bool

    def __call__(self, name: str, render: Render) -> FileState:
        if not self.download:
            return FileState.good
        loaded, journal = self.workspace.loaded, self.workspace.journal
        wanted = output_paths(loaded.api, self.requests[name], loaded.project.output.files)
        root = self.workspace.root
        return FileState(
            look_at(self._folder, wanted, render, receipts=journal.receipts, root=root)
        )

    @cached_property
    def _folder(self) -> Path:
        return self.workspace.output_dir


@dataclass(frozen=True)
class LocalVideos:
    """Whether the video of a render lies here: where its record says, or wherever it was put by
    an apply that was killed before the lock said so."""

    workspace: Workspace

    def __call__(self, render: Render) -> bool:
        root, receipts = self.workspace.root, self.workspace.journal.receipts
        output = render.outputs.get("video")
        if output is not None:
            path = self.workspace.output_dir / output.path
            receipt = receipts.get(receipt_path(path, root=root))
            if is_good(path, output, render=render, receipt=receipt):
                return True
        return any(
            is_good(root / path, Output(path=path, bytes=receipt.bytes, sha256=receipt.sha256),
                    render=render, receipt=receipt)
            for path, receipt in self._received.get(render.video_id or "", ())
        )  # fmt: skip

    @cached_property
    def _received(self) -> Mapping[str, list[tuple[str, Receipt]]]:
        found: defaultdict[str, list[tuple[str, Receipt]]] = defaultdict(list)
        for path, receipt in self.workspace.journal.receipts.items():
            if receipt.kind == "video":
                found[receipt.video_id].append((path, receipt))
        return found


def _raise_errors(found: Sequence[Diagnostic]) -> None:
    """Errors of a video block only what selects it; those of the project block everything."""
    errors = [d for d in found if d.severity == "error"]
    if errors:
        raise Problems(folded(errors))


def check_limits(
    workspace: Workspace, plan: Plan, *, max_cost: float | None, allow: Sequence[str], now: float
) -> tuple[Room, ...]:
    """What the limits on cost leave for this apply. Raises `Problems` (exit code 5) for a plan
    that the policy or a protection refuses."""
    from datetime import UTC, datetime

    from vidbuild.plan.policy import allowed, check_policy, limits_from, lowered
    from vidbuild.plan.spending import spent_so_far

    limits = lowered(allowed(limits_from(workspace.loaded.project.policy), allow), max_cost)
    locks: dict[str | None, Lock] = {None: workspace.lock}
    locks.update((label, lock) for label, lock in workspace.siblings.items())
    spent = spent_so_far(
        workspace.loaded.api,
        pool_of(workspace, workspace.loaded.requests),
        locks,
        changes=plan.changes,
        now=datetime.fromtimestamp(now, UTC),
    )
    found = check_policy(
        plan, limits, spent=spent, lock_videos=len(workspace.lock.videos), max_cost=max_cost
    )
    if found:
        raise Problems(found, exit_code=EXIT_REFUSED)
    return rooms_of(limits, spent)
