"""Canonical JSON and the fingerprint of a content.

RFC 8785 (JSON Canonicalization Scheme): members sorted by UTF-16 code units, numbers as
ECMAScript prints them, no white space. Pinned forever by golden vectors: a change here
would render every video of every user anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from json import JSONEncoder
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

FORM = 1

_SAFE_INTEGER = 2**53
_QUICK = JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
)


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises ValueError for what JSON cannot hold."""
    return _encode(value).encode("utf-8")


def quick_json(value: Any) -> bytes:
    """The same bytes, several times faster, where all numbers are small and whole and all names
    are ASCII. For `fingerprint` where that is known."""
    return _QUICK.encode(value).encode("utf-8")


def fingerprint(
    content: Mapping[str, Any],
    *,
    provider: str,
    operation: str,
    revision: int = 1,
    encode: Callable[[Any], bytes] = canonical_json,
) -> str:
    """`sha256:` and hex of the content's canonical form 1; a revision of 1 is left out."""
    form: dict[str, Any] = {
        "form": FORM,
        "operation": operation,
        "provider": provider,
        "request": content,
    }
    if revision != 1:
        form["revision"] = revision
    return "sha256:" + hashlib.sha256(encode(form)).hexdigest()


def _encode(value: Any) -> str:
    quick = _QUICKLY.get(type(value))
    return quick(value) if quick is not None else _encode_any(value)


def _encode_any(value: Any) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case True:
            return "true"
        case False:
            return "false"
        case None:
            return "null"
        case int():
            # Past 2^53 a JSON number is a double: say so rather than sign what is not sent.
            return str(value) if abs(value) <= _SAFE_INTEGER else _number(_double(value))
        case float():
            return _number(value)
        case Mapping():
            return _members(value)
        case list() | tuple():
            return "[" + ",".join(map(_encode, value)) + "]"
        case _:
            raise ValueError(f"not a JSON value: {type(value).__name__}")


def _members(value: Mapping[str, Any]) -> str:
    keys = sorted(value, key=None if "".join(value).isascii() else _utf16)
    return "{" + ",".join([f"{encode_basestring(k)}:{_encode(value[k])}" for k in keys]) + "}"


# Nearly all values are texts, in objects.
_QUICKLY: dict[type, Callable[[Any], str]] = {str: encode_basestring, dict: _members}


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number past every double is not a JSON number here") from None


def _number(value: float) -> str:
    """A double as ECMA-262 Number::toString writes it (RFC 8785, section 3.2.2.3)."""
    if not isfinite(value):
        raise ValueError("infinity and NaN are not JSON numbers")
    if value == 0:
        return "0"
    if value.is_integer() and abs(value) <= _SAFE_INTEGER:
        return str(int(value))
    sign = "-" if value < 0 else ""
    digits, _, exponent = repr(abs(value)).partition("e")
    digits = digits.removesuffix(".0")
    if not exponent:
        return sign + digits
    power = int(exponent)
    whole, _, fraction = digits.partition(".")
    if -7 < power < 0:  # repr turns to exponents at 1e-05, ECMAScript at 1e-07
        return f"{sign}0.{'0' * (-power - 1)}{whole}{fraction}"
    if 0 < power < 21:  # and at 1e+16 against 1e+21
        return f"{sign}{whole}{fraction.ljust(power, '0')}"
    return f"{sign}{digits}e{'+' if power > 0 else '-'}{abs(power)}"
