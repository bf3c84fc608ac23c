"""What holds for many videos, said by kind: the commonest first, each with a few of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from vidbuild.plan.model import Change

_NAMES = 3


def by_kind(
    changes: Iterable[Change],
    kinds_of: Callable[[Change], Iterable[str]],
    *,
    most: int,
    quote: Callable[[str], str],
) -> tuple[list[tuple[str, str]], int]:
    """At most so many kinds with `a, b and 3 more`, and how many other kinds there are."""
    found: dict[str, list[str]] = {}
    for change in changes:
        for kind in kinds_of(change):
            found.setdefault(kind, []).append(change.name)
    kinds = sorted(found, key=lambda kind: (-len(found[kind]), kind))
    named = [(kind, "".join(_some(found[kind], quote))) for kind in kinds[:most]]
    return named, len(kinds) - len(named)


def _some(names: Sequence[str], quote: Callable[[str], str]) -> Iterator[str]:
    yield ", ".join(map(quote, names[:_NAMES]))
    if len(names) > _NAMES:
        yield f" and {len(names) - _NAMES:,} more"
