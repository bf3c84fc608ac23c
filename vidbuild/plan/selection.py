"""Which videos a command works on: `--select` and `--exclude` patterns.

A pattern is a name glob (`*` stops at `/`, `**` does not), `tag:NAME`, `action:NAME`,
`each.COLUMN=VALUE` or `file:PATH`; a comma means and, repeating means or. Not for what a
selected video needs from others: unselected names are read as sources all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import normpath
from typing import Any
from unicodedata import normalize

from vidbuild.diagnostics import EXIT_USAGE, Diagnostic, Problems, nearest, problem
from vidbuild.plan.model import Action

NOTHING_SELECTED = "VB701"
BAD_PATTERN = "VB702"
PATTERN_UNUSED = "VB703"

_KINDS = ("tag", "action", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The patterns as typed. No `select` means every name."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def by_action(self) -> bool:
        """True where the answer depends on the plan itself."""
        return any(
            term.strip().startswith("action:")
            for pattern in (*self.select, *self.exclude)
            for term in pattern.split(",")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What patterns look at. A name that only the lock has knows nothing but its name."""

    name: str
    tags: frozenset[str] = frozenset()
    row: Mapping[str, Any] | None = None
    depends_on: Sequence[str] = field(default=())


Test = Callable[[Subject, Action | None], bool]


def select_names(
    selection: Selection,
    subjects: Iterable[Subject],
    actions: Mapping[str, Action] | None = None,
) -> frozenset[str]:
    """The selected names. Raises `Problems` for a pattern that cannot be read.

    Without `actions`, `action:` terms hold for every name: the caller asks again when it
    knows them.
    """
    wanted = [read_pattern(pattern) for pattern in selection.select]
    barred = [read_pattern(pattern) for pattern in selection.exclude]
    if actions is None and selection.by_action:
        barred = []
    chosen = set()
    for subject in subjects:
        action = actions.get(subject.name) if actions is not None else None
        if wanted and not any(holds(subject, action) for holds in wanted):
            continue
        if not any(holds(subject, action) for holds in barred):
            chosen.add(subject.name)
    return frozenset(chosen)


def check_selection(
    selection: Selection, chosen: frozenset[str], subjects: Sequence[Subject]
) -> tuple[Diagnostic, ...]:
    """Raises `Problems` when patterns select nothing; warns of single ones that match nothing."""
    names = [subject.name for subject in subjects]
    if not chosen and (selection.select or selection.exclude):
        typed = ", ".join(selection.select) or f"all but {', '.join(selection.exclude)}"
        hint = _nearest(selection, names)
        raise problem(NOTHING_SELECTED, f"no video matches: {typed}", hint=hint)
    idle = [
        pattern
        for pattern in selection.select
        if "action:" not in pattern and not _matches_any(pattern, subjects)
    ]
    return tuple(
        Diagnostic(
            code=PATTERN_UNUSED,
            severity="warning",
            message=f"the pattern {pattern!r} matches no video",
            hint=_nearest(Selection(select=(pattern,)), names),
        )
        for pattern in idle
    )


def read_pattern(pattern: str) -> Test:
    """Compiles one pattern. Raises `Problems` (wrong usage) for one that means nothing."""
    terms = [_term(term.strip(), pattern) for term in pattern.split(",")]
    return lambda subject, action: all(term(subject, action) for term in terms)


def glob(pattern: str) -> re.Pattern[str]:
    """A name glob as a compiled expression: `*` and `?` stop at `/`, `**` does not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    rules = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(rules.get(p) or re.escape(p) for p in parts) + r"\Z", re.DOTALL)


def _term(term: str, pattern: str) -> Test:
    kind, colon, value = term.partition(":")
    if term.startswith("each."):
        return _row_term(term, pattern)
    if not colon:
        if not term or "=" in term:
            raise _unreadable(pattern, "write a name, or each.COLUMN=VALUE")
        return _named(term)
    if kind not in _KINDS or not value:
        close = nearest(kind, _KINDS)
        raise _unreadable(
            pattern, f"did you mean {close}:{value or 'NAME'}?" if close else _forms()
        )
    if kind == "tag":
        tagged = glob(value)
        return lambda subject, _: any(tagged.match(tag) for tag in subject.tags)
    if kind == "action":
        return _action_term(value, pattern)
    path = glob(normpath(value.replace("\\", "/")))
    return lambda subject, _: any(path.match(file) for file in subject.depends_on)


def _named(term: str) -> Test:
    """Names are composed (NFC), and what is typed or completed by a shell may be not."""
    composed = glob(normalize("NFC", term))
    if composed.pattern == (typed := glob(term)).pattern:
        return lambda subject, _: typed.match(subject.name) is not None
    return lambda subject, _: bool(composed.match(subject.name) or typed.match(subject.name))


def _action_term(value: str, pattern: str) -> Test:
    words = [action.value for action in Action]
    if value not in words:
        close = nearest(value, words)
        raise _unreadable(pattern, f"the actions are {', '.join(words)}", close)
    return lambda _, action: action is None or action == value


def _row_term(term: str, pattern: str) -> Test:
    path, equals, value = term.partition("=")
    columns = path.split(".")[1:]
    if not equals or not all(columns):
        raise _unreadable(pattern, "write each.COLUMN=VALUE")

    def holds(subject: Subject, _: Action | None) -> bool:
        cell: Any = subject.row
        for column in columns:
            if not isinstance(cell, Mapping) or column not in cell:
                return False
            cell = cell[column]
        return _as_text(cell) == value.strip()

    return holds


def _as_text(cell: Any) -> str:
    """A cell as a person would type it; comparing by text is what `when` does too."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def _matches_any(pattern: str, subjects: Iterable[Subject]) -> bool:
    holds = read_pattern(pattern)
    return any(holds(subject, None) for subject in subjects)


def _nearest(selection: Selection, names: Sequence[str]) -> str | None:
    """The closest names to the patterns that look like names."""
    found = [
        close
        for pattern in selection.select
        for term in pattern.split(",")
        if ":" not in term and "=" not in term
        for close in _close_names(term.strip(), names)
    ]
    if found:
        return "the nearest names are " + ", ".join(dict.fromkeys(found))
    if any("/" in name for name in names) and any(p == "*" for p in selection.select):
        return "`*` stops at `/`: `**` matches every name"
    return "`vidbuild list` shows every name" if names else "the project has no videos"


def _close_names(term: str, names: Sequence[str]) -> list[str]:
    from difflib import get_close_matches

    plain = term.replace("*", "").strip("/")
    close = get_close_matches(plain, names, n=3, cutoff=0.6)
    return close or [name for name in names if plain and plain in name][:3]


def _forms() -> str:
    return "a pattern is a name glob, tag:NAME, action:NAME, each.COLUMN=VALUE or file:PATH"


def _unreadable(pattern: str, hint: str, close: str | None = None) -> Problems:
    return problem(
        BAD_PATTERN,
        f"the pattern {pattern!r} cannot be read",
        hint=f"did you mean {close!r}? {hint}" if close else hint,
        exit_code=EXIT_USAGE,
    )
