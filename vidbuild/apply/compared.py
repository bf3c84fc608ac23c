"""How far the estimates of an apply were off, in seconds and in dollars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Compared:
    """Estimate and outcome of the videos that have both, in length and in price."""

    videos: int = 0
    estimate_seconds: float = 0.0
    estimate_usd: float = 0.0
    seconds: float = 0.0
    cost_usd: float = 0.0

    def plus(self, *amounts: float | None) -> Compared:
        """With one more video, if all of its four amounts are known."""
        known = [amount for amount in amounts if amount is not None]
        if len(known) < len(amounts):
            return self
        ours = (self.estimate_seconds, self.estimate_usd, self.seconds, self.cost_usd)
        sums = (round(a + b, 4) for a, b in zip(ours, known, strict=True))
        return Compared(self.videos + 1, *sums)

    @property
    def off(self) -> tuple[float | None, float | None]:
        """How much longer and dearer than estimated, in percent."""
        pairs = ((self.estimate_seconds, self.seconds), (self.estimate_usd, self.cost_usd))
        longer, dearer = (round((b / a - 1) * 100, 1) if a else None for a, b in pairs)
        return longer, dearer

    def as_data(self) -> dict[str, Any]:
        """For the event that ends an apply."""
        longer, dearer = self.off
        return {
            "videos": self.videos,
            "estimate_seconds": self.estimate_seconds,
            "estimate_usd": self.estimate_usd,
            "seconds": self.seconds,
            "cost_usd": self.cost_usd,
            "off_seconds_percent": longer,
            "off_cost_percent": dearer,
        }
