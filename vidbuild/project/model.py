"""Project and Video: what the project's files say, before and after expansion."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vidbuild.diagnostics import Diagnostic, Problems, Span
from vidbuild.source.locate import lines_of, locate

# The build's own keys beside the API's fields.
BUILD_KEYS = frozenset({
    "for_each", "name", "vars", "overrides", "tags", "protect", "ignore_changes", "revision",
    "private", "request",
})  # fmt: skip

OUTPUT_KINDS = ("video", "subtitle", "thumbnail")

# Where a value stands below another: keys of mappings, positions in lists.
Path = tuple[str | int, ...]

LayerKind = Literal["base", "defaults", "video", "override", "profile", "request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A project file: `name` as shown in messages, `folder` relative paths start from."""

    name: str
    folder: pathlib.Path
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)

    def span(self, *path: str | int, key: bool = False) -> Span:
        return locate(self.text, path, file=self.name, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A mapping of fields and where it stands: `pointer` leads to it in `source`."""

    kind: LayerKind
    source: Source
    pointer: Path
    values: Mapping[str, Any]

    def span(self, *path: str | int, key: bool = False) -> Span:
        return self.source.span(*self.pointer, *path, key=key)


@contextmanager
def placed(layer: Layer, *path: str | int, key: bool = False) -> Iterator[None]:
    """Gives problems without a place the one at `path` of the layer.

    Finding a place costs a second reading of the file, so it waits until there is a problem.
    """
    try:
        yield
    except Problems as problems:
        if all(d.span for d in problems.diagnostics):
            raise
        span = layer.span(*path, key=key)
        raise Problems(
            [d if d.span else replace(d, span=span) for d in problems.diagnostics],
            exit_code=problems.exit_code,
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One block under `videos`, with the layers below it and the vars in effect, lowest first."""

    key: str
    prefix: str
    layer: Layer
    below: tuple[Layer, ...]
    vars: tuple[Layer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Who renders: `heygen` or `studio`, and where its key and account are named."""

    name: str
    key_env: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings:
    """Where files go (relative to the project folder), which, and how much history to keep."""

    dir: str = "build"
    files: tuple[str, ...] = OUTPUT_KINDS
    keep_history: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The loaded project under one profile."""

    root: pathlib.Path
    source: Source
    name: str
    profile: str | None
    provider: ProviderSettings
    output: OutputSettings
    policy: Mapping[str, Any]
    definitions: tuple[Definition, ...]
    above: tuple[Layer, ...] = ()
    profile_vars: tuple[Layer, ...] = ()
    outside: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Source, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One video: its name, the row it comes from, and its fields merged and rendered.

    `layers` are those that made it, lowest first; `fields` still holds `{file: ...}` of
    asset fields. `scope` makes its templates' scope anew, for who wants to know what they
    use. `row_file` is the data file of the row. `depends_on` lists every file that it was
    made from.
    """

    name: str
    key: str
    definition: Definition
    layers: tuple[Layer, ...]
    fields: Mapping[str, Any]
    row: Mapping[str, Any] | None = None
    row_place: Callable[[], Span] | None = None
    row_file: str | None = None
    scope: Callable[[], Any] | None = field(default=None, repr=False, compare=False)
    tags: frozenset[str] = frozenset()
    protect: bool = False
    private: bool = False
    revision: int = 1
    ignore_changes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()

    @property
    def row_span(self) -> Span | None:
        """Where the row stands in its file."""
        return self.row_place() if self.row_place else None

    def origin(self, path: Path, *, key: bool = False) -> Span:
        """Where the value at `path` of the request was written: the highest layer that has it.

        A path that no layer has (a missing field) leads to the video's own block. With `key`
        the place of the member's name.
        """
        found = origin(self.layers, path)
        if found is None:
            return self.definition.layer.span(key=True)
        layer, held = found
        return layer.span(*held, key=key and len(held) == len(path))

    def written(self, path: Path) -> str | None:
        """A value that is no text, as the project file spells it."""
        found = origin(self.layers, path)
        if found is None or found[1] != path:
            return None
        layer, held = found
        span = layer.span(*held)
        line = lines_of(layer.source.text)[span.line - 1]
        word = re.compile(r"[-+.\w]+").match(line, span.column - 1)
        return word[0] if word else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """All videos in the order of their names, and everything that was wrong on the way.

    `unfinished` are videos with errors that got as far as fields; one at fault is None.
    """

    videos: tuple[Video, ...]
    diagnostics: tuple[Diagnostic, ...]
    unfinished: Mapping[str, Video] = field(default_factory=dict)


def origin(layers: Sequence[Layer], path: Path) -> tuple[Layer, Path] | None:
    """The highest layer that holds `path`, or else its longest part, and how much of it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if _holds(layer.values, path[:length]):
                return layer, path[:length]
    return None


def _holds(values: Any, path: Path) -> bool:
    for part in path:
        match values, part:
            case dict(), str() if part in values:
                values = values[part]
            case list(), int() if part < len(values):
                values = values[part]
            case _:
                return False
    return True
