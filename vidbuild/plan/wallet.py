"""Whether the wallet holds what a plan may cost. An opinion only where its balance is known."""

from __future__ import annotations

from vidbuild.diagnostics import Diagnostic
from vidbuild.plan.model import Plan
from vidbuild.plan.policy import is_unanswered

SHORT = "VB719"


def short_of(plan: Plan, *, balance_usd: float | None, reloads: bool) -> Diagnostic | None:
    """An error where the wallet cannot hold even the low estimates and nothing fills it up, a
    warning where it may not hold the high ones; what cannot be estimated is left out of both.
    """
    paying = [c.estimate for c in plan.changes if c.pays or is_unanswered(c)]
    if balance_usd is None or not paying or plan.provider == "studio":
        return None
    low = sum(estimate.cost_low_usd or 0.0 for estimate in paying)
    high = sum(estimate.cost_high_usd or 0.0 for estimate in paying)
    if high <= balance_usd:
        return None
    refused = low > balance_usd and not reloads
    between = f"${low:,.2f} to ${high:,.2f}" if f"{low:.2f}" != f"{high:.2f}" else f"${high:,.2f}"
    filled = "; it reloads by itself" if reloads else ""
    return Diagnostic(
        code=SHORT,
        severity="error" if refused else "warning",
        message=f"the wallet holds ${balance_usd:,.2f} and this plan is estimated at {between}"
        + filled,
        hint=None if reloads else "top up the HeyGen wallet, or select fewer videos",
    )
