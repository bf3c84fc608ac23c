"""What a plan may cost and touch: the project's policy against one plan.

Gives diagnostics; refusing (exit code 5) is the caller's. An unknown cost counts as over
any limit. Not for finding costs out: they stand in the plan's estimates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace

from vidbuild.diagnostics import EXIT_USAGE, Diagnostic, Problems, nearest, problem
from vidbuild.plan.model import Action, Change, Plan

OVER_COST = "VB710"
OVER_PERIOD = "VB711"
OVER_RENDERS = "VB712"
OVER_DELETES = "VB713"
PROTECTED = "VB714"
BAD_ALLOW = "VB715"

_COUNT = "[0-9]{1,12}"
_AMOUNT = rf"{_COUNT}(\.[0-9]{{1,12}})?"
_PERCENT_FROM = 10  # below so many videos a share of them means nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of an apply; None is no limit. `max_renders` is a count or a share ("20%")."""

    max_cost: float | None = None
    max_cost_day: float | None = None
    max_cost_month: float | None = None
    max_renders: int | str | None = None
    max_deletes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Dollars already spent or on their way, this day and month in UTC; None is unknown."""

    day_usd: float | None = 0.0
    month_usd: float | None = 0.0


def lowered(limits: Limits, max_cost: float | None) -> Limits:
    """The limits under `--max-cost`, which never raises what the policy says."""
    if max_cost is None:
        return limits
    ours = limits.max_cost
    return replace(limits, max_cost=max_cost if ours is None else min(ours, max_cost))


def allowed(limits: Limits, allow: Iterable[str]) -> Limits:
    """The limits with each `--allow NAME=VALUE`. Raises `Problems` (wrong usage)."""
    names = [field.name for field in fields(Limits)]
    for given in allow:
        name, equals, text = given.partition("=")
        if name not in names or not equals:
            raise _bad_allow(given, _limit_hint(name, names))
        limits = limits_from({**asdict(limits), name: _limit(name, text.strip(), given)})
    return limits


def check_policy(
    plan: Plan, limits: Limits, *, spent: Spent, lock_videos: int, max_cost: float | None = None
) -> list[Diagnostic]:
    """Everything about the plan that the policy or a protection refuses. `max_cost` is that of
    the command line, which `--allow` does not raise."""
    cost, unknown = planned_cost(plan.changes)
    found = [
        _over_cost(limits.max_cost, cost, unknown, own=limits.max_cost == max_cost),
        _over_period("day", limits.max_cost_day, cost, spent.day_usd, unknown),
        _over_period("month", limits.max_cost_month, cost, spent.month_usd, unknown),
        _over_renders(plan, limits.max_renders, lock_videos),
        _over_deletes(plan, limits.max_deletes),
        _protected(plan.changes),
    ]
    return [diagnostic for diagnostic in found if diagnostic is not None]


def planned_cost(changes: Iterable[Change]) -> tuple[float, tuple[str, ...]]:
    """The high estimates of what an apply may pay, and the names without one.

    An intent that has no answer yet is sent again, so its estimate counts.
    """
    total, unknown = 0.0, []
    for change in changes:
        if not (change.pays or is_unanswered(change)):
            continue
        if change.estimate.cost_high_usd is None:
            unknown.append(change.name)
        else:
            total += change.estimate.cost_high_usd
    return round(total, 6), tuple(unknown)


def is_unanswered(change: Change) -> bool:
    """True for a resume whose request may never have been taken."""
    render = change.render
    return change.action is Action.resume and render is not None and not render.video_id


def _over_cost(
    limit: float | None, cost: float, unknown: tuple[str, ...], *, own: bool
) -> Diagnostic | None:
    if limit is None or (not unknown and cost <= limit):
        return None
    message = (
        f"the cost of {_some(unknown)} is unknown, which is over any limit (max_cost {_usd(limit)})"
        if unknown
        else f"this plan may cost {_usd(cost)}, over max_cost of {_usd(limit)}"
    )
    if own:
        way = "leave out --max-cost" if unknown else f"raise it: --max-cost {_enough(cost)}"
        return Diagnostic(code=OVER_COST, message=message, hint=f"select fewer videos, or {way}")
    return _refusal(OVER_COST, message, "select fewer videos", f"max_cost={_enough(cost)}")


def _over_period(
    period: str, limit: float | None, cost: float, spent: float | None, unknown: tuple[str, ...]
) -> Diagnostic | None:
    if limit is None:
        return None
    name = f"max_cost_{period}"
    if unknown or spent is None:
        what = f"the cost of {_some(unknown)}" if unknown else f"what this {period} has cost"
        message = f"{what} is unknown, which is over any limit ({name} {_usd(limit)})"
        return _refusal(OVER_PERIOD, message, "select fewer videos", f"{name}={_enough(limit)}")
    if cost == 0 or spent + cost <= limit:
        return None
    message = (
        f"this plan may cost {_usd(cost)} and this {period} has cost {_usd(spent)}: "
        f"together over {name} of {_usd(limit)}"
    )
    return _refusal(OVER_PERIOD, message, "select fewer videos", f"{name}={_enough(spent + cost)}")


def _over_renders(plan: Plan, limit: int | str | None, lock_videos: int) -> Diagnostic | None:
    if limit is None:
        return None
    if isinstance(limit, str) and limit.strip().endswith("%"):
        share = float(limit.strip()[:-1])
        again = sum(c.pays and c.action is not Action.create for c in plan.changes)
        if lock_videos < _PERCENT_FROM or again * 100 <= share * lock_videos:
            return None
        message = (
            f"this plan renders {again} of {lock_videos} finished videos anew, over max_renders "
            f"of {limit}"
        )
        needed = f"max_renders={-(-again * 100 // lock_videos)}%"
    else:
        renders = sum(change.pays for change in plan.changes)
        if renders <= int(limit):
            return None
        message = f"this plan renders {renders} videos, over max_renders of {limit}"
        needed = f"max_renders={renders}"
    return _refusal(OVER_RENDERS, message, "select fewer videos", needed)


def _over_deletes(plan: Plan, limit: int | None) -> Diagnostic | None:
    deletes = sum(change.action is Action.delete for change in plan.changes)
    if limit is None or deletes <= limit:
        return None
    message = f"this plan deletes {deletes} videos, over max_deletes of {limit}"
    return _refusal(OVER_DELETES, message, "leave out --prune", f"max_deletes={deletes}")


def _protected(changes: Iterable[Change]) -> Diagnostic | None:
    names = tuple(c.name for c in changes if c.protected and c.replaces)
    if not names:
        return None
    return Diagnostic(
        code=PROTECTED,
        message=f"protected and would be replaced or deleted: {_some(names)}",
        hint="remove `protect: true` from the video, or leave it out with --exclude",
        video=names[0] if len(names) == 1 else None,
    )


def _limit(name: str, text: str, given: str) -> float | int | str:
    if name == "max_renders" and re.fullmatch(rf"{_AMOUNT}%", text):
        return text
    if not re.fullmatch(_AMOUNT if name.startswith("max_cost") else _COUNT, text):
        raise _bad_allow(given, f"{name} takes a number, such as {name}=10")
    return float(text) if name.startswith("max_cost") else int(text)


def _limit_hint(name: str, names: list[str]) -> str:
    if name in names:
        return f"write it with a value, such as {name}=10"
    close = nearest(name, names)
    return f"did you mean {close}?" if close else f"the limits are {', '.join(names)}"


def _bad_allow(given: str, hint: str) -> Problems:
    return problem(
        BAD_ALLOW,
        f"--allow {given}: not a limit with a value",
        hint=hint,
        exit_code=EXIT_USAGE,
    )


def _refusal(code: str, message: str, other: str, allow: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, hint=f"{other}, or allow it: --allow {allow}")


def _some(names: tuple[str, ...], shown: int = 5) -> str:
    """A few names of many."""
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _usd(amount: float) -> str:
    return f"${amount:,.2f}"


def _enough(amount: float) -> str:
    """A limit in whole cents that the amount is not over."""
    from math import ceil

    return f"{ceil(round(amount * 100, 4)) / 100:g}"


def limits_from(policy: Mapping[str, object]) -> Limits:
    """The limits among a project's `policy` keys; others (`lint`) are not for here."""
    names = {field.name for field in fields(Limits)}
    return Limits(**{key: value for key, value in policy.items() if key in names})  # type: ignore[arg-type]  # the project schema checked them
