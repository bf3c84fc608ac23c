"""`wait`: what is in flight comes to its end and is fetched, without a single create."""

from __future__ import annotations

import json
import re
from typing import Any

import click
import pytest

from tests.apply.cloud import Cloud, VirtualClock
from tests.cli.yard import Yard
from tests.report.schemas import EVENT_WRITER
from vidbuild.state.hold import hold


def no_creates(yard: Yard, *arguments: str, code: int = 0) -> str:
    """What `wait` says, which never sends a create."""
    before = yard.cloud.creates
    done = yard.run("wait", *arguments)
    assert (done.returncode, yard.cloud.creates) == (code, before), done.stderr
    return done.stderr


def other(yard: Yard, folder: str) -> Yard:
    """A yard of the same day, whose provider has another memory."""
    fresh = Yard(yard.folder.parent / folder, clock=VirtualClock(1_800_000_000.0))
    fresh.cloud = Cloud(clock=fresh.clock)
    return fresh


VIDEOS = {
    "one": "First.",
    "two": {"script": "Second.", "title": "The second"},
    "twin": "First.",
    "deep__three": {"script": "Third.", "private": True},
}


@pytest.mark.parametrize("killed", [False, True], ids=["no-wait", "killed"])
@pytest.mark.parametrize("before", [{}, {"one": "Older.", "two": "Older still.", "gone": "Left."}])
def test_it_leaves_the_lock_and_the_files_of_an_apply(
    killed: bool, before: dict[str, Any], yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = []
    for way in ("apply", "wait"):
        own = other(yard, way).connect(monkeypatch)
        if before:
            own.write(**before)
            own.ok("apply", "-y")
        kept = own.lock_path.read_bytes() if before else None
        own.write(**VIDEOS)
        if way == "apply":
            own.ok("apply", "-y")
        else:
            own.send()
            if killed:  # before its first checkpoint: the journal alone knows
                own.lock_path.unlink() if kept is None else own.lock_path.write_bytes(kept)
            no_creates(own)
        files = {n: data for n, data in own.everything().items() if n.startswith("build/")}
        lock = re.sub(rb'"completed_at": "[^"]*"', b"", own.lock_path.read_bytes())
        ends.append((lock, files))
        assert own.ok("status") == "Nothing is in flight.\n"
    assert ends[0] == ends[1]


def test_after_it_an_apply_has_nothing_to_do(yard: Yard) -> None:
    yard.write(**VIDEOS)
    yard.send()
    no_creates(yard)
    before = yard.lock_path.read_bytes()
    assert "Nothing to do: 4 videos are up to date." in yard.ok("apply", "-y")
    assert yard.lock_path.read_bytes() == before


def test_nothing_in_flight(yard: Yard) -> None:
    yard.write(one="First.")
    assert yard.ok("wait") == "Nothing is in flight.\n"
    assert yard.events() == [("done", None)]
    assert yard.cloud.calls == []
    assert not yard.lock_path.exists()


def test_what_changed_meanwhile_is_recorded_with_its_own_file(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.write(one="Changed.")
    no_creates(yard)
    assert (yard.statuses(), yard.files()) == ({"one": "completed"}, {"one.mp4": "v1"})
    assert yard.lock()["one"]["request"]["script"] == "First."
    assert yard.lock()["one"]["render"]["cost_usd"] > 0
    yard.write(one="First.")
    assert "Nothing to do" in yard.ok("plan")


def test_what_moved_into_the_history_is_recorded_without_a_file(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.write(one="Changed.")
    yard.send()
    assert yard.history("one") == ["submitted"]
    no_creates(yard)
    assert (yard.statuses(), yard.history("one")) == ({"one": "completed"}, ["completed"])
    assert yard.files() == {"one.mp4": "v2"}
    yard.write(one="First.")
    assert yard.ok("apply", "-y").count("reuse") > 0
    assert (yard.files(), yard.cloud.creates) == ({"one.mp4": "v1"}, 2)


def test_an_orphan_is_finished_and_gets_no_file(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.write(one="First.")
    no_creates(yard)
    assert yard.statuses() == {"one": "completed", "two": "completed"}
    assert list(yard.files()) == ["one.mp4"]
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y")
    assert (sorted(yard.files()), yard.cloud.creates) == (["one.mp4", "two.mp4"], 2)


def test_a_rename_in_flight_moves_as_with_an_apply(yard: Yard) -> None:
    yard.write(old="First.")
    yard.send()
    yard.write(new="First.")
    no_creates(yard)
    assert (yard.statuses(), yard.files()) == ({"new": "completed"}, {"new.mp4": "v1"})


def test_a_video_whose_sources_have_errors_is_finished(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.write(one="First {{ nobody }}.", two="Second.")
    assert yard.run("plan").returncode == 1
    no_creates(yard)
    assert yard.statuses() == {"one": "completed", "two": "completed"}
    assert sorted(yard.files()) == ["one.mp4", "two.mp4"]
    yard.write(one="First.", two="Second.")
    assert "Nothing to do" in yard.ok("plan")


def test_a_render_that_only_the_journal_knows_and_nobody_wants(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.lock_path.unlink()
    yard.write(two="Second.")
    assert [video["name"] for video in yard.status()] == [None]
    no_creates(yard)
    assert yard.ok("status") == "Nothing is in flight.\n"
    assert not yard.lock_path.exists()
    yard.write(one="First.")
    assert "Plan: 1 to resume." in yard.ok("plan")
    yard.ok("apply", "-y")
    assert (yard.files(), yard.cloud.creates) == ({"one.mp4": "v1"}, 1)


def test_a_protected_name_keeps_its_finished_video(yard: Yard) -> None:
    yard.write(one="First.")
    yard.ok("apply", "-y")
    yard.write(one="First.", two="Changed.")
    yard.send()
    yard.write(one={"script": "Changed.", "protect": True}, two="Changed.")
    assert yard.run("apply", "-y").returncode == 5
    no_creates(yard)
    assert yard.files() == {"one.mp4": "v1", "two.mp4": "v2"}
    assert yard.lock()["one"]["render"]["video_id"] == "v1"


@pytest.mark.parametrize("place", ["entry", "changed", "history", "orphan"])
def test_a_failed_render_is_told_and_kept_where_it_belongs(place: str, yard: Yard) -> None:
    yard.cloud.faults = {1: "fails"}
    yard.write(one="First.", two="Second.")
    yard.send("-s", "one")
    if place != "entry":
        yard.write(**({"one": "Changed."} if place != "orphan" else {}), two="Second.")
    if place == "history":
        yard.send("-s", "one")
    said = no_creates(yard, code=6)
    assert "VB555" in said
    assert "rendering_failed" in said
    if place == "history":
        assert (yard.statuses()["one"], yard.history("one")) == ("completed", [])
    else:
        assert yard.statuses()["one"] == "failed"
    assert no_creates(yard) == ""


def test_a_time_limit_leaves_it_in_flight(yard: Yard) -> None:
    yard.cloud.render_seconds = 1000.0
    yard.write(one="First.", two="Second.")
    yard.send()
    before = yard.lock_path.read_bytes()
    said = no_creates(yard, "--timeout", "60", code=4)
    assert "Wait: 2 in flight" in said
    assert "stopped waiting" in said
    assert yard.lock_path.read_bytes() == before
    no_creates(yard, "--timeout", "2000")
    assert set(yard.statuses().values()) == {"completed"}


@pytest.mark.parametrize(
    ("selection", "finished"),
    [
        (["-s", "one"], {"one"}),
        (["-s", "*"], {"one", "two"}),
        (["--exclude", "one"], {"two", "deep/three"}),
        (["-s", "tag:late"], {"deep/three"}),
        (["-s", "action:resume,one"], {"one"}),
    ],
)
def test_a_selection(selection: list[str], finished: set[str], yard: Yard) -> None:
    yard.write(one="First.", two="Second.", deep__three={"script": "Third.", "tags": ["late"]})
    yard.send()
    assert {video["name"] for video in yard.status(*selection)} == finished
    before = yard.lock()
    no_creates(yard, *selection)
    after = yard.lock()
    assert {name for name in after if after[name] != before[name]} == finished
    assert {n for n, status in yard.statuses().items() if status == "completed"} == finished


def test_a_selection_that_matches_nothing(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    for command in ("wait", "status", "refresh"):
        assert yard.run(command, "-s", "nothing").returncode == 1


def test_a_create_without_an_answer_is_told_and_not_sent_again(yard: Yard) -> None:
    yard.cloud.faults = dict.fromkeys(range(1, 100), "before")
    yard.write(one="First.", two="Second.")
    assert yard.run("apply", "-y", "-s", "one").returncode == 6
    yard.cloud.faults = {}
    yard.send("-s", "two")
    said = no_creates(yard, code=6)
    assert "VB551" in said
    assert "`vidbuild apply` sends it again under the same key" in said
    assert yard.statuses() == {"one": "intent", "two": "completed"}
    yard.write(two="Second.")
    said = no_creates(yard, code=6)
    assert "the project does not ask for it any more" in said
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y")
    assert set(yard.statuses().values()) == {"completed"}


def test_an_unsure_create_is_told_with_both_ways_on(yard: Yard) -> None:
    yard.cloud.faults = dict.fromkeys(range(1, 100), "before")
    yard.write(one="First.")
    assert yard.run("apply", "-y").returncode == 6
    yard.later(21 * 3600)
    assert yard.run("apply", "-y").returncode == 6
    said = no_creates(yard, code=6)
    assert "VB552" in said
    assert "`lock adopt one VIDEO_ID`" in said
    assert "`vidbuild apply --resubmit one`" in said


def test_two_names_that_changed_share_a_render(yard: Yard) -> None:
    yard.write(one="Same.", two="Same.")
    yard.send()
    yard.send()  # the twin resumes
    yard.write(one="Changed.", two="Changed too.")
    no_creates(yard)
    assert yard.statuses() == {"one": "completed", "two": "completed"}
    assert yard.files() == {"one.mp4": "v1", "two.mp4": "v1"}


def test_one_name_waits_and_another_has_changed(yard: Yard) -> None:
    yard.write(one="Same.", two="Same.")
    yard.send()
    yard.send()  # the twin resumes
    yard.write(one="Same.", two="Changed.")
    no_creates(yard)
    assert yard.statuses() == {"one": "completed", "two": "completed"}
    assert yard.files() == {"one.mp4": "v1", "two.mp4": "v1"}


@pytest.mark.parametrize("place", ["entry", "changed", "history"])
def test_a_video_that_is_gone_for_a_day(place: str, yard: Yard) -> None:
    yard.cloud.render_seconds = 10**6
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.cloud.jobs[yard.lock()["one"]["render"]["video_id"]].deleted = True
    if place != "entry":
        yard.write(one="Changed.", two="Second.")
    if place == "history":
        yard.send("-s", "one")
    said = no_creates(yard, "--timeout", "300", code=4)
    assert "does not know its video" in said
    assert {*yard.statuses().values(), *yard.history("one")} == {"submitted"}
    yard.later(25 * 3600)
    yard.cloud.render_seconds = 30.0
    said = no_creates(yard, code=6)
    assert "does not have its video" in said
    if place == "history":
        assert (yard.statuses()["one"], yard.history("one")) == ("completed", ["gone"])
    else:
        assert yard.statuses()["one"] == "gone"


def test_events_are_those_of_an_apply_without_a_create(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.write(one="First.")
    done = yard.run("wait", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for event in found:
        EVENT_WRITER.validate(event)
    kinds = sorted((e["event"], e["name"]) for e in found if e["event"] not in ("progress", "done"))
    assert kinds == [("completed", "one"), ("completed", "two"), ("fetched", "one")]
    assert found[-1]["event"] == "done"
    assert (found[-1]["exit_code"], found[-1]["submitted"]) == (0, 0)
    assert done.stderr == ""


def test_the_project_is_held_meanwhile(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    with hold(yard.folder / ".vidbuild/state/apply.lock", now=0.0):
        for command in ("wait", "refresh"):
            done = yard.run(command)
            assert (done.returncode, "VB514" in done.stderr) == (8, True)
        assert yard.run("status").returncode == 0


def test_quiet_says_only_what_failed(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    assert "rendered one" not in no_creates(yard, "-q")


def test_a_render_of_another_provider_is_left_alone(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.edit_lock(lambda videos: videos["one"]["render"].update(provider="other"))
    yard.journal_path.unlink()
    before = list(yard.cloud.calls)
    said = no_creates(yard)
    assert "one is in flight at other: not waited for" in said
    assert [video["provider"] for video in yard.status()] == ["other"]
    assert yard.cloud.calls == before


def test_a_reader_that_goes_away_stops_nothing(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    write, told = click.echo, []

    def gone(text: str, **options: Any) -> None:
        told.append(text)
        if len(told) == 2:
            raise BrokenPipeError
        write(text, **options)

    monkeypatch.setattr("vidbuild.cli.live.click.echo", gone)
    done = yard.run("wait", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert yard.statuses() == {"one": "completed", "two": "completed"}
