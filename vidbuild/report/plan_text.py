"""A plan for people: what would happen to which video, why, and for how much.

Over twenty changes of one action and reason fold into a line with three samples. The last
line and the digest before it are stable, for scripts that look for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vidbuild.plan.cost import total
from vidbuild.plan.model import Action, Change, Plan, Summary
from vidbuild.plan.policy import is_unanswered
from vidbuild.plan.reasons import in_words
from vidbuild.report.fields import field_lines
from vidbuild.report.style import SYMBOLS, Paint, painter, visible
from vidbuild.report.words import dollars, estimated, last_line, videos

FOLD_OVER = 20
SAMPLES = 3


def plan_text(plan: Plan, *, color: bool = False, all: bool = False, width: int = 100) -> str:  # noqa: A002 - named as the option it shows
    """The whole plan, without a line end behind the last line.

    `all` opens folds and lists unchanged videos; `width` clips values, not words about them.
    """
    paint = painter(color=color)
    lines = [*_heading(plan, paint), ""]
    for group in _groups(plan.changes, every=all):
        if len(group) > FOLD_OVER and not all:
            lines += _fold(group, paint, width)
        else:
            for change in group:
                lines += _block(change, paint, width, every=all)
    if lines[-1]:
        lines.append("")
    lines += _footing(plan)
    lines.append(f"Digest: {plan.digest}")
    lines.append(last_line(plan.summary, plan.changes))
    return "\n".join(lines)


def _heading(plan: Plan, paint: Paint) -> Iterator[str]:
    profile = f", profile {visible(plan.profile)}" if plan.profile else ""
    provider = visible(plan.provider)
    yield paint(f"Project {visible(plan.project)}{profile}, provider {provider}.", "bold")
    if plan.vars:
        values = (f"{visible(name)}={visible(str(v))}" for name, v in sorted(plan.vars.items()))
        yield f"Outside variables: {', '.join(values)}."


def _groups(changes: Iterable[Change], *, every: bool) -> list[list[Change]]:
    """Changes of one action and reason, in the order of the actions, then by name."""
    groups: dict[tuple[int, str], list[Change]] = {}
    order = {action: place for place, action in enumerate(Action)}
    for change in changes:
        if change.action is not Action.unchanged or every:
            groups.setdefault((order[change.action], change.reason), []).append(change)
    return [groups[key] for key in sorted(groups)]


def _fold(group: list[Change], paint: Paint, width: int) -> Iterator[str]:
    first = group[0]
    symbol, colour = SYMBOLS[first.action]
    cost = ""
    if first.pays:
        seconds = total(change.estimate.seconds for change in group)
        cost = f", {estimated(seconds, total(c.estimate.cost_usd for c in group))}"
    yield f"{paint(symbol, colour)} {videos(len(group))}: {in_words(first.reason)}{cost}, such as"
    for change in group[:SAMPLES]:
        yield from ("  " + line for line in _block(change, paint, width - 2, every=False))
    yield paint(f"  … and {len(group) - SAMPLES:,} more (--all shows them)", "dim")


def _block(change: Change, paint: Paint, width: int, *, every: bool) -> Iterator[str]:
    symbol, colour = SYMBOLS[change.action]
    cost = f", {estimated(change.estimate.seconds, change.estimate.cost_usd)}"
    name = paint(visible(change.name), "dim" if colour == "dim" else "bold")
    yield f"{paint(symbol, colour)} {name}: {why(change)}{cost if change.pays else ''}"
    if change.protected and change.replaces:
        yield paint("    protected: an apply is refused", "red")
    if change.entry is None and not change.action.renders and not change.moves:
        return  # a new name for a render that exists: every field would only repeat it
    yield from (f"    {line}" for line in field_lines(change, paint, width - 4, every=every))


def why(change: Change) -> str:
    """The reason in words with the names and messages that belong to it."""
    words, source = in_words(change.reason), visible(change.source or "")
    match change.reason:
        case "renamed" if source:
            return f"renamed from {source}"
        case "twin" if source:
            return f"the same content as {source}"
        case "earlier" | "profile" if source:
            return f"{words} ({source})"
        case "failed" | "gave_up" if change.entry is not None:
            return words + _failure(change)
        case "in_flight" if source:
            return f"{words}, under {source}"
        case "unsure":
            return f"{words}: `lock adopt {change.name} VIDEO_ID` or `--resubmit {change.name}`"
        case _:
            return words


def _failure(change: Change) -> str:
    render = change.entry.render if change.entry is not None else None
    if render is None or not (render.failure_code or render.failure_message):
        return ""
    parts = [part for part in (render.failure_code, render.failure_message) if part]
    return f" ({visible(': '.join(parts))})"


def _footing(plan: Plan) -> Iterator[str]:
    """What the last line has no room for: ranges, dates, requests without an answer."""
    summary = plan.summary
    prices = f"prices of {plan.prices_as_of}" if plan.prices_as_of else "prices"
    cost = _cost(summary)
    if cost:
        yield f"Cost: {cost} ({prices})."
    unanswered = [c.estimate.cost_high_usd for c in plan.changes if is_unanswered(c)]
    if unanswered:
        known = total(unanswered)
        most = f"up to {dollars(known)}" if known is not None else "an unknown amount"
        yield f"{videos(len(unanswered))} without an answer yet may add {most}."
    if plan.provider == "studio" and summary.renders:
        yield "These are local drafts: the cost is what HeyGen would ask, and nothing is charged."
    if summary.counts[Action.orphan]:
        yield "Orphaned videos are kept; --prune forgets them."


def _cost(summary: Summary) -> str:
    low, high = summary.cost_low_usd, summary.cost_high_usd
    if not summary.renders or low is None or high is None:
        return ""
    if dollars(low) == dollars(high):
        return dollars(low)
    return f"{dollars(low)} to {dollars(high)}, depending on the kind of avatar"
