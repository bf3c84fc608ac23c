"""The places that a change can come from, each as what a plan says of it: a field of a layer, a
line of a text, a template, a cell of a table."""

from __future__ import annotations

from dataclasses import replace

from vidbuild.project.arrival import Blame, line_of
from vidbuild.project.looks import ChangedText
from vidbuild.project.marks import Ref
from vidbuild.project.model import Layer, Path, Source, Video
from vidbuild.source.locate import lines_of
from vidbuild.source.nearby import place_of


def written(layer: Layer, held: Path) -> Blame:
    """A field as a layer writes it."""
    source, path = layer.source, (*layer.pointer, *held)
    return Blame(
        kind=layer.kind, key=(source.name, path), file=source.name, what=".".join(map(str, held)),
        line=lambda: line_of(source, path),
    )  # fmt: skip


def inline(text: ChangedText, number: int, words: str) -> Blame:
    """A line of a text that stands in a project file."""
    layer, source = text.layer, text.layer.source
    path = (*layer.pointer, *text.held)
    many = isinstance(text.raw, str) and "\n" in text.raw.strip("\n")
    first = words.split()[:1]
    whole = written(layer, text.held)
    if not many:
        return whole
    return replace(
        whole,
        key=(source.name, path, number),
        line=lambda: _text_line(source, path, number, first[0] if first else None),
    )


def in_template(file: str, line: int | None) -> Blame:
    """A line of a template file; None for all of it."""
    return Blame(kind="template", key=(file, line), file=file, line=lambda: line)


def in_cell(video: Video, ref: Ref) -> Blame | None:
    """The row of a video, and the column that was read; None where nobody knows the row."""
    row = video.row_place
    if row is None:
        return None
    layer = video.definition.layer
    column = next((part for part in ref.path if isinstance(part, str)), None)
    return Blame(
        kind="data", key=(layer.source.name, layer.pointer, column), what=column,
        file=video.row_file or layer.source.name, line=lambda: row().line,
    )  # fmt: skip


def _text_line(source: Source, path: Path, number: int, word: str | None) -> int | None:
    place = place_of(source.text, source.data, path, file=source.name)
    if place is None:
        return None
    if place.style == "|":
        return place.line + number
    lines = lines_of(source.text)
    for line in range(place.line, min(place.line + 200, len(lines)) + 1):
        if word and word in lines[line - 1]:
            return line
    return place.line
