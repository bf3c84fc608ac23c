"""The values of templates that Python does not have: omitted, missing, failed, unprintable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.utils import missing

from vidbuild.diagnostics import Problems
from vidbuild.project.faults import NoSuchName, Unprintable, member_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Omit:
    """The value of `omit`: a layer that holds it says nothing."""


OMIT = Omit()


class MissingName(StrictUndefined):
    """A name or member that does not exist: an error wherever it is used."""

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None,
        exc: type[Exception] = NoSuchName,  # noqa: ARG002 - jinja2's signature
    ) -> None:  # fmt: skip
        if hint is None and obj is not missing:
            hint = member_message(name, obj)
        super().__init__(hint, obj, name, partial(NoSuchName, name=str(name), owner=obj))  # type: ignore[arg-type]  # called like the class


class MissingCell(Undefined):
    """An empty cell: false in a test, caught by `default`, an error where it is printed."""

    def __init__(self, hint: str, name: str) -> None:
        advice = "fill in the cell, or put `default` behind it in the template"
        exc = partial(NoSuchName, name=name, owner=(), advice=advice)
        super().__init__(hint=hint, obj=(), name=name, exc=exc)  # type: ignore[arg-type]  # as above

    # The documented way to a strict undefined, here without `__bool__` and `__eq__`.
    __str__ = __len__ = __iter__ = Undefined._fail_with_undefined_error  # noqa: SLF001


class Failed:
    """A value that could not be made: raises what is wrong when it is used.

    Jinja looks up every name of a template before it runs; one in a branch that is not taken
    must not stop it.
    """

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def fail(self, *_args: Any, **_kwargs: Any) -> Any:
        raise self._problems


# Whatever Python asks an object that stands in an expression.
_ASKED = """
    call getattr getitem str bool iter len contains hash eq ne lt le gt ge add radd sub rsub mul
    rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg pos int float format
"""
for _name in _ASKED.split():
    setattr(Failed, f"__{_name}__", Failed.fail)


def defined(value: Any) -> Any:
    """The value; raises where there is none."""
    if isinstance(value, Failed):
        value.fail()
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - words what is missing
    return value


def printable(value: Any) -> Any:
    """The value; raises for what is neither text nor number."""
    if isinstance(value, Failed):
        value.fail()
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Undefined)):
        raise Unprintable(f"{described(value)} cannot be printed into a text")
    return value


def described(value: Any) -> str:
    """What a value that is no text or number is, in words."""
    match value:
        case None:
            return "nothing (None)"
        case bool():
            return f"the truth value {str(value).lower()}"
        case Omit():
            return "`omit` inside other text"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return "a function" if callable(value) else f"a {type(value).__name__}"
