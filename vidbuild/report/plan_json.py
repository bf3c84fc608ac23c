"""A plan for machines: `plan --json`, format version 1. A minor version only adds members."""

from __future__ import annotations

from typing import Any

from vidbuild.plan.model import Action, Change, Estimate, Plan
from vidbuild.report.causes import cause_items
from vidbuild.report.diagnostics import diagnostic_items

FORMAT_VERSION = 1


def plan_json(plan: Plan, *, all: bool = False) -> dict[str, Any]:  # noqa: A002 - named as the option it shows
    """The document; `unchanged` videos only with `all`. Callbacks and private text stay out."""
    shown = [c for c in plan.changes if all or c.action is not Action.unchanged]
    summary = plan.summary
    return {
        "format_version": FORMAT_VERSION,
        "project": plan.project,
        "profile": plan.profile,
        "provider": plan.provider,
        "vars": dict(plan.vars),
        "summary": {
            **{action.value: summary.counts.get(action, 0) for action in Action},
            "renders": summary.renders,
            "seconds": summary.seconds,
            "cost_usd": summary.cost_usd,
            "cost_low_usd": summary.cost_low_usd,
            "cost_high_usd": summary.cost_high_usd,
            "prices_as_of": plan.prices_as_of,
        },
        "digest": plan.digest,
        "changes": [_change(change) for change in shown],
        "causes": cause_items(plan.causes),
        "diagnostics": diagnostic_items(plan.diagnostics),
    }


def _change(change: Change) -> dict[str, Any]:
    request, entry = change.request, change.entry
    known = request or entry
    return {
        "name": change.name,
        "action": change.action.value,
        "reason": change.reason,
        "from": change.source,
        "fields": [{"path": f.path, "old": f.old, "new": f.new} for f in change.fields],
        "fingerprint": known.fingerprint if known is not None else None,
        "estimate": _estimate(change.estimate),
        "request": dict(change.shown) if change.shown is not None else None,
        "depends_on": list(request.depends_on) if request is not None else [],
        "protected": change.protected,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "seconds": estimate.seconds,
        "cost_usd": estimate.cost_usd,
        "cost_low_usd": estimate.cost_low_usd,
        "cost_high_usd": estimate.cost_high_usd,
        "unknown": list(estimate.unknown),
        "measured": estimate.measured,
        "audio": list(estimate.audio),
        "unmeasured": list(estimate.unmeasured),
    }
