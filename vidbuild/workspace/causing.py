"""Workspace and plan -> the plan with its root causes. Loaded only where something changed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from vidbuild.plan.causes import root_causes
from vidbuild.plan.model import Plan
from vidbuild.workspace.opened import Workspace

if TYPE_CHECKING:
    from vidbuild.project.blame import Blamer


def with_causes(workspace: Workspace, plan: Plan) -> Plan:
    """The plan with the places in the sources behind its changes."""
    loaded = workspace.loaded

    @cache
    def blamer() -> Blamer:
        from vidbuild.project.blame import Blamer

        return Blamer(loaded.project, loaded.sources)

    return replace(plan, causes=root_causes(plan.changes, loaded.videos, blamer))
