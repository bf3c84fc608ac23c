"""Bringing the records of one render up to date in an entry of the lock.

Pure. Not for what a name points at: no record changes its place, only its status and what is
known with it.
"""

from __future__ import annotations

from dataclasses import replace

from vidbuild.state.identity import identity, same_key
from vidbuild.state.records import Entry, Render, Status


def advanced(project: str, entry: Entry, render: Render) -> Entry:
    """The entry with each of its records of this render as far as the render is by now.

    A status never falls, and what is over stays what it was but for being gone. Each record
    keeps its own files and the name of its content. A failed render is kept only as the entry's
    own: the history does without.
    """
    own = _advanced(project, entry.render, render)
    history = entry.history
    if any(is_record(project, past, render) for past in history):
        now = (_advanced(project, past, render) for past in history)
        history = tuple(past for past in now if past.status is not Status.failed)
    if own is entry.render and history == entry.history:
        return entry
    return replace(entry, render=own, history=history)


def is_record(project: str, record: Render, render: Render) -> bool:
    """Whether a record is of this render, by its id or, while one of them has none, its key."""
    if identity(project, record) == identity(project, render):
        return True
    one_open = not record.video_id or not render.video_id
    return one_open and same_key(project, record) == same_key(project, render)


def _advanced(project: str, record: Render, render: Render) -> Render:
    climbs = record.status < render.status
    may_climb = record.status.in_flight or render.status is Status.gone
    if not (climbs and may_climb and is_record(project, record, render)):
        return record
    return replace(
        render,
        fingerprint=record.fingerprint,
        attempt=record.attempt,
        outputs=record.outputs,
        extra=record.extra,
        completed_at=render.completed_at or record.completed_at,
        duration=render.duration if render.duration is not None else record.duration,
        cost_usd=render.cost_usd if render.cost_usd is not None else record.cost_usd,
        page_url=render.page_url or record.page_url,
    )
