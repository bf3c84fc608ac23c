"""Which place in the sources made a field of a video what it is, where it was something else.

The lock has the old request only: what is new in the new one is followed back to the layer, the
template's line, the var or the row that it comes from. A text that changed in many videos alike
is followed back once; for the others it is checked that the same words explain them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

from jinja2 import TemplateError

from vidbuild.diagnostics import Problems
from vidbuild.project.alignment import edits, ends_in, is_confined
from vidbuild.project.arrival import Blame, key_line, line_of
from vidbuild.project.blamed import in_cell, in_template, inline, written
from vidbuild.project.faults import TemplateFault
from vidbuild.project.looks import ChangedText, Frame, Look, Words
from vidbuild.project.marks import MarkedTemplates, Piece, Ref, printed, value_of
from vidbuild.project.model import Layer, Path, Project, Video, origin
from vidbuild.project.rendering import Renderer, is_template
from vidbuild.project.rows import data_place
from vidbuild.project.scope import VideoScope
from vidbuild.project.simple import name_parts
from vidbuild.project.sources import Sources

_MOST_LOOKS = 500  # texts followed back in one plan; beyond it the file is all that is said
_MOST_KNOWN = 16  # explanations tried for each template


_Known = Words[Blame] | Frame | Ref


class Blamer:
    """Follows fields of one project back."""

    def __init__(self, project: Project, sources: Sources) -> None:
        self.project, self.sources = project, sources
        self.renderer = Renderer(sources)
        plain = self.renderer.templates
        self.marked = MarkedTemplates(plain.loader.read, plain.join_path)  # type: ignore[union-attr]  # its own loader
        self._known: dict[Hashable, list[_Known]] = {}
        self._looks = 0

    def field(self, video: Video, path: Path, old: Any, new: Any, media: str | None) -> Blame:
        """What made the field at `path` what it is. `media` is the local file behind it."""
        found = origin(video.layers, path)
        if found is None or (new is None and found[1] != path):
            return self.removed(video, path)
        layer, held = found
        if media is not None:
            return Blame(kind="media", key=media, file=media)
        raw = _at(layer.values, held)
        if isinstance(old, str) and isinstance(new, str):
            return self._text(ChangedText(video, layer, held, raw, None, old, new))
        if isinstance(raw, dict) and isinstance(raw.get("file"), str) and new is not None:
            with_file = self._with_file(ChangedText(video, layer, held, raw, None, "", ""))
            if with_file.file is not None:
                return in_template(with_file.file, None)
        if old is not None and isinstance(raw, str) and is_template(raw):
            return self._expression(video, layer, held, raw)
        return written(layer, held)

    def build_key(self, video: Video, key: str) -> Blame:
        """What gives one of the build's own keys: `revision`, `protect`, `private`."""
        definition = video.definition
        layers = (*definition.below, definition.layer, *self.project.above)
        for layer in reversed(layers):
            if key in layer.values:
                return written(layer, (key,))
        return self.removed(video, (key,))

    def provider(self) -> Blame:
        """What says who renders."""
        source, profile = self.project.source, self.project.profile
        path: Path = ("provider",)
        if "provider" in (source.data.get("profiles") or {}).get(profile, {}):
            path = ("profiles", str(profile), "provider")
        return Blame(
            kind="provider", key=path, file=source.name, line=lambda: line_of(source, path)
        )

    def removed(self, video: Video, path: Path) -> Blame:
        """A value that no layer has any more: nobody knows which one had it."""
        what, source = ".".join(map(str, path)), video.definition.layer.source
        return Blame(
            kind="removed", key=(source.name, what), file=source.name, what=what,
            line=lambda: key_line(video),
        )  # fmt: skip

    def _text(self, text: ChangedText) -> Blame:
        text = self._with_file(text)
        if text.file is None and isinstance(text.raw, str) and _is_a_line(text.raw):
            return written(text.layer, text.held)
        known = self._known.setdefault(text.key, [])
        for each in known:
            if (blame := self._explained(text, each)) is not None:
                return blame
        return self._looked_at(text, known)

    def _explained(self, text: ChangedText, known: _Known) -> Blame | None:
        """What is known to be behind other changes of the template, where it explains this."""
        match known:
            case Words():
                return known.cause if known.explains(text) else None
            case Frame():
                changed = known.changed(text, _lookup(text.video))
                blames = (self._of_piece(text, piece, words) for piece, words in changed or ())
                return min(blames, key=lambda blame: blame.rank, default=None)
            case Ref():
                return self._by_value(text, known)

    def _with_file(self, text: ChangedText) -> ChangedText:
        """With the name of the file that holds the text, where it has one of its own."""
        match text.raw:
            case {"file": str(name)} if not is_template(name):
                path = self.sources.resolve(name, text.layer.source.folder)
                return replace(text, file=self.sources.shown(path))
            case {"file": _} if text.video.scope is not None:
                scope = text.video.scope()
                path = self.renderer.file_path(text.raw, text.layer, text.held, scope)
                return replace(text, file=self.sources.shown(path))
        return text

    def _by_value(self, text: ChangedText, ref: Ref) -> Blame | None:
        """The source of a value, where all that changed lies where it is printed."""
        value = printed(ref, _lookup(text.video))
        if not value or not is_confined(text.old, text.new, value):
            return None
        return self._source(text.video, ref)

    def _looked_at(self, text: ChangedText, known: list[_Known]) -> Blame:
        if self._looks >= _MOST_LOOKS and not _is_simple(text.raw):
            return _coarse(text)
        try:
            pieces = self._pieces(text)
        except (Problems, TemplateFault):
            return _coarse(text)
        ends = ends_in([piece.text for piece in pieces], text.new)
        if ends is None:
            return _coarse(text)
        for ref in dict.fromkeys(ref for piece in pieces for ref in piece.refs or ()):
            if (blame := self._by_value(text, ref)) is not None:
                if len(known) < _MOST_KNOWN:
                    known.insert(0, ref)
                return blame
        if self._looks >= _MOST_LOOKS:
            return _coarse(text)
        self._looks += 1
        return self._by_words(Look(text, pieces, ends, edits(text.old, text.new)), known)

    def _by_words(self, look: Look, known: list[_Known]) -> Blame:
        owned = look.owned()
        found = [
            self._of_piece(look.text, look.pieces[index], look.new_words(index)) for index in owned
        ]
        main = min(found, key=lambda blame: blame.rank)
        if all(look.pieces[index].refs is not None for index in owned):
            lookup = _lookup(look.text.video)
            frame = look.frame(lookup)
            if len(known) < _MOST_KNOWN and frame.changed(look.text, lookup):
                known.insert(0, frame)
            return main
        changes = look.changes(owned)
        if changes and len(known) < _MOST_KNOWN:
            words = Words(main, changes)
            if words.explains(look.text):
                known.insert(0, words)
        return main

    def _pieces(self, text: ChangedText) -> list[Piece]:
        source = text.layer.source
        scope = text.video.scope() if text.video.scope is not None else None
        if text.file is not None:
            whole = self.sources.text(self.sources.named(text.file))
            if scope is not None and is_template(whole):
                return self.marked.file_pieces(text.file, scope)
            return _lines(whole, text.file)
        if scope is not None and is_template(text.raw):
            return self.marked.pieces(text.raw, source.name, scope)
        return _lines(text.raw, source.name)

    def _of_piece(self, text: ChangedText, piece: Piece, words: str) -> Blame:
        sourced: list[tuple[bool, Blame]] = []
        for ref in piece.refs or ():
            if (blame := self._source(text.video, ref)) is not None:
                value = printed(ref, _lookup(text.video)) or ""
                alike = bool(words and value) and (words in value or value in words)
                sourced.append((alike, blame))
        if sourced:
            return next((blame for alike, blame in sourced if alike), sourced[0][1])
        if piece.template != text.layer.source.name:
            return in_template(piece.template, piece.line)
        return inline(text, piece.line, words)

    def _expression(self, video: Video, layer: Layer, held: Path, raw: str) -> Blame:
        """For a value that is no text: the first name in its template."""
        inside = raw.strip().removeprefix("{{").removesuffix("}}")
        try:
            refs = self.marked.refs(inside)
        except TemplateError:
            refs = ()
        found = (self._source(video, ref) for ref in refs)
        return next((blame for blame in found if blame is not None), written(layer, held))

    def _source(self, video: Video, ref: Ref) -> Blame | None:
        """Where the value of a name is written; None for what is not written anywhere."""
        name = ref.name
        if name in self.project.outside:
            return Blame(kind="outside", key=name, what=name)
        if name == "each":
            return in_cell(video, ref)
        if video.scope is None:
            return None
        scope = video.scope()
        var = scope.var(name)
        if var is None:
            return None
        held, value, rest = var.pointer, var.value, list(ref.path)
        while rest and isinstance(value, dict) and "file" not in value and rest[0] in value:
            held, value = (*held, str(rest[0])), value[rest.pop(0)]
        if isinstance(value, dict) and isinstance(value.get("file"), str):
            return self._in_data(video, (var.layer, held, value), rest)
        layer = var.layer
        return Blame(
            kind="variable", key=(layer.source.name, layer.pointer, held), what=name,
            file=layer.source.name, line=lambda: line_of(layer.source, (*layer.pointer, *held)),
        )  # fmt: skip

    def _in_data(
        self, video: Video, var: tuple[Layer, Path, dict[str, Any]], rest: Sequence[Any]
    ) -> Blame:
        """A place in a data file that a var stands for."""
        layer, held, value = var
        path = tuple(
            value_of(part, _lookup(video)) if isinstance(part, Ref) else part for part in rest
        )
        scope = video.scope() if video.scope is not None else VideoScope({}, {}, _nothing)
        file = self.renderer.file_path({"file": value["file"]}, layer, held, scope)
        shown, key = self.sources.shown(file), value.get("key")
        what = next((str(p) for p in reversed(path) if isinstance(p, str)), None)
        return Blame(
            kind="data", key=(shown, path), file=shown, what=what,
            line=lambda: data_place(self.sources, file, path, key=key),
        )  # fmt: skip


def _nothing(*_: Any) -> Any:
    return None


def _lookup(video: Video) -> Callable[[str], Any]:
    scope: VideoScope | None = None

    def lookup(name: str) -> Any:
        nonlocal scope
        if name == "each":
            return video.row
        if scope is None and video.scope is not None:
            scope = video.scope()
        return scope.lookup(name) if scope is not None else None

    return lookup


def _is_a_line(raw: str) -> bool:
    """One line without templates: whatever changed, it changed there."""
    return "\n" not in raw and not is_template(raw)


def _is_simple(raw: Any) -> bool:
    """A text whose pieces are found without a rendering."""
    return isinstance(raw, str) and name_parts(raw) is not None


def _lines(text: str, name: str) -> list[Piece]:
    lines = text.splitlines(keepends=True) or [""]
    return [Piece(line, name, number) for number, line in enumerate(lines, 1)]


def _coarse(text: ChangedText) -> Blame:
    if text.file is not None:
        return in_template(text.file, None)
    return written(text.layer, text.held)


def _at(values: Any, path: Path) -> Any:
    for part in path:
        values = values[part]
    return values
