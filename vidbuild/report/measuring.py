"""What measuring a plan takes, and what it came to, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vidbuild.plan.model import Change
from vidbuild.report.kinds import by_kind
from vidbuild.report.style import visible
from vidbuild.report.words import dollars, length, videos

_KINDS = 5


def errand_line(
    *, texts: int, known: int, seconds: float, cost_usd: float | None, prices_as_of: str | None
) -> str:
    """`Measuring speaks 12 texts, about 95 s, for about $0.06 (prices of 2026-08-25); …`"""
    cost = _cost(cost_usd, prices_as_of)
    line = f"Measuring speaks {_texts(texts)}, about {length(seconds)}, {cost}"
    return f"{line}; {known:,} more were spoken before." if known else f"{line}."


def measuring_question(texts: int, cost_usd: float | None, *, account: str | None) -> str:
    """One line that ends where the answer begins."""
    who = f"the account {visible(account)}" if account else "an account nobody can tell"
    return f"Speak {_texts(texts)} {_cost(cost_usd, None)} with {who}? Only `yes` goes on"


def measured_notes(changes: Sequence[Change], quote: Callable[[str], str]) -> Iterator[str]:
    """How many of the videos were measured, and what was not: `Not measured: script, no
    voice_id (a, b and 3 more).`"""
    paid = [change for change in changes if change.pays]
    measured = sum(change.estimate.measured for change in paid)
    if measured:
        yield f"Measured: {measured:,} of {videos(len(paid))}, as their voices speak them."
    named, more = by_kind(paid, lambda c: c.estimate.unmeasured, most=_KINDS, quote=quote)
    for what, names in named:
        yield f"Not measured: {visible(what.replace(': ', ', ', 1))} ({names})."
    if more:
        yield f"Not measured: {more:,} texts for other reasons."


def _texts(count: int) -> str:
    return f"{count:,} text" + ("" if count == 1 else "s")


def _cost(cost_usd: float | None, prices_as_of: str | None) -> str:
    if cost_usd is None:
        return "at an unknown cost"
    if cost_usd == 0:
        return "free of charge"
    prices = f" (prices of {prices_as_of})" if prices_as_of else ""
    return f"for about {dollars(cost_usd)}{prices}"
