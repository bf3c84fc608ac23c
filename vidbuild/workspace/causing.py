"""Workspace and plan -> the plan with its root causes. Loaded only where something changed."""

from __future__ import annotations

from dataclasses import replace

from vidbuild.plan.causes import root_causes
from vidbuild.plan.model import Plan
from vidbuild.project.blame import Blamer
from vidbuild.workspace.opened import Workspace


def with_causes(workspace: Workspace, plan: Plan) -> Plan:
    """The plan with the places in the sources behind its changes."""
    loaded = workspace.loaded
    blamer = Blamer(loaded.project, loaded.sources)
    return replace(plan, causes=root_causes(plan.changes, loaded.videos, blamer))
