"""Template values of layers: text and expressions rendered, `{file: ...}` read.

Problems come out with their place: in the template file at its line, or in the YAML value.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, problem
from vidbuild.project.faults import TemplateFault
from vidbuild.project.model import Layer, Path, placed
from vidbuild.project.places import MARKS, file_span, inline_span
from vidbuild.project.scope import VideoScope
from vidbuild.project.sources import Sources
from vidbuild.project.template import EXPRESSION, Templates

_WHOLE = re.compile(r"\s*\{\{-?((?:(?!\{\{|\}\}).)+?)-?\}\}\s*\Z", re.DOTALL)


def is_template(text: str) -> bool:
    """True when Jinja has something to do in `text`."""
    return "{" in text and any(mark in text for mark in MARKS)


class Renderer:
    """Renders values of one project; `path` leads to the value inside its layer."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.templates = Templates(lambda name: sources.text(sources.named(name)), self._named)

    def _named(self, reference: str, parent: str) -> str:
        """The name of the template that another one, or a value of a project file, refers to."""
        folder = self.sources.named(parent).parent
        return self.sources.shown(self.sources.resolve(reference, folder))

    def text(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> str:
        """A text value with its templates rendered."""
        if not is_template(source):
            return source
        with self.worded(layer, path):
            return self.templates.render_inline(source, layer.source.name, scope)

    def value(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> Any:
        """What a whole `{{ expression }}` evaluates to; other texts are rendered."""
        whole = _WHOLE.match(source)
        if whole is None:
            return self.text(source, layer, path, scope)
        with self.worded(layer, path):
            return self.templates.evaluate(whole[1], scope)

    def holds(self, source: str, layer: Layer, path: Path, scope: VideoScope) -> bool:
        """Whether a bare expression is true."""
        with self.worded(layer, path):
            return self.templates.holds(source, scope)

    def file_text(
        self, reference: Mapping[str, Any], layer: Layer, path: Path, scope: VideoScope
    ) -> str:
        """The text of `{file: ...}`, rendered as a template."""
        file = self.file_path(reference, layer, path, scope)
        with placed(layer, *path, "file"):
            text = self.sources.text(file)
        if not is_template(text):
            return text
        with self.worded(layer, path), placed(layer, *path, "file"):
            return self.templates.render(self.templates.file(self.sources.shown(file)), scope)

    def file_path(
        self, reference: Mapping[str, Any], layer: Layer, path: Path, scope: VideoScope
    ) -> pathlib.Path:
        """The file that `{file: ...}` names; other keys beside `file` are errors."""
        for key in reference:
            if key != "file":
                raise problem("VB253", f"`{{file: ...}}` has no key {key!r} here",
                              hint="keep `file` alone",
                              span=layer.span(*path, key, key=True))  # fmt: skip
        name = reference["file"]
        if not isinstance(name, str):
            raise problem("VB254", "`file` must be a file name",
                          hint="write {file: scripts/intro.md.j2}",
                          span=layer.span(*path, "file"))  # fmt: skip
        name = self.text(name, layer, (*path, "file"), scope)
        with placed(layer, *path, "file"):
            file = self.sources.resolve(name, layer.source.folder)
        scope.used(self.sources.shown(file))
        return file

    def data(self, raw: Any, layer: Layer, path: Path, scope: VideoScope) -> Any:
        """A var's value: templates rendered at every depth, `{file: ..., key: ...}` read."""
        match raw:
            case str():
                return self.value(raw, layer, path, scope) if is_template(raw) else raw
            case {"file": str(), **others} if not others.keys() - {"key"}:
                file = self.file_path({"file": raw["file"]}, layer, path, scope)
                key = others.get("key")
                with placed(layer, *path, "file" if key is None else "key"):
                    return self.sources.data(file, key=None if key is None else str(key))
            case dict():
                return {k: self.data(v, layer, (*path, k), scope) for k, v in raw.items()}
            case list():
                return [self.data(v, layer, (*path, i), scope) for i, v in enumerate(raw)]
            case _:
                return raw

    @contextmanager
    def worded(self, layer: Layer, path: Path) -> Iterator[None]:
        """Turns a template's fault into a problem with its place."""
        try:
            yield
        except TemplateFault as fault:
            raise Problems([self.diagnostic(fault, layer, path)]) from None

    def diagnostic(self, fault: TemplateFault, layer: Layer, path: Path) -> Diagnostic:
        notes: tuple[Note, ...] = ()
        if fault.template in (None, EXPRESSION, layer.source.name):
            span = inline_span(layer.source, (*layer.pointer, *path), fault)
        else:
            text = self.sources.text(self.sources.named(str(fault.template)))
            span = file_span(text, fault)
            notes = (Note(message="rendered for this value", span=layer.span(*path)),)
        return Diagnostic(
            code=fault.code, message=fault.message, hint=fault.hint, span=span, notes=notes
        )
