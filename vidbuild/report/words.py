"""Counts, lengths and money in words, the same everywhere."""

from __future__ import annotations

from collections import Counter

from vidbuild.plan.model import Action, Change, Estimate, Summary

_COUNTED = {
    Action.create: "to create",
    Action.rerender: "to rerender",
    Action.retry: "to retry",
    Action.reuse: "to reuse",
    Action.update: "to update",
    Action.resume: "to resume",
    Action.fetch: "to fetch",
    Action.hold: "on hold",
    Action.orphan: "orphaned",
    Action.delete: "to delete",
    Action.unchanged: "unchanged",
}


def videos(count: int) -> str:
    """`1 video`, `4,812 videos`."""
    return f"{count:,} video" + ("" if count == 1 else "s")


def dollars(amount: float) -> str:
    """`$6.34`; the least shown is a cent, so that only nothing looks like nothing."""
    return f"${max(amount, 0.01) if amount > 0 else 0.0:,.2f}"


def between(low: float, high: float) -> str:
    """`$1.86 to $2.48`, one amount where both are the same cents."""
    return dollars(low) if dollars(low) == dollars(high) else f"{dollars(low)} to {dollars(high)}"


def length(seconds: float) -> str:
    """`12 s`, at least one second for a video that is not empty."""
    return f"{_whole(seconds):,} s"


def money(amount: float | None) -> str:
    return "at an unknown cost" if amount is None else dollars(amount)


def estimated(seconds: float | None, cost: float | None) -> str:
    """`about 12 s, $0.80` for one video or several."""
    known = "of unknown length" if seconds is None else f"about {length(seconds)}"
    return f"{known}, {money(cost)}"


def expected(estimate: Estimate) -> str:
    """`about 12 s, $0.80`, or `12.4 s, $0.83` where that was measured."""
    if estimate.measured and estimate.seconds is not None:
        return f"{estimate.seconds:,.1f} s, {money(estimate.cost_usd)}"
    return estimated(estimate.seconds, estimate.cost_usd)


def elapsed(seconds: float) -> str:
    """`42s`, `3m05s`, `2h07m`: how long something has taken or will take."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def last_line(summary: Summary, changes: tuple[Change, ...]) -> str:
    """The last line of a plan: stable, one line, plain digits, made for grep."""
    given_up = sum(change.reason == "gave_up" for change in changes)
    if not any(change.pending for change in changes):
        return _nothing(summary, given_up)
    counts = [f"{n} {_COUNTED[action]}" for action, n in _counts(summary, changes) if n]
    if given_up:
        counts.insert(-1 if summary.counts[Action.unchanged] else len(counts), _gave_up(given_up))
    return f"Plan: {', '.join(counts)}. {_totals(summary)}"


def _counts(summary: Summary, changes: tuple[Change, ...]) -> list[tuple[Action, int]]:
    given_up = Counter(change.action for change in changes if change.reason == "gave_up")
    return [(action, summary.counts[action] - given_up[action]) for action in Action]


def _nothing(summary: Summary, given_up: int) -> str:
    """What costs nothing and changes nothing is named, but is nothing to do."""
    current = summary.counts[Action.unchanged]
    line = f"Nothing to do: {current} video{' is' if current == 1 else 's are'} up to date"
    waiting = [
        f"{summary.counts[action]} {_COUNTED[action]}"
        for action in (Action.fetch, Action.hold, Action.orphan)
        if summary.counts[action]
    ]
    if given_up:
        waiting.append(_gave_up(given_up))
    return f"{line}; {', '.join(waiting)}." if waiting else f"{line}."


def _gave_up(count: int) -> str:
    return f"{count} given up"


def _totals(summary: Summary) -> str:
    what = (
        "Video of unknown length"
        if summary.seconds is None
        else f"About {_whole(summary.seconds)} s of video"
    )
    cost = summary.cost_usd
    return f"{what}, {money(cost).replace(',', '')}."


def _whole(seconds: float) -> int:
    return max(round(seconds), 1) if seconds > 0 else 0
