"""Diagnostics as GitHub's workflow commands, which become annotations on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vidbuild.diagnostics import Diagnostic
from vidbuild.report.diagnostics import place
from vidbuild.report.style import visible


def diagnostics_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One line each; places are relative to the repository's root."""
    return "\n".join(_command(diagnostic) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {}
    if (span := diagnostic.span) is not None:
        properties = {"file": span.file, "line": span.line, "col": span.column}
    properties["title"] = diagnostic.code
    head = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = "%0A".join(_data(visible(line)) for line in _lines(diagnostic))
    return f"::{diagnostic.severity} {head}::{text}"


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    yield from diagnostic.message.split("\n")
    if diagnostic.hint:
        yield from f"hint: {diagnostic.hint}".split("\n")
    for note in diagnostic.notes:
        where = f"{place(note.span)}: " if note.span else ""
        yield from f"note: {where}{note.message}".split("\n")
    if diagnostic.video and diagnostic.video not in diagnostic.message:
        field = f", field {diagnostic.field}" if diagnostic.field else ""
        yield f"video: {diagnostic.video}{field}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(visible(str(value))).replace(":", "%3A").replace(",", "%2C")
