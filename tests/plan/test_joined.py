"""Locks of two branches, joined or merged as text, and the plan that comes after."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.examples import one_in
from tests.plan.office import Office
from tests.plan.sequences import Step, carried_out, projects, steps
from tests.state.strategies import PROJECT as LOCKED
from tests.state.strategies import entries, locks
from vidbuild.diagnostics import Problems
from vidbuild.request.model import Request
from vidbuild.state.identity import Identity, identity
from vidbuild.state.join import join
from vidbuild.state.lock import decode_lock, encode_lock
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Lock, Render, Status

SEQUENCE = st.lists(steps(profiles=False, selects=False), max_size=3)
OVER = (Status.completed, Status.gone)


def renders(lock: Lock) -> Iterator[Render]:
    for entry in lock.videos.values():
        yield entry.render
        yield from entry.history


def known(lock: Lock) -> dict[Identity, Render]:
    """Every render of the lock, in its highest status."""
    found: dict[Identity, Render] = {}
    for render in renders(lock):
        name = identity(lock.project, render)
        found[name] = max(found.get(name, render), render, key=lambda each: each.status)
    return found


def branch(base: Office, place: str, sequence: list[Step]) -> Office:
    office = base.copy()
    office.place = place
    for step in sequence:
        list(carried_out(office, replace(step, prune=False), keep_history=1))
    return office


@given(SEQUENCE, SEQUENCE, SEQUENCE, projects())
def test_after_a_join_only_what_neither_side_has_is_rendered(
    before: list[Step], left: list[Step], right: list[Step], wanted: dict[str, Request]
) -> None:
    """Without any journal, whatever the sources have become: nothing that was finished or in
    flight on a side is paid for again, but for finished renders that the base had and a side has
    evicted; the joined lock has all that both sides have, less those and what failed."""
    base = branch(Office(), "", before)
    sides = [branch(base, *each) for each in (("ours", left), ("theirs", right))]
    step = Step(wanted=wanted)
    ours, theirs, old = (each.lock(step.sources()) for each in (*sides, base))
    both = join(old, ours, theirs)
    had, mine, yours, now = known(old), known(ours), known(theirs), known(both)
    dropped = {n for n, r in had.items() if r.status in OVER and not (n in mine and n in yours)}
    alive: set[str] = set()
    for name in (mine.keys() | yours.keys()) - dropped:
        best = max((s[name] for s in (mine, yours) if name in s), key=lambda each: each.status)
        if best.status is Status.failed or (name in had and not (name in mine and name in yours)):
            continue  # a side has let go of it because it failed
        assert now[name].status >= best.status
        if best.status is not Status.gone:
            alive.add(best.fingerprint)
    fresh = Office(locks={None: both}, journal=Recorded())
    paid = {
        c.request.fingerprint for c in fresh.plan(step.sources()).changes if c.pays and c.request
    }
    assert not paid & alive


@one_in(4)  # each starts a process
@given(locks, st.data())
def test_a_text_merge_of_two_locks_that_changed_one_video_is_never_taken_for_a_lock(
    others: Lock, draw: st.DataObject
) -> None:
    """git merges them line by line where no driver is set up: it finds a conflict, or what it
    makes of them is refused when it is read."""
    versions = [draw.draw(entries()) for _ in range(3)]
    assume(all(one != other for one, other in combinations(versions, 2)))
    ours, base, theirs = (
        Lock(project=LOCKED, videos={**others.videos, "b": version}) for version in versions
    )
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ours", "base", "theirs")]
        for path, lock in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(encode_lock(lock))
        merged = subprocess.run(
            ["git", "merge-file", "-p", *paths], capture_output=True, check=False
        )
    assert 0 <= merged.returncode < 128, merged.stderr
    with pytest.raises(Problems):
        decode_lock(merged.stdout, project=LOCKED, file="vidbuild.lock")
