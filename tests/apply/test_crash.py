"""Apply killed at every step, then begun again: each content is paid once, nothing is lost.

A step is every provider call, before and after it counts, and every write of journal,
lock and output, before and after it is on the disk. A killed apply gets no further
instruction: whatever still runs after the kill finds everything dead.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import VirtualClock
from tests.apply.test_engine import all_whole, quiet
from tests.apply.world import World
from vidbuild.apply import book
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_INTERRUPTED
from vidbuild.files import write_atomic
from vidbuild.state.journal import Journal


class Killed(BaseException):
    """Not an Exception: nothing in the program may catch it."""


class Reaper:
    """Counts steps and kills at one of them, and at every one after it."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.steps = 0

    def __call__(self, _: str = "") -> None:
        self.steps += 1
        if self.at is not None and self.steps >= self.at:
            raise Killed


def haunted(world: World, reaper: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the reaper at every step of the world."""

    class MortalJournal(Journal):
        @contextmanager
        def _transaction(self) -> Iterator[None]:
            reaper("journal")
            with super()._transaction():
                yield
            reaper("journal written")

    def mortal(step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **options: Any) -> Any:
            reaper("write")
            done = step(*args, **options)
            reaper("written")
            return done

        return stepped

    world.killed = True
    world.journal_type = MortalJournal
    world.cloud.step = reaper
    monkeypatch.setattr(book, "write_atomic", mortal(write_atomic))
    monkeypatch.setattr(Path, "replace", mortal(Path.replace))
    monkeypatch.setattr(Path, "unlink", mortal(Path.unlink))


def run(world: World, reaper: Reaper, options: dict[str, Any]) -> bool:
    """One apply; False where it was killed."""
    with pytest.MonkeyPatch.context() as patch:
        haunted(world, reaper, patch)
        try:
            world.apply(**options)
        except BaseException as error:
            killed = isinstance(error, Killed) or (
                isinstance(error, BaseExceptionGroup) and error.subgroup(Killed) is not None
            )
            if not killed:
                raise
            return False
        finally:
            world.journal_type = Journal
            world.cloud.step = lambda _: None
    return True


def fresh(world: World) -> None:
    world.write(a="One.", b="Two.", c="Same.", d="Same.")


def renamed(world: World) -> None:
    world.write(a="One.", b="Two.", old="Three.")
    world.apply()
    world.write(a="Two.", b="One.", new="Three.")


def edited(world: World) -> None:
    world.write(a="One.", b="Two.", gone="Three.")
    world.apply()
    world.write(a="Changed.", b="Two.")


def media(world: World) -> None:
    office = world.media("media/office.png", b"\x89PNG picture")
    background = {"type": "image", "asset_id": {"sha256": office.sha256}}
    world.put("a", "One.", background=background, media={"background.asset_id": office})


def reverted_in_flight(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    world.write(tour="Two.")
    world.apply(wait=False)
    world.write(tour="One.", other="Two.")


SCENES: dict[str, tuple[Callable[[World], None], dict[str, Any], int]] = {
    "fresh": (fresh, {}, 3),
    "unclear": (fresh, {}, 3),
    "renamed": (renamed, {}, 3),
    "edited": (edited, {"prune": True}, 4),
    "media": (media, {}, 1),
    "reverted": (reverted_in_flight, {}, 2),
}


def set_up(folder: Path, scene: str) -> Callable[[], World]:
    """Prepares a scene once in `folder`; what it returns begins it, as often as wanted."""
    folder.mkdir()
    prepared = World(root=folder)
    if scene == "unclear":
        prepared.cloud.faults = {1: "after", 2: "before", 3: "progress", 4: "after"}
    SCENES[scene][0](prepared)
    numbers = itertools.count()

    def begin() -> World:
        world = deepcopy(prepared, {id(prepared.clock): VirtualClock(prepared.clock.time)})
        world.root = folder.with_name(f"{folder.name}-{next(numbers)}")
        shutil.copytree(folder, world.root)
        return world

    return begin


def steps_of(world: World, options: dict[str, Any]) -> int:
    reaper = Reaper(None)
    assert run(world, reaper, options)
    return reaper.steps


def points(steps: int) -> Iterator[int]:
    """All points with VIDBUILD_CRASH=all; else some, other ones in each scene."""
    every = 1 if os.environ.get("VIDBUILD_CRASH") == "all" else max(steps // 6, 1)
    yield from range(1 + steps % every, steps + 1, every)


@pytest.mark.parametrize("keeps", ["everything", "no journal", "no lock"])
@pytest.mark.parametrize("scene", SCENES)
def test_killed_anywhere_and_applied_again(tmp_path: Path, scene: str, keeps: str) -> None:
    _, options, charges = SCENES[scene]
    begin = set_up(tmp_path / "project", scene)
    steps = steps_of(begin(), options)
    assert steps > 10
    for at in points(steps):
        world = begin()
        assert not run(world, Reaper(at), options)
        if keeps == "no journal":
            forget_journal(world)
        elif keeps == "no lock" and scene == "fresh":
            world.lock_path.unlink(missing_ok=True)
        world.clock.time += 60
        result = world.apply(**options)
        assert (result.exit_code, result.failures) == (0, ()), at
        assert set(world.cloud.charged().values()) == {1}, at
        assert len(world.cloud.jobs) == charges, at
        strays = {name for name in world.files() if name.endswith(".orig")}
        assert not strays, at
        assert quiet(world), at
        if keeps != "no journal":
            assert all_whole(world), at


@pytest.mark.parametrize("scene", ["fresh", "unclear", "edited"])
def test_killed_and_applied_again_after_the_provider_forgot_the_keys(
    tmp_path: Path, scene: str
) -> None:
    _, options, charges = SCENES[scene]
    begin = set_up(tmp_path / "project", scene)
    for at in points(steps_of(begin(), options)):
        world = begin()
        assert not run(world, Reaper(at), options)
        world.clock.time += 30 * 3600
        result = world.apply(**options)
        assert {f.code for f in result.failures} <= {"VB552", "VB560"}, at
        assert set(world.cloud.charged().values()) <= {1}, at
        assert len(world.cloud.jobs) <= charges, at


def test_killed_twice(tmp_path: Path) -> None:
    begin = set_up(tmp_path / "project", "fresh")
    for first, second in zip(points(160), (3, 17, 40, 55, 9, 28), strict=False):
        world = begin()
        run(world, Reaper(first), {})
        run(world, Reaper(second), {})
        result = world.apply()
        assert (result.exit_code, result.failures) == (0, ()), (first, second)
        assert world.cloud.charged() == {"One.": 1, "Two.": 1, "Same.": 1}
        assert all_whole(world)
        assert quiet(world)


def test_two_machines_apply_one_commit(tmp_path: Path) -> None:
    worlds = [World(root=tmp_path / name) for name in ("here", "there")]
    clock, cloud = worlds[0].clock, worlds[0].cloud
    cloud.faults = {1: "after", 3: "before", 6: "after"}

    async def both() -> list[Result]:
        plans = [world.plan() for world in worlds]
        works = [world.carry_out(plan) for world, plan in zip(worlds, plans, strict=True)]
        return await asyncio.gather(*works)

    for world in worlds:
        world.root.mkdir()
        world.clock, world.cloud = clock, cloud
        fresh(world)
    results = asyncio.run(both())
    assert [result.exit_code for result in results] == [0, 0]
    assert cloud.charged() == {"One.": 1, "Two.": 1, "Same.": 1}
    assert all(all_whole(world) and quiet(world) for world in worlds)


@pytest.mark.parametrize("after", [0.0, 1.0, 12.0, 31.0])
def test_interrupted_by_a_signal_the_lock_is_written_and_nothing_more_is_sent(
    tmp_path: Path, after: float
) -> None:
    world = World(root=tmp_path)
    world.write(**{f"v{n}": f"Script {n}." for n in range(9)})

    async def interrupted() -> Result:
        task = asyncio.create_task(world.carry_out(world.plan(), jobs=3))
        await world.clock.sleep(after)
        task.cancel()
        return await task

    result = asyncio.run(interrupted())
    assert result.exit_code == EXIT_INTERRUPTED
    sent = world.cloud.creates
    statuses = [e.render.status for e in world.lock().videos.values()]
    assert len(statuses) == sent
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 9
    assert all_whole(world)


def forget_journal(world: World) -> None:
    for path in world.journal_path.parent.glob("journal.db*"):
        path.unlink()
