"""The studio's memory: jobs, keys and money, shared by processes that may die."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidbuild.diagnostics import Problems
from vidbuild.studio import assets, replays, store, videos
from vidbuild.studio.owners import Owner

NOBODY: Callable[[str], bool] = {}.get  # type: ignore[assignment]  # every owner is dead


def opened(folder: Path, wallet: float = 100.0) -> sqlite3.Connection:
    return store.open_store(folder, wallet=wallet)


def add(db: sqlite3.Connection, video_id: str, due_at: float | None = None) -> None:
    videos.add(db, video_id=video_id, key=None, request={}, title=None, at=1.0, due_at=due_at)


def complete(db: sqlite3.Connection, video_id: str, charge: float = 1.5) -> bool:
    return videos.complete(db, video_id, at=2.0, duration=3.0, charge=charge, folder=None)


def test_a_store_is_opened_by_many_at_once_and_made_once(tmp_path: Path) -> None:
    secrets: list[bytes] = []

    def open_it() -> None:
        db = opened(tmp_path / "s")
        secrets.append(store.signing_secret(db))
        db.close()

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 8
    assert len(set(secrets)) == 1


def test_an_older_store_is_brought_up_to_date_with_all_that_it_holds(tmp_path: Path) -> None:
    old = opened(tmp_path)
    left = [row["name"] for row in old.execute("SELECT name FROM sqlite_master")]
    old.close()
    (tmp_path / "studio.db").unlink()
    db = sqlite3.connect(tmp_path / "studio.db", isolation_level=None)
    for statement in store._TABLES:
        db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('secret', '00ff')")
    db.execute("INSERT INTO wallet VALUES (7.0, 2.0)")
    for asset_id, at in (("b", 2.0), ("a", 1.0)):
        db.execute("INSERT INTO assets VALUES (?, 'n', 'image/png', 3, 'p', ?)", (asset_id, at))
    db.execute(f"PRAGMA user_version = {store._FIRST}")
    db.close()
    new = opened(tmp_path)
    assert store.signing_secret(new) == b"\x00\xff"
    assert store.balance(new) == 5.0
    assert [asset.asset_id for asset in assets.asset_page(new, limit=9, before=None)] == ["b", "a"]
    assert sorted(row["name"] for row in new.execute("SELECT name FROM sqlite_master")) == sorted(
        left
    )
    new.close()


def _garbage(folder: Path) -> None:
    folder.mkdir()
    (folder / "studio.db").write_bytes(b"no database, far from it" * 100)


def _newer(folder: Path) -> None:
    db = opened(folder)
    db.execute("PRAGMA user_version = 99")
    db.close()


def _a_file(folder: Path) -> None:
    folder.write_text("in the way")


@pytest.mark.parametrize("spoil", [_garbage, _newer, _a_file])
def test_a_store_that_cannot_be_used_is_a_problem(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "s")
    with pytest.raises(Problems) as raised:
        opened(tmp_path / "s")
    assert raised.value.diagnostics[0].code == "VB802"
    assert str(tmp_path / "s") in raised.value.diagnostics[0].message


def test_a_job_is_rendered_by_one_of_two_processes(tmp_path: Path) -> None:
    db, other = opened(tmp_path), opened(tmp_path)
    add(db, "one")
    add(db, "two")
    first = videos.claim(db, "a", lambda _: True)
    second = videos.claim(other, "b", lambda _: True)
    assert first is not None
    assert second is not None
    assert [first.video_id, second.video_id] == ["one", "two"]
    assert videos.claim(db, "a", lambda _: True) is None
    db.close()
    other.close()


def test_a_dead_owners_job_is_taken_over(tmp_path: Path) -> None:
    db = opened(tmp_path)
    dead = Owner(tmp_path / "owners")
    alive = Owner(tmp_path / "owners")
    add(db, "one")
    assert videos.claim(db, dead.name, alive.alive) is not None
    assert videos.claim(db, alive.name, alive.alive) is None
    dead.leave()
    taken = videos.claim(db, alive.name, alive.alive)
    assert taken is not None
    assert taken.video_id == "one"
    alive.leave()
    db.close()


def test_a_video_is_charged_once_and_a_failed_one_never(tmp_path: Path) -> None:
    db = opened(tmp_path, wallet=10.0)
    add(db, "good")
    add(db, "bad")
    assert videos.fail(db, "bad", at=2.0, code="rendering_failed", message="no")
    assert complete(db, "good")
    assert not complete(db, "good", charge=5.0)
    assert not complete(db, "bad")
    assert not videos.fail(db, "good", at=3.0, code="x", message="y")
    assert store.balance(db) == 8.5
    db.close()


def test_simulated_jobs_come_due_and_are_nobodys_to_render(tmp_path: Path) -> None:
    db = opened(tmp_path)
    add(db, "late", due_at=30.0)
    add(db, "soon", due_at=20.0)
    assert not videos.anything_for(db, "a")
    assert videos.claim(db, "a", NOBODY) is None
    assert videos.next_due(db) == 20.0
    assert [video.video_id for video in videos.due(db, 19.9)] == []
    assert [video.video_id for video in videos.due(db, 30.0)] == ["soon", "late"]
    db.close()


STEPS = st.sampled_from(["claim", "release", "crash", "complete", "fail", "delete"])
RANK = {"pending": 0, "processing": 0, "completed": 1, "failed": 1}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from("ab"), st.sampled_from("xyz")), max_size=25))
def test_whatever_happens_an_end_is_final_and_paid_once(
    steps: list[tuple[str, str, str]],
) -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    store._lay_out(db, 100.0)
    for video_id in "xyz":
        add(db, video_id)
    before = _states(db)
    ends: dict[str, int] = dict.fromkeys("xyz", 0)
    for step, owner, video_id in steps:
        match step:
            case "claim":
                videos.claim(db, owner, lambda _: True)
            case "release" | "crash":
                videos.release(db, video_id, crashed=step == "crash")
            case "complete":
                ends[video_id] += complete(db, video_id)
            case "fail":
                ends[video_id] += videos.fail(db, video_id, at=2.0, code="c", message="m")
            case _:
                videos.delete(db, video_id)
        after = _states(db)
        for key in "xyz":
            ended = RANK[before[key]["status"]] == 1 or before[key]["deleted"]
            assert not ended or after[key]["status"] == before[key]["status"]
            assert after[key]["deleted"] >= before[key]["deleted"]
            paid = after[key]["status"] == "completed"
            assert after[key]["charged_usd"] == (1.5 if paid else 0.0)
        before = after
    assert max(ends.values()) <= 1
    db.close()


def _states(db: sqlite3.Connection) -> dict[str, Any]:
    return {row["video_id"]: dict(row) for row in db.execute("SELECT * FROM videos")}


def reserve(
    db: sqlite3.Connection, now: float, owner: str = "me", scope: str = "s", alive: bool = True
) -> replays.Replay | replays.Busy | None:
    return replays.reserve(db, scope, "key", owner=owner, now=now, alive=lambda _: alive)


def test_a_key_replays_its_first_answer_for_a_day(tmp_path: Path) -> None:
    db = opened(tmp_path)
    assert reserve(db, 0.0) is None
    assert reserve(db, 1.0) == replays.Busy()
    replays.keep(db, "s", "key", status=200, body="first")
    first = replays.Replay(status=200, body="first")
    assert reserve(db, 1.0) == first
    assert reserve(db, replays.LIFETIME - 0.1, owner="another") == first
    assert reserve(db, 2.0, scope="another") is None
    assert reserve(db, replays.LIFETIME) is None
    db.close()


def test_a_key_is_freed_by_a_refusal_and_by_the_death_of_its_owner(tmp_path: Path) -> None:
    db = opened(tmp_path)
    assert reserve(db, 0.0) is None
    replays.drop(db, "s", "key")
    assert reserve(db, 0.0) is None
    assert reserve(db, 0.0, owner="another", alive=True) == replays.Busy()
    assert reserve(db, 0.0, owner="another", alive=False) is None
    replays.keep(db, "s", "key", status=200, body="kept")
    replays.drop(db, "s", "key")
    assert reserve(db, 0.0) == replays.Replay(status=200, body="kept")
    db.close()


def test_an_owner_is_alive_until_it_leaves_and_leaves_nothing(tmp_path: Path) -> None:
    first, second = Owner(tmp_path), Owner(tmp_path)
    assert first.alive(second.name)
    assert first.alive(first.name)
    assert not first.alive("never-was")
    second.leave()
    assert not first.alive(second.name)
    first.leave()
    assert list(tmp_path.iterdir()) == []
