"""JSON for people and machines: readable text, and nothing in it that moves a cursor."""

from __future__ import annotations

import json
import re
from typing import Any

from vidbuild.report.style import is_hostile

_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def as_json(document: Any) -> str:
    """The document, indented. Control, format and half characters are written as escapes:
    they can only stand inside strings, where an escape means the same."""
    return _NOT_ASCII.sub(_escaped, json.dumps(document, ensure_ascii=False, indent=2))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return json.dumps(character)[1:-1] if is_hostile(character) else character
