"""Building a plan: selection, decision table, estimates, totals and digest in one go.

The one entry point of this room. Pure: whatever needs a disk or a network is handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from vidbuild.diagnostics import Diagnostic
from vidbuild.plan.cost import Estimates, total
from vidbuild.plan.decide import Price, decide
from vidbuild.plan.digest import are_plain, digest, listed
from vidbuild.plan.model import Action, Change, Estimate, Plan, Summary, at_no_cost
from vidbuild.plan.paces import learn_paces
from vidbuild.plan.policy import is_unanswered
from vidbuild.plan.privacy import discreet
from vidbuild.plan.selection import Selection, Subject, check_selection, select_names
from vidbuild.plan.situation import Situation, content_today
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.schema.rates import as_of
from vidbuild.state.pool import Pool
from vidbuild.state.pooling import build_pool
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Lock, Render


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a plan begins with. `vars` are the outside variables with their values."""

    project: str
    profile: str | None
    provider: str
    vars: Mapping[str, Any] = field(default_factory=dict)


def build_plan(
    situation: Situation,
    *,
    heading: Heading,
    selection: Selection | None = None,
    delete_remote: bool = False,
    diagnostics: Sequence[Diagnostic] = (),
) -> Plan:
    """The plan of a situation, changes sorted by name.

    Raises `Problems` for a pattern that cannot be read, a selection that matches nothing,
    and a wrong resubmission. `diagnostics` are warnings to carry along.
    """
    price = _prices(situation)
    chosen, warnings = _select(situation, selection or Selection(), price)
    changes = _estimated(chosen, price)
    items = listed(situation.api, changes, delete_remote=delete_remote)
    return Plan(
        project=heading.project,
        profile=heading.profile,
        provider=heading.provider,
        vars=discreet(situation.api, heading.vars, situation.requests.values()),
        changes=changes,
        summary=summarise(changes),
        digest=digest(
            project=heading.project,
            profile=heading.profile,
            provider=heading.provider,
            items=items,
            plain=are_plain(changes),
        ),
        diagnostics=(*diagnostics, *warnings),
        prices_as_of=as_of(situation.api) or None,
        delete_remote=delete_remote,
    )


def plan_pool(
    api: Api,
    requests: Mapping[str, Request],
    lock: Lock,
    *,
    provider: str,
    siblings: Mapping[str, Lock] | None = None,
    journal: Recorded | None = None,
    kept: Callable[[Render], bool] = lambda _: False,
) -> Pool:
    """The pool for planning these requests: entries named by today's canonical form."""
    return build_pool(
        lock,
        provider=provider,
        today=content_today(api, requests),
        siblings=siblings,
        journal=journal,
        kept=kept,
    )


def summarise(changes: Iterable[Change]) -> Summary:
    """Counts and totals; what gave up is counted under its action and pays nothing."""
    changes = tuple(changes)
    counts = Counter(change.action for change in changes)
    paid = [change.estimate for change in changes if change.pays]
    return Summary(
        counts={action: counts[action] for action in Action},
        renders=len(paid),
        seconds=total(e.seconds for e in paid),
        cost_usd=total(e.cost_usd for e in paid),
        cost_low_usd=total(e.cost_low_usd for e in paid),
        cost_high_usd=total(e.cost_high_usd for e in paid),
    )


def _select(
    situation: Situation, selection: Selection, price: Price
) -> tuple[tuple[Change, ...], tuple[Diagnostic, ...]]:
    """The selected names' changes.

    `action:` patterns ask for what the plan itself says: names whose action becomes
    another one because others are left out fall out too, until nothing changes any more.
    """
    if not selection.select and not selection.exclude:
        return decide(situation, price), ()
    subjects = _subjects(situation)
    changes: tuple[Change, ...] = ()
    chosen = select_names(selection, subjects)
    while True:
        changes = decide(_narrowed(situation, chosen), price)
        if not selection.by_action:
            break
        actions = {change.name: change.action for change in changes}
        actions |= {old: actions[c.name] for c in changes for old in c.moves}
        left = chosen & select_names(selection, subjects, actions)
        if left == chosen:
            break
        chosen = left
    return changes, check_selection(selection, chosen, subjects)


def _narrowed(situation: Situation, chosen: frozenset[str]) -> Situation:
    """Only chosen names; a resubmission of another name is still an error to be told."""
    return replace(situation, selected=chosen)


def _subjects(situation: Situation) -> list[Subject]:
    names = {
        *situation.requests,
        *situation.held,
        *situation.broken,
        *situation.lock.videos,
    }
    return [_subject(name, situation.requests.get(name)) for name in sorted(names)]


def _subject(name: str, request: Request | None) -> Subject:
    if request is None:
        return Subject(name=name)
    return Subject(name=name, tags=request.tags, row=request.row, depends_on=request.depends_on)


def _prices(situation: Situation) -> Price:
    """What requests would take and cost; how fast the voices speak is learned when one asks."""

    @cache
    def estimates() -> Estimates:
        paces = situation.paces
        if paces is None:
            bodies = [request.body for request in situation.requests.values()]
            paces = learn_paces(situation.api, situation.lock, bodies)
        return Estimates(situation.api, paces)

    return lambda request: estimates().of(request)


def _estimated(changes: Sequence[Change], price: Price) -> tuple[Change, ...]:
    """What may pay once more (a request without an answer) gets its estimate too; the rest that
    is asked for costs nothing."""
    return tuple(
        change
        if change.pays or change.action is Action.unchanged  # the table has said so of these
        else replace(change, estimate=_estimate(change, price))
        for change in changes
    )


def _estimate(change: Change, price: Price) -> Estimate:
    if not is_unanswered(change):
        return at_no_cost(change.render)
    return price(change.request) if change.request is not None else Estimate()
