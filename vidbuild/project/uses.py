"""What the fields of a video use: the layer that sets each, vars, files, and the lines that run.

For `impact`: every template is rendered once more with its lines noted. What a field of a
video would do with other data is found out by rendering it with that.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.project.faults import TemplateFault
from vidbuild.project.marks import MarkedTemplates
from vidbuild.project.model import Layer, Path, Video, origin
from vidbuild.project.rendering import Renderer, is_template
from vidbuild.project.scope import Evaluate, Var, VideoScope
from vidbuild.project.sources import Sources
from vidbuild.project.trace import leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One field of a request: the layer that sets it and where in there, and what that uses.

    `files` are all the files behind it, `lines` those of templates that are run, `names` the
    names looked up; `vars` are those of them that are vars, as written.
    """

    field: Path
    layer: Layer
    held: Path
    raw: Any
    files: frozenset[str]
    lines: frozenset[tuple[str, int]] = frozenset()
    names: frozenset[str] = frozenset()
    vars: tuple[Var, ...] = ()

    @property
    def pointer(self) -> Path:
        return (*self.layer.pointer, *self.held)


class UsesOf:
    """Finds uses of one project's videos."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.renderer = Renderer(sources)
        plain = self.renderer.templates
        self.marked = MarkedTemplates(plain.loader.read, plain.join_path, visits=True)  # type: ignore[union-attr]  # its own loader

    def uses(self, video: Video, body: Mapping[str, Any]) -> Iterator[Use]:
        """The uses of every field of `body`, the video's request."""
        for field, _ in leaves(body):
            found = origin(video.layers, field)
            if found is not None:
                yield self.use(video, field, *found)

    def use(self, video: Video, field: Path, layer: Layer, held: Path) -> Use:
        raw = _at(layer.values, held)
        files = frozenset({layer.source.name})
        bare = Use(field=field, layer=layer, held=held, raw=raw, files=files)
        if video.scope is None or not _has_templates(raw):
            return bare
        scope = video.scope()
        self.marked.visited.clear()
        with contextlib.suppress(Problems, TemplateFault):  # as far as it gets
            self._render(raw, layer, held, scope)
        found = (scope.var(name) for name in scope.seen)
        return Use(
            field=field,
            layer=layer,
            held=held,
            raw=raw,
            files=files | scope.files.keys(),
            lines=frozenset(self.marked.visited),
            names=frozenset(scope.seen),
            vars=tuple(var for var in found if var is not None),
        )

    def differs(self, video: Video, use: Use, evaluate: Evaluate) -> bool:
        """Whether a field comes out otherwise where vars have other values."""
        if video.scope is None:
            return False
        scope = video.scope()
        before = self._value(use, scope)
        return before is None or before != self._value(use, scope.evaluated(evaluate))

    def _value(self, use: Use, scope: VideoScope) -> tuple[Any] | None:
        try:
            match use.raw:
                case {"file": _}:
                    return (self.renderer.file_text(use.raw, use.layer, use.held, scope),)
                case _:
                    return (self.renderer.data(use.raw, use.layer, use.held, scope),)
        except Problems:
            return None

    def _render(self, raw: Any, layer: Layer, held: Path, scope: VideoScope) -> None:
        match raw:
            case {"file": _}:
                path = self.renderer.file_path(raw, layer, held, scope)
                self._file(path)(scope)
            case str() if is_template(raw):
                value = self.renderer.value(raw, layer, held, scope)
                if isinstance(value, str):
                    self.marked.pieces(raw, layer.source.name, scope)
            case list() | dict():
                items = raw.items() if isinstance(raw, dict) else enumerate(raw)
                for key, item in items:
                    self._render(item, layer, (*held, key), scope)

    def _file(self, path: pathlib.Path) -> Callable[[VideoScope], Any]:
        """What notes the lines of a text file; of a media file there are none."""
        name = self.sources.shown(path)
        text = self.sources.text(path)
        if is_template(text):
            return lambda scope: self.marked.file_pieces(name, scope)
        self.marked.visited.update((name, line) for line in range(1, text.count("\n") + 2))
        return lambda _: None


def with_other_data(
    renderer: Renderer, file: pathlib.Path, altered: Callable[[Any, str | None], Any]
) -> Evaluate:
    """Evaluates vars as `renderer` does, but with other contents of a data file."""

    def evaluate(raw: Any, layer: Layer, path: Path, scope: VideoScope) -> Any:
        match raw:
            case {"file": str(name)} if not is_template(name):
                value = renderer.data(raw, layer, path, scope)
                if renderer.sources.resolve(name, layer.source.folder) != file:
                    return value
                key = raw.get("key")
                return altered(value, None if key is None else str(key))
            case dict():
                return {k: evaluate(v, layer, (*path, k), scope) for k, v in raw.items()}
            case list():
                return [evaluate(v, layer, (*path, i), scope) for i, v in enumerate(raw)]
            case _:
                return renderer.data(raw, layer, path, scope)

    return evaluate


def other(value: Any) -> Any:
    """The value with everything in it changed."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case dict():
            return {key: other(item) for key, item in value.items()}
        case list():
            return [other(item) for item in value]
        case _:
            return "x"


def other_at(value: Any, path: Path) -> Any:
    """The value with what stands at `path` changed."""
    if not path:
        return other(value)
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping) and head in value:
        return {**value, head: other_at(value[head], rest)}
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        return [*value[:head], other_at(value[head], rest), *value[head + 1 :]]
    return value


def _has_templates(raw: Any) -> bool:
    match raw:
        case str():
            return is_template(raw)
        case dict():
            return "file" in raw or any(map(_has_templates, raw.values()))
        case list():
            return any(map(_has_templates, raw))
        case _:
            return False


def _at(values: Any, path: Path) -> Any:
    for part in path:
        values = values[part]
    return values
