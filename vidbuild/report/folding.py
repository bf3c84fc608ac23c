"""Which changes of a plan are opened and which are folded, so that all of it fits.

Changes of one action and reason are a group. Every group has levels of detail, from a line to
each of its changes in full; room is given out level by level, in the plan's order. Not for
how a level looks: text and Markdown bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vidbuild.plan.cost import total
from vidbuild.plan.model import Action, Change
from vidbuild.plan.reasons import in_words
from vidbuild.report.words import estimated, videos

FOLD_OVER = 20
SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes with one action and reason, by name."""

    action: Action
    reason: str
    changes: tuple[Change, ...]

    @property
    def is_small(self) -> bool:
        return len(self.changes) <= FOLD_OVER

    @property
    def protected(self) -> int:
        """How many of them an apply refuses to touch."""
        return sum(change.protected and change.replaces for change in self.changes)

    @property
    def pays(self) -> bool:
        return self.changes[0].pays

    def in_words(self) -> str:
        """`35 videos: script changed, about 40 s, $2.00`."""
        cost = ""
        if self.pays:
            seconds = total(change.estimate.seconds for change in self.changes)
            dollars = total(change.estimate.cost_usd for change in self.changes)
            cost = f", {estimated(seconds, dollars)}"
        refused = f" ({self.protected:,} protected: an apply is refused)" if self.protected else ""
        return f"{videos(len(self.changes))}: {in_words(self.reason)}{cost}{refused}"


Level = Callable[[Group], Sequence[str]]


def groups_of(changes: Iterable[Change], *, every: bool) -> list[Group]:
    """In the order of the actions, then by reason; `unchanged` ones only with `every`."""
    found: dict[tuple[int, str], list[Change]] = {}
    order = {action: place for place, action in enumerate(Action)}
    for change in changes:
        if change.action is not Action.unchanged or every:
            found.setdefault((order[change.action], change.reason), []).append(change)
    return [
        Group(action=found[key][0].action, reason=key[1], changes=tuple(found[key]))
        for key in sorted(found)
    ]


def fitted(
    groups: Sequence[Group], levels: Sequence[Level], *, size: Callable[[str], int], room: int
) -> tuple[list[str], list[Group]]:
    """The lines of all groups in about as much detail as there is room for, and the groups
    that found no room at all: the smallest, those that cost nothing first.
    """
    shown: dict[int, Sequence[str]] = {}
    for place in sorted(range(len(groups)), key=lambda i: _weight(groups[i])):
        lines = levels[0](groups[place])
        if (needed := _size(lines, size)) > room:
            break
        shown[place], room = lines, room - needed
    if len(shown) == len(groups):
        for level in levels[1:]:
            for place, before in list(shown.items()):
                lines = level(groups[place])
                needed = _size(lines, size) - _size(before, size)
                if needed <= room:
                    shown[place], room = lines, room - needed
    left = [group for place, group in enumerate(groups) if place not in shown]
    return [line for place in sorted(shown) for line in shown[place]], left


def left_out(groups: Sequence[Group]) -> str:
    """One line for groups without a line of their own."""
    count = sum(len(group.changes) for group in groups)
    reasons = len(groups)
    return f"… and {videos(count)} for {reasons:,} other reason" + ("" if reasons == 1 else "s")


def _weight(group: Group) -> tuple[bool, int]:
    return (not group.pays, -len(group.changes))


def _size(lines: Sequence[str], size: Callable[[str], int]) -> int:
    return sum(map(size, lines))
