"""Which faults happen, and to which requests and jobs: all of it drawn from a seed.

Whether a request is spoiled depends on the seed, the fault's name, the route and how many
requests the route has had: the same requests in the same order meet the same faults. Not for
what a fault does: `fault_calls` has that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = (
    "rate_limit",
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "cut_download",
    "expired_link",
    "render_failed",
    "slow",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often each fault is to happen: rates from 0 to 1 by name."""

    rates: Mapping[str, float]
    seed: str

    def strikes(self, name: str, place: str, number: int) -> bool:
        """Whether a fault happens to the `number`-th of its kind at a place."""
        rate = self.rates.get(name, 0.0)
        if rate <= 0:
            return False
        words = f"{self.seed}\n{name}\n{place}\n{number}".encode()
        drawn = int.from_bytes(hashlib.blake2b(words, digest_size=7).digest())
        return drawn < rate * 2.0**56

    def fails(self, number: int) -> bool:
        """Whether the `number`-th job comes to nothing."""
        return self.strikes("render_failed", "", number)
