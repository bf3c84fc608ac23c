"""Joining versions of a lock: as git's merge driver, and for a conflict that git has left.

Needs no project that can be loaded: its templates may be in conflict at that very moment.
The join itself is `state.join`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vidbuild.collecting import uncollected
from vidbuild.diagnostics import Problems, Span, problem
from vidbuild.files import unreadable, write_atomic
from vidbuild.state.join import join
from vidbuild.state.lock import Seen, decode_lock, encode_lock
from vidbuild.state.records import Lock
from vidbuild.workspace.conflicts import Conflict, find_conflicts

_MARKED = "VB502"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A lock that was joined: its file, relative to the project folder, and its videos.

    `removed_on` is the side that had removed the whole file, which says nothing of its videos.
    """

    file: str
    videos: int
    removed_on: str | None = None


@uncollected()
def merge_files(base: Path, ours: Path, theirs: Path) -> None:
    """Git's merge driver: the joined lock takes the place of `ours`. Raises `Problems`, and
    leaves it as it is, where a side cannot be read or is another project's. Git gives an empty
    `base` where both sides added the file."""
    before = _read(base) if base.exists() else b""
    write_atomic(ours, encode_lock(_joined(before or None, _read(ours), _read(theirs))))


@uncollected()
def merge_conflicts(root: Path) -> list[Joined]:
    """Joins every lock of the project folder that git's index has in conflict, and writes it into
    the working tree; the index stays git's. Raises `Problems` before anything is written.

    A lock that somebody has put in the place of the conflict and gone on with is joined too.
    """
    conflicts = find_conflicts(root)
    written = [(conflict, _resolved(root, conflict)) for conflict in conflicts]
    for conflict, lock in written:
        write_atomic(root / conflict.file, encode_lock(lock))
    if not conflicts:
        _refuse_markers(root)
    return [
        Joined(file=conflict.file, videos=len(lock.videos), removed_on=_removed_on(conflict))
        for conflict, lock in written
    ]


def _resolved(root: Path, conflict: Conflict) -> Lock:
    sides = (conflict.base, conflict.ours, conflict.theirs)
    there = _working_copy(root / conflict.file)
    joined = _joined(*sides)
    if there is None or there in sides:
        return joined
    now = decode_lock(there, project=joined.project, file=conflict.file)
    return join(replace(joined, videos={}), joined, now)


def _working_copy(path: Path) -> bytes | None:
    """What lies in the working tree, where it is a lock and not the conflict itself."""
    try:
        data = path.read_bytes()
        decode_lock(data, project=None, file=path.name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path.name, error) from None
    except Problems as problems:
        if problems.diagnostics[0].code == _MARKED:
            return None
        raise
    return data


def _removed_on(conflict: Conflict) -> str | None:
    if conflict.ours is None:
        return "our side"
    return "their side" if conflict.theirs is None else None


def _joined(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Lock:
    """The sides in one. A side without the file says nothing of the videos in it."""
    seen: Seen = {}
    before = _base(base, seen)
    one, other = _decoded(ours, "ours", seen), _decoded(theirs, "theirs", seen)
    if one is None or other is None:
        found = one or other
        if found is None:
            raise problem("VB503", "neither side has a lock", hint="name three versions of a lock")
        return found
    return join(before or Lock(project=one.project), one, other)


def _base(data: bytes | None, seen: Seen) -> Lock | None:
    """The common ancestor; None where branches that crossed have none but a conflict of their
    own, which git then gives as one. Without it what one side removed is kept."""
    try:
        return _decoded(data, "base", seen)
    except Problems as problems:
        if problems.diagnostics[0].code == _MARKED:
            return None
        raise


def _decoded(data: bytes | None, side: str, seen: Seen) -> Lock | None:
    if data is None:
        return None
    try:
        return decode_lock(data, project=None, file=side, seen=seen)
    except Problems as problems:
        hint = f"put a good lock in the place of the {side} version, then `vidbuild lock merge`"
        found = [
            replace(d, hint=hint if d.code != "VB504" else d.hint) for d in problems.diagnostics
        ]
        raise Problems(found, exit_code=problems.exit_code) from problems


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(str(path), error, span=Span(file=str(path))) from None


def _refuse_markers(root: Path) -> None:
    """A conflict that git no longer knows of: its markers were staged."""
    for path in _locks(root):
        try:
            decode_lock(path.read_bytes(), project=None, file=path.name)
        except Problems as problems:
            if problems.diagnostics[0].code == _MARKED:
                span = problems.diagnostics[0].span
                raise problem(
                    _MARKED,
                    "the lock holds the markers of a merge conflict that git takes to be resolved",
                    hint=f"bring the conflict back first: git checkout -m -- {path.name}",
                    span=span,
                ) from problems


def _locks(root: Path) -> Iterator[Path]:
    yield from sorted(p for p in root.glob("vidbuild*.lock") if p.is_file())
