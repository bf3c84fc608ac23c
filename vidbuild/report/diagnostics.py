"""Diagnostics as text with the source line and a caret, and as JSON.

In text each begins with `file:line:column`, as editors and CI systems expect.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from posixpath import normpath
from typing import Any, get_args

from vidbuild.diagnostics import Diagnostic, Note, Severity, Span
from vidbuild.report.style import Paint, painter, visible, width_of
from vidbuild.report.words import videos

FORMAT_VERSION = 1

SourceLine = Callable[[str, int], str | None]

_SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_TAB = "    "
_BEFORE, _AFTER = 60, 60  # characters of a long source line shown around its column


def diagnostics_text(
    diagnostics: Iterable[Diagnostic],
    *,
    color: bool = False,
    source_line: SourceLine = lambda _file, _line: None,
) -> str:
    """All of them, an empty line between two; `source_line` gives a file's line, 1-based."""
    each = list(diagnostics)
    blocks = diagnostic_blocks(each, color=color, source_line=source_line)
    if len(each) > 1:
        blocks.append(counted(each))
    return "\n\n".join(blocks)


def diagnostic_blocks(
    diagnostics: Iterable[Diagnostic], *, color: bool, source_line: SourceLine
) -> list[str]:
    """Each as a few lines of text."""
    paint = painter(color=color)
    return ["\n".join(_block(diagnostic, paint, source_line)) for diagnostic in diagnostics]


def counted(diagnostics: Iterable[Diagnostic]) -> str:
    """`3 errors, 1 warning`; empty for none."""
    found = Counter(each.severity for each in diagnostics)
    words = [(found[word], word) for word in _SEVERITIES if found[word]]
    return ", ".join(f"{number} {word}" + ("" if number == 1 else "s") for number, word in words)


def validation_text(
    diagnostics: Iterable[Diagnostic], *, valid: int, color: bool, source_line: SourceLine
) -> str:
    """What `validate` says: everything found, then the verdict on `valid` videos."""
    each = list(diagnostics)
    blocks = diagnostic_blocks(each, color=color, source_line=source_line)
    return "\n\n".join([*blocks, verdict(each, valid)])


def verdict(diagnostics: Iterable[Diagnostic], valid: int) -> str:
    """`3 errors, 1 warning`, or `46 videos are valid.`"""
    each = list(diagnostics)
    count = counted(each)
    if any(diagnostic.severity == "error" for diagnostic in each):
        return count
    words = f"{videos(valid)} {'is' if valid == 1 else 'are'} valid"
    return f"{words}, with {count}." if count else f"{words}."


def diagnostic_items(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The `diagnostics` member of every JSON document."""
    return [
        {
            "code": each.code,
            "severity": each.severity,
            "message": each.message,
            "hint": each.hint,
            "file": each.span.file if each.span else None,
            "line": each.span.line if each.span else None,
            "column": each.span.column if each.span else None,
            "video": each.video,
            "field": each.field,
        }
        for each in diagnostics
    ]


def diagnostics_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The document of `validate --format json`."""
    return {"format_version": FORMAT_VERSION, "diagnostics": diagnostic_items(diagnostics)}


def seen_from(diagnostics: Iterable[Diagnostic], prefix: str) -> list[Diagnostic]:
    """Diagnostics with their places as they are called from a folder above the project's;
    `prefix` leads from there to the project folder."""

    def moved(span: Span | None) -> Span | None:
        if span is None or span.file.startswith("/"):
            return span
        return replace(span, file=normpath(prefix + span.file))

    return [
        replace(
            each,
            span=moved(each.span),
            notes=tuple(replace(note, span=moved(note.span)) for note in each.notes),
        )
        for each in diagnostics
    ]


def place(span: Span) -> str:
    """`file:line:column`."""
    return f"{visible(span.file)}:{span.line}:{span.column}"


def _block(diagnostic: Diagnostic, paint: Paint, source_line: SourceLine) -> Iterator[str]:
    where = f"{place(diagnostic.span)}: " if diagnostic.span else ""
    colour = "red" if diagnostic.severity == "error" else "yellow"
    label = paint(f"{diagnostic.severity} {diagnostic.code}:", colour)
    yield f"{paint(where, 'bold')}{label} {_message(diagnostic.message)}"
    if diagnostic.span is not None:
        yield from _source(diagnostic, diagnostic.span, paint, source_line)
    elif diagnostic.excerpt is not None:
        yield f"    {visible(diagnostic.excerpt)}"
    if diagnostic.hint:
        yield f"  {paint('hint:', 'cyan')} {_message(diagnostic.hint)}"
    yield from (f"  {paint('note:', 'dim')} {_note(note)}" for note in diagnostic.notes)
    if diagnostic.video and not _names(diagnostic.message, diagnostic.video):
        field = f", field {visible(diagnostic.field)}" if diagnostic.field else ""
        yield f"  {paint('video:', 'dim')} {visible(diagnostic.video)}{field}"


def _names(message: str, video: str) -> bool:
    """Whether the message has the video's name already, as a word of its own."""
    return re.search(rf"(?<![\w/.-]){re.escape(video)}(?![\w/-])", message) is not None


def _source(
    diagnostic: Diagnostic, span: Span, paint: Paint, source_line: SourceLine
) -> Iterator[str]:
    line = diagnostic.excerpt
    if not line and line is not None:
        return  # of a private video
    if line is None:
        line = source_line(span.file, span.line)
    if line is None:
        return
    line = line.rstrip("\r\n")
    at = min(max(span.column - 1, 0), len(line))
    start = at - _BEFORE if at > _BEFORE else 0
    before = ("…" if start else "") + _expanded(line[start:at])
    after = _expanded(line[at : at + _AFTER]) + ("…" if len(line) > at + _AFTER else "")
    number = str(span.line)
    yield f"  {paint(f'{number} |', 'dim')} {before}{after}".rstrip()
    caret = " " * width_of(before) + "^"
    yield f"  {paint(' ' * len(number) + ' |', 'dim')} {paint(caret, 'red')}"


def _expanded(text: str) -> str:
    """Escaped, but a tab as blanks: what stands left of the caret has to keep its width."""
    return _TAB.join(visible(piece) for piece in text.split("\t"))


def _message(text: str) -> str:
    """A message may have lines of its own; each is escaped, later ones indented."""
    return "\n    ".join(visible(line) for line in text.split("\n"))


def _note(note: Note) -> str:
    message = _message(note.message)
    return f"{place(note.span)}: {message}" if note.span else message
