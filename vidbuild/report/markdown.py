"""A plan as a comment on a pull request: `plan --format markdown`.

The cost first, a table by action, details that open on a click. Under 65,000 bytes, which
every forge takes, by folding: whatever has no room is counted instead. The digest and the
last line are those of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from vidbuild.plan.cost import total
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.report.causes import cause_lines, telling
from vidbuild.report.diagnostics import counted, diagnostic_blocks
from vidbuild.report.fields import value_text
from vidbuild.report.folding import Level, fitted, groups_of, left_out
from vidbuild.report.markdown_groups import in_full, line, named, opened, sampled
from vidbuild.report.markup import code, details, fenced, table
from vidbuild.report.style import SYMBOLS
from vidbuild.report.totals import notes
from vidbuild.report.words import between, dollars, last_line, length, videos

LIMIT = 65_000  # bytes; GitHub takes 65,536 characters, other forges more
_MOST_VARS = 12
_MOST_CAUSES = 20
_MOST_DIAGNOSTICS = 20
_DIAGNOSTICS_BYTES = 12_000


def plan_markdown(plan: Plan, *, all: bool = False) -> str:  # noqa: A002 - named as the option it shows
    """The document, without a line end behind the last line; `all` opens as much as fits."""
    groups = groups_of(plan.changes, every=all)
    head = [f"## {_title(plan)}", "", *_heading(plan), "", *_actions(plan), *_causes(plan)]
    tail = [*_diagnostics(plan), f"Digest: {plan.digest}", last_line(plan.summary, plan.changes)]
    room = LIMIT - sum(map(_bytes, [*head, *tail])) - 200  # and the line about what is left out
    body, left = fitted(groups, _levels(all=all), size=_bytes, room=room)
    more = ["", f"{left_out(left)}."] if left else []
    lines = [*head, *body, *more]
    return "\n".join([*lines, *([""] if lines[-1] else []), *tail])


def _levels(*, all: bool) -> Sequence[Level]:  # noqa: A002 - named as the option it shows
    levels: list[Level] = [line, named, sampled, opened]
    return [*levels, partial(in_full, most=LIMIT)] if all else levels


def _title(plan: Plan) -> str:
    """The cost first: it is what the comment is opened for."""
    summary = plan.summary
    if not summary.renders:
        return "$0.00, nothing to render" if plan.pending else "$0.00, nothing to do"
    what = f"{videos(summary.renders)} to render"
    low, high = summary.cost_low_usd, summary.cost_high_usd
    if summary.cost_usd is None or low is None or high is None:
        return f"Unknown cost, {what}"
    span = "" if dollars(low) == dollars(high) else f", {between(low, high)}"
    return f"{dollars(summary.cost_usd)} for {what}{span}"


def _heading(plan: Plan) -> Iterator[str]:
    profile = f", profile {code(plan.profile)}" if plan.profile else ""
    yield f"Project {code(plan.project)}{profile}, provider {code(plan.provider)}."
    if plan.vars:
        given = [_var(name, value) for name, value in sorted(plan.vars.items())]
        more = len(given) - _MOST_VARS
        shown = given[:_MOST_VARS] + ([f"and {more:,} more"] if more > 0 else [])
        yield f"Outside variables: {', '.join(shown)}."
    for note in notes(plan, quote=code):
        yield from ("", note)


def _var(name: str, value: object) -> str:
    return code(f"{name}={value if isinstance(value, str) else value_text(value)}", most=100)


def _actions(plan: Plan) -> Iterator[str]:
    """Counts, lengths and prices by action; what is given up has a row of its own."""
    rows = [
        _row(f"`{SYMBOLS[action][0]}`" if SYMBOLS[action][0].strip() else "", action.value, found)
        for action in Action
        if action is not Action.unchanged
        if (found := [c for c in plan.changes if c.action is action and c.reason != "gave_up"])
    ]
    given_up = [change for change in plan.changes if change.reason == "gave_up"]
    if given_up:
        rows.append(_row("", "given up", given_up))
    unchanged = plan.summary.counts[Action.unchanged]
    if unchanged:  # counted: not all of them need to be in the plan
        rows.append(["", "unchanged", f"{unchanged:,}", "", "", "", ""])
    if rows:
        head = ("", "Action", "Videos", "Seconds", "Cost", "Low", "High")
        yield from (*table(head, rows, numbers=5), "")


def _row(symbol: str, action: str, changes: Sequence[Change]) -> list[str]:
    row = [symbol, action, f"{len(changes):,}"]
    if not changes[0].pays:
        return [*row, "", "", "", ""]
    found = [change.estimate for change in changes]
    seconds = total(each.seconds for each in found)
    amounts = (
        total(each.cost_usd for each in found),
        total(each.cost_low_usd for each in found),
        total(each.cost_high_usd for each in found),
    )
    shown = ["unknown" if amount is None else dollars(amount) for amount in amounts]
    return [*row, "unknown" if seconds is None else length(seconds), *shown]


def _causes(plan: Plan) -> Iterator[str]:
    """The places in the sources behind it all, the dearest first."""
    for each in cause_lines(telling(plan.causes), most=_MOST_CAUSES):
        yield f"- {code(each, most=100)}"
    if telling(plan.causes):
        yield ""


def _diagnostics(plan: Plan) -> list[str]:
    """Warnings without their source lines."""
    if not plan.diagnostics:
        return []
    blocks = diagnostic_blocks(
        plan.diagnostics[:_MOST_DIAGNOSTICS], color=False, source_line=lambda _file, _line: None
    )
    lines: list[str] = []
    room, shown = _DIAGNOSTICS_BYTES, 0
    for block in blocks:
        room -= _bytes(block)
        if room < 0:
            break
        lines += block.split("\n")
        shown += 1
    if shown < len(plan.diagnostics):
        lines.append(f"… and {len(plan.diagnostics) - shown:,} more")
    return details(counted(plan.diagnostics), fenced(lines, language="text"))


def _bytes(line: str) -> int:
    """A line with its end."""
    return len(line.encode("utf-8", "surrogatepass")) + 1
