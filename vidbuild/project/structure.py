"""Which keys a project's files may have, of which type, and the list of what is wrong.

Not for the fields of videos: the API spec checks them once they are merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vidbuild.diagnostics import Diagnostic, Problems, nearest
from vidbuild.project.model import Path, Source
from vidbuild.project.scope import RESERVED

Kinds = type | tuple[type, ...]

PROJECT: Mapping[str, Kinds] = {
    "vidbuild": int, "project": str, "provider": (str, dict), "api": dict, "vars": dict,
    "defaults": dict, "include": list, "videos": dict, "profiles": dict, "policy": dict,
    "output": dict, "roots": dict, "base": list,
}  # fmt: skip
BASE = {"vars": dict, "defaults": dict, "profiles": dict, "policy": dict}
INCLUDED = {"prefix": str, "vars": dict, "defaults": dict, "include": list, "videos": dict}
PROFILE: Mapping[str, Kinds] = {
    "provider": (str, dict), "vars": dict, "set": dict, "output": dict, "policy": dict,
}  # fmt: skip
PROVIDER: Mapping[str, Kinds] = {"name": str, "key_env": str, "account": str}
OUTPUT: Mapping[str, Kinds] = {"dir": str, "files": list, "keep_history": int}
POLICY: Mapping[str, Kinds] = {
    "max_cost": (int, float), "max_cost_day": (int, float), "max_cost_month": (int, float),
    "max_renders": (int, str), "max_deletes": int, "lint": dict,
}  # fmt: skip
LINT = {"ignore": list}
API = {"spec": str, "operation": str}
# Part of the format, not of this version: refused rather than passed over in silence.
LATER = frozenset({"translations", "pronunciations"})

_NAMES: dict[type, str] = {
    int: "a whole number", float: "a number", str: "text", dict: "a mapping", list: "a list",
    bool: "true or false", type(None): "empty",
}  # fmt: skip


class Findings:
    """Everything that is wrong with the structure, so that all of it shows in one run."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def add(
        self,
        source: Source,
        at: Path,
        code: str,
        message: str,
        hint: str | None = None,
        *,
        key: bool = False,
    ) -> None:
        """An error at the value that `at` leads to, or with `key` at its key."""
        span = source.span(*at, key=key)
        self.diagnostics.append(Diagnostic(code=code, message=message, hint=hint, span=span))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Adds the problems raised inside to the list, and goes on behind it."""
        try:
            yield
        except Problems as problems:
            self.diagnostics += problems.diagnostics

    def check(
        self, source: Source, at: Path, data: Mapping[str, Any], keys: Mapping[str, Kinds],
        what: str,
    ) -> None:  # fmt: skip
        """Unknown keys and wrong types of one mapping; a key without a value counts as absent."""
        for key, value in data.items():
            if key.startswith("x-"):
                continue
            if key in LATER and keys is PROJECT:
                self.add(source, (*at, key), "VB260", f"`{key}` is not supported by this version",
                         "remove it for now", key=True)  # fmt: skip
            elif key not in keys:
                hint = suggestion(key, keys)
                self.add(source, (*at, key), "VB253", f"{what} has no key {key!r}", hint, key=True)
            elif value is not None and not is_a(value, keys[key]):
                message = f"`{key}` must be {_wanted(keys[key])}, not {kind_of(value)}"
                self.add(source, (*at, key), "VB254", message, _how(key, value, keys[key]))

    def check_vars(self, source: Source, at: Path, vars_: Any) -> None:
        """Names of vars: usable in templates, and not taken."""
        if vars_ is not None and not isinstance(vars_, dict):
            return
        for name in vars_ or ():
            if name in RESERVED:
                self.add(source, (*at, name), "VB252",
                         f"{name!r} is a name that templates use already",
                         f"rename it; reserved are {', '.join(sorted(RESERVED))}",
                         key=True)  # fmt: skip
            elif not name.isidentifier():
                self.add(source, (*at, name), "VB252", f"{name!r} cannot be a name in templates",
                         "use letters, digits and _", key=True)  # fmt: skip


def suggestion(word: str, known: Mapping[str, Any] | list[str]) -> str:
    """A hint for a word that is not known: the nearest, or all."""
    close = nearest(word, known)
    if close:
        return f"did you mean {close}?"
    return f"there {'are' if len(known) > 1 else 'is only'} {', '.join(known)}"


def is_a(value: Any, kinds: Kinds) -> bool:
    """True for a value of one of these types; true and false are no numbers."""
    accepted = kinds if isinstance(kinds, tuple) else (kinds,)
    return isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted)


def kind_of(value: Any) -> str:
    """A value's type in words."""
    return _NAMES.get(type(value), type(value).__name__)


def _how(key: str, value: Any, kinds: Kinds) -> str:
    if kinds is list and isinstance(value, str):
        return f"write {key}: [{value}]"
    if kinds is dict:
        return "write its members below it, indented"
    return f"write {key}: {_EXAMPLES[kinds]}" if kinds in _EXAMPLES else "correct the value"


_EXAMPLES: dict[Kinds, str] = {list: "[...]", int: "1", str: '"..."'}


def _wanted(kinds: Kinds) -> str:
    accepted = kinds if isinstance(kinds, tuple) else (kinds,)
    if float in accepted:
        return "a number"
    return " or ".join(_NAMES[kind] for kind in accepted)
