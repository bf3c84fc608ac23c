"""Names that move while something is in the way: the file of a paid video is never lost for it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tests.apply.cloud import content_of
from tests.apply.test_engine import all_whole, quiet
from tests.apply.world import World

VIDEO = content_of("https://files/v1/video")
SUFFIXES = ("mp4", "srt", "jpg")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A video that is rendered as `old` and asked for as `new` by now."""
    made = World(root=tmp_path)
    made.write(old="One.", other="Two.")
    made.apply()
    made.write(new="One.", other="Two.")
    return made


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("stuck", SUFFIXES)
def test_a_file_that_does_not_get_to_the_new_name_stays_where_it_was(
    world: World, stuck: str, gone: bool
) -> None:
    world.cloud.jobs["v1"].deleted = gone
    before = world.files()
    blocked = world.output_dir / f"new.{stuck}"
    blocked.mkdir()
    result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("new", "VB559")]
    assert set(world.lock().videos) == {"new", "other"}
    assert world.files()[f"old.{stuck}"] == before[f"old.{stuck}"]
    assert {f"new.{s}" for s in SUFFIXES if s != stuck} < world.files().keys()
    blocked.rmdir()
    world.cloud.calls.clear()
    assert world.apply().exit_code == 0
    assert not any(call.startswith(("create", "download")) for call in world.cloud.calls)
    assert quiet(world)
    assert all_whole(world)


@pytest.mark.parametrize("gone", [False, True])
def test_without_download_a_file_stays_under_the_old_name_until_somebody_wants_it(
    world: World, gone: bool
) -> None:
    world.cloud.jobs["v1"].deleted = gone
    before = world.files()
    assert world.apply(download=False).exit_code == 0
    assert set(world.lock().videos) == {"new", "other"}
    assert world.files() == before
    world.cloud.calls.clear()
    assert world.apply().exit_code == 0
    assert not any(call.startswith(("create", "download")) for call in world.cloud.calls)
    assert quiet(world)
    assert all_whole(world)


def test_what_stayed_leaves_with_the_name_that_has_it(world: World) -> None:
    world.apply(download=False)
    world.write(other="Two.")
    assert world.apply(prune=True).exit_code == 0
    assert all_whole(world)


def test_kinds_that_nobody_wants_any_more_do_not_stay(world: World) -> None:
    world.kinds = ("video",)
    assert world.apply().exit_code == 0
    assert {path for path in world.files() if path.startswith(("old.", "new."))} == {"new.mp4"}


def test_a_disk_without_room_for_the_copy_keeps_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr("vidbuild.apply.staging.shutil.copyfileobj", full)
        patch.setattr("tests.apply.cloud.write_atomic", full)
        result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("new", "VB559")]
    assert world.files()["old.mp4"] == VIDEO
    assert world.apply().exit_code == 0
    assert all_whole(world)
    assert world.cloud.charged() == {"One.": 1, "Two.": 1}


@pytest.mark.parametrize("gone", [(), ("v1",), ("v2",), ("v1", "v2")])
def test_names_that_swapped_without_their_files_swap_them_later(
    tmp_path: Path, gone: tuple[str, ...]
) -> None:
    world = World(root=tmp_path)
    world.write(a="One.", b="Two.")
    world.apply()
    before = world.files()
    world.write(a="Two.", b="One.")
    world.apply(download=False)
    assert world.files() == before
    for video_id in gone:
        world.cloud.jobs[video_id].deleted = True
    world.cloud.calls.clear()
    assert world.actions() == {"a": "fetch", "b": "fetch"}
    assert world.apply().exit_code == 0
    assert not any(call.startswith("download") for call in world.cloud.calls)
    assert all_whole(world)
    assert quiet(world)
