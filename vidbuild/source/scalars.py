"""What a plain YAML scalar means: the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2).

`yes`, `2024-01-01`, `1_000` and `1:30` are text; `012` is twelve.
"""

from __future__ import annotations

import re
from typing import Any

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FIRST_OF_NON_TEXT = frozenset("-+.0123456789tTfFnN~")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z")
_NAN = {".nan", ".NaN", ".NAN"}
_MAX_DIGITS = 4000  # Python refuses longer integers; so would any reader of the JSON

_TAG = "tag:yaml.org,2002:"
_TAGGED: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),),
}  # fmt: skip


def plain_value(text: str) -> Any:
    """The value of a plain (unquoted) scalar."""
    if text and text[0] not in _FIRST_OF_NON_TEXT:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) >= _MAX_DIGITS:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if _OCTAL.match(text) or _HEX.match(text):
        return int(text, 0)
    if found := _INFINITY.match(text):
        return float(found[1] + "inf")
    return float("nan") if text in _NAN else text


class UnknownTag(ValueError):
    """A tag that is not one of the core schema's."""


def tagged_value(text: str, tag: str) -> Any:
    """The value of a scalar with a tag. Raises `UnknownTag`, ValueError where they do not fit."""
    if tag in ("!", _TAG + "str"):
        return text
    wanted = _TAGGED.get(tag.removeprefix(_TAG)) if tag.startswith(_TAG) else None
    if wanted is None:
        raise UnknownTag(tag)
    value: Any = plain_value(text)
    fits = isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))
    if not fits:
        raise ValueError(tag)
    return float(value) if float in wanted else value


def is_collection_tag(tag: str, kind: str) -> bool:
    """True for a mapping or sequence (`kind`: map, seq) with its own tag."""
    return tag in ("!", _TAG + kind)


def shown_tag(tag: str) -> str:
    """A tag as people write it."""
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
