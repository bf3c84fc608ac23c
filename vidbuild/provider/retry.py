"""When a call is worth repeating and after how long: pure policy, no waiting here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import Random

# 429 is not always: `quota_exceeded` clears at a reset or a top-up, not in a minute.
_TRANSIENT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`tries` sends in all; pauses of `base`, doubling, to `cap` seconds, jittered by a quarter.

    A server's `Retry-After` is honoured where it is longer, up to `patience` seconds. A host that
    nothing has been heard of is more likely a wrong address than one that is away for a moment:
    it gets `first` sends, so that a mistake is told at once.
    """

    tries: int = 5
    first: int = 2
    base: float = 0.5
    cap: float = 30.0
    patience: float = 120.0


def transient(status: int, code: str | None) -> bool:
    """Whether the same request may fare better later."""
    if code == "quota_exceeded":
        return False
    return status in _TRANSIENT or status >= 500 or code == "request_in_progress"


def pause(policy: Policy, sends: int, retry_after: float | None, random: Random) -> float:
    """Seconds to wait after `sends` sends have come to nothing."""
    doubled = policy.base * 2.0 ** min(sends - 1, 32)
    computed = min(policy.cap, doubled) * random.uniform(0.75, 1.25)
    return max(computed, min(retry_after or 0.0, policy.patience))


def retry_after(text: str | None, now: float | None) -> float | None:
    """The header's seconds or HTTP date (RFC 9110, 10.2.3) as seconds from `now`, if it is either.

    `now` is the server's time; without one a date says nothing.
    """
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def http_date(text: str | None) -> float | None:
    """An HTTP date as unix seconds; None for anything else."""
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _until(text: str, now: float | None) -> float | None:
    moment = http_date(text)
    return None if moment is None or now is None else max(0.0, moment - now)
