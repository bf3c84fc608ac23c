"""JSON for people and machines: readable text, and nothing in it that moves a cursor."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

from vidbuild.report.style import is_hostile

_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def as_json(document: Any) -> str:
    """The document, indented. Control, format and half characters are written as escapes:
    they can only stand inside strings, where an escape means the same."""
    try:
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(document), ensure_ascii=False, indent=2)
    return _NOT_ASCII.sub(_escaped, text)


def finite(value: Any) -> Any:
    """The value with null for what JSON has no number for."""
    match value:
        case float() if not isfinite(value):
            return None
        case dict():
            return {key: finite(item) for key, item in value.items()}
        case list() | tuple():
            return [finite(item) for item in value]
        case _:
            return value


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return json.dumps(character)[1:-1] if is_hostile(character) else character
