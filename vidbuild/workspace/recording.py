"""Comparing the lock with the provider and writing down what has become of it.

Renders, fetches and asks nothing; no name points at anything else afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vidbuild.apply.book import Book
from vidbuild.clock import Clock
from vidbuild.diagnostics import Diagnostic
from vidbuild.plan.selection import Selection
from vidbuild.report.refreshed import News, Refreshed
from vidbuild.state.advance import advanced
from vidbuild.state.identity import Identity, identity, key_of
from vidbuild.state.journal import Journal
from vidbuild.state.pool import Member, Pool
from vidbuild.state.records import Render, Status
from vidbuild.workspace.flying import survey
from vidbuild.workspace.opened import Workspace, informed, shown
from vidbuild.workspace.planning import pool_of
from vidbuild.workspace.refreshing import Seen, look_again


def refresh(workspace: Workspace, clock: Clock, selection: Selection) -> Refreshed:
    """What is new, in journal and lock on return. The project must be held.

    Raises `Problems`, with nothing written: exit code 3 without a key, 5 for the key of another
    account and where the provider knows none of the videos, 1 for a lock that cannot be written.
    """
    chosen = _chosen(workspace, selection)
    seen = look_again(workspace, clock, wanted=_wanted(workspace, chosen))
    today = informed(workspace, seen.facts)
    pool = pool_of(today, today.loaded.requests)
    project = workspace.loaded.project
    if seen.facts:
        with Journal(workspace.journal_path, project=project.name) as journal:
            journal.advance_all((fact, key_of(project.name, fact)) for fact in seen.facts)
    told = _write(workspace, pool, clock, chosen)
    for fact in seen.facts:  # the journal's alone: no name of the lock has it
        told.note(fact, was=seen.was[fact.video_id or ""], name=None)
    news = tuple(sorted(told.news.values(), key=lambda each: each.label))
    new_ids = {each.render.video_id for each in news}
    return Refreshed(
        project=project.name,
        profile=project.profile,
        provider=project.provider.name,
        news=news,
        as_recorded=len(seen.asked - new_ids),
        diagnostics=tuple(_diagnostics(seen)),
    )


@dataclass(slots=True)
class _Told:
    """News by render, with the names of this lock that record it."""

    project: str
    news: dict[Identity, News] = field(default_factory=dict)

    def note(self, render: Render, *, was: Status, name: str | None) -> None:
        key = identity(self.project, render)
        known = self.news.get(key)
        names = (*(known.names if known else ()), *([name] if name else []))
        if known is None:
            self.news[key] = News(names=names, was=was, render=render)
        elif name:
            self.news[key] = News(names=names, was=min(known.was, was), render=known.render)


def _write(workspace: Workspace, pool: Pool, clock: Clock, chosen: frozenset[str] | None) -> _Told:
    """Every record of the chosen names as far as its render is by now."""
    lock, project = workspace.lock, workspace.lock.project
    told = _Told(project)
    label = shown(workspace.root, workspace.lock_path)
    book = Book(lock, workspace.lock_path, shown=label, clock=clock)
    for name, entry in sorted(lock.videos.items()):
        if chosen is not None and name not in chosen:
            continue
        new = entry
        for record in (entry.render, *entry.history):
            member = pool.find(record)
            if member is None or member.tombstone or member.render.status <= record.status:
                continue
            before, new = new, advanced(project, new, member.render)
            if new is not before:
                told.note(member.render, was=record.status, name=name)
        book.put(name, new)
    trouble = book.save()
    if trouble is not None:
        raise trouble
    return told


def _chosen(workspace: Workspace, selection: Selection) -> frozenset[str] | None:
    """The selected names; None for all of them."""
    changes = survey(workspace, selection).plan.changes
    if not selection.select and not selection.exclude:
        return None
    return frozenset(name for change in changes for name in (change.name, *change.moves))


def _wanted(workspace: Workspace, chosen: frozenset[str] | None) -> Callable[[Member], bool]:
    """What to ask about: renders of the chosen names of this lock, and what the journal alone
    knows of their contents. Another profile's lock is that profile's."""
    requests = workspace.loaded.requests
    contents = {
        requests[name].fingerprint
        for name in (requests if chosen is None else chosen & requests.keys())
    }

    def wanted(member: Member) -> bool:
        names = [place.name for place in member.places if place.sibling is None]
        if names:
            return chosen is None or not chosen.isdisjoint(names)
        waits = chosen is None and member.in_flight and not member.places
        return waits or member.render.fingerprint in contents

    return wanted


def _diagnostics(seen: Seen) -> Iterator[Diagnostic]:
    if seen.doubted:
        count = len(seen.doubted)
        what = "1 video is" if count == 1 else f"{count} videos are"
        yield Diagnostic(
            code="VB553",
            severity="warning",
            message=f"{what} not known to the provider, and recorded as before: "
            + ", ".join(render.video_id or "" for render in seen.doubted[:5])
            + (" …" if count > 5 else ""),
            hint="what was sent within a day may still appear; the rest may be another account's",
        )
    for render, problems in seen.unclear:
        first = problems.diagnostics[0]
        yield Diagnostic(
            code=first.code, message=f"{render.video_id}: {first.message}", hint=first.hint
        )
