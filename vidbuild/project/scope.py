"""The names a template sees: vars (evaluated only when used), the row, the video, the build."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2.utils import missing

from vidbuild.diagnostics import Problems, problem
from vidbuild.project.model import Layer
from vidbuild.project.template import OMIT, MissingCell, MissingName

RESERVED = frozenset({"each", "video", "profile", "project", "omit", "pause", "_"})
MAX_PAUSE_SECONDS = 60


class Each(Mapping[str, Any]):
    """A row as templates see it: an empty cell is `MissingCell`, an unknown column undefined."""

    def __init__(self, values: Mapping[str, Any], columns: tuple[str, ...], label: str) -> None:
        self._values, self._columns, self._label = values, frozenset(columns), label

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def missing(self, key: Any) -> Any:
        """What stands for a column without a value in this row."""
        if key in self._columns:
            return MissingCell(hint=f"{self._label} has no value for {key!r}", name=str(key))
        columns = ", ".join(sorted(self._columns))
        return MissingName(hint=f"{self._label} has no column {key!r} (it has {columns})")


class VideoScope:
    """One video's scope. `evaluate` renders a var's raw value in this scope.

    `files` collects the files that took part, `vars_used` the vars.
    """

    def __init__(
        self,
        vars_: Mapping[str, tuple[Any, Layer, tuple[str, ...]]],
        names: Mapping[str, Any],
        evaluate: Callable[[VideoScope, Any, Layer, tuple[str | int, ...]], Any],
        files: set[str],
    ) -> None:
        self.files = files
        self._vars = vars_
        self._names = {"omit": OMIT, "pause": pause, **names}
        self._evaluate = evaluate
        self._values: dict[str, Any] = {}
        self._open: list[str] = []

    def lookup(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        if name in self._values:
            return self._values[name]
        if name not in self._vars:
            return missing
        return self._var(name)

    def names(self) -> list[str]:
        return sorted({*self._names, *self._vars})

    def used(self, file: str) -> None:
        self.files.add(file)

    def _var(self, name: str) -> Any:
        raw, layer, pointer = self._vars[name]
        if name in self._open:
            cycle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise problem(
                "VB307",
                f"the vars refer to each other in a circle: {cycle}",
                hint="break the circle in one of them",
                span=layer.span(*pointer),
            )
        self._open.append(name)
        try:
            value = self._evaluate(self, raw, layer, pointer)
        finally:
            self._open.pop()
        self._values[name] = value
        return value


def pause(seconds: Any) -> str:
    """The tag for a silence inside a script."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError("pause() takes a number of seconds")
    if not 0 < seconds <= MAX_PAUSE_SECONDS:
        raise ValueError(f"pause() takes more than 0 and at most {MAX_PAUSE_SECONDS} seconds")
    return f'<break time="{seconds:g}s"/>'


def reserved_problem(name: str, layer: Layer, pointer: tuple[str | int, ...]) -> Problems:
    """A var with the name of something that every template has already."""
    return problem("VB252", f"{name!r} is a name that templates use already",
                   hint=f"rename it; reserved are {', '.join(sorted(RESERVED))}",
                   span=layer.span(*pointer, key=True))  # fmt: skip
