"""Apply against the model provider: what each action leaves in lock, folder and ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apply.cloud import content_of
from tests.apply.world import World
from vidbuild.state.records import Status


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)


def video_of(world: World, name: str) -> bytes:
    video_id = world.lock().videos[name].render.video_id
    return content_of(f"https://files/{video_id}/video")


def test_create_renders_downloads_and_records(world: World) -> None:
    world.write(tour="Hello there.", intro="Welcome.")
    result = world.apply()
    assert (result.exit_code, result.failures) == (0, ())
    assert world.cloud.charged() == {"Hello there.": 1, "Welcome.": 1}
    assert sorted(world.files()) == [
        f"{name}.{suffix}" for name in ("intro", "tour") for suffix in ("jpg", "mp4", "srt")
    ]
    entry = world.lock().videos["tour"]
    assert entry.render.status is Status.completed
    assert entry.render.duration == 12.5
    assert entry.render.cost_usd is not None
    assert world.files()["tour.mp4"] == video_of(world, "tour")
    assert set(world.actions().values()) == {"unchanged"}
