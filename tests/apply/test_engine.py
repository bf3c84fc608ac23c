"""Apply against the model provider: what each action leaves in lock, folder and ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.cloud import content_of
from tests.apply.world import World, make_request
from tests.report.schemas import EVENT_WRITER
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_FAILED, EXIT_REFUSED, EXIT_STOPPED, Problems
from vidbuild.report.events import event_json
from vidbuild.state.records import Status


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world whose every event is what the schema of `apply --json` declares."""
    made = World(root=tmp_path)
    yield made
    for event in made.events:
        EVENT_WRITER.validate(json.loads(event_json(event)))


def video_of(world: World, name: str) -> bytes:
    video_id = world.lock().videos[name].render.video_id
    return content_of(f"https://files/{video_id}/video")


def all_whole(world: World) -> bool:
    """Every video's file is its own render's, and nothing else lies in the folder."""
    files = world.files()
    names = {f"{name}.{suffix}" for name in world.sources for suffix in ("mp4", "srt", "jpg")}
    return set(files) == names and all(
        files[f"{name}.mp4"] == video_of(world, name) for name in world.sources
    )


def quiet(world: World) -> bool:
    return set(world.actions().values()) <= {"unchanged"}


def test_create_renders_downloads_and_records(world: World) -> None:
    world.write(tour="Hello there.", intro="Welcome.")
    result = world.apply()
    assert (result.exit_code, result.failures) == (0, ())
    assert world.cloud.charged() == {"Hello there.": 1, "Welcome.": 1}
    assert all_whole(world)
    entry = world.lock().videos["tour"]
    assert entry.render.status is Status.completed
    assert entry.render.duration == 12.5
    assert entry.render.cost_usd is not None
    assert entry.render.account == "acc1"
    assert result.cost_usd == pytest.approx(2 * entry.render.cost_usd)
    assert quiet(world)


def test_the_lock_holds_no_callback_and_the_provider_gets_it(world: World) -> None:
    world.put("tour", "Hello.", callback_url="https://hooks/secret")
    world.apply()
    assert "secret" not in world.lock_path.read_text()
    assert world.cloud.jobs["v1"].body["callback_url"] == "https://hooks/secret"
    assert b"Hello." not in world.journal_path.read_bytes()


def test_a_private_video_leaves_no_text(world: World) -> None:
    world.put("tour", "Between us.", private=True)
    assert world.apply().exit_code == 0
    for path in (world.lock_path, world.journal_path):
        assert b"Between us" not in path.read_bytes()
    assert quiet(world)
    world.put("tour", "Between us.")
    assert world.actions() == {"tour": "update"}
    world.apply()
    assert quiet(world)
    assert len(world.cloud.jobs) == 1


@pytest.mark.parametrize("fault", ["refused", "fails"])
def test_the_providers_words_of_a_private_video_are_not_repeated(world: World, fault: str) -> None:
    world.put("tour", "Between us.", private=True)
    world.put("open", "For all.")
    world.cloud.faults = {1: fault, 2: fault}
    failures = {f.name: f for f in world.apply().failures}
    assert "For all." in failures["open"].message
    assert "private text" in failures["tour"].message
    assert failures["tour"].reason == failures["open"].reason
    kept = [path for path in (world.lock_path, world.journal_path) if path.exists()]
    for text in (str(world.events).encode(), *(path.read_bytes() for path in kept)):
        assert b"Between us" not in text


def test_an_edit_renders_once_and_going_back_renders_nothing(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    world.write(tour="Two.")
    assert world.actions() == {"tour": "rerender"}
    world.apply()
    assert [r.video_id for r in world.lock().videos["tour"].history] == ["v1"]
    world.write(tour="One.")
    assert world.actions() == {"tour": "reuse"}
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 2
    assert all_whole(world)
    assert quiet(world)


def test_a_rename_moves_the_file_without_the_provider(world: World) -> None:
    world.write(old="One.")
    world.apply()
    world.write(new="One.")
    world.cloud.calls.clear()
    assert world.apply().exit_code == 0
    assert all_whole(world)
    assert set(world.lock().videos) == {"new"}
    assert world.cloud.calls == ["account"]
    assert quiet(world)


def test_two_names_swap_their_contents_and_files(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    world.write(a="Two.", b="One.")
    world.cloud.calls.clear()
    assert world.actions() == {"a": "reuse", "b": "reuse"}
    world.apply()
    assert all_whole(world)
    assert world.cloud.calls == ["account"]
    assert quiet(world)


def test_a_chain_of_renames_keeps_every_file_with_its_content(world: World) -> None:
    world.write(a="One.", b="Two.", c="Three.")
    world.apply()
    world.write(b="One.", c="Two.", d="Three.")
    world.apply()
    assert all_whole(world)
    assert set(world.lock().videos) == {"b", "c", "d"}
    assert len(world.cloud.jobs) == 3
    assert quiet(world)


def test_a_rename_of_case_alone_renders_nothing(world: World) -> None:
    world.write(Tour="One.")
    world.apply()
    world.write(tour="One.")
    world.apply()
    assert all_whole(world)
    assert len(world.cloud.jobs) == 1


def test_twins_are_paid_once(world: World) -> None:
    world.write(a="Same.", b="Same.", c="Same.")
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"Same.": 1}
    assert all_whole(world)
    assert quiet(world)


def test_twins_of_a_refused_leader_fail_with_it(world: World) -> None:
    world.write(a="Same.", b="Same.")
    world.cloud.faults = {1: "refused"}
    result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB556"), ("b", "VB560")]
    assert result.failures[0].field == "voice_id"
    assert world.lock().videos == {}
    assert world.apply().exit_code == 0
    assert all_whole(world)


def test_a_changed_title_pays_nothing(world: World) -> None:
    world.put("tour", "One.", title="Old")
    world.apply()
    world.put("tour", "One.", title="New")
    assert world.actions() == {"tour": "update"}
    world.apply()
    assert world.lock().videos["tour"].request["title"] == "New"
    assert len(world.cloud.jobs) == 1
    assert quiet(world)


@pytest.mark.parametrize("damage", ["missing", "altered", "emptied"])
def test_fetch_restores_a_file_and_loses_nothing(world: World, damage: str) -> None:
    world.write(tour="One.")
    world.apply()
    path = world.output_dir / "tour.mp4"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"mine" if damage == "altered" else b"")
    assert world.actions() == {"tour": "fetch"}
    assert world.apply().exit_code == 0
    assert world.files()["tour.mp4"] == video_of(world, "tour")
    kept = world.files().get("tour.mp4.orig")
    assert kept == {"missing": None, "altered": b"mine", "emptied": b""}[damage]
    assert quiet(world)


def test_a_strangers_file_is_set_aside(world: World) -> None:
    world.output_dir.mkdir()
    (world.output_dir / "tour.mp4").write_bytes(b"somebody's own")
    world.write(tour="One.")
    world.apply()
    assert world.files()["tour.mp4"] == video_of(world, "tour")
    assert world.files()["tour.mp4.orig"] == b"somebody's own"


def test_absent_kinds_are_recorded_and_not_fetched_for_ever(world: World) -> None:
    world.cloud.absent = frozenset({"subtitle", "thumbnail"})
    world.write(tour="One.")
    world.apply()
    assert list(world.files()) == ["tour.mp4"]
    assert world.lock().videos["tour"].render.outputs["subtitle"] is None
    assert quiet(world)


def test_expired_links_and_cut_downloads_are_fetched_again(world: World) -> None:
    world.write(tour="One.")
    world.cloud.links_expire = 2
    world.cloud.broken_downloads = 1
    assert world.apply().exit_code == 0
    assert world.files()["tour.mp4"] == video_of(world, "tour")


def test_a_download_that_never_works_is_left_to_fetch(world: World) -> None:
    world.write(tour="One.")
    world.cloud.links_expire = 100
    result = world.apply()
    assert result.exit_code == EXIT_FAILED
    assert result.failures[0].code == "VB557"
    world.cloud.links_expire = 0
    assert world.actions() == {"tour": "fetch"}
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 1
    assert all_whole(world)


@pytest.mark.parametrize("fault", ["before", "after", "progress"])
def test_an_unclear_answer_is_asked_again_under_its_key(world: World, fault: str) -> None:
    world.write(tour="One.")
    world.cloud.faults = dict.fromkeys(range(1, 6), fault)
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1}
    assert world.cloud.creates == 6


@pytest.mark.parametrize("fault", ["before", "after", "progress"])
def test_ten_minutes_without_an_answer_leave_an_intent_that_the_next_apply_takes_up(
    world: World, fault: str
) -> None:
    world.write(tour="One.")
    world.cloud.faults = dict.fromkeys(range(1, 1000), fault)
    result = world.apply()
    assert result.exit_code == EXIT_FAILED
    assert result.failures[0].code == "VB551"
    assert world.lock().videos["tour"].render.status is Status.intent
    world.cloud.faults = {}
    assert world.actions() == {"tour": "resume"}
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1}
    assert all_whole(world)


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("journal", [True, False])
def test_an_old_intent_is_looked_for_and_never_sent_again(
    world: World, taken: bool, journal: bool
) -> None:
    world.write(tour="One.")
    world.cloud.faults = dict.fromkeys(range(1, 1000), "after" if taken else "before")
    world.apply()
    world.cloud.faults = {}
    creates = world.cloud.creates
    world.clock.time += 21 * 3600
    if not journal:
        world.journal_path.unlink()
    result = world.apply()
    assert world.cloud.creates == creates
    if taken:
        assert result.exit_code == 0
        assert all_whole(world)
    else:
        assert [f.code for f in result.failures] == ["VB552"]
        world.apply(resubmit=frozenset({"tour"}))
        assert world.cloud.charged() == {"One.": 1}
        assert world.lock().videos["tour"].render.attempt == 2
        assert quiet(world)


def test_a_stuck_render_is_resubmitted_on_demand_alone(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    world.write(tour="Stuck.")
    world.apply(wait=False)
    world.cloud.jobs["v2"].created_at += 1e9  # never ends
    assert world.apply(timeout=60).exit_code == EXIT_STOPPED
    assert len(world.cloud.jobs) == 2
    assert world.apply(resubmit=frozenset({"tour"})).exit_code == 0
    entry = world.lock().videos["tour"]
    assert (entry.render.video_id, entry.render.attempt) == ("v3", 2)
    assert [past.video_id for past in entry.history] == ["v1"]
    assert all_whole(world)
    assert quiet(world)


def test_an_old_intent_whose_title_others_share_is_unsure(world: World) -> None:
    world.put("a", "One.", title="Shared")
    world.put("b", "Two.", title="Shared")
    world.cloud.faults = {1: "after", **dict.fromkeys(range(2, 1000), "before")}
    world.apply()
    world.cloud.faults = {}
    world.clock.time += 21 * 3600
    result = world.apply()  # one video fits, and it may be either's
    assert [f.code for f in result.failures] == ["VB552", "VB552"]
    assert len(world.cloud.jobs) == 1


def test_a_video_that_the_pool_knows_is_nobody_elses(world: World) -> None:
    world.put("a", "One.", title="Shared")
    world.apply()
    world.put("b", "Two.", title="Shared")
    world.cloud.faults = dict.fromkeys(range(2, 1000), "before")
    world.apply()
    world.clock.time += 21 * 3600
    world.cloud.jobs["v1"].created_at = world.clock.time - 21 * 3600
    result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("b", "VB552")]


def test_a_clock_that_ran_back_never_sends_the_old_key(world: World) -> None:
    world.write(tour="One.")
    world.cloud.faults = dict.fromkeys(range(1, 1000), "before")
    world.apply()
    creates = world.cloud.creates
    world.clock.time -= 3600
    assert [f.code for f in world.apply().failures] == ["VB552"]
    assert world.cloud.creates == creates


def test_a_refusal_leaves_no_trace_and_keeps_the_attempt(world: World) -> None:
    world.write(tour="One.")
    world.cloud.faults = {1: "refused"}
    assert world.apply().exit_code == EXIT_FAILED
    assert not world.lock_path.exists()
    assert world.journal().intents == ()
    assert world.actions() == {"tour": "create"}
    assert world.plan().changes[0].attempt == 1
    assert world.apply().exit_code == 0


def test_a_refused_rerender_leaves_the_entry_as_it_was(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    before = world.lock_path.read_bytes()
    world.write(tour="Two.")
    world.cloud.faults = {2: "refused"}
    world.apply()
    assert world.lock_path.read_bytes() == before


def test_a_refusal_after_an_unclear_answer_keeps_the_intent(world: World) -> None:
    world.write(tour="One.")
    world.cloud.faults = {1: "before", 2: "refused"}
    assert world.apply().exit_code == EXIT_FAILED
    assert len(world.journal().intents) == 1
    assert world.actions() == {"tour": "resume"}
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1}


@pytest.mark.parametrize(("fault", "code"), [("key", EXIT_CREDENTIALS), ("quota", EXIT_FAILED)])
def test_what_stops_everybody_stops_new_work(world: World, fault: str, code: int) -> None:
    world.write(**{f"v{n}": f"Script {n}." for n in range(8)})
    world.cloud.faults = {2: fault}
    result = world.apply(jobs=1)
    assert result.exit_code == code
    assert world.cloud.creates == 2
    assert sorted(f.code for f in result.failures) == ["VB556"] + ["VB561"] * 6


def test_fail_fast_submits_nothing_after_a_failure(world: World) -> None:
    world.write(a="FAIL", b="Two.", c="Three.")
    result = world.apply(jobs=1, fail_fast=True)
    assert result.exit_code == EXIT_FAILED
    assert len(world.cloud.jobs) < 3


def test_a_failed_render_is_recorded_and_retried_by_the_next_plan(world: World) -> None:
    world.write(tour="FAIL")
    for attempt in (1, 2, 3):
        assert world.plan().changes[0].attempt == attempt
        result = world.apply()
        assert result.exit_code == EXIT_FAILED
        assert result.failures[0].reason == "rendering_failed"
        world.clock.time += 60
    assert len(world.cloud.jobs) == 3
    change = world.plan().changes[0]
    assert (change.action.value, change.reason, world.plan().pending) == ("retry", "gave_up", False)
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 3
    keys = [job.key.rpartition(":")[2] for job in world.cloud.jobs.values()]
    assert keys == ["1", "2", "3"]


def test_a_replayed_failure_leads_to_the_next_attempt_in_the_same_apply(world: World) -> None:
    world.write(tour="FAIL")
    world.apply()
    world.journal_path.unlink()
    world.lock_path.unlink()
    world.clock.time += 3600
    result = world.apply()  # knows nothing, so its first key answers with the old failure
    assert len(world.cloud.jobs) == 2
    assert result.exit_code == EXIT_FAILED
    assert world.lock().videos["tour"].render.attempt == 2


def test_a_young_failure_is_no_replay(world: World) -> None:
    world.write(tour="FAIL")
    world.apply()
    world.journal_path.unlink()
    world.lock_path.unlink()
    world.clock.time += 60
    world.apply()
    assert len(world.cloud.jobs) == 1


def test_never_more_jobs_at_once_than_asked_for(world: World) -> None:
    world.write(**{f"v{n}": f"Script {n}." for n in range(20)})
    assert world.apply(jobs=3).exit_code == 0
    assert world.cloud.in_flight_peak == 3
    assert all_whole(world)


def test_without_waiting_everything_is_submitted_and_the_next_apply_finishes(world: World) -> None:
    world.write(a="One.", b="Two.", c="Same.", d="Same.")
    result = world.apply(wait=False)
    assert (result.exit_code, result.submitted) == (0, 3)
    assert len(world.cloud.jobs) == 3
    assert set(world.actions().values()) == {"resume"}
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1, "Two.": 1, "Same.": 1}
    assert all_whole(world)
    assert quiet(world)


def test_a_time_limit_ends_in_a_lock_that_can_be_resumed(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.cloud.render_seconds = 1000
    result = world.apply(timeout=100)
    assert result.exit_code == EXIT_STOPPED
    assert {e.render.status for e in world.lock().videos.values()} == {Status.submitted}
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 2
    assert all_whole(world)


def test_without_downloads_the_lock_is_complete_and_fetch_brings_the_files(world: World) -> None:
    world.write(tour="One.")
    world.apply(download=False)
    assert world.files() == {}
    assert world.actions(download=False) == {"tour": "unchanged"}
    assert world.actions() == {"tour": "fetch"}
    world.apply()
    assert all_whole(world)


def test_a_rename_in_flight_is_resumed_under_the_new_name(world: World) -> None:
    world.write(old="One.")
    world.apply(wait=False)
    world.write(new="One.")
    assert world.actions() == {"new": "resume"}
    assert world.apply().exit_code == 0
    assert set(world.lock().videos) == {"new"}
    assert all_whole(world)
    assert len(world.cloud.jobs) == 1


def test_a_revert_while_the_newer_is_in_flight_keeps_it(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    world.write(tour="Two.")
    world.apply(wait=False)
    world.write(tour="One.")
    world.apply()
    entry = world.lock().videos["tour"]
    assert (entry.render.video_id, entry.history[0].video_id) == ("v1", "v2")
    assert entry.history[0].status is Status.submitted
    assert all_whole(world)
    world.write(tour="Two.")
    world.apply()
    assert all_whole(world)
    assert len(world.cloud.jobs) == 2


def test_history_is_bounded_and_evicts_finished_renders_alone(world: World) -> None:
    for script in ("One.", "Two.", "Three.", "Four."):
        world.write(tour=script)
        world.apply(keep_history=2)
    assert [r.video_id for r in world.lock().videos["tour"].history] == ["v3", "v2"]


def test_prune_forgets_the_entry_and_its_files(world: World) -> None:
    world.write(a="One.", **{"sub/b": "Two."})
    world.apply()
    (world.output_dir / "note.txt").write_text("mine")
    world.write(a="One.")
    assert world.actions()["sub/b"] == "orphan"
    world.apply()
    assert "sub/b.mp4" in world.files()
    assert world.apply(prune=True).exit_code == 0
    assert set(world.files()) == {"a.mp4", "a.srt", "a.jpg", "note.txt"}
    assert not (world.output_dir / "sub").exists()
    assert set(world.lock().videos) == {"a"}
    assert not any(call.startswith("delete") for call in world.cloud.calls)


def test_prune_leaves_a_file_that_was_altered(world: World) -> None:
    world.write(a="One.")
    world.apply()
    (world.output_dir / "a.mp4").write_bytes(b"edited")
    world.sources = {}
    world.apply(prune=True)
    assert world.files() == {"a.mp4": b"edited"}


def test_media_is_uploaded_once_for_each_content(world: World) -> None:
    office = world.media("media/office.png", b"\x89PNG picture")
    background = {"type": "image", "asset_id": {"sha256": office.sha256}}
    for name in ("a", "b"):
        media = {"background.asset_id": office}
        world.put(name, f"Script {name}.", background=background, media=media)
    assert world.apply().exit_code == 0
    assert list(world.cloud.uploads.values()) == [office.sha256]
    sent = [job.body["background"]["asset_id"] for job in world.cloud.jobs.values()]
    assert sent == ["a1", "a1"]
    assert world.lock().videos["a"].request["background"]["asset_id"] == {"sha256": office.sha256}
    assert world.lock().videos["a"].assets["background.asset_id"].asset_id == "a1"
    world.journal_path.unlink()
    world.put("c", "Script c.", background=background, media={"background.asset_id": office})
    world.apply()
    assert len(world.cloud.uploads) == 1


def test_media_that_changed_since_the_plan_fails_before_anything_is_paid(world: World) -> None:
    office = world.media("media/office.png", b"before")
    background = {"type": "image", "asset_id": {"sha256": office.sha256}}
    world.put("a", "One.", background=background, media={"background.asset_id": office})
    world.put("b", "Two.")
    plan = world.plan()
    world.media("media/office.png", b"after")
    result = world.apply(plan)
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB609")]
    assert world.cloud.charged() == {"Two.": 1}


def test_another_accounts_key_is_refused_before_anything_is_sent(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    world.cloud.account_hash = "acc2"
    world.cloud.calls.clear()
    world.write(tour="Two.")
    with pytest.raises(Problems) as caught:
        world.apply()
    assert caught.value.exit_code == EXIT_REFUSED
    assert world.cloud.calls == ["account"]


def test_a_video_that_is_gone_is_reported_and_rendered_by_the_next_plan(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    world.cloud.jobs["v1"].deleted = True
    for name in ("a", "b"):
        (world.output_dir / f"{name}.mp4").unlink()
    result = world.apply()
    assert [(f.name, f.code) for f in result.failures] == [("a", "VB553")]
    assert world.lock().videos["a"].render.status is Status.gone
    assert world.actions()["a"] == "rerender"
    world.clock.time += 25 * 3600
    world.apply()
    assert all_whole(world)


def test_when_nothing_is_found_nothing_is_called_gone(world: World) -> None:
    world.cloud.account_hash = None
    world.write(a="One.", b="Two.")
    world.apply()
    for job in world.cloud.jobs.values():
        job.deleted = True
    for name in ("a", "b"):
        (world.output_dir / f"{name}.mp4").unlink()
    result = world.apply()
    assert [f.code for f in result.failures] == ["VB554", "VB554"]
    assert {e.render.status for e in world.lock().videos.values()} == {Status.completed}


def test_a_lock_that_grew_meanwhile_is_joined(world: World) -> None:
    world.write(a="One.", b="Two.")
    world.apply()
    plan_lock = world.lock_path.read_bytes()
    world.write(a="One.", b="Two.", c="Three.")
    other = json.loads(plan_lock)
    del other["videos"]["b"]
    plan = world.plan()

    def step(call: str) -> None:
        if call.startswith("created"):
            world.lock_path.write_text(json.dumps(other))

    world.cloud.step = step
    # The lock was read for this apply before somebody else removed b from it.
    assert world.apply(plan).exit_code == 0
    assert set(world.lock().videos) == {"a", "c"}


def test_a_lock_broken_meanwhile_is_left_alone_and_said(world: World) -> None:
    world.write(a="One.")
    plan = world.plan()

    def step(call: str) -> None:
        if call.startswith("created"):
            world.lock_path.write_text("<<<<<<< ours\n")

    world.cloud.step = step
    result = world.apply(plan)
    assert result.exit_code == 1
    assert [f.code for f in result.failures] == ["VB502"]
    assert world.lock_path.read_text() == "<<<<<<< ours\n"
    world.lock_path.unlink()
    world.cloud.step = lambda _: None
    assert world.apply().exit_code == 0
    assert len(world.cloud.jobs) == 1


def test_events_tell_the_whole_story_in_order(world: World) -> None:
    world.write(tour="One.")
    world.apply()
    kinds = [event.kind for event in world.events if event.kind != "progress"]
    assert kinds == ["planned", "submitted", "completed", "fetched", "done"]
    assert world.events[-1].data["exit_code"] == 0


def test_unselected_entries_stay_the_same_to_the_byte(world: World) -> None:
    from vidbuild.plan.selection import Selection

    world.write(a="One.", b="Two.")
    world.apply()
    block = world.lock_path.read_text().split('    "b"')[1]
    world.sources = {name: make_request(name, "New.") for name in ("a", "b")}
    world.apply(world.plan(selection=Selection(select=("a",))))
    assert world.lock_path.read_text().split('    "b"')[1] == block
