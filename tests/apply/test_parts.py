"""The parts of apply on their own: containers, places, slots, histories."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.apply.world import World, make_request
from tests.state.strategies import entries, renders
from tests.state.test_join import entry, render
from vidbuild.apply.entry import Rules, pointed
from vidbuild.apply.place import Shelf, Staged
from vidbuild.apply.slots import Slots
from vidbuild.apply.submit import is_fresh
from vidbuild.clock import SystemClock
from vidbuild.files import digest
from vidbuild.plan.model import Action, Change
from vidbuild.request.model import Media
from vidbuild.schema.api import load_api
from vidbuild.state.identity import identity, same_key
from vidbuild.state.journal import Journal
from vidbuild.state.recorded import Intent
from vidbuild.state.records import Entry, Output, Render, Status


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db", project="acme") as opened:
        yield opened


def shelf_of(tmp_path: Path, journal: Journal) -> Shelf:
    recorded = journal.recorded()
    return Shelf(
        tmp_path / "build",
        root=tmp_path,
        journal=journal,
        known=recorded.received,
        receipts=recorded.receipts.values(),
    )


def put(shelf: Shelf, path: str, data: bytes) -> Output:
    staged = shelf.staging.waiting(path)
    staged.write_bytes(data)
    file = Staged(kind="video", path=path, sha256=digest(staged)[0], staged=staged)
    put = shelf.put("v1", [file])["video"]
    if isinstance(put, OSError):
        raise put
    return put


def test_a_file_put_in_place_just_before_a_kill_is_no_stranger(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "receive", killed)
        with pytest.raises(KeyboardInterrupt):
            put(shelf_of(tmp_path, journal), "a.mp4", b"one")
    put(shelf_of(tmp_path, journal), "a.mp4", b"two")
    assert [p.name for p in (tmp_path / "build").iterdir() if p.is_file()] == ["a.mp4"]
    assert (tmp_path / "build" / "a.mp4").read_bytes() == b"two"


def test_strangers_are_set_aside_each_under_its_own_name(tmp_path: Path, journal: Journal) -> None:
    shelf = shelf_of(tmp_path, journal)
    folder = tmp_path / "build"
    folder.mkdir()
    for number in range(3):
        (folder / "a.mp4").write_bytes(b"mine %d" % number)
        put(shelf, "a.mp4", b"made")
    kept = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert kept == {
        "a.mp4": b"made",
        "a.mp4.orig": b"mine 0",
        "a.mp4.orig2": b"mine 1",
        "a.mp4.orig3": b"mine 2",
    }


def test_nothing_is_written_through_a_link_out_of_the_folder(
    tmp_path: Path, journal: Journal
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "sub").symlink_to(outside)
    with pytest.raises(OSError, match="outside"):
        put(shelf_of(tmp_path, journal), "sub/a.mp4", b"one")
    assert list(outside.iterdir()) == []


def test_only_known_files_that_nobody_else_has_are_removed(
    tmp_path: Path, journal: Journal
) -> None:
    shelf = shelf_of(tmp_path, journal)
    made = {name: put(shelf, name, name.encode()) for name in ("x/a.mp4", "x/b.mp4", "c.mp4")}
    (tmp_path / "build" / "c.mp4").write_bytes(b"edited")
    in_use = {"x/a.mp4": ["x/a.mp4"], "x/b.mp4": ["X/B.mp4"]}  # one of them another file here
    assert shelf.remove(made.values(), live=lambda path: in_use.get(path, ())) == ["x/b.mp4"]
    assert [receipt.path for receipt in shelf.placed.values()] == ["build/x/a.mp4", "build/c.mp4"]
    assert journal.recorded().receipts.keys() == shelf.placed.keys()
    assert shelf.remove(made.values(), live=lambda _: ()) == ["x/a.mp4"]
    assert not (tmp_path / "build" / "x").exists()
    assert (tmp_path / "build" / "c.mp4").read_bytes() == b"edited"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=30), st.integers(1, 4))
def test_slots_never_give_more_than_they_have_and_serve_everybody(
    jobs: list[tuple[bool, int]], limit: int
) -> None:
    slots = Slots(limit, SystemClock())
    now = most = served = 0

    async def new(turns: int, cancelled: bool) -> None:
        nonlocal now, most, served
        async with slots.taken():
            now += 1
            most = max(most, now)
            try:
                for _ in range(turns):
                    await asyncio.sleep(0)
            finally:
                now -= 1
        served += not cancelled

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(new(turns, stop)) for stop, turns in jobs]
        await asyncio.sleep(0)
        for task, (stop, _) in zip(tasks, jobs, strict=True):
            if stop:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(all_of_them(), 10))
    assert most <= limit
    assert served == sum(not stop for stop, _ in jobs)


RULES = Rules(project="acme", api=load_api(), keep_history=2)
CHANGE = Change(
    name="tour", action=Action.rerender, reason="new", request=make_request("tour", "One.")
)


def numbered(number: int, status: Status = Status.completed) -> Render:
    return replace(render(1, status), video_id=f"v{number}", attempt=number)


@given(st.lists(st.sampled_from(list(Status)[1:]), max_size=8))
def test_history_keeps_what_is_in_flight_and_the_newest_finished(statuses: list[Status]) -> None:
    past = [numbered(n, status) for n, status in enumerate(statuses, 2)]
    old = entry(past[0], *past[1:]) if past else None
    made = pointed(RULES, CHANGE, old, numbered(1))
    kept = [(r.video_id, r.status) for r in made.history]
    each = [(r.video_id, r.status) for r in past]
    assert [k for k in kept if k[1].in_flight] == [r for r in each if r[1].in_flight]
    done = [r for r in each if r[1] in (Status.completed, Status.gone)]
    assert [k for k in kept if not k[1].in_flight] == done[:2]


def test_a_history_has_each_render_once_and_never_the_current_one() -> None:
    old = entry(numbered(2), numbered(1), numbered(3))
    made = pointed(RULES, CHANGE, old, numbered(1), moved=[entry(numbered(3), numbered(2))])
    assert [r.video_id for r in made.history] == ["v2", "v3"]


SENT = replace(numbered(1, Status.submitted), key="k")


@given(st.none() | entries(), renders(), st.lists(entries(), max_size=2))
@example(entry(SENT), replace(SENT, status=Status.intent, video_id=None), [])
def test_whatever_a_name_points_at_no_other_render_is_forgotten(
    old: Entry | None, new: Render, moved: list[Entry]
) -> None:
    made = pointed(replace(RULES, keep_history=99), CHANGE, old, new, moved=moved)
    before = [
        each
        for known in (old, *moved)
        if known is not None
        for each in (known.render, *known.history)
        if each.status is not Status.failed
    ]
    own = {identity("acme", new), same_key("acme", new)}
    kept = [identity("acme", each) for each in made.history]
    assert len(set(kept)) == len(kept)
    assert own.isdisjoint(kept)
    assert {identity("acme", each) for each in before} <= own | set(kept)


def test_what_was_resubmitted_leaves_the_lock() -> None:
    stuck = numbered(1, Status.submitted)
    rules = replace(RULES, abandoned=frozenset({identity("acme", stuck)}))
    assert pointed(rules, CHANGE, entry(stuck), numbered(2)).history == ()


def test_an_entry_knows_the_uploads_of_a_killed_apply() -> None:
    office = Media(file="office.png", sha256="ab" * 32, bytes=1, mime="image/png")
    request = make_request("tour", "One.", media={"background.asset_id": office})
    change = replace(CHANGE, request=request)
    rules = replace(RULES, uploaded={office.sha256: "a1", "cd" * 32: "a2"})
    [asset] = pointed(rules, change, None, numbered(1)).assets.values()
    assert (asset.asset_id, asset.sha256) == ("a1", office.sha256)
    assert pointed(RULES, change, None, numbered(1)).assets == {}


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(0, True), (20 * 3600, True), (20 * 3600 + 1, False), (-2, True), (-3600, False)],
)
def test_a_key_is_fresh_for_twenty_hours_by_clocks_that_differ_by_seconds(
    age: float, fresh: bool
) -> None:
    sent = Intent(
        key="k", provider="heygen", account=None, fingerprint="f", attempt=1, names=("a",),
        title=None, body={}, first_sent=5000.0, last_sent=5000.0,
    )  # fmt: skip
    assert is_fresh(sent, 5000.0 + age) is fresh


def test_a_full_disk_under_the_journal_ends_the_apply_with_words(tmp_path: Path) -> None:
    class Full(Journal):
        writes = 0

        @contextmanager
        def _transaction(self) -> Iterator[None]:
            with super()._transaction():
                Full.writes += 1
                if Full.writes == 12:
                    raise sqlite3.OperationalError("database or disk is full")
                yield

    world = World(root=tmp_path, journal_type=Full)
    world.write(a="One.", b="Two.")
    result = world.apply()
    assert result.exit_code == 1
    assert [(f.name, f.code) for f in result.failures] == [(None, "VB513")]
    world.journal_type = Journal
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1, "Two.": 1}


def test_a_bug_stays_a_bug_after_the_lock_is_written(tmp_path: Path) -> None:
    world = World(root=tmp_path)
    world.write(a="One.")

    def step(call: str) -> None:
        if call.startswith("download"):
            raise ZeroDivisionError

    world.cloud.step = step
    with pytest.raises(ExceptionGroup):
        world.apply()
    assert world.lock().videos["a"].render.status is Status.completed
