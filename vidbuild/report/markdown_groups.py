"""A group of changes in Markdown: from a line to a part that opens on every difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vidbuild.plan.model import Change, FieldChange
from vidbuild.report.differ import text_diff
from vidbuild.report.fields import is_long, new_value, value_text
from vidbuild.report.folding import FOLD_OVER, SAMPLES, Group
from vidbuild.report.markup import code, details, fenced
from vidbuild.report.plan_text import why
from vidbuild.report.style import SYMBOLS, clip, painter, visible
from vidbuild.report.words import expected

_PLAIN = painter(color=False)
_WIDTH = 160
_LONG_LINE = 2_000  # of a line with many changed words
_WORDS = 200
_MOST_FIELDS = 12
_MOST_NAMES = 100


def line(group: Group) -> list[str]:
    """One line of a list."""
    first = group.changes[0]
    symbol = _symbol(group)
    if len(group.changes) == 1:
        words = clip(f"{why(first)}{_cost(first)}", _WORDS)
        return [f"- {symbol}{code(first.name)}: {_refused(first)}{_prose(words)}"]
    return [f"- {symbol}{_prose(clip(group.in_words(), _WORDS))}"]


def named(group: Group) -> list[str]:
    """With the names of the first three."""
    if len(group.changes) == 1:
        return line(group)
    names = ", ".join(code(change.name) for change in group.changes[:SAMPLES])
    more = ", …" if len(group.changes) > SAMPLES else ""
    return [f"{line(group)[0]}: {names}{more}"]


def sampled(group: Group) -> list[str]:
    """Opens on three of them."""
    return _opening(group, group.changes[:SAMPLES])


def opened(group: Group) -> list[str]:
    """Opens on all of a small group, on three and the names of a large one."""
    return _opening(group, group.changes[: FOLD_OVER if group.is_small else SAMPLES], names=True)


def in_full(group: Group, *, most: int) -> list[str]:
    """Opens on all of them, if that is not far beyond so many bytes anyway."""
    if len(group.changes) * 20 > most:
        return opened(group)
    return _opening(group, group.changes)


def _opening(group: Group, changes: Sequence[Change], *, names: bool = False) -> list[str]:
    lines: list[str] = []
    for change in changes:
        lines += _block(change)
    rest = group.changes[len(changes) :]
    if rest and names:
        lines += [f"@@ {len(rest):,} more @@"]
        lines += [f"  {visible(change.name)}" for change in rest[:_MOST_NAMES]]
        rest = rest[_MOST_NAMES:]
    if rest:
        lines.append(f"  … and {len(rest):,} more")
    summary = clip(f"{SYMBOLS[group.action][0]} {group.in_words()}".strip(), _WORDS)
    return details(summary, fenced(lines, language="diff"))


def _block(change: Change) -> Iterator[str]:
    refused = "protected: an apply is refused, " if _refused(change) else ""
    yield clip(f"@@ {visible(change.name)}: {refused}{why(change)}{_cost(change)}", 400) + " @@"
    for path in change.estimate.audio:
        yield clip(f"  heard: {visible(path)}", _WIDTH)
    if change.entry is None and not change.action.renders and not change.moves:
        return
    for field in change.fields[:_MOST_FIELDS]:
        yield from _field(change, field)
    if len(change.fields) > _MOST_FIELDS:
        yield f"  … {len(change.fields) - _MOST_FIELDS} more fields"


def _field(change: Change, field: FieldChange) -> Iterator[str]:
    path = visible(field.path)
    if isinstance(field.old, str) and isinstance(field.new, str) and is_long(field):
        yield clip(f"  {path}:", _WIDTH)
        for each in text_diff(field.old, field.new, paint=_PLAIN, width=_WIDTH):
            # GitHub colours `!` as changed; to it `~` is nothing.
            marked = "!" + each[1:] if each.startswith("~ ") else each
            yield clip(marked if each[0] in "-+~" else f"  {each}", _LONG_LINE)
        return
    if field.old is not None:
        yield clip(f"- {path}: {value_text(field.old)}", _WIDTH)
    if field.new is not None or field.old is None:
        yield clip(f"+ {path}: {new_value(change, field)}", _WIDTH)


def _symbol(group: Group) -> str:
    symbol = SYMBOLS[group.action][0].strip()
    return f"{code(symbol)} " if symbol else ""


def _refused(change: Change) -> str:
    return "**protected, an apply is refused**, " if change.protected and change.replaces else ""


def _cost(change: Change) -> str:
    return f", {expected(change.estimate)}" if change.pays else ""


def _prose(words: str) -> str:
    """Words of ours; where a name or a provider's message is in them, they are code."""
    safe = all(c.isalnum() or c in " ,.:$%-()…" for c in words)
    return words if safe else code(words, most=_WORDS)
