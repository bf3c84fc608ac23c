"""`lock mv`: entries under other names. Only names change: contents, renders and files stay.

A move is done as a whole or not at all, so that names may be exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from vidbuild.diagnostics import EXIT_USAGE, Diagnostic, Problems, nearest
from vidbuild.plan.selection import glob
from vidbuild.project.names import folded, wrong_with
from vidbuild.state.records import Entry
from vidbuild.workspace.locking import Pair, doubled, write_lock
from vidbuild.workspace.opened import Workspace

_WILDCARD = re.compile(r"(\*\*/|\*\*|\*|\?)")


def move(
    workspace: Workspace, pairs: Sequence[Pair], *, warn: Callable[[Diagnostic], None]
) -> dict[str, str]:
    """Moves entries of the lock, and gives old names with their new ones. Raises `Problems`, and
    then nothing has moved. The project must be held."""
    videos = workspace.lock.videos
    moves = find_moves(videos, pairs)
    if moves:
        moved = {moves.get(name, name): entry for name, entry in videos.items()}
        write_lock(workspace, moved, warn=warn)
    return moves


def find_moves(videos: Mapping[str, Entry], pairs: Sequence[Pair]) -> dict[str, str]:
    """Old names and new ones. Raises `Problems` with everything that stands against it."""
    moves: dict[str, tuple[str, Pair]] = {}
    found = list(doubled(pairs))
    for pair in pairs:
        wanted = _matched(videos, pair)
        if isinstance(wanted, Diagnostic):
            found.append(wanted)
            continue
        for old, new in wanted.items():
            if old in moves and pair.first != old:
                continue  # a row of its own says more than a pattern
            moves[old] = (new, pair)
    found += _taken(videos, moves)
    if found:
        usage = all(d.code == "VB523" for d in found)
        raise Problems(found, exit_code=EXIT_USAGE) if usage else Problems(found)
    return {old: new for old, (new, _) in sorted(moves.items()) if old != new}


def _matched(videos: Mapping[str, Entry], pair: Pair) -> dict[str, str] | Diagnostic:
    """What a pair moves; or why it moves nothing."""
    signs = _WILDCARD.findall(pair.first)
    if signs != _WILDCARD.findall(pair.second):
        return Diagnostic(
            code="VB523",
            message=f"{pair.second!r} does not have the wildcards of {pair.first!r}",
            hint="write the same wildcards in the same order, such as 'old/*' and 'new/*'",
            span=pair.span,
        )
    if not signs:
        moves = {pair.first: pair.second} if pair.first in videos else {}
    else:
        moves = _by_pattern(videos, pair)
    return moves or _unknown(videos, pair)


def _by_pattern(videos: Iterable[str], pair: Pair) -> dict[str, str]:
    parts = _WILDCARD.split(pair.first)
    # As a selection reads them, with what each wildcard stands for kept.
    rules = [f"({glob(part).pattern.removesuffix(_END)})" for part in parts[1::2]]
    texts = [*map(re.escape, parts[::2])]
    rule = "".join(text + rule for text, rule in zip(texts, [*rules, ""], strict=True))
    wanted = re.compile(rule, re.DOTALL)
    news = _WILDCARD.split(pair.second)[::2]
    moves = {}
    for name in videos:
        match = wanted.fullmatch(name)
        if match is not None:
            kept = [*(each or "" for each in match.groups()), ""]
            moves[name] = "".join(text + each for text, each in zip(news, kept, strict=True))
    return moves


_END = glob("").pattern


def _unknown(videos: Mapping[str, Entry], pair: Pair) -> Diagnostic:
    close = nearest(pair.first, videos)
    other = "`vidbuild list` shows every name" if videos else "the lock has no videos yet"
    return Diagnostic(
        code="VB521",
        message=f"the lock has no {pair.first or repr('')}",
        hint=f"did you mean {close}?" if close else other,
        span=pair.span,
    )


def _taken(videos: Mapping[str, Entry], moves: Mapping[str, tuple[str, Pair]]) -> list[Diagnostic]:
    """New names that cannot be, or that two entries would have: on some disk they are equal."""
    stay = {folded(name): name for name in videos if name not in moves}
    gone: dict[str, str] = {}
    found = []
    for old, (new, pair) in sorted(moves.items()):
        wrong = wrong_with(new)
        key = folded(new)
        if wrong is not None:
            message = f"{old} cannot be named {new!r}: {wrong}"
        elif key in stay:
            message = f"{old} cannot be named {new}: the lock has {stay[key]} already"
        elif key in gone:
            message = f"{old} cannot be named {new}: {gone[key]} is to have that name"
        else:
            gone[key] = old
            continue
        hint = "choose a name that is free" if wrong is None else "choose another name"
        found.append(Diagnostic(code="VB522", message=message, hint=hint, span=pair.span))
    return found
