"""The first videos of an apply: where to look at them, and what is asked about the others."""

from __future__ import annotations

from collections.abc import Iterator

from vidbuild.apply.canary import Look, Specimen
from vidbuild.plan.cost import total
from vidbuild.plan.model import Plan
from vidbuild.report.question import priced, with_whom
from vidbuild.report.style import Paint, painter, visible
from vidbuild.report.words import money, videos


def canary_text(look: Look, *, output_dir: str, color: bool = False) -> str:
    """The lines without a line end behind the last; `output_dir` as the user knows it."""
    paint = painter(color=color)
    lines = [f"The first {videos(len(look.specimens))}, to look at before the rest:"]
    for specimen in look.specimens:
        lines += _lines(specimen, output_dir, paint)
    return "\n".join(lines)


def canary_question(look: Look, plan: Plan, *, account: str | None) -> str:
    """One line that ends where the answer begins."""
    waiting = look.unpaid
    cost = priced(
        plan.provider,
        total(change.estimate.cost_usd for change in waiting),
        total(change.estimate.cost_low_usd for change in waiting),
        total(change.estimate.cost_high_usd for change in waiting),
    )
    failed = f"{look.failed} of the first {len(look.specimens)} failed. " if look.failed else ""
    what = f"Render the other {videos(len(waiting))} {cost} with {with_whom(account)}"
    return f"{failed}{what}? Only `yes` goes on"


def held_back(look: Look) -> str:
    """Why the rest is not submitted where nobody is asked."""
    of = f"{look.failed} of the first {len(look.specimens)}"
    return f"{of} failed, so the other {videos(len(look.unpaid))} were not submitted"


def _lines(specimen: Specimen, output_dir: str, paint: Paint) -> Iterator[str]:
    render, first = specimen.render, specimen.first
    name = visible(first.change.name)
    twins = len(specimen.twins)
    also = f", and {videos(twins)} with the same content" if twins else ""
    if specimen.failures:
        yield f"  {paint('!', 'red')} {name}: failed{also}"
    elif render is None or render.duration is None:
        yield f"  {paint('+', 'green')} {name}{also}"
    else:
        told = f"{render.duration:,.1f} s, {money(render.cost_usd)}"
        yield f"  {paint('+', 'green')} {name}: {told}{also}"
    if first.why:
        yield paint(f"    {visible(', '.join(first.why))}", "dim")
    for failure in specimen.failures:
        yield f"    {failure.code} {visible(failure.message)}"
    if render is not None:
        video = render.outputs.get("video")
        places = [f"{output_dir}/{video.path}" if video else None, render.page_url]
        yield from (f"    {visible(place)}" for place in places if place)
