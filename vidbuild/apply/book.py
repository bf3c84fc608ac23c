"""The lock while an apply runs: entries in memory, checkpoints on disk.

A checkpoint that finds another lock than the one it last wrote joins with it first. A lock
that cannot be read or written any more stops nothing: the journal knows what was
rendered, and the end of the apply says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vidbuild.clock import Clock
from vidbuild.diagnostics import Problems, Span, problem
from vidbuild.files import write_atomic
from vidbuild.state.join import join
from vidbuild.state.lock import Blocks, decode_lock, encode_lock
from vidbuild.state.records import Entry, Lock

CHECKPOINT_SECONDS = 5.0

Mark = tuple[int, int, int]


class Book:
    """The working lock. `put` and `drop` change it, `save` brings it to the disk."""

    def __init__(self, lock: Lock, path: Path, *, shown: str, clock: Clock) -> None:
        self._base = lock
        self._extra = lock.extra
        self._videos: dict[str, Entry] = dict(lock.videos)
        self._path = path
        self._shown = shown
        self._clock = clock
        self._blocks = Blocks()
        self._seen: Mark | None = None  # as what the file was last read or written
        self._saved_at = clock.now()
        self._dirty = False

    @property
    def videos(self) -> Mapping[str, Entry]:
        return self._videos

    def put(self, name: str, entry: Entry) -> None:
        if self._videos.get(name) != entry:
            self._videos[name] = entry
            self._dirty = True

    def drop(self, name: str) -> None:
        if self._videos.pop(name, None) is not None:
            self._dirty = True

    def checkpoint(self) -> Problems | None:
        """Saves if something changed and the last save is long enough ago."""
        late = abs(self._clock.now() - self._saved_at) >= CHECKPOINT_SECONDS
        return self.save() if late else None

    def save(self) -> Problems | None:
        """Saves if something changed. Gives what stood in the way, which leaves the file alone."""
        if not self._dirty:
            return None
        try:
            self._write()
        except Problems as problems:
            return problems
        except OSError as error:
            return problem(
                "VB508",
                f"the lock cannot be written: {error.strerror or error}",
                hint="make room or correct the rights, then apply again: nothing is lost",
                span=Span(file=self._shown),
            )
        self._dirty = False
        return None

    def _write(self) -> None:
        self._saved_at = self._clock.now()
        seen = _mark(self._path)
        if seen is not None and self._seen == seen:
            theirs = self._base
        else:  # the first time, or somebody else wrote it meanwhile
            found = self._path.read_bytes() if self._path.exists() else None
            theirs = self._read(found)
            if found is not None:
                self._take(join(self._base, self._mine(), theirs))
        mine = self._mine()
        if mine != theirs:
            write_atomic(self._path, encode_lock(mine, self._blocks), alone=True)
            seen = _mark(self._path)
        self._seen, self._base = seen, mine

    def _mine(self) -> Lock:
        return Lock(project=self._base.project, videos=dict(self._videos), extra=self._extra)

    def _take(self, joined: Lock) -> None:
        self._videos, self._extra = dict(joined.videos), joined.extra

    def _read(self, found: bytes | None) -> Lock:
        """A lock that somebody removed says nothing about the videos in it."""
        if found is None:
            return Lock(project=self._base.project)
        return decode_lock(found, project=self._base.project, file=self._shown)


def _mark(path: Path) -> Mark | None:
    """What changes with a file; whoever replaces it makes another one of it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
