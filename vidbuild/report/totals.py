"""What a plan costs and what about that is not known, in sentences: the notes under a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vidbuild.plan.cost import total
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.plan.policy import is_unanswered
from vidbuild.report.kinds import by_kind
from vidbuild.report.measuring import measured_notes
from vidbuild.report.style import visible
from vidbuild.report.words import between, dollars, videos

_KINDS = 3


def notes(plan: Plan, *, quote: Callable[[str], str] = visible) -> Iterator[str]:
    """What the last line has no room for: ranges, dates, unknowns, requests without an
    answer. `quote` is for what the user wrote."""
    summary = plan.summary
    if summary.renders and (cost := cost_note(plan)):
        yield cost
    yield from unknown_notes(plan.changes, quote)
    yield from measured_notes(plan.changes, quote)
    unanswered = [c.estimate.cost_high_usd for c in plan.changes if is_unanswered(c)]
    if unanswered:
        known = total(unanswered)
        most = f"up to {dollars(known)}" if known is not None else "an unknown amount"
        yield f"{videos(len(unanswered))} without an answer yet may add {most}."
    if plan.provider == "studio" and summary.renders:
        yield "These are local drafts: the cost is what HeyGen would ask, and nothing is charged."
    if summary.counts[Action.orphan]:
        yield "Orphaned videos are kept; --prune forgets them."
    if plan.delete_remote and (ids := {i for change in plan.changes for i in change.deletes}):
        yield f"{videos(len(ids))} will be deleted at the provider, for good."


def cost_note(plan: Plan) -> str:
    """`Cost: $1.86 to $2.48, depending on the kind of avatar (prices of 2026-08-25).`"""
    prices = f" (prices of {plan.prices_as_of})" if plan.prices_as_of else ""
    estimates = [change.estimate for change in plan.changes if change.pays]
    known = [each for each in estimates if each.cost_usd is not None]
    low, high = total(e.cost_low_usd for e in known), total(e.cost_high_usd for e in known)
    if not known or low is None or high is None:
        return ""
    cost = between(low, high)
    if len(known) < len(estimates):
        unknown = len(estimates) - len(known)
        cost = f"{cost} for {videos(len(known))}, unknown for {unknown:,} more"
    elif cost != dollars(low):
        cost = f"{cost}, depending on the kind of avatar"
    return f"Cost: {cost}{prices}."


def unknown_notes(changes: Sequence[Change], quote: Callable[[str], str]) -> Iterator[str]:
    """`Unknown: length of audio_url (a, b and 3 more).`"""
    paid = [change for change in changes if change.pays]
    named, more = by_kind(paid, lambda c: c.estimate.unknown, most=_KINDS, quote=quote)
    for what, names in named:
        yield f"Unknown: {_quoted(what, quote)} ({names})."
    if more:
        yield f"Unknown: {more:,} other lengths and prices."


def _quoted(what: str, quote: Callable[[str], str]) -> str:
    """`length of FIELD` with the field quoted; `length of the video` is all ours."""
    words, of, field = what.partition(" of ")
    return what if " " in field else f"{words}{of}{quote(field)}"
