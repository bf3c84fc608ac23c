"""Places in a YAML file without reading all of it, and what stands at a line of it.

`locate` reads the whole file; one block of a file with thousands is found here by its
indentation, and believed only where it holds what the file was loaded with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.source import yaml
from vidbuild.source.locate import Path, Place, find, lines_of

_LARGE = 50_000  # characters; smaller files are read whole
_KEY = r"(?:{0}|\"{0}\"|'{0}')[ ]*:(?=[ \n]|\Z)"


def place_of(text: str, data: Mapping[str, Any], path: Path, *, file: str) -> Place | None:
    """The place of the value at `path`, or of its nearest parent. `data` is the text's value."""
    if len(text) > _LARGE and len(path) > 1:
        block = _block(text, str(path[0]), str(path[1]))
        if block is not None:
            found = _in_block(*block, data, path, file)
            if found is not None:
                return found
    return find(text, path, file=file)


def _block(text: str, top: str, name: str) -> tuple[str, int] | None:
    """The lines of `name` below the top key `top`, and how many lines stand before them."""
    head = re.search(rf"^{_KEY.format(re.escape(top))}[ ]*(?:#.*)?\n", text, re.MULTILINE)
    if head is None:
        return None
    first = re.compile(r"(?:[ ]*(?:#.*)?\n)*([ ]+)\S").match(text, head.end())
    if first is None:
        return None
    indent = first[1]
    start = re.compile(rf"^{indent}{_KEY.format(re.escape(name))}", re.MULTILINE).search(
        text, head.end()
    )
    if start is None:
        return None
    end = re.compile(rf"^(?:[ ]{{0,{len(indent)}}})(?=[^ \n#])", re.MULTILINE).search(
        text, start.end()
    )
    lines = text[start.start() : end.start() if end else len(text)]
    return lines, text.count("\n", 0, start.start())


def _in_block(
    lines: str, before: int, data: Mapping[str, Any], path: Path, file: str
) -> Place | None:
    top, name = path[0], path[1]
    try:
        value = yaml.load(lines, file=file)
        if value != {name: data[top][name]}:  # type: ignore[index]  # the path's own keys
            return None
        place = find(lines, path[1:], file=file)
    except (Problems, KeyError, TypeError):
        return None
    if place is None:
        return None
    key = (place.key[0] + before, place.key[1]) if place.key else None
    return replace(place, line=place.line + before, key=key)


def path_at(text: str, line: int, *, file: str) -> tuple[str | int, ...]:
    """The deepest value that a line belongs to; empty for what stands above all of them.

    Of a mapping or list that begins in the line, and so may have several values there, no
    single one is meant.
    """
    path: list[str | int] = []
    place = find(text, (), file=file)
    while place is not None and place.style != "*":
        begun = [(_first(m), key, m) for key, m in place.members.items() if _first(m) <= line]
        if not begun or (path and place.line == _first(place) == line):
            break
        _, key, place = max(begun, key=lambda each: each[0])
        path.append(key)
    return tuple(path)


def _first(place: Place) -> int:
    return place.key[0] if place.key else place.line


def is_idle(text: str, line: int, *, file: str) -> bool:
    """True for a line that says nothing: empty, or a comment outside a block of text."""
    written = lines_of(text)[line - 1].strip()
    if written and not written.startswith("#"):
        return False
    place = find(text, path_at(text, line, file=file), file=file)
    return place is None or place.style not in ("|", ">", '"', "'")
