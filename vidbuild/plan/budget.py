"""Limits on cost while an apply runs: what is left of each, and what is already spoken for.

A plan is held against its limits as a whole before anything is sent; this is for what turns
out dearer than it was estimated. Not for what stands in the plan: that is the policy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vidbuild.plan.policy import Limits, Spent

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A limit by its name in the policy, in dollars, and how much of it this apply may take."""

    name: str
    limit_usd: float
    left_usd: float


def rooms_of(limits: Limits, spent: Spent) -> tuple[Room, ...]:
    """The limits that there are; an unknown spending has left nothing of its own."""
    found = (
        ("max_cost", limits.max_cost, 0.0),
        ("max_cost_day", limits.max_cost_day, spent.day_usd),
        ("max_cost_month", limits.max_cost_month, spent.month_usd),
    )
    return tuple(
        Room(name=name, limit_usd=limit, left_usd=0.0 if gone is None else limit - gone)
        for name, limit, gone in found
        if limit is not None
    )


@dataclass(slots=True)
class Purse:
    """What an apply has spoken for: the high estimates of what is on its way, and what is
    finished by its actual cost, where that is known."""

    rooms: Sequence[Room]
    _spent: float = 0.0
    _promised: dict[str, float | None] = field(default_factory=dict)

    def promise(self, name: str, high_usd: float | None) -> Room | None:
        """Sets aside what a render may cost; the limit that it would pass, if it does. Without
        an estimate it passes any."""
        for room in self.rooms:
            promised = [cost for other, cost in self._promised.items() if other != name]
            known = [cost for cost in [*promised, high_usd] if cost is not None]
            if len(known) <= len(promised) or self._spent + sum(known) > room.left_usd + _ROUNDING:
                return room
        self._promised[name] = high_usd
        return None

    def keep(self, name: str) -> None:
        """Nothing was paid for it: refused, or failed."""
        self._promised.pop(name, None)

    def pay(self, name: str, cost_usd: float | None) -> None:
        """It is finished, and cost so much; where that is unknown, what was set aside."""
        if name in self._promised:
            promised = self._promised.pop(name)
            self._spent += (promised or 0.0) if cost_usd is None else cost_usd
