"""The names a template sees: vars (evaluated only when used), the row, the video, the build."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2.utils import missing

from vidbuild.diagnostics import Problems, problem
from vidbuild.project.model import Layer, Path
from vidbuild.project.values import OMIT, Failed, MissingCell, MissingName

RESERVED = frozenset({"each", "video", "profile", "project", "omit", "pause", "_"})
MAX_PAUSE_SECONDS = 60
MAX_TRIES = 10_000  # vars evaluated for one video; only many circles in each other take more
_METHODS = frozenset({"items", "keys", "values", "get"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Var:
    """A var as written: its raw value at `pointer` in `layer`."""

    value: Any
    layer: Layer
    pointer: Path


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
        """What stands for a column without a value in this row; methods come after columns."""
        if key in self._columns:
            return MissingCell(hint=f"{self._label} has no value for {key!r}", name=str(key))
        if key in _METHODS:
            return getattr(self, key)
        return MissingName(
            hint=f"{self._label} has no column {key!r}",
            obj=dict.fromkeys(self._columns),
            name=key,
        )


# Renders a var's raw value in the scope that asks for it.
Evaluate = Callable[[Any, Layer, Path, "VideoScope"], Any]


class VideoScope:
    """One video's scope. `names` come before `vars_`.

    `files` and `seen` collect the files and the names that took part, in order.
    """

    def __init__(
        self, vars_: Mapping[str, Var], names: Mapping[str, Any], evaluate: Evaluate
    ) -> None:
        self.files: dict[str, None] = {}
        self.seen: dict[str, None] = {}
        self._vars = vars_
        self._names = names
        self._evaluate = evaluate
        self._values: dict[str, Any] = {}
        self._open: list[str] = []
        self._tries = 0

    def lookup(self, name: str) -> Any:
        self.seen[name] = None
        if name in self._names:
            return self._names[name]
        if name in BUILT_IN:
            return BUILT_IN[name]
        if name in self._values:
            return self._values[name]
        if name not in self._vars:
            return missing
        try:
            value = self._var(name)
        except Problems as problems:
            value = Failed(problems)
            if any(d.code == "VB307" for d in problems.diagnostics):
                return value  # a circle from here may be none from elsewhere
        self._values[name] = value
        return value

    def evaluated(self, evaluate: Evaluate) -> VideoScope:
        """The same names, with vars evaluated in another way."""
        return VideoScope(self._vars, self._names, evaluate)

    def var(self, name: str) -> Var | None:
        """The var of this name as written, where it is one and nothing stands before it."""
        return None if name in self._names or name in BUILT_IN else self._vars.get(name)

    def names(self) -> list[str]:
        return sorted({*self._names, *BUILT_IN, *self._vars})

    def used(self, file: str) -> None:
        self.files[file] = None

    def _var(self, name: str) -> Any:
        var = self._vars[name]
        self._tries += 1
        if name in self._open or self._tries > MAX_TRIES:
            cycle = " -> ".join([*_from(name, self._open), name])
            raise problem(
                "VB307",
                f"the vars refer to each other in a circle: {cycle}",
                hint="break the circle in one of them",
                span=var.layer.span(*var.pointer),
            )
        self._open.append(name)
        self.used(var.layer.source.name)
        try:
            return self._evaluate(var.value, var.layer, var.pointer, self)
        finally:
            self._open.pop()


def _from(name: str, names: list[str]) -> list[str]:
    return names[names.index(name) :] if name in names else names


def pause(seconds: Any) -> str:
    """The tag for a silence inside a script."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError("pause() takes a number of seconds")
    if not 0 < seconds <= MAX_PAUSE_SECONDS:
        raise ValueError(f"pause() takes more than 0 and at most {MAX_PAUSE_SECONDS} seconds")
    return f'<break time="{seconds:g}s"/>'


BUILT_IN: Mapping[str, Any] = {"omit": OMIT, "pause": pause}
