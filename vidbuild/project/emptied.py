"""Values left empty that take out what a lower layer says: `title:` removes the title.

That is what null is for, so it may be meant; written out (`null`, `~`) nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Span
from vidbuild.project.model import Layer, Path, origin
from vidbuild.source.locate import lines_of

# Null written out, a tag or an alias; a comment that was to be the value has a message already.
_MEANT = re.compile(r"\s*(?:~|null\b|Null\b|NULL\b|[!&*]|#\w)")
_UNITED = frozenset({"vars", "overrides", "tags", "request"})  # null takes nothing out of them


class Emptied:
    """Looks at layers, each place once."""

    def __init__(self) -> None:
        self._nulls: dict[int, tuple[Layer, Sequence[Path]]] = {}
        self._seen: set[tuple[str, Path]] = set()

    def found(self, layers: Sequence[Layer]) -> Iterator[Diagnostic]:
        """A warning for each empty value that removes one; layers from the lowest up."""
        for height, layer in enumerate(layers):
            for path in self._nulls_of(layer):
                place = (layer.source.name, (*layer.pointer, *path))
                below = origin(layers[:height], path)
                if below is None or below[1] != path or place in self._seen:
                    continue
                self._seen.add(place)
                span = layer.span(*path)
                line = lines_of(layer.source.text)[span.line - 1][span.column - 1 :]
                if _at(below[0].values, path) is not None and not _MEANT.match(line):
                    yield _diagnostic(path, span, below[0].span(*path))

    def _nulls_of(self, layer: Layer) -> Sequence[Path]:
        known = self._nulls.get(id(layer))
        if known is None:
            known = self._nulls[id(layer)] = (layer, _nulls(layer.values, ()))
        return known[1]


def _nulls(values: Mapping[str, Any], path: Path) -> Sequence[Path]:
    found: list[Path] = []
    for name, value in values.items():
        if value is None:
            found.append((*path, name))
        elif type(value) is dict:
            found += _nulls(value, (*path, name))
    return found if path or not found else [each for each in found if each[0] not in _UNITED]


def _at(values: Any, path: Path) -> Any:
    for part in path:
        values = values[part]
    return values


def _diagnostic(path: Path, span: Span, below: Span) -> Diagnostic:
    return Diagnostic(
        code="VB293",
        severity="warning",
        message=f"`{'.'.join(map(str, path))}` is empty, which removes the value below it",
        hint=f"give it a value; `{path[-1]}: null` says that it is meant to be removed",
        span=span,
        notes=(Note(message="removes this one", span=below),),
    )
