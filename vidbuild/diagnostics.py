"""What can be wrong and where: plain records that every room reports in.

Not for wording on a terminal (that is `report`) and not for catching bugs: an
exception that is not `Problems` is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]

# Exit codes by name; `cli` lists them in --help.
EXIT_ERROR = 1
EXIT_PENDING = 2
EXIT_CREDENTIALS = 3
EXIT_STOPPED = 4
EXIT_REFUSED = 5
EXIT_FAILED = 6
EXIT_MISMATCH = 7
EXIT_HELD = 8
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A place in a source file: 1-based line and column (in characters).

    `file` is relative to the project folder, with `/`, where the file lies inside it.
    """

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A second place or circumstance: "first defined here", "for lang=fr"."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem. `code` is registered in `vidbuild.codes`; `hint` says what to do.

    `video` is the video's name and `field` the dotted request field, where known.
    `excerpt` is the source line of `span`, for errors whose text is not in a file
    (a value given on the command line); otherwise `report` reads the file. An empty one
    shows nothing: what a private video says is not for a log.
    """

    code: str
    message: str
    severity: Severity = "error"
    hint: str | None = None
    span: Span | None = None
    video: str | None = None
    field: str | None = None
    excerpt: str | None = None
    notes: tuple[Note, ...] = ()


class Problems(Exception):
    """The one exception that crosses rooms: diagnostics, at least one, and an exit code."""

    def __init__(self, diagnostics: Iterable[Diagnostic], *, exit_code: int = EXIT_ERROR) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        self.exit_code = exit_code
        super().__init__("; ".join(d.message for d in self.diagnostics))


def problem(
    code: str,
    message: str,
    *,
    hint: str | None = None,
    span: Span | None = None,
    exit_code: int = EXIT_ERROR,
) -> Problems:
    """A `Problems` with one error, ready to raise."""
    return Problems(
        [Diagnostic(code=code, message=message, hint=hint, span=span)], exit_code=exit_code
    )


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like a misspelt word, or None; difflib loads only when asked."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def folded(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """One place that is wrong for many videos, said once: for the first, with a count."""
    groups: dict[tuple[str, Span | None, str | None], list[Diagnostic]] = {}
    for each in diagnostics:
        groups.setdefault((each.code, each.span, each.field), []).append(each)
    for group in groups.values():
        first = group[0]
        if first.span is None:
            yield from group
            continue
        # By message: one video can have several things wrong at one place.
        own = {d.message: d for d in reversed(group) if d.video == first.video}
        names = {d.video for d in group} - {first.video}
        more = len(names) or len(group) - len(own)
        count = Note(message=f"and for {more} more {'video' if more == 1 else 'videos'}")
        for d in reversed(own.values()):
            yield replace(d, notes=(*d.notes, count)) if more else d
