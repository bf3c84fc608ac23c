"""A plan for people: what would happen to which video, why, and for how much.

Over twenty changes of one action and reason fold into a line with three samples, and a plan
of many changes folds until it fits a screen. The last line and the digest before it are
stable, for scripts that look for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from vidbuild.plan.model import Change, Plan
from vidbuild.plan.reasons import in_words
from vidbuild.report.causes import MOST, cause_lines, telling
from vidbuild.report.fields import field_lines, value_text
from vidbuild.report.folding import SAMPLES, Group, fitted, groups_of, left_out
from vidbuild.report.style import (
    SYMBOLS,
    Paint,
    clip,
    painter,
    uncolored,
    visible,
    width_of,
    wrapped,
)
from vidbuild.report.totals import notes
from vidbuild.report.words import expected, last_line

SCREEN = 50  # lines of a plan with many changes
MANY = 40  # changes; fewer are shown one by one, however long that gets
_VALUE = 40
_MOST_VARS = 12
_SAMPLE_LINES = 6
_CAUSES = 5


def plan_text(plan: Plan, *, color: bool = False, all: bool = False, width: int = 100) -> str:  # noqa: A002 - named as the option it shows
    """The whole plan, without a line end behind the last line.

    `all` opens folds and lists unchanged videos; `width` clips values and wraps words. Names
    stay whole.
    """
    paint = painter(color=color)
    groups = groups_of(plan.changes, every=all)
    many = sum(len(group.changes) for group in groups) > MANY
    why_ = cause_lines(telling(plan.causes), every=all, most=_CAUSES if many else MOST)
    reasons = [line for each in why_ for line in wrapped(each, width, indent="  ")]
    head = [*_heading(plan, paint, width), "", *reasons, *([""] if reasons else [])]
    foot = [line for note in notes(plan) for line in wrapped(note, width, indent="  ")]
    foot += [f"Digest: {plan.digest}", last_line(plan.summary, plan.changes)]
    shown = _Shown(paint=paint, width=width)
    if all or not many:
        body = [line for group in groups for line in shown.usual(group, every=all)]
    else:
        room = SCREEN - _rows([*head, *foot], width) - 3
        body, left = fitted(groups, shown.levels(), size=partial(_height, width=width), room=room)
        if left:
            body += wrapped(f"{left_out(left)} (--all shows them)", width, indent="  ")
    return "\n".join([*head, *body, *([""] if body else []), *foot])


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
            return (
                f"{words}: `vidbuild lock adopt {change.name} VIDEO_ID` takes the video that the "
                f"provider has, `--resubmit {change.name}` renders it anew and may pay twice"
            )
        case _:
            return words


def _failure(change: Change) -> str:
    """The provider's words, which may quote the script: of a private video only its code."""
    entry = change.entry
    if entry is None or not (entry.render.failure_code or entry.render.failure_message):
        return ""
    message = None if change.private else entry.render.failure_message
    said = ": ".join(part for part in (entry.render.failure_code, message) if part)
    return f" ({visible(said)})" if said else ""


def _heading(plan: Plan, paint: Paint, width: int) -> Iterator[str]:
    profile = f", profile {visible(plan.profile)}" if plan.profile else ""
    words = f"Project {visible(plan.project)}{profile}, provider {visible(plan.provider)}."
    yield from (paint(line, "bold") for line in wrapped(words, width, indent="  "))
    if plan.vars:
        given = [f"{visible(n)}={_var(v)}" for n, v in sorted(plan.vars.items())]
        more = len(given) - _MOST_VARS
        if more > 0:
            given[_MOST_VARS:] = [f"and {more:,} more"]
        yield from wrapped(f"Outside variables: {', '.join(given)}.", width, indent="  ")


def _var(value: Any) -> str:
    shown = visible(value) if isinstance(value, str) else value_text(value)
    return clip(shown, _VALUE)


class _Shown:
    """Groups of changes as lines, in several levels of detail."""

    def __init__(self, *, paint: Paint, width: int) -> None:
        self.paint = paint
        self.width = width

    def levels(self) -> Sequence[Any]:
        return (self.line, self.named, self.sampled, self.opened)

    def usual(self, group: Group, *, every: bool) -> list[str]:
        """A group of a plan that need not fit anywhere."""
        if every or group.is_small:
            return self._blocks(group.changes, every=every)
        return self._folded(group, most=None)

    def line(self, group: Group) -> list[str]:
        """A line and, as far as it has room, the first names."""
        if len(group.changes) == 1:
            return self.head(group.changes[0], self.width)
        words = group.in_words()
        names = self._names(group, self.width - width_of(words) - 4)
        return [*self._titled(group, f"{words}{names}")]

    def named(self, group: Group) -> list[str]:
        """The names of a small group, or three of a large one, each with its cost."""
        if len(group.changes) <= 2 * SAMPLES:
            return [line for change in group.changes for line in self.head(change, self.width)]
        return self._folded(group, most=0)

    def sampled(self, group: Group) -> list[str]:
        """Three of a group with the fields that changed."""
        return self._folded(group, most=_SAMPLE_LINES)

    def opened(self, group: Group) -> list[str]:
        """Each change of a small group in full."""
        if group.is_small:
            return self._blocks(group.changes, every=False)
        return self.sampled(group)

    def head(self, change: Change, width: int) -> list[str]:
        """Symbol, name, reason and cost; on two lines where one is too short."""
        symbol, colour = SYMBOLS[change.action]
        cost = f", {expected(change.estimate)}"
        words = f"{why(change)}{cost if change.pays else ''}"
        name = visible(change.name)
        shown = self.paint(name, "dim" if colour == "dim" else "bold")
        if width_of(name) + width_of(words) + 4 <= width:
            return [f"{self.paint(symbol, colour)} {shown}: {words}", *self._refused(change)]
        told = [f"    {line}" for line in wrapped(words, width - 4, indent="  ")]
        return [f"{self.paint(symbol, colour)} {shown}:", *told, *self._refused(change)]

    def _heard(self, change: Change) -> Iterator[str]:
        """Where the words of a measured video can be listened to."""
        for path in change.estimate.audio:
            yield self.paint(f"    heard: {visible(path)}", "dim")

    def _refused(self, change: Change) -> Iterator[str]:
        if change.protected and change.replaces:
            yield self.paint("    protected: an apply is refused", "red")

    def _blocks(
        self, changes: Sequence[Change], *, every: bool, most: int | None = None, inset: int = 0
    ) -> list[str]:
        lines = []
        for change in changes:
            block = [*self.head(change, self.width - inset), *self._heard(change)]
            block += self._fields(change, every=every, most=most, inset=inset)
            lines += [" " * inset + line for line in block]
        return lines

    def _fields(
        self, change: Change, *, every: bool, most: int | None, inset: int
    ) -> Iterator[str]:
        """`most` cuts off what a sample has no room for."""
        if change.entry is None and not change.action.renders and not change.moves:
            return  # a new name for a render that exists: every field would only repeat it
        lines = list(field_lines(change, self.paint, self.width - 4 - inset, every=every))
        shown = lines if most is None or len(lines) <= most + 1 else lines[:most]
        yield from (f"    {line}" for line in shown)
        if len(shown) < len(lines) and most:
            yield self.paint(f"    … {len(lines) - len(shown)} more lines", "dim")

    def _folded(self, group: Group, *, most: int | None) -> list[str]:
        if len(group.changes) <= SAMPLES:
            return self._blocks(group.changes, every=False, most=most)
        more = len(group.changes) - SAMPLES
        return [
            *self._titled(group, f"{group.in_words()}, such as"),
            *self._blocks(group.changes[:SAMPLES], every=False, most=most, inset=2),
            self.paint(f"  … and {more:,} more (--all shows them)", "dim"),
        ]

    def _titled(self, group: Group, words: str) -> Iterator[str]:
        symbol, colour = SYMBOLS[group.action]
        first, *rest = wrapped(words, self.width - 2, indent="  ")
        yield f"{self.paint(symbol, colour)} {first}"
        yield from (f"  {line}" for line in rest)

    def _names(self, group: Group, room: int) -> str:
        """`: a, b, …`, only names that are whole."""
        shown = ""
        for number, change in enumerate(group.changes[:SAMPLES]):
            longer = f"{shown}, {visible(change.name)}" if shown else f": {visible(change.name)}"
            rest = ", …" if number + 1 < len(group.changes) else ""
            if width_of(longer + rest) > room:
                break
            shown = longer
        return f"{shown}, …" if shown and shown.count(", ") + 1 < len(group.changes) else shown


def _rows(lines: Sequence[str], width: int) -> int:
    return sum(_height(line, width=width) for line in lines)


def _height(line: str, *, width: int) -> int:
    """Rows of a terminal that a line takes, colours aside."""
    return max(1, -(-width_of(uncolored(line)) // width))
