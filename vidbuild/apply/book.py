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
from vidbuild.state.lock import Text, decode_lock
from vidbuild.state.records import Entry, Lock

CHECKPOINT_SECONDS = 5.0

Mark = tuple[int, int, int]


class Book:
    """The working lock. `put` and `drop` change it, `save` brings it to the disk."""

    def __init__(self, lock: Lock, path: Path, *, shown: str, clock: Clock) -> None:
        self._project = lock.project
        self._videos: dict[str, Entry] = dict(lock.videos)
        self._extra = lock.extra
        self._path = path
        self._shown = shown
        self._clock = clock
        self._saved_at = clock.now()
        # What the file held when it was last read or written, which names are others since
        # then, and its text once one was made.
        self._there: dict[str, Entry] = dict(lock.videos)
        self._there_extra = lock.extra
        self._seen: Mark | None = None
        self._changed: set[str] = set()
        self._text: Text | None = None

    @property
    def videos(self) -> Mapping[str, Entry]:
        return self._videos

    def put(self, name: str, entry: Entry) -> None:
        if self._videos.get(name) != entry:
            self._videos[name] = entry
            self._changed.add(name)

    def drop(self, name: str) -> None:
        if self._videos.pop(name, None) is not None:
            self._changed.add(name)

    def checkpoint(self) -> Problems | None:
        """Saves if something changed and the last save is long enough ago."""
        late = abs(self._clock.now() - self._saved_at) >= CHECKPOINT_SECONDS
        return self.save() if late else None

    def save(self) -> Problems | None:
        """Saves if something changed. Gives what stood in the way, which leaves the file alone."""
        if not self._changed:
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
        return None

    def _write(self) -> None:
        self._saved_at = self._clock.now()
        seen = _mark(self._path)
        there, extra = self._there, self._there_extra
        if seen is None or self._seen != seen:  # the first time, or somebody else wrote it
            theirs = self._join()
            there, extra = dict(theirs.videos), theirs.extra
        changed = [name for name in self._changed if self._videos.get(name) != there.get(name)]
        if changed or self._extra != extra:
            first, text = self._text is None, self._written()
            self._text = None  # a text that did not get there is not gone on with
            write_atomic(self._path, text.pieces(self._project, self._extra), alone=first)
            self._text, seen = text, _mark(self._path)
        for name in changed:
            _set(there, name, self._videos.get(name))
        self._seen, self._there, self._there_extra = seen, there, self._extra
        self._changed.clear()

    def _join(self) -> Lock:
        """Takes in what the file holds, and gives that. A lock that somebody removed says nothing
        about the videos in it."""
        self._text = None
        theirs = Lock(project=self._project)
        if self._path.exists():
            found = self._path.read_bytes()
            theirs = decode_lock(found, project=self._project, file=self._shown)
            base = Lock(project=self._project, videos=self._there, extra=self._there_extra)
            mine = Lock(project=self._project, videos=self._videos, extra=self._extra)
            joined = join(base, mine, theirs)
            self._videos, self._extra = dict(joined.videos), joined.extra
        self._changed = {*self._videos, *theirs.videos}
        return theirs

    def _written(self) -> Text:
        """The text as it is now, where only what has changed is another than in the last one."""
        text = self._text or Text()
        for name in sorted(self._changed if self._text else self._videos):
            entry = self._videos.get(name)
            if entry is None:
                text.drop(name)
            else:
                text.put(name, entry)
        return text


def _set(videos: dict[str, Entry], name: str, entry: Entry | None) -> None:
    if entry is None:
        videos.pop(name, None)
    else:
        videos[name] = entry


def _mark(path: Path) -> Mark | None:
    """What changes with a file; whoever replaces it makes another one of it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
