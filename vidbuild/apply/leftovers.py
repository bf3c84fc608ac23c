"""Files of moved entries: what still lies under an old name once it lies under its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from vidbuild.apply.run import Run
from vidbuild.plan.model import Change
from vidbuild.state.records import Entry, Output


def is_moved(change: Change) -> bool:
    """True where an entry's files lie under another name than its own."""
    return any(_left(change))


def clear_leftovers(run: Run, changes: Iterable[Change]) -> None:
    """Removes the files that entries recorded under another name (`lock mv` moves entries alone),
    where theirs are in place by now and no entry has the old ones."""
    left = [each for change in changes if _has_files(run, change) for each in _left(change)]
    if not left:
        return
    live: defaultdict[str, list[str]] = defaultdict(list)
    for entry in run.book.videos.values():
        for output in _files(entry):
            live[output.path.casefold()].append(output.path)
    run.shelf.remove(left, live=lambda path: live[path.casefold()])


def _has_files(run: Run, change: Change) -> bool:
    now = run.book.videos.get(change.name)
    return now is not None and any(_files(now))


def _left(change: Change) -> Iterator[Output]:
    if change.entry is not None:
        for output in _files(change.entry):
            if output.path.rpartition(".")[0] != change.name:
                yield output


def _files(entry: Entry) -> Iterator[Output]:
    for output in entry.render.outputs.values():
        if output is not None:
            yield output
