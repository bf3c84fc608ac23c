"""Local files of requests: uploaded once, remembered, and uploaded again where they have gone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import content_of
from tests.apply.test_engine import quiet
from tests.apply.world import World
from vidbuild.plan.selection import Selection
from vidbuild.request.model import Media
from vidbuild.state.journal import Journal


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)


def background(world: World, name: str, file: Media, script: str | None = None) -> None:
    """A video in front of a picture."""
    world.put(
        name,
        script or f"Script {name}.",
        background={"type": "image", "asset_id": {"sha256": file.sha256}},
        media={"background.asset_id": file},
    )


def office(world: World, data: bytes = b"\x89PNG picture") -> Media:
    return world.media("media/office.png", data)


def sent(world: World) -> dict[str, str]:
    """The picture's id in the job of each script."""
    return {
        job.body["script"]: job.body["background"]["asset_id"] for job in world.cloud.jobs.values()
    }


def keys(world: World) -> list[str]:
    return [call for call in world.cloud.calls if call.startswith("create ")]


def asset_id(world: World, name: str) -> str:
    return world.lock().videos[name].assets["background.asset_id"].asset_id


def shown(world: World, name: str = "a") -> World:
    """A world in which a video was rendered with the picture, whose upload has then vanished."""
    background(world, name, office(world))
    world.apply()
    world.cloud.vanished = {"a1"}
    world.cloud.calls.clear()
    return world


@pytest.mark.parametrize("names_field", [True, False], ids=["field named", "field unnamed"])
@pytest.mark.parametrize("journal", [True, False], ids=["journal", "lock alone"])
def test_a_file_that_has_gone_is_uploaded_again_under_the_same_key(
    world: World, names_field: bool, journal: bool
) -> None:
    shown(world).cloud.names_field = names_field
    if not journal:
        world.journal_path.unlink()
    for name in ("b", "c"):
        background(world, name, office(world))
    result = world.apply()
    assert (result.exit_code, result.failures) == (0, ())
    assert sent(world) == {"Script a.": "a1", "Script b.": "a2", "Script c.": "a2"}
    assert len(world.cloud.uploads) == 2
    assert len(set(keys(world))) == 2
    assert all(key.endswith(":1") for key in keys(world))
    # The new id is what everybody knows from here on, on another machine as well.
    assert {asset_id(world, name) for name in "abc"} == {"a2"}
    assert set(world.journal().assets.values()) == {"a2"}
    world.journal_path.unlink()
    background(world, "d", office(world))
    assert world.apply().exit_code == 0
    assert len(world.cloud.uploads) == 2
    assert quiet(world)


@pytest.mark.parametrize("old", ["a", "z"])
def test_an_entry_that_was_not_selected_keeps_its_old_id_and_the_new_one_counts(
    world: World, old: str
) -> None:
    shown(world, old)
    before = world.lock().videos[old]
    background(world, "b", office(world))
    world.apply(world.plan(selection=Selection(select=("b",))))
    assert world.lock().videos[old] == before
    world.journal_path.unlink()
    world.cloud.calls.clear()
    background(world, "c", office(world))
    world.apply()
    assert sent(world)["Script c."] == "a2"
    assert len(keys(world)) == 1  # nothing was refused on the way


def test_a_provider_that_repeats_its_refusals_is_not_uploaded_to_for_ever(world: World) -> None:
    """Under the key the old refusal comes again for a day: said, nothing paid, then it works."""
    shown(world).cloud.replay_errors = True
    background(world, "b", office(world))
    result = world.apply()
    [failure] = result.failures
    assert (failure.name, failure.code, failure.reason) == ("b", "VB556", "asset_not_found")
    assert len(world.cloud.uploads) == 2
    assert len(set(keys(world))) == 1
    assert set(world.journal().assets.values()) == {"a2"}
    assert "b" not in world.lock().videos
    assert "--resubmit b" in str(failure.hint)
    world.clock.time += 25 * 3600
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"Script a.": 1, "Script b.": 1}


def test_a_refusal_that_is_repeated_can_be_given_up(world: World) -> None:
    shown(world).cloud.replay_errors = True
    background(world, "b", office(world))
    world.apply()
    world.cloud.calls.clear()
    assert world.apply(resubmit=frozenset({"b"})).exit_code == 0
    assert [key.rsplit(":", 1)[1] for key in keys(world)] == ["2"]
    assert world.cloud.charged() == {"Script a.": 1, "Script b.": 1}
    assert len(world.cloud.uploads) == 2
    assert quiet(world)


def test_what_may_have_been_taken_is_not_sent_with_another_body(world: World) -> None:
    """A first send without an answer: the create stays as it is stored, with the old id."""
    shown(world).cloud.faults = {2: "before"}
    background(world, "b", office(world))
    result = world.apply()
    assert [(f.name, f.reason) for f in result.failures] == [("b", "asset_not_found")]
    assert "no answer yet" in str(result.failures[0].hint)
    assert len(world.cloud.uploads) == 1
    [intent] = world.journal().intents
    assert intent.body["background"]["asset_id"] == "a1"


def test_only_the_file_that_has_gone_is_uploaded_again(world: World) -> None:
    one, two = office(world), world.media("media/logo.png", b"\x89PNG logo")

    def scene(file: Media) -> dict[str, Any]:
        return {"type": "image", "asset_id": {"sha256": file.sha256}}

    def both(name: str) -> None:
        media = {"background.asset_id": one, "watermark.image.asset_id": two}
        mark = {"image": {"type": "asset_id", "asset_id": {"sha256": two.sha256}}}
        world.put(name, f"{name}.", background=scene(one), watermark=mark, media=media)

    both("a")
    world.apply()
    world.cloud.vanished = {"a2"}
    both("b")
    assert world.apply().exit_code == 0
    assert list(world.cloud.uploads.values()) == [one.sha256, two.sha256, two.sha256]
    world.cloud.vanished = {"a1", "a2", "a3"}
    both("c")
    assert world.apply().exit_code == 0
    assert len(world.cloud.uploads) == 5
    body = list(world.cloud.jobs.values())[-1].body
    ids = {body["background"]["asset_id"], body["watermark"]["image"]["asset_id"]}
    assert ids == {"a4", "a5"}


def test_a_file_that_changed_is_not_uploaded_in_the_place_of_one_that_has_gone(
    world: World,
) -> None:
    shown(world)
    background(world, "b", office(world))
    plan = world.plan()
    office(world, b"\x89PNG another")
    result = world.apply(plan)
    [failure] = result.failures
    assert (failure.name, failure.code) == ("b", "VB609")
    assert failure.message.startswith("media/office.png: ")
    assert world.cloud.charged() == {"Script a.": 1}


def test_a_refusal_for_another_reason_uploads_nothing_again(world: World) -> None:
    shown(world).cloud.vanished = set()
    world.cloud.faults = {2: "refused"}
    background(world, "b", office(world))
    assert [f.reason for f in world.apply().failures] == ["invalid_parameter"]
    assert len(world.cloud.uploads) == 1


def test_many_videos_of_one_file_upload_it_once_and_never_more_than_three_at_a_time(
    world: World,
) -> None:
    pictures = [world.media(f"media/{n}.png", b"\x89PNG %d" % n) for n in range(8)]
    for number in range(40):
        background(world, f"v{number}", pictures[number % 8])
    busy: list[str] = []
    peak = 0

    def step(call: str) -> None:
        nonlocal peak
        if call.startswith("upload "):
            busy.append(call)
        elif call.startswith("uploaded "):
            busy.pop()
        peak = max(peak, len(busy))

    world.cloud.step = step
    assert world.apply().exit_code == 0
    digests = [hashlib.sha256(b"\x89PNG %d" % n).hexdigest() for n in range(8)]
    assert sorted(world.cloud.uploads.values()) == sorted(digests)
    assert 1 < peak <= 3
    assert len(world.cloud.charged()) == 40


@pytest.mark.parametrize("code", ["asset_not_found", "asset_not_available"])
def test_a_file_that_is_not_visible_yet_is_waited_for_under_the_same_key(
    world: World, code: str
) -> None:
    world.cloud.faults = {1: code, 2: code}
    background(world, "a", office(world))
    began = world.clock.now()
    assert world.apply().exit_code == 0
    assert (len(set(keys(world))), len(world.cloud.uploads)) == (1, 1)
    assert 15 <= world.clock.now() - began <= 60


def test_another_accounts_upload_is_not_taken(world: World) -> None:
    with Journal(world.journal_path, project="acme") as journal:
        journal.uploaded("acc9", office(world).sha256, "theirs")
    background(world, "a", office(world))
    assert world.apply().exit_code == 0
    assert sent(world) == {"Script a.": "a1"}
    assert world.files()["a.mp4"] == content_of("https://files/v1/video")
