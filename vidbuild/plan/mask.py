"""Private text as length and digest: how a private video is shown, stored and compared.

Not for deciding what is private, and not for secrets: it hides what a video says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from vidbuild.schema.shape import Shape

_MASK_KEYS = frozenset({"length", "sha256"})


def mask_text(text: str) -> dict[str, Any]:
    """`{"length": characters, "sha256": hex of the UTF-8 bytes}`."""
    return {"length": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def is_mask(value: Any) -> bool:
    """True for what `mask_text` gives."""
    return isinstance(value, Mapping) and value.keys() == _MASK_KEYS


def masked(shape: Shape | None, value: Any) -> Any:
    """A request or part of one with every free text hidden; what is hidden already stays."""
    if isinstance(value, str):
        return mask_text(value) if shape is not None and shape.text else value
    if is_mask(value):
        return value
    if isinstance(value, Mapping):
        return {
            key: masked(shape.member(key, value) if shape is not None else None, item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        items = shape.items if shape is not None else None
        return [masked(items, item) for item in value]
    return value


def revealed(hidden: Any, known: Any) -> Any:
    """A masked value with every text back that `known` has at its place; what was another text
    stays hidden."""
    if is_mask(hidden):
        return known if isinstance(known, str) and mask_text(known) == hidden else hidden
    if isinstance(hidden, Mapping):
        others = known if isinstance(known, Mapping) else {}
        return {key: revealed(item, others.get(key)) for key, item in hidden.items()}
    if isinstance(hidden, list) and isinstance(known, list):
        pairs = zip_longest(hidden, known[: len(hidden)])
        return [revealed(item, other) for item, other in pairs]
    return hidden


def is_hidden(value: Any) -> bool:
    """True where some text in it is hidden."""
    if isinstance(value, Mapping):
        return is_mask(value) or any(map(is_hidden, value.values()))
    return isinstance(value, list) and any(map(is_hidden, value))
