"""The retry policy: what repeats, how long it rests, and what a Retry-After may say."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.provider.retry import Policy, http_date, pause, retry_after, transient


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        (408, None, True),
        (425, None, True),
        (429, "rate_limit_exceeded", True),
        (429, None, True),
        (429, "quota_exceeded", False),
        (409, "request_in_progress", True),
        (409, "conflict", False),
        (500, "internal_error", True),
        (502, None, True),
        (503, "service_unavailable", True),
        (504, "gateway_timeout", True),
        (599, "", True),
        (400, "invalid_parameter", False),
        (401, "unauthorized", False),
        (402, "insufficient_credit", False),
        (403, "forbidden", False),
        (404, "video_not_found", False),
        (413, "payload_too_large", False),
        (301, None, False),
    ],
)
def test_what_may_fare_better_later(status: int, code: str | None, again: bool) -> None:
    assert transient(status, code) is again


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - to repeat, not to hide


@given(st.integers(1, 200), st.none() | st.floats(0, 1e6), st.integers())
def test_a_pause_doubles_within_its_bounds(
    sends: int, retry_after_seconds: float | None, seed: int
) -> None:
    policy = Policy()
    doubled = min(policy.cap, policy.base * 2.0 ** min(sends - 1, 32))
    found = pause(policy, sends, retry_after_seconds, dice(seed))
    asked = min(retry_after_seconds or 0.0, policy.patience)
    assert max(0.75 * doubled, asked) <= found <= max(1.25 * doubled, asked)


def test_pauses_differ_from_machine_to_machine() -> None:
    assert len({pause(Policy(), 4, None, dice(seed)) for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("text", "now", "seconds"),
    [
        (None, 0.0, None),
        ("", 0.0, None),
        ("7", None, 7.0),
        ("0", None, 0.0),
        (" 12 ", None, 12.0),
        ("1.5", None, 1.5),
        ("-3", None, 0.0),
        ("inf", None, None),
        ("nan", None, None),
        ("soon", 0.0, None),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 10.0, 50.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 100.0, 0.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", None, None),
        ("Thu, 99 Jan 1970 00:01:00 GMT", 0.0, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(
    text: str | None, now: float | None, seconds: float | None
) -> None:
    assert retry_after(text, now) == seconds


@given(st.text() | st.none())
def test_no_header_breaks_the_policy(text: str | None) -> None:
    found = retry_after(text, 0.0)
    assert found is None or found >= 0
    assert http_date(text) is None or isinstance(http_date(text), float)
