"""Ctrl-C, a full disk and a journal that takes no more, at any step: said, and nothing is lost."""

from __future__ import annotations

import asyncio
import errno
import gc
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.apply.test_crash import SCENES, haunted, points, set_up
from tests.apply.test_engine import quiet, video_of
from tests.apply.world import World
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_FAILED, EXIT_INTERRUPTED, Problems
from vidbuild.state.journal import Journal
from vidbuild.state.journal_file import broken

FULL = sqlite3.OperationalError("database or disk is full")
ENDINGS: dict[str, set[tuple[int, frozenset[str]]]] = {
    "interrupted": {(EXIT_INTERRUPTED, frozenset())},
    "disk": {(0, frozenset()), (EXIT_FAILED, frozenset({"VB559"})), (1, frozenset({"VB508"}))},
    "journal": {(0, frozenset()), (1, frozenset({"VB513"})), (EXIT_FAILED, frozenset({"VB513"}))},
    "both": {(EXIT_INTERRUPTED, frozenset()), (EXIT_INTERRUPTED, frozenset({"VB513"}))},
}


class Trouble:
    """Comes at a step; a full disk has room again after a few."""

    def __init__(self, kind: str, at: int | None) -> None:
        self.kind, self.at, self.steps = kind, at, 0
        self.task: asyncio.Task[Result] | None = None

    def __call__(self, what: str = "") -> None:
        self.steps += 1
        if self.at is None or self.steps < self.at:
            return
        if self.task and self.steps == self.at and self.kind in ("interrupted", "both"):
            self.task.cancel()
        if what == "journal" and self.kind in ("journal", "both"):
            raise broken(Path("journal.db"), FULL) from FULL
        if what == "write" and self.kind == "disk" and self.steps <= self.at + 3:
            raise OSError(errno.ENOSPC, "No space left on device")


def run(world: World, trouble: Trouble, options: dict[str, Any]) -> Result | None:
    """One apply; None where it ended before anything was sent."""
    plan = world.plan(**options)

    async def steps() -> Result:
        trouble.task = asyncio.create_task(world.carry_out(plan))
        return await trouble.task

    with pytest.MonkeyPatch.context() as patch:
        haunted(world, trouble, patch)
        world.killed = False  # what its tasks leave behind is somebody's
        try:
            return asyncio.run(steps())
        except (Problems, asyncio.CancelledError):
            return None
        finally:
            world.journal_type = Journal
            world.cloud.step = lambda _: None


@pytest.mark.parametrize("kind", ENDINGS)
@pytest.mark.parametrize("scene", ["fresh", "renamed", "edited", "media"])
def test_stopped_at_any_step_and_applied_again(
    tmp_path: Path, scene: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, options, charges = SCENES[scene]
    begin = set_up(tmp_path / "project", scene)
    counted = Trouble(kind, None)
    assert run(begin(), counted, options) is not None
    for at in points(counted.steps):
        world = begin()
        result = run(world, Trouble(kind, at), options)
        if result is not None:
            codes = frozenset(failure.code for failure in result.failures)
            assert (result.exit_code, codes) in ENDINGS[kind], at
        world.clock.time += 60
        again = world.apply(**options)
        assert (again.exit_code, again.failures) == (0, ()), at
        assert set(world.cloud.charged().values()) == {1}, at
        assert len(world.cloud.jobs) == charges, at
        assert set(world.lock().videos) == set(world.sources), at
        files = world.files()
        assert all(files[f"{name}.mp4"] == video_of(world, name) for name in world.sources), at
        assert not any(path.endswith(".orig") for path in files), at
        assert quiet(world), at
        gc.collect()  # of a task that nobody asked the garbage collector tells
        assert caplog.messages == [], at
