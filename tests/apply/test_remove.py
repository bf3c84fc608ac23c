"""What leaves for good: here alone or at the provider too, never more than was accepted."""

from __future__ import annotations

import asyncio
import json
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import VirtualClock
from tests.apply.test_crash import Reaper, points, run, steps_of
from tests.apply.test_engine import all_whole
from tests.apply.world import World
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_FAILED, EXIT_INTERRUPTED, problem
from vidbuild.plan.digest import unlisted
from vidbuild.state.lock import encode_lock
from vidbuild.state.recorded import Accepted
from vidbuild.state.records import Status

REMOTE: dict[str, Any] = {"prune": True, "delete_remote": True}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)


def deletes(world: World) -> list[str]:
    return sorted(c.split()[1] for c in world.cloud.calls if c.startswith("delete "))


def test_every_render_of_the_name_is_deleted_and_none_that_others_have(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    world.write(a="Three.", b="One.")  # b takes the render that a leaves behind
    world.apply()
    world.write(b="One.")
    assert world.apply(**REMOTE).exit_code == 0
    assert deletes(world) == ["v3"]
    assert {t.video_id: t.reason for t in world.journal().tombstones} == {"v3": "deleted"}
    assert set(world.lock().videos) == {"b"}
    assert all_whole(world)


def test_a_video_that_is_not_there_is_deleted(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    world.cloud.jobs["v1"].deleted = True
    world.write(b="Two.")
    assert world.apply(**REMOTE).exit_code == 0
    assert deletes(world) == ["v1"]
    assert set(world.lock().videos) == {"b"}


def test_what_was_deleted_is_rendered_anew_under_another_key(world: World) -> None:
    world.write(a="One.")
    world.apply()
    world.sources = {}
    world.apply(**REMOTE)
    world.write(a="One.")
    assert world.actions() == {"a": "create"}
    assert world.apply().exit_code == 0
    assert [job.key[-1] for job in world.cloud.jobs.values()] == ["1", "2"]


def test_what_was_only_forgotten_is_found_again_while_the_key_is_known(world: World) -> None:
    world.write(a="One.")
    world.apply()
    before = world.lock_path.read_bytes()
    world.sources = {}
    world.apply(prune=True)
    assert [t.reason for t in world.journal().tombstones] == ["removed"]
    world.write(a="One.")
    assert world.actions() == {"a": "create"}
    forgotten = world.lock_path.read_bytes()
    world.lock_path.write_bytes(before)  # somebody takes it back
    assert world.actions() == {"a": "fetch"}
    world.lock_path.write_bytes(forgotten)
    world.apply()
    assert len(world.cloud.jobs) == 1
    assert all_whole(world)


def test_a_failed_attempt_goes_on_counting_when_its_name_is_forgotten(world: World) -> None:
    world.write(a="FAIL.")
    world.apply()
    world.sources = {}
    world.apply(prune=True)
    world.write(a="FAIL.")
    world.apply()
    assert [job.key[-1] for job in world.cloud.jobs.values()] == ["1", "2"]


@pytest.mark.parametrize("account", ["acc2", None])
def test_a_video_of_an_account_other_than_the_keys_is_not_deleted(
    account: str | None, world: World
) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    lock = json.loads(world.lock_path.read_text("utf-8"))
    lock["videos"]["b"]["render"]["account"] = "acc2"  # one of the lock's accounts
    del lock["videos"]["b"]["check"]
    world.lock_path.write_text(json.dumps(lock), "utf-8")
    world.cloud.account_hash = account
    world.write(b="Two.")
    result = world.apply(**REMOTE)
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB515")]
    assert result.exit_code == EXIT_FAILED
    assert deletes(world) == []
    assert set(world.lock().videos) == {"a", "b"}


def test_one_id_under_two_accounts_is_one_video(world: World) -> None:
    world.write(a="One.", b="One.")
    world.apply()
    lock = json.loads(world.lock_path.read_text("utf-8"))
    for name in ("a", "b"):
        del lock["videos"][name]["check"]
    del lock["videos"]["b"]["render"]["account"]
    world.lock_path.write_text(json.dumps(lock), "utf-8")
    world.write(b="One.")
    world.apply(**REMOTE)
    assert deletes(world) == []


def test_nothing_is_deleted_that_was_not_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    world.sources = {}
    plan = world.plan(prune=True)
    accepted = world.accept(plan, delete_remote=True)
    less = [
        {**item, "delete": [] if item["name"] == "a" else item["delete"]}
        for item in accepted.changes
    ]
    given = replace(accepted, changes=tuple(less))
    monkeypatch.setattr(World, "accept", lambda *_, **__: given)
    result = world.apply(plan, delete_remote=True)
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB562")]
    assert deletes(world) == ["v2"]


def test_a_refused_deletion_keeps_the_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write(a="One.")
    world.apply()
    world.sources = {}

    async def refused(*_: object) -> bool:
        raise problem("VB607", "the provider refused")

    monkeypatch.setattr(type(world.cloud), "delete", refused)
    result = world.apply(**REMOTE)
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB607")]
    assert set(world.lock().videos) == {"a"}
    assert world.journal().tombstones == ()
    assert len(world.files()) == 3


def test_what_is_in_flight_is_neither_forgotten_nor_deleted(world: World) -> None:
    world.write(a="One.")
    world.apply(wait=False)
    world.sources = {}
    world.apply(**REMOTE)
    assert world.actions(prune=True) == {"a": "orphan"}
    assert deletes(world) == []


def test_killed_anywhere_what_is_left_was_accepted(tmp_path: Path) -> None:
    """So that the same digest or the same saved plan is good for the next apply."""
    world = World(root=tmp_path / "project")
    world.root.mkdir()
    world.write(a="One.", b="Two.", old="Three.", gone="Four.", past="Five.")
    world.apply()
    world.write(a="One.", b="Two.", old="Three.", gone="Six.", past="Five.")
    world.apply()
    world.write(a="Two.", b="One.", new="Three.", more="Seven.")
    shutil.copytree(world.root, tmp_path / "kept")

    def begin() -> World:
        shutil.rmtree(world.root)
        shutil.copytree(tmp_path / "kept", world.root)
        return deepcopy(world, {id(world.clock): VirtualClock(world.clock.time)})

    def listing(world: World) -> Accepted:
        return world.accept(world.plan(prune=True), delete_remote=True)

    accepted = listing(begin())
    for at in points(steps_of(begin(), REMOTE)):
        left = begin()
        assert not run(left, Reaper(at), REMOTE)
        assert unlisted(listing(left).changes, accepted.changes) == (), at
        assert left.apply(**REMOTE).exit_code == 0, at
        assert set(left.cloud.charged().values()) == {1}, at
        gone = {job.body["script"] for job in left.cloud.jobs.values() if job.deleted}
        assert gone == {"Four.", "Five.", "Six."}, at
        assert set(left.lock().videos) == {"a", "b", "new", "more"}, at
        assert all_whole(left), at


def test_an_apply_is_in_the_journal_until_it_has_finished_and_has_no_text(world: World) -> None:
    world.put("a", "Certain words.", title="A title")
    world.cloud.faults = {1: "refused"}
    world.apply()
    (begun,) = world.journal().applies
    assert begun.digest == world.plan().digest
    assert unlisted(world.accept(world.plan()).changes, begun.changes) == ()
    assert not [
        path
        for path in world.journal_path.parent.iterdir()
        if any(words in path.read_bytes() for words in (b"Certain words", b"A title"))
    ]
    world.apply()
    assert world.journal().applies == ()


def test_the_plan_says_unsure_once_an_apply_has_looked_in_vain(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.cloud.faults = dict.fromkeys(range(1, 1000), "before")
    world.apply()
    world.clock.time += 21 * 3600
    assert not any(intent.unsure for intent in world.journal().intents)
    assert {f.code for f in world.apply().failures} == {"VB552"}
    unsure = frozenset(i.key for i in world.journal().intents if i.unsure)
    reasons = {c.name: c.reason for c in world.plan(unsure=unsure).changes}
    assert reasons == {"a": "unsure", "b": "unsure"}
    world.cloud.faults = {}
    world.apply(resubmit=frozenset({"a"}))
    assert [i.names for i in world.journal().intents if i.unsure] == [("b",)]
    assert world.lock().videos["a"].render.status is Status.completed


def test_an_old_intent_that_only_the_lock_knows_becomes_unsure_too(world: World) -> None:
    world.write(a="One.")
    world.cloud.faults = dict.fromkeys(range(1, 1000), "before")
    world.apply()
    world.journal_path.unlink()
    world.clock.time += 21 * 3600
    world.apply()
    assert [i.unsure for i in world.journal().intents] == [True]


def test_a_rename_interrupted_while_files_come_leaves_nothing_to_delete(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(old="One.", other="Two.")
    world.apply()
    (world.output_dir / "old.mp4").unlink()
    world.write(new="One.", other="Two.")
    plan = world.plan(prune=True)
    accepted = world.accept(plan)

    async def endless(*_: object) -> None:
        await world.clock.sleep(1e6)

    async def interrupted() -> Result:
        task = asyncio.create_task(world.carry_out(plan))
        await world.clock.sleep(1.0)
        task.cancel()
        return await task

    with monkeypatch.context() as patch:
        patch.setattr(type(world.cloud), "download", endless)
        assert asyncio.run(interrupted()).exit_code == EXIT_INTERRUPTED
    assert unlisted(world.accept(world.plan(prune=True)).changes, accepted.changes) == ()
    world.apply(prune=True)
    assert all_whole(world)
    assert set(world.lock().videos) == {"new", "other"}


def test_a_name_that_leaves_takes_no_file_of_another_that_came_to_its_old_name(
    world: World,
) -> None:
    world.write(a="One.")
    world.apply()
    world.write(a="Two.")
    world.apply()
    world.write(b="Two.")  # with its history, whose file was once at a.mp4
    world.apply()
    world.write(a="Three.", b="Two.")
    world.apply()
    world.write(a="Three.")
    assert world.apply(prune=True).exit_code == 0
    assert {path.partition(".")[0] for path in world.files()} == {"a"}
    assert world.actions() == {"a": "unchanged"}
    assert all_whole(world)


def test_an_entry_that_moved_there_and_back_keeps_its_files(world: World) -> None:
    world.write(a="One.")
    world.apply()
    lock = world.lock()
    moved = replace(lock, videos={"b": lock.videos["a"]})  # as `lock mv` does: files stay
    world.lock_path.write_bytes(encode_lock(moved))
    assert world.actions() == {"a": "reuse"}
    assert world.apply().exit_code == 0
    assert world.actions() == {"a": "unchanged"}
    assert all_whole(world)
