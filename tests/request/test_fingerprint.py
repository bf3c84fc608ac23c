"""The fingerprint: RFC 8785 against an independent encoder, and vectors that never change."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.request.fingerprint import canonical_json, fingerprint

OPERATION = "POST /v3/videos"

texts = st.text(st.characters(codec="utf-8"), max_size=10)
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_agrees_with_the_reference(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_agree_with_the_reference(value: float) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)
    assert float(canonical_json(value)) == value


# The table of RFC 8785, appendix B, by the bits of the double, and numbers around the
# places where Python and ECMAScript change to exponents.
NUMBERS = {
    0.0: "0", 5e-324: "5e-324", -5e-324: "-5e-324",
    1.7976931348623157e308: "1.7976931348623157e+308",
    9007199254740992.0: "9007199254740992", -9007199254740992.0: "-9007199254740992",
    295147905179352830000.0: "295147905179352830000",
    9.999999999999997e22: "9.999999999999997e+22", 1e23: "1e+23",
    1.0000000000000001e23: "1.0000000000000001e+23",
    999999999999999700000.0: "999999999999999700000",
    999999999999999900000.0: "999999999999999900000", 1e21: "1e+21", 1e20: "100000000000000000000",
    9.999999999999997e-7: "9.999999999999997e-7", 0.000001: "0.000001", 1e-7: "1e-7",
    1e-5: "0.00001", 1.5e-5: "0.000015", 1.0: "1", 1.5: "1.5", 100.0: "100",
    1e16: "10000000000000000",
    333333333.3333332: "333333333.3333332", 0.1: "0.1",
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), NUMBERS.items(), ids=str)
def test_numbers(value: float, text: str) -> None:
    assert canonical_json(value).decode() == text


def test_integers_that_no_double_holds_are_the_double_next_to_them() -> None:
    assert canonical_json(2**53) == b"9007199254740992"
    assert canonical_json(2**53 + 1) == b"9007199254740992"
    assert canonical_json(10**21) == b"1e+21"


def test_members_are_sorted_by_utf_16() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6", "", "a", "B"]
    found = json.loads(canonical_json(dict.fromkeys(keys, 0)))
    assert list(found) == [
        "",
        "\r",
        "1",
        "B",
        "a",
        "\x80",
        "\xf6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_strings_are_escaped_as_little_as_json_allows() -> None:
    assert canonical_json('\u20ac$\x0f\n"\\\b\t/\u2028\x7f').decode() == (
        '"\u20ac$\\u000f\\n\\"\\\\\\b\\t/\u2028\x7f"'
    )


@pytest.mark.parametrize("value", [float("inf"), float("nan"), object(), {1, 2}, b"x"])
def test_what_json_cannot_hold(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


AVATAR: dict[str, Any] = {
    "type": "avatar",
    "avatar_id": "Abigail_expressive_2024112501",
    "voice_id": "73c0b6a2e29d4d38aca41454bf58c955",
    "script": "Hello, and welcome to Acme Cloud 4.1.\n\nLet us begin.",
    "resolution": "1080p",
    "background": {"type": "color", "value": "#101820"},
}
IMAGE: dict[str, Any] = {
    "type": "image",
    "image": {"type": "asset_id", "asset_id": {"sha256": "5f" * 32}},
    "script": "Grüße aus München, 東京 \U0001f600.",
    "voice_settings": {"speed": 0.95, "pitch": -3},
}
# These name what people have paid for. They must never change.
GOLDEN = [
    (AVATAR, "heygen", 1, "6fcae2ba95b2d9716b93bc428e6afe0fc584683f0a17feeba257e8d99cd60a38"),
    (AVATAR, "studio", 1, "8539e6c75f3b322e2355bf330a6d8c94dba346753138dc471d34ccd088652549"),
    (AVATAR, "heygen", 2, "8acb3874ec9120c3785f906e4064b755d20a96e9b51eddd37f1a5573b0d23203"),
    (IMAGE, "heygen", 1, "2d819d9dc91612e37ef668d47b78d69565fa29157744566e7fa3afc200d86090"),
    ({}, "heygen", 1, "cf1b7608762e22c82ca685d9ac82c983b046766d57103de9cd6f3886279e94fa"),
]


@pytest.mark.parametrize(("content", "provider", "revision", "expected"), GOLDEN)
def test_golden(content: dict[str, Any], provider: str, revision: int, expected: str) -> None:
    found = fingerprint(content, provider=provider, operation=OPERATION, revision=revision)
    assert found == "sha256:" + expected


def test_the_form_written_out() -> None:
    """The bytes under the first golden vector, by hand."""
    text = (
        '{"form":1,"operation":"POST /v3/videos","provider":"heygen","request":{"avatar_id":'
        '"Abigail_expressive_2024112501","background":{"type":"color","value":"#101820"},'
        '"resolution":"1080p","script":"Hello, and welcome to Acme Cloud 4.1.\\n\\nLet us begin.",'
        '"type":"avatar","voice_id":"73c0b6a2e29d4d38aca41454bf58c955"}}'
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert fingerprint(AVATAR, provider="heygen", operation=OPERATION) == f"sha256:{digest}"


@given(st.dictionaries(texts, values, max_size=5), st.randoms())
def test_order_of_members_says_nothing(content: dict[str, Any], random: Any) -> None:
    items = list(content.items())
    random.shuffle(items)
    first = fingerprint(content, provider="heygen", operation=OPERATION)
    assert fingerprint(dict(items), provider="heygen", operation=OPERATION) == first


def test_everything_in_the_form_counts() -> None:
    base = {"provider": "heygen", "operation": OPERATION, "revision": 1}
    others: list[dict[str, Any]] = [
        {"provider": "studio"}, {"operation": "POST /v4/videos"}, {"revision": 2},
    ]  # fmt: skip
    prints = {fingerprint(AVATAR, **base)}  # type: ignore[arg-type]
    prints |= {fingerprint(AVATAR, **{**base, **other}) for other in others}
    prints |= {fingerprint({**AVATAR, "script": "Hello."}, **base)}  # type: ignore[arg-type]
    assert len(prints) == 5
