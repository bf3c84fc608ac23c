"""Texts without quotes that YAML cuts off at ` #`: `script: Call us at #1` says "Call us at".

A comment is only suspected of being text where the file holds words, and where it looks like
their continuation. Files without such a place are searched once and not read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.project.model import Path, Source
from vidbuild.source.plain import Written, plain_scalars, quoted
from vidbuild.source.scalars import plain_value

# What stands around a ` #` that may be more than a comment.
_GLUED = re.compile(r" #(?:\w| ?\d)")
_QUOTED = re.compile(r"[:\-,\[{]\s*'[^']*\Z")
_OPEN = re.compile(r"\{\{[^}]*\Z|\{%[^}]*\Z|\([^)]*\Z")
_NUMBERED = re.compile(r" #(?:\w| ?\d[\d.,]*[.!?]?\s*$)")
_OPENED = (("{{", "}}"), ("{%", "%}"), ("(", ")"))
_VALUE = re.compile(r"\s+#\w")
_WORDS = frozenset({"vars", "for_each"})  # whatever stands below them is the user's own


def cut_texts(files: Iterable[Source], document: Mapping[str, Any]) -> list[Diagnostic]:
    """A warning for each text that seems to go on behind ` #`. `document` is the API's."""
    suspects = [source for source in files if _is_suspect(source.text)]
    if not suspects:
        return []
    texts = {"name", *_text_fields(document)}
    return [
        _diagnostic(written)
        for source in suspects
        for written in _plain(source)
        if _is_cut(written, texts)
    ]


def _is_suspect(text: str) -> bool:
    """Whether some ` #` could be more than a comment: most files have none to look at."""
    at = text.find(" #")
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        in_quotes = text.count('"', start, at) % 2 or _QUOTED.search(text, start, at)
        if not in_quotes and (_GLUED.match(text, at) or _OPEN.search(text, start, at)):
            return True
        at = text.find(" #", at + 2)
    return False


def _plain(source: Source) -> list[Written]:
    try:
        return plain_scalars(source.text, file=source.name)
    except Problems:  # pragma: no cover - the file was loaded already
        return []


def _text_fields(node: Any) -> Iterator[str]:
    """The names of all fields that hold words of the user's."""
    if isinstance(node, Mapping):
        members = node.get("properties")
        for name, member in members.items() if isinstance(members, Mapping) else ():
            if isinstance(member, Mapping) and member.get("x-vidbuild-text"):
                yield name
        for value in node.values():
            yield from _text_fields(value)
    elif isinstance(node, list):
        for value in node:
            yield from _text_fields(value)


def _is_cut(written: Written, texts: set[str]) -> bool:
    if not written.text:
        return bool(_VALUE.match(written.behind))
    if not _holds_words(written.path, texts) or not isinstance(plain_value(written.text), str):
        return False
    if _NUMBERED.match(written.behind):
        return True
    return written.behind.lstrip().startswith("#") and any(
        written.text.count(opening) > written.text.count(closing) and closing in written.behind
        for opening, closing in _OPENED
    )


def _holds_words(path: Path, texts: set[str]) -> bool:
    last = next((part for part in reversed(path) if isinstance(part, str)), "")
    return last in texts or not _WORDS.isdisjoint(path)


def _diagnostic(written: Written) -> Diagnostic:
    key = next((part for part in reversed(written.path) if isinstance(part, str)), "")
    whole = quoted(f"{written.text}{written.behind.rstrip()}".strip())
    said = f"ends at {written.text.split()[-1]!r}" if written.text else "is empty"
    return Diagnostic(
        code="VB291",
        severity="warning",
        message=f"this value {said}: what follows ` #` is a comment",
        hint=f"write {key}: {whole}, or a comment with a blank behind the #",
        span=written.span,
    )
