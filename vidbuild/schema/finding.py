"""Finding: one thing wrong with a request body, by path; and the words for values and types."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`path` leads to the member in question, also where it is missing; `others` to what it
    clashes with. `code` is one of VB201 to VB249."""

    path: Path
    code: str
    message: str
    hint: str | None = None
    others: tuple[Path, ...] = ()


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `scenes[0].input.script`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def kind(value: Any) -> str:
    """The JSON type of a value; 3.0 is an integer, true is no number, NaN is nothing at all."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        if not math.isfinite(value):
            return "no JSON number"
        return "integer" if value.is_integer() else "number"
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "?"


def words(types: Iterable[str]) -> str:
    """JSON types in the user's words."""
    return either(_WORDS.get(each, each) for each in sorted(types))


def either(items: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = list(items)
    return f"{', '.join(most)} or {last}" if most else last


def shown(value: Any, *, text: bool = False) -> str:
    """A value for a message, short; of a private text only that it is one."""
    if text and isinstance(value, str):
        return "this text"
    if isinstance(value, list | Mapping):
        return _WORDS[kind(value)]
    try:
        written = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        written = str(value)
    return written if len(written) <= _SHOWN else written[: _SHOWN - 1] + "…"


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 is 1.0, but true is not 1."""
    if left is None or isinstance(left, str):
        return bool(left == right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
