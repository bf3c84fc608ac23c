"""Which part of a request an API means when it names a parameter: spellings differ.

`scenes.2.input.script`, `scenes[2].script`, `/scenes/2/input/script` and the location that a
validator prints (`body.scenes.2.avatar_video.input.avatar.script`) are one place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]

_PARTS = re.compile(r"[^.\[\]/'\"\s$]+")
_FIELD = re.compile(r"[a-z][a-z0-9_]*|\d+")
_AROUND = frozenset({"body", "request", "json", "data"})  # what stands around a request


def pointed(param: str, body: Mapping[str, Any]) -> Path:
    """As much of the parameter's path as the body has; empty where it has none of it."""
    path: Path = ()
    value: Any = body
    for number, part in enumerate(_PARTS.findall(param)):
        step = _step(value, part)
        if step:
            path += step
            for key in step:
                value = value[key]
        elif not (number == 0 and part in _AROUND) and not _is_tag(value, part):
            break
    return path


def _step(value: Any, part: str) -> Path:
    """The member that is meant, through a member that is left out in between."""
    if isinstance(value, Mapping):
        if part in value:
            return (part,)
        inner = [key for key, each in value.items() if isinstance(each, Mapping) and part in each]
        return (inner[0], part) if len(inner) == 1 else ()
    if isinstance(value, list | tuple) and part.isdecimal() and int(part[:9]) < len(value):
        return (int(part),)
    return ()


def _is_tag(value: Any, part: str) -> bool:
    """A validator names the variant that it tried: by its discriminator's value, or a class."""
    if not _FIELD.fullmatch(part):
        return True
    return isinstance(value, Mapping) and any(part == each for each in value.values())
