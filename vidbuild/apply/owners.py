"""Which names have, or may come to have, a file at a path: nothing of theirs is removed.

Not for whether a file may be removed at all: that is the shelf's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from vidbuild.state.records import Entry, Lock


class Owners:
    """By path, whatever its letters' case. `names` are those of the plan.

    A file lies under its name's own path or, after `lock mv`, under another one that its entry
    records. Sorted out when the first name leaves: most applies remove nothing.
    """

    def __init__(self, names: Iterable[str], lock: Lock) -> None:
        self._names, self._lock = names, lock

    def live(self, path: str, videos: Mapping[str, Entry], *, but: str) -> Iterator[str]:
        """The paths alike this one that entries point at, that of `but` left out."""
        stem = path.rpartition(".")[0].casefold()
        for name in sorted(self._by_stem.get(stem, ())):
            if name != but and name in videos:
                yield from _paths(videos[name])

    @cached_property
    def _by_stem(self) -> Mapping[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name in self._names:
            found[name.casefold()].add(name)
        for name, entry in self._lock.videos.items():
            found[name.casefold()].add(name)
            for path in _paths(entry):
                found[path.rpartition(".")[0].casefold()].add(name)
        return found


def _paths(entry: Entry) -> Iterator[str]:
    for output in entry.render.outputs.values():
        if output is not None:
            yield output.path
