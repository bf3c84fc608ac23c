"""What goes wrong in templates, in the user's words, with the template's name and line.

Where that is in a project file is `places`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from jinja2 import TemplateNotFound
from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.utils import missing

from vidbuild.diagnostics import Problems, nearest


class Names(Protocol):
    """What a template could have meant by an undefined name."""

    def names(self) -> list[str]: ...


class TemplateFault(Exception):
    """`template` is the name of the one at fault, `line` 1-based in it; `word` what to point at."""

    def __init__(
        self, message: str, *, template: str | None, line: int, word: str | None = None,
        hint: str | None = None, code: str = "VB302",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.message, self.template, self.line = message, template, line
        self.word, self.hint, self.code = word, hint, code


class Unprintable(TemplateError):
    """Something other than text or a number stands where text is made."""


class TooMuch(TemplateError):
    """A template that makes or does too much."""


class NoSuchName(UndefinedError):
    """A name that is not defined, or a member that its owner does not have."""

    def __init__(
        self, message: str, *, name: str, owner: Any = missing, advice: str | None = None
    ) -> None:
        super().__init__(message)
        self.name, self.owner, self.advice = name, owner, advice


def fault(error: Exception, scope: Names) -> TemplateFault:
    """What went wrong, with the innermost template's line."""
    template, line = _place(error)
    match error:
        case TemplateSyntaxError():
            return syntax_fault(error)
        case Problems():
            first = error.diagnostics[0]
            return TemplateFault(first.message, template=template, line=line,
                                 hint=first.hint, code=first.code)  # fmt: skip
        case RecursionError():
            return TemplateFault("templates call each other without end", template=template,
                                 line=line, code="VB306",
                                 hint="no include or macro may lead back to itself")  # fmt: skip
        case NoSuchName():
            return _undefined(error, template, line, scope)
        case TemplateNotFound():
            return TemplateFault(f"the template {error.name} does not exist", template=template,
                                 line=line, word=str(error.name).rpartition("/")[2], code="VB305",
                                 hint="paths start at the file that names them")  # fmt: skip
        case TooMuch():
            return TemplateFault(str(error.message), template=template, line=line, code="VB306",
                                 hint="keep templates to what a script needs")  # fmt: skip
        case Unprintable():
            return TemplateFault(str(error.message), template=template, line=line, code="VB303",
                                 hint="print a text or a number, or a member of it")  # fmt: skip
        case _:
            said = " ".join(str(error).split()) or type(error).__name__
            message = f"the template fails: {said}"
            hint = _TYPES if isinstance(error, TypeError) else None
            return TemplateFault(message, template=template, line=line, code="VB304", hint=hint)


# Names that there are, but not everywhere.
_NOT_HERE = {
    "each": "only a video with `for_each` has rows",
    "_": "translations are not supported by this version",
}
_MEMBERS = "members belong to mappings; change other values with filters"
_TYPES = "cells are text unless `types` says otherwise; `| int` and `| string` convert values"


def syntax_fault(error: TemplateSyntaxError) -> TemplateFault:
    """A template that cannot be compiled."""
    message = (error.message or "cannot be read").rstrip(".")
    return TemplateFault(
        f"not a valid template: {message[:1].lower()}{message[1:]}",
        template=error.name,
        line=error.lineno,
        code="VB301",
        hint=_advice(message),
    )


_ADVICE = (
    ("No filter named", "see the list of filters in Jinja's documentation"),
    ("unknown tag", "a tag is misspelt, or stands outside of its block"),
    ("Unexpected end of template", "a tag or a block is not closed"),
    ("end of print statement", "an expression ends with `}}`; join texts with `~`"),
    ("unexpected char", "quotes inside an expression must be plain ones"),
)


def _advice(message: str) -> str | None:
    return next((advice for words, advice in _ADVICE if words in message), None)


def _undefined(error: NoSuchName, template: str | None, line: int, scope: Names) -> TemplateFault:
    hint: str | None
    if error.owner is missing:
        known = scope.names()
        message = f"{error.name!r} is not defined"
        hint = _NOT_HERE.get(error.name, "define it under `vars`")
        if error.name in known:
            hint = "add `with context` to the import of this template"
    elif isinstance(error.owner, Mapping):
        known = [str(key) for key in error.owner]
        message, hint = str(error.message), None
    else:
        known, message, hint = [], str(error.message), error.advice or _MEMBERS
    if error.name not in known and (close := nearest(error.name, known)):
        hint = f"did you mean {close}?"
    return TemplateFault(message, template=template, line=line, word=error.name, hint=hint)


def member_message(name: Any, owner: Any) -> str:
    """What it means that `owner` has no member `name`."""
    if isinstance(owner, Mapping):
        return f"there is no {name!r} here; there are {_listed(map(str, owner))}"
    kind = "a text" if isinstance(owner, str) else f"a {type(owner).__name__}"
    return f"{kind} has no {name!r}"


def _listed(words: Iterable[str], most: int = 8) -> str:
    known = sorted(words)
    shown = ", ".join(known[:most]) or "no members"
    return f"{shown} and {len(known) - most} more" if len(known) > most else shown


def _place(error: Exception) -> tuple[str | None, int]:
    name, line = None, 1
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name, template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return name, line
