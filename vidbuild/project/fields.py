"""A video's layers rendered and merged into its fields.

The layers are merged first and only what is left is rendered, so that a template which a
higher layer replaces cannot fail; a value that renders to `omit` is taken out of its layer
and the merge is made again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span, problem
from vidbuild.project.layers import merge_all, without
from vidbuild.project.model import Layer, Source, origin, placed
from vidbuild.project.scope import VideoScope
from vidbuild.project.sources import Sources
from vidbuild.project.template import EXPRESSION, Omit, TemplateFault, Templates
from vidbuild.schema.shape import Shape
from vidbuild.source.locate import find

Path = tuple[str | int, ...]

_MARKS = ("{{", "{%", "{#")
_WHOLE = re.compile(r"\s*\{\{-?((?:(?!\{\{|\}\}).)+?)-?\}\}\s*\Z", re.DOTALL)
_FILE_KEYS = {"file"}


def is_template(text: str) -> bool:
    """True when Jinja has something to do in `text`."""
    return "{" in text and any(mark in text for mark in _MARKS)


class Fields:
    """Renders with one project's sources and templates; `text` and `value` serve loops too."""

    def __init__(self, sources: Sources, templates: Templates) -> None:
        self.sources = sources
        self.templates = templates

    def resolve(
        self, layers: Sequence[Layer], shape: Shape, scope: VideoScope
    ) -> tuple[dict[str, Any], tuple[Layer, ...], list[Diagnostic]]:
        """Fields, the layers without what was omitted, and what went wrong (all of it)."""
        kept = tuple(layers)
        while True:
            merged = merge_all((layer.values for layer in kept), shape)
            walk = _Walk(self, kept, scope)
            fields = walk.mapping(merged, shape, ())
            if not walk.omitted or walk.found:
                return fields, kept, walk.found
            for path in sorted(walk.omitted, key=_last_index_first, reverse=True):
                kept = _silenced(kept, path)

    def text(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> str:
        """A text value with its templates rendered. Raises `Problems`."""
        if not is_template(source):
            return source
        try:
            return self.templates.render_inline(source, layer.source.name, scope)
        except TemplateFault as fault:
            raise self.worded(fault, layer, path) from None

    def value(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> Any:
        """What a whole `{{ expression }}` evaluates to; other texts are rendered."""
        whole = _WHOLE.match(source)
        if whole is None:
            return self.text(source, layer, path, scope)
        return self.expression(whole[1], layer, path, scope)

    def expression(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> Any:
        """The value of a bare expression. Raises `Problems`, for undefined results as well."""
        try:
            return self.templates.evaluate(source, scope)
        except TemplateFault as fault:
            raise self.worded(fault, layer, path) from None

    def holds(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> bool:
        """Whether a bare expression is true. Raises `Problems`."""
        try:
            return self.templates.holds(source, scope)
        except TemplateFault as fault:
            raise self.worded(fault, layer, path) from None

    def file_text(
        self, reference: Mapping[str, Any], layer: Layer, path: Path, scope: VideoScope
    ) -> str:
        """The text of `{file: ...}`, rendered as a template."""
        file = self.file_path(reference, layer, path, scope)
        name = self.sources.shown(file)
        scope.used(name)
        with placed(layer, *path, "file"):
            text = self.sources.text(file)
        if not is_template(text):
            return text
        try:
            return self.templates.render(self.templates.file(name), scope)
        except TemplateFault as fault:
            raise self.worded(fault, layer, path) from None

    def file_path(
        self, reference: Mapping[str, Any], layer: Layer, path: Path, scope: VideoScope
    ) -> Any:
        """The file that `{file: ...}` names; unknown keys beside `file` are errors."""
        for key in reference:
            if key not in _FILE_KEYS:
                raise problem("VB253", f"`{{file: ...}}` has no key {key!r}",
                              span=layer.span(*path, key, key=True))  # fmt: skip
        name = reference["file"]
        if not isinstance(name, str):
            raise problem("VB254", "`file` must be a file name", span=layer.span(*path, "file"))
        name = self.text(name, layer, (*path, "file"), scope)
        with placed(layer, *path, "file"):
            return self.sources.resolve(name, layer.source.folder)

    def data(self, raw: Any, layer: Layer, path: Path, scope: VideoScope) -> Any:
        """A var's value: templates rendered at every depth, `{file: ..., key: ...}` read."""
        match raw:
            case str():
                if not is_template(raw):
                    return raw
                return self.value(raw, layer, path, scope)
            case {"file": str(name), **rest} if not rest.keys() - {"key"}:
                name = self.text(name, layer, (*path, "file"), scope)
                key = rest.get("key")
                with placed(layer, *path, "file"):
                    file = self.sources.resolve(name, layer.source.folder)
                    scope.used(self.sources.shown(file))
                    return self.sources.data(file, key=None if key is None else str(key))
            case dict():
                return {k: self.data(v, layer, (*path, k), scope) for k, v in raw.items()}
            case list():
                return [self.data(v, layer, (*path, i), scope) for i, v in enumerate(raw)]
            case _:
                return raw

    def worded(self, fault: TemplateFault, layer: Layer, path: Path) -> Problems:
        """A fault as a diagnostic: in the template file at its line, or in the YAML value."""
        value_span = layer.span(*path)
        notes: tuple[Note, ...] = ()
        if fault.template in (None, layer.source.name) or fault.template == EXPRESSION:
            span = _inline_span(layer.source, (*layer.pointer, *path), fault)
        else:
            file = self.sources.root / fault.template
            text = self.sources.text(file) if file.is_file() else ""
            span = Span(file=fault.template, line=fault.line,
                        column=_column(text, fault.line, fault.word))  # fmt: skip
            notes = (Note(message="rendered for this value", span=value_span),)
        return Problems([
            Diagnostic(code=fault.code, message=fault.message, hint=fault.hint, span=span,
                       notes=notes)
        ])  # fmt: skip


class _Walk:
    """One rendering of merged fields: what was omitted, and what went wrong."""

    def __init__(self, fields: Fields, layers: Sequence[Layer], scope: VideoScope) -> None:
        self.fields, self.layers, self.scope = fields, layers, scope
        self.omitted: list[Path] = []
        self.found: list[Diagnostic] = []

    def mapping(self, values: Mapping[str, Any], shape: Shape | None, path: Path) -> dict[str, Any]:
        rendered: dict[str, Any] = {}
        for name, value in values.items():
            member = shape.member(name, values) if shape else None
            result = self.value(value, member, (*path, name))
            if not isinstance(result, Omit):
                rendered[name] = result
        return rendered

    def value(self, value: Any, shape: Shape | None, path: Path) -> Any:
        try:
            match value:
                case str():
                    return self.text(value, shape, path) if is_template(value) else value
                case {"file": _} if shape is not None and "string" in shape.types:
                    return self.file(value, shape, path)
                case dict():
                    return self.mapping(value, shape, path)
                case list():
                    items = shape.items if shape else None
                    rendered = [self.value(v, items, (*path, i)) for i, v in enumerate(value)]
                    return [v for v in rendered if not isinstance(v, Omit)]
                case _:
                    return value
        except Problems as problems:
            field = ".".join(map(str, path))
            self.found += [replace(d, field=d.field or field) for d in problems.diagnostics]
            return None

    def text(self, value: str, shape: Shape | None, path: Path) -> Any:
        layer, held = self.at(path)
        result = self.fields.value(value, layer, held, self.scope)
        if isinstance(result, Omit):
            self.omitted.append(path)
            return result
        wants_text = shape is None or not shape.types or "string" in shape.types
        if wants_text:
            return _as_text(result, layer, held)
        return coerce(result, shape)

    def file(self, value: Mapping[str, Any], shape: Shape, path: Path) -> Any:
        layer, held = self.at(path)
        if not shape.asset:
            return self.fields.file_text(value, layer, held, self.scope)
        file = self.fields.file_path(value, layer, held, self.scope)
        name = self.fields.sources.shown(file)
        self.scope.used(name)
        return {"file": name}

    def at(self, path: Path) -> tuple[Layer, Path]:
        found = origin(self.layers, path)
        if found is None:  # pragma: no cover - every merged value comes from a layer
            raise LookupError(path)
        return found


def coerce(value: Any, shape: Shape | None) -> Any:
    """A template's value as the API's type: cells of a table are text, the API wants numbers."""
    if not isinstance(value, str) or shape is None:
        return value
    text = value.strip()
    if "boolean" in shape.types and text in ("true", "false"):
        return text == "true"
    for kind, convert in (("integer", int), ("number", float)):
        if kind in shape.types:
            try:
                number = convert(text)
            except ValueError:
                continue
            return int(number) if number == int(number) else number
    return value


def _as_text(value: Any, layer: Layer, path: Path) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        kind = "nothing" if value is None else f"a {type(value).__name__}"
        raise problem("VB303", f"{kind} cannot be printed into a text", span=layer.span(*path))
    return str(value)


def _silenced(layers: tuple[Layer, ...], path: Path) -> tuple[Layer, ...]:
    found = origin(layers, path)
    if found is None or len(found[1]) < len(path):  # pragma: no cover - as in `_Walk.at`
        raise LookupError(path)
    silent = replace(found[0], values=without(found[0].values, path))
    return tuple(silent if layer is found[0] else layer for layer in layers)


def _last_index_first(path: Path) -> tuple[str, ...]:
    return tuple(f"{part:09d}" if isinstance(part, int) else part for part in path)


def _inline_span(source: Source, path: Path, fault: TemplateFault) -> Span:
    place = find(source.text, path, file=source.name)
    if place is None:
        return Span(file=source.name)
    line = place.text_line + fault.line - 1 if place.style in ("|", ">") else place.line
    if not place.style and fault.line > 1:
        line = place.line + fault.line - 1
    column = _column(source.text, line, fault.word)
    if column == 1 or (line == place.line and column < place.column):
        column = place.column if line == place.line else column
    return Span(file=source.name, line=line, column=column)


def _column(text: str, line: int, word: str | None) -> int:
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return 1
    content = lines[line - 1]
    if word:
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", content)
        if found:
            return found.start() + 1
    mark = min((i for m in _MARKS if (i := content.find(m)) >= 0), default=-1)
    if mark >= 0:
        return mark + 1
    return len(content) - len(content.lstrip()) + 1
