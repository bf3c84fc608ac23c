"""How many jobs the provider takes at once, as learned from its answers.

As many as were asked for; where it says that they are too many, fewer at once, and one more
with each round of creates that it takes (additive increase, multiplicative decrease). Counts
only: nothing waits here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_LESS = 0.75


@dataclass(slots=True)
class Pace:
    """At most `limit` at once, `allowed` by now. `accepted` are at the provider, for sure.

    `rounds` counts the decreases: what went out before the last of them says nothing new.
    """

    limit: int
    accepted: int = 0
    rounds: int = 0
    _allowed: float = field(init=False)

    def __post_init__(self) -> None:
        self._allowed = float(self.limit)

    @property
    def allowed(self) -> int:
        return int(self._allowed)

    def accept(self) -> None:
        """One more is there: as many as are there by now surely may be, and a little more."""
        self.accepted += 1
        grown = max(self._allowed + 1 / self._allowed, float(self.accepted))
        self._allowed = min(grown, float(self.limit))

    def leave(self) -> None:
        """One that was accepted is over."""
        self.accepted -= 1

    def too_many(self, sent_in: int) -> None:
        """A create that went out in the round `sent_in` was turned away for their number."""
        if sent_in == self.rounds:
            self._allowed = max(min(self._allowed * _LESS, float(self.accepted)), 1.0)
            self.rounds += 1
