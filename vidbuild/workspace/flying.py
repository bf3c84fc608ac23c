"""Workspace -> what is in flight, and the plan's rows for it. Asks nobody, writes nothing.

A video with errors in its sources hinders nothing here: what was sent is on its way all the
same, and is found by the records.
"""

from __future__ import annotations

from dataclasses import dataclass

from vidbuild.collecting import uncollected
from vidbuild.diagnostics import Diagnostic, Problems, folded
from vidbuild.plan.build import build_plan
from vidbuild.plan.flights import Flight, in_flight
from vidbuild.plan.model import Plan
from vidbuild.plan.selection import Selection
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import PlanOptions, heading_of, situation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is in flight of what was selected. `plan` is today's, as far as records go."""

    workspace: Workspace
    plan: Plan
    flights: tuple[Flight, ...]
    warnings: tuple[Diagnostic, ...] = ()


@uncollected()
def survey(workspace: Workspace, selection: Selection) -> Survey:
    """Raises `Problems` for errors of the project as a whole, and for a selection without a
    match."""
    errors = [d for d in workspace.loaded.diagnostics if d.severity == "error" and d.video is None]
    if errors:
        raise Problems(folded(errors))
    situation = situation_of(workspace, PlanOptions(selection=selection, download=False))
    plan = build_plan(
        situation, heading=heading_of(workspace, workspace.loaded.project.outside),
        selection=selection,
    )  # fmt: skip
    found = in_flight(situation, plan.changes, workspace.journal.intents)
    if selection.select or selection.exclude:
        chosen = {name for change in plan.changes for name in (change.name, *change.moves)}
        found = tuple(flight for flight in found if not chosen.isdisjoint(flight.known_as))
    return Survey(workspace=workspace, plan=plan, flights=found, warnings=plan.diagnostics)
