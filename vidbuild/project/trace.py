"""Where each field of a video comes from: its layer, what that overrode, templates and vars.

For one video at a time, on request: nothing of this is kept while a project is resolved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import Problems, Span
from vidbuild.project.model import Layer, LayerKind, Path, Project, Video, origin
from vidbuild.project.rendering import Renderer, is_template
from vidbuild.project.scope import VideoScope
from vidbuild.project.sources import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one layer says of a field: its value as written, and where."""

    kind: LayerKind
    label: str
    span: Span
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTrace:
    """One field: its value in the request, who set it, and what that overrode, nearest first.

    A field that the request does not have has no value; `by` is then the layer that removed
    it with `null`, or None where it went with something else. `files` are the templates and
    media behind the value, outermost first.
    """

    path: Path
    value: Any
    by: Written | None
    over: tuple[Written, ...]
    files: tuple[str, ...] = ()
    sent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VarTrace:
    """A var that a template looks up: its value as written; without a place, from outside."""

    name: str
    value: Any
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where the fields of a video come from."""

    fields: tuple[FieldTrace, ...]
    vars: tuple[VarTrace, ...]


def trace(video: Video, body: Mapping[str, Any], project: Project, sources: Sources) -> Trace:
    """Traces every field of `body`, the video's request, and those that did not get into it."""
    run = _Tracing(video, project, sources)
    sent = [run.field(path, value) for path, value in leaves(body)]
    paths = [field.path for field in sent]
    lost = {path: None for layer in video.layers for path, _ in leaves(layer.values)}
    dropped = [_dropped(video.layers, path) for path in lost if not _is_sent(path, paths)]
    return Trace(
        fields=(*sorted(sent, key=_order), *sorted(dropped, key=_order)),
        vars=tuple(run.vars.values()),
    )


def leaves(value: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The values of a request with their paths; a list of plain values is one of them."""
    for name, item in value.items():
        yield from _leaves((name,), item)


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    match value:
        case dict() if value and not value.keys() & {"file", "sha256"}:
            for name, item in value.items():
                yield from _leaves((*path, name), item)
        case list() if any(isinstance(item, (dict, list)) for item in value):
            for index, item in enumerate(value):
                yield from _leaves((*path, index), item)
        case _:
            yield path, value


def _is_sent(path: Path, sent: Sequence[Path]) -> bool:
    """True where the request has the field, a part of it, or what it is a part of."""
    return any(path[: len(each)] == each or each[: len(path)] == path for each in sent)


def _order(field: FieldTrace) -> tuple[str, ...]:
    return tuple(f"{part:06}" if isinstance(part, int) else part for part in field.path)


class _Tracing:
    """One tracing: the renderer for its templates, and the vars met so far."""

    def __init__(self, video: Video, project: Project, sources: Sources) -> None:
        self.video = video
        self.outside = project.outside
        self.renderer = Renderer(sources)
        self.vars: dict[str, VarTrace] = {}

    def field(self, path: Path, value: Any) -> FieldTrace:
        found = origin(self.video.layers, path)
        if found is None:
            return FieldTrace(path=path, value=value, by=None, over=())
        layer, held = found
        return FieldTrace(
            path=path,
            value=value,
            by=_written(layer, held),
            over=_below(self.video.layers, layer, path),
            files=self.files(layer, held, value),
        )

    def files(self, layer: Layer, held: Path, value: Any) -> tuple[str, ...]:
        """Renders the value once more, to see what takes part."""
        if self.video.scope is None:
            return ()
        raw, scope = _at(layer.values, held), self.video.scope()
        with contextlib.suppress(Problems):  # told already: as far as it gets
            match raw:
                case {"file": _} if isinstance(value, dict):
                    self.renderer.file_path(raw, layer, held, scope)
                case {"file": _}:
                    self.renderer.file_text(raw, layer, held, scope)
                case str() if is_template(raw):
                    self.renderer.value(raw, layer, held, scope)
        data = self.data_files(scope)
        return tuple(file for file in scope.files if file not in data)

    def data_files(self, scope: VideoScope) -> set[str]:
        """The files behind the vars that were looked up; notes these vars."""
        if self.video.scope is None:  # pragma: no cover - asked for by `files`
            return set()
        alone: VideoScope = self.video.scope()
        for name in scope.seen:
            alone.lookup(name)
            if name in self.outside:
                self.vars[name] = VarTrace(name=name, value=self.outside[name], span=None)
            elif (var := scope.var(name)) is not None:
                span = var.layer.span(*var.pointer)
                self.vars[name] = VarTrace(name=name, value=var.value, span=span)
        return set(alone.files)


def _dropped(layers: Sequence[Layer], path: Path) -> FieldTrace:
    holding = [layer for layer in reversed(layers) if _holds(layer, path)]
    written = [_written(layer, path) for layer in holding]
    removed = written and written[0].value is None
    return FieldTrace(
        path=path,
        value=None,
        by=written[0] if removed else None,
        over=tuple(written[1:] if removed else written),
        sent=False,
    )


def _below(layers: Sequence[Layer], top: Layer, path: Path) -> tuple[Written, ...]:
    """What the layers below the one that set a field say of it, nearest first."""
    index = next(number for number, layer in enumerate(layers) if layer is top)
    return tuple(_written(layer, path) for layer in reversed(layers[:index]) if _holds(layer, path))


def _holds(layer: Layer, path: Path) -> bool:
    found = origin((layer,), path)
    return found is not None and found[1] == path


def _written(layer: Layer, path: Path) -> Written:
    return Written(
        kind=layer.kind, label=label(layer), span=layer.span(*path), value=_at(layer.values, path)
    )


def _at(values: Any, path: Path) -> Any:
    for part in path:
        values = values[part]
    return values


def label(layer: Layer) -> str:
    """The layer in words: `override 2`, `profile draft`."""
    pointer = layer.pointer
    if layer.kind == "override":
        return f"override {int(pointer[pointer.index('overrides') + 1]) + 1}"
    if layer.kind == "profile" and len(pointer) > 1:
        return f"profile {pointer[1]}"
    return layer.kind
