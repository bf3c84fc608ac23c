"""YAML parse events, from the C parser where it is there, and its errors in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from vidbuild.diagnostics import Diagnostic, Note, Problems, Span

Next = Callable[[], Any]
T = TypeVar("T")

# YAML 1.2 takes `{url: https://x}` and `{a?: 1}`; libyaml stops at their signs, in these words.
_DOUBTFUL = ("found unexpected ':'", "expected node content", "expected ',' or")


def parsed(text: str, file: str, build: Callable[[Next], T]) -> T:
    """What `build` makes of the events; it is given a function that returns the next one, and
    None behind the last. Raises `Problems` (VB110, VB111).

    Where the C parser is stricter than YAML, the pure one decides.
    """
    try:
        return build(c_reader(text))
    except MarkedYAMLError as error:
        syntax = _syntax(error, text, file)
        if not any(words in str(error.problem) for words in _DOUBTFUL):
            raise Problems([syntax]) from None
    except ReaderError as error:
        raise Problems([_forbidden(chr(error.character), text, file)]) from None
    try:
        return build(pure_reader(text))
    except (MarkedYAMLError, ReaderError):
        raise Problems([syntax]) from None


def c_reader(text: str) -> Next:
    """Events from libyaml; where no wheel has it for this platform, slower ones."""
    try:
        from _ruamel_yaml import CParser
    except ImportError:
        return pure_reader(text)
    next_event: Next = CParser(text).get_event
    return next_event


def pure_reader(text: str) -> Next:
    """Events from the parser in Python: thirty times slower, and YAML 1.2 to the letter."""
    from ruamel.yaml import YAML

    stream = iter(YAML(typ="safe", pure=True).parse(text))
    return lambda: next(stream, None)


# What libyaml says, by words in it, and what to do about it.
_ADVICE = (
    ("found character '\\t'", "indent with spaces: YAML does not allow tabs"),
    ("cannot start any token", "put the value in quotes"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes"),
    ("could not find expected ':'", "a key needs a `:` behind it"),
    ("did not find expected key", "check the indentation, and quotes inside quotes"),
    ("did not find expected '-'", "list items must be indented alike"),
    ("unexpected end of stream", "close the quote that begins here"),
    ("did not find expected node content", "a value is missing, or a bracket is not closed"),
    ("did not find expected ',' or", "a bracket or brace is not closed"),
)


def _syntax(error: MarkedYAMLError, text: str, file: str) -> Diagnostic:
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    said = str(error.problem or error.context or "not YAML")
    notes: tuple[Note, ...] = ()
    if "end of stream" in said and context:
        mark = context  # where the open quote is, not the end of the file
    elif error.context and context and mark and context.index != mark.index:
        notes = (Note(message=str(error.context), span=span_of(context, file)),)
    if "cannot start any token" in said and mark and _is_tab(text, mark):
        said = "found character '\\t' that cannot start any token"
    return Diagnostic(
        code="VB110",
        message=f"not valid YAML: {said}",
        hint=next((advice for words, advice in _ADVICE if words in said), None),
        span=span_of(mark, file) if mark else Span(file=file),
        notes=notes,
    )


def _is_tab(text: str, mark: Any) -> bool:
    line = text.split("\n")[mark.line]
    return "\t" in line[: len(line) - len(line.lstrip())]


def _forbidden(character: str, text: str, file: str) -> Diagnostic:
    index = text.index(character)
    line_start = text.rfind("\n", 0, index) + 1
    return Diagnostic(
        code="VB111",
        message=f"a character that YAML does not allow: U+{ord(character):04X}",
        hint="remove it, or write it as an escape in double quotes",
        span=Span(file=file, line=text.count("\n", 0, index) + 1, column=index - line_start + 1),
    )


def span_of(mark: Any, file: str) -> Span:
    """The place of a mark."""
    return Span(file=file, line=mark.line + 1, column=mark.column + 1)
