"""What an apply asks before it spends money: the count, the dollars and the account."""

from __future__ import annotations

from vidbuild.plan.model import Action, Plan
from vidbuild.report.style import visible
from vidbuild.report.words import between, dollars, videos


def question(plan: Plan, *, account: str | None) -> str:
    """One line that ends where the answer begins."""
    who = with_whom(account)
    summary = plan.summary
    if summary.renders == 0:
        return f"Record the changes with {who}; nothing is rendered? Only `yes` goes on"
    cost = priced(plan.provider, summary.cost_usd, summary.cost_low_usd, summary.cost_high_usd)
    return f"Render {videos(summary.renders)} {cost} with {who}? Only `yes` goes on"


def with_whom(account: str | None) -> str:
    return f"the account {visible(account)}" if account else "an account nobody can tell"


def priced(provider: str, cost: float | None, low: float | None, high: float | None) -> str:
    """`for about $6.34 ($5.80 to $7.10)`, as part of a question."""
    if cost is None or low is None or high is None:
        return "at an unknown cost"
    if provider == "studio":
        return f"as drafts, $0.00 charged (HeyGen: about {dollars(cost)}),"
    if dollars(low) == dollars(high):
        return f"for about {dollars(cost)}"
    return f"for about {dollars(cost)} ({between(low, high)})"


def deletion_question(plan: Plan, *, account: str | None, remote: bool) -> str:
    """What is asked before anything is deleted, apart from what is asked before paying."""
    deletes = [change for change in plan.changes if change.action is Action.delete]
    words = f"Forget {videos(len(deletes))} with the local files"
    ids = {video_id for change in deletes for video_id in change.deletes}
    if remote and ids:
        who = f"of the account {visible(account)}" if account else "of an account nobody can tell"
        words += f", and delete {len(ids):,} at the provider for good, {who}"
    return f"{words}? Only `yes` goes on"
