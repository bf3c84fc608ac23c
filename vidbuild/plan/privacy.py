"""Outside variables that a private video speaks: their values are text of that video.

A plan names every outside variable; the value of one that shares a word with a private text
is shown as length and digest, as that text is. Not for the text itself (`mask`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vidbuild.plan.mask import is_mask, mask_text, masked
from vidbuild.request.model import Request
from vidbuild.schema.api import Api

_WORDS = re.compile(r"\w+")


def discreet(api: Api, values: Mapping[str, Any], requests: Iterable[Request]) -> Mapping[str, Any]:
    """The variables with every value hidden that a private request says, in whole or part."""
    if not values:
        return values
    texts = [
        text
        for request in requests
        if request.private
        for text in _hidden(request.body, masked(api.request, request.body))
    ]
    if not texts:
        return values
    whole = "\n".join(texts).casefold()
    words = set(_WORDS.findall(whole))
    return {name: _discreet(value, whole, words) for name, value in values.items()}


def _discreet(value: Any, whole: str, words: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _discreet(item, whole, words) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_discreet(item, whole, words) for item in value]
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    said = not words.isdisjoint(_WORDS.findall(text.casefold()))
    return mask_text(text) if said or (text.strip() and text.casefold() in whole) else value


def _hidden(body: Any, mask: Any) -> Iterator[str]:
    """The texts of a body that its mask hides."""
    if isinstance(body, str):
        if is_mask(mask):
            yield body
    elif isinstance(body, Mapping):
        for key, value in body.items():
            yield from _hidden(value, mask[key])
    elif isinstance(body, list | tuple):
        for value, hidden in zip(body, mask, strict=True):
            yield from _hidden(value, hidden)
