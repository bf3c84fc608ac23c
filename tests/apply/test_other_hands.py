"""A lock that somebody else writes while an apply runs: a git checkout, another branch's merge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import Cloud
from tests.apply.test_engine import all_whole, quiet
from tests.apply.world import PROJECT, World
from vidbuild.files import write_atomic
from vidbuild.state.lock import encode_lock
from vidbuild.state.records import Lock

EMPTY = encode_lock(Lock(project=PROJECT))
STAYS = 100.0  # virtual seconds: while renders end, and checkpoints find the other lock


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)


def emptied_while(world: World, monkeypatch: pytest.MonkeyPatch, call: str, first: Any) -> None:
    """While the provider is asked for `first` the lock loses its entries; other work goes on."""
    asked = getattr(Cloud, call)

    async def slow(self: Cloud, what: Any, **more: Any) -> Any:
        if what == first or (isinstance(what, Mapping) and what.get("script") == first):
            await self.clock.sleep(12)
            write_atomic(world.lock_path, EMPTY)
            await self.clock.sleep(STAYS)
        return await asked(self, what, **more)

    monkeypatch.setattr(Cloud, call, slow)


def test_a_video_that_nobody_knows_any_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write(a="One.")
    world.apply(wait=False)
    world.clock.time += 26 * 3600
    world.cloud.jobs["v1"].deleted = True
    world.write(a="One.", b="Two.")
    emptied_while(world, monkeypatch, "video", "v1")
    result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB553")]
    assert set(world.lock().videos) == {"b"}
    assert [r.status.name for r in world.journal().renders if r.video_id == "v1"] == ["gone"]


def test_a_video_that_is_being_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write(a="One.")
    world.apply()
    world.write(b="Two.")
    emptied_while(world, monkeypatch, "delete", "v1")
    assert world.apply(prune=True, delete_remote=True).failures == ()
    assert set(world.lock().videos) == {"b"}


@pytest.fixture
def detached(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A name that moves while it is in flight, let go of while the lock is without it."""
    world.write(a="One.")
    world.apply(wait=False)
    world.cloud.render_seconds = 1000.0
    world.write(c="One.", d="Two.", e="Three.")
    emptied_while(world, monkeypatch, "create", "Two.")
    create = Cloud.create

    async def late(self: Cloud, body: Mapping[str, Any], *, key: str) -> Any:
        if body["script"] == "Three.":
            await self.clock.sleep(STAYS / 2)
        return await create(self, body, key=key)

    monkeypatch.setattr(Cloud, "create", late)
    return world


def test_a_video_in_flight_that_is_let_go_of(
    detached: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert detached.apply(wait=False).exit_code == 0
    monkeypatch.undo()
    detached.clock.time += 2000
    assert detached.apply().exit_code == 0
    assert detached.cloud.charged() == {"One.": 1, "Two.": 1, "Three.": 1}
    assert all_whole(detached)
    assert quiet(detached)
