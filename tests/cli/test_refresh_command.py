"""`refresh`: the lock is compared with the provider and brought up to date; nothing is rendered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.shop import Shop
from tests.cli.yard import Yard
from tests.report.schemas import REFRESH_WRITER
from vidbuild.diagnostics import problem

DAY = 24 * 3600.0


def refresh(yard: Yard, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The document of a refresh, which creates and fetches nothing."""
    creates, calls = yard.cloud.creates, len(yard.cloud.calls)
    document: dict[str, Any] = json.loads(yard.ok("refresh", "--json", *arguments, code=code))
    REFRESH_WRITER.validate(document)
    asked = {call.split()[0] for call in yard.cloud.calls[calls:]}
    assert asked <= {"account", "statuses", "video"}
    assert yard.cloud.creates == creates
    return document


def summary(yard: Yard, *arguments: str, code: int = 0) -> dict[str, int]:
    found: dict[str, int] = refresh(yard, *arguments, code=code)["summary"]
    return {word: count for word, count in found.items() if count}


def delete(yard: Yard, name: str) -> None:
    yard.cloud.jobs[yard.lock()[name]["render"]["video_id"]].deleted = True


def test_nothing_recorded(yard: Yard) -> None:
    yard.write(one="First.")
    assert yard.ok("refresh") == "Nothing is recorded.\n"
    assert not yard.lock_path.exists()


def test_nobody_is_asked_about_nothing(shop: Shop) -> None:
    """Neither a key nor a network is needed, and nothing is begun."""
    shop.write(one="First.")
    done = shop.run("refresh", key="")
    assert (done.returncode, done.stdout) == (0, "Nothing is recorded.\n"), done.stderr
    assert shop.run("plan", "--refresh", key="").returncode == 0
    assert not (shop.folder / ".vidbuild" / "state" / "journal.db").exists()


def test_nothing_new_leaves_the_lock_as_it_is(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y")
    before = yard.lock_path.stat()
    assert yard.ok("refresh") == "2 as recorded\n"
    assert summary(yard) == {"as_recorded": 2}
    assert yard.lock_path.stat() == before


def test_finished_failed_gone_and_as_recorded(yard: Yard) -> None:
    yard.write(gone="Gone.", kept="Kept.")
    yard.ok("apply", "-y")
    yard.cloud.faults = {3: "fails"}
    yard.write(gone="Gone.", kept="Kept.", fails="Fails.")
    yard.send()
    yard.write(gone="Gone.", kept="Kept.", fails="Fails.", ends="Ends.")
    yard.send()
    delete(yard, "gone")
    yard.later(100)
    text = yard.ok("refresh")
    assert text == (
        "finished ends: v4\nfailed fails: v3 (rendering_failed)\n"
        f"gone gone: {yard.lock()['gone']['render']['video_id']}\n"
        "1 finished, 1 failed, 1 gone, 1 as recorded\n"
    )
    assert yard.statuses() == {
        "gone": "gone", "kept": "completed", "fails": "failed", "ends": "completed",
    }  # fmt: skip
    assert yard.ok("refresh") == "2 as recorded\n"


def test_what_has_finished_is_fetched_by_the_next_apply_without_paying(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.later(100)
    document = refresh(yard)
    (news,) = document["videos"]
    assert (news["name"], news["was"], news["status"]) == ("one", "submitted", "completed")
    assert news["cost_usd"] > 0
    render = yard.lock()["one"]["render"]
    assert {
        "status": "completed",
        "duration": 12.5,
        "completed_at": "2027-01-15T08:00:30Z",
    }.items() <= render.items()
    assert not {"key", "sent_at"} & render.keys()
    assert "1 to fetch" in yard.ok("plan")
    yard.ok("apply", "-y")
    assert (yard.files(), yard.cloud.creates) == ({"one.mp4": "v1"}, 1)


def test_it_leaves_what_a_wait_would_but_for_the_files(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.later(100)
    refresh(yard)
    kept = yard.lock()
    yard.ok("apply", "-y")
    for name, entry in yard.lock().items():
        del entry["render"]["outputs"]
        assert {**entry, "check": None} == {**kept[name], "check": None}


def test_history_and_orphans_count(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.write(one="Changed.")
    yard.send()
    yard.later(100)
    assert summary(yard) == {"finished": 3}
    assert (yard.statuses(), yard.history("one")) == (
        {"one": "completed", "two": "completed"}, ["completed"],
    )  # fmt: skip


def test_a_failed_render_leaves_the_history(yard: Yard) -> None:
    yard.cloud.faults = {1: "fails"}
    yard.write(one="First.")
    yard.send()
    yard.write(one="Changed.")
    yard.send()
    yard.later(100)
    assert summary(yard) == {"finished": 1, "failed": 1}
    assert yard.history("one") == []
    yard.write(one="First.")
    assert "1 to rerender" in yard.ok("plan")
    yard.ok("apply", "-y")
    assert max(int(job.key[-1]) for job in yard.cloud.jobs.values()) == 2


def test_several_names_of_one_render_are_one_piece_of_news(yard: Yard) -> None:
    yard.write(one="Same.", two="Same.")
    yard.send()
    yard.send()
    yard.later(100)
    document = refresh(yard)
    (news,) = document["videos"]
    assert news["names"] == ["one", "two"]
    assert yard.statuses() == {"one": "completed", "two": "completed"}


def test_what_only_the_journal_knows(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()
    yard.lock_path.unlink()
    yard.later(100)
    (news,) = refresh(yard)["videos"]
    assert (news["name"], news["was"], news["status"]) == (None, "submitted", "completed")
    assert not yard.lock_path.exists()
    yard.ok("apply", "-y")
    assert (yard.files(), yard.cloud.creates) == ({"one.mp4": "v1"}, 1)


@pytest.mark.parametrize("lost", ["answer", "end"])
def test_what_the_journal_knows_better_than_the_lock(lost: str, yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    kept = yard.lock_path.read_bytes()
    if lost == "end":
        yard.ok("apply", "-y")
        yard.lock_path.write_bytes(kept)
        assert summary(yard) == {"finished": 2}
        return

    def forget(videos: dict[str, Any]) -> None:
        videos["one"]["render"]["status"] = "intent"
        del videos["one"]["render"]["video_id"]

    yard.edit_lock(forget)
    assert summary(yard) == {"submitted": 1, "as_recorded": 1}
    assert yard.lock_path.read_bytes() == kept


@pytest.mark.parametrize(("age", "status"), [(DAY - 60, "submitted"), (DAY + 60, "gone")])
def test_a_submitted_one_is_gone_after_a_day(age: float, status: str, yard: Yard) -> None:
    yard.cloud.render_seconds = 10 * DAY
    yard.write(one="First.", two="Second.")
    yard.send()
    delete(yard, "one")
    yard.later(age)
    done = yard.run("refresh")
    assert done.returncode == 0
    assert yard.statuses() == {"one": status, "two": "submitted"}
    assert ("1 video is not known to the provider" in done.stderr) == (status == "submitted")


def test_not_found_needs_a_404_as_well(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y")
    honest = type(yard.cloud).statuses

    async def forgetful(self: Any, ids: list[str]) -> dict[str, str]:
        return {**await honest(self, ids), ids[0]: "not_found"}

    monkeypatch.setattr(type(yard.cloud), "statuses", forgetful)
    assert summary(yard) == {"as_recorded": 2}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_where_nothing_is_found_nothing_is_recorded(count: int, yard: Yard) -> None:
    yard.write(**{f"v{i}": f"Script {i}." for i in range(count)})
    yard.ok("apply", "-y")
    for name in yard.lock():
        delete(yard, name)
    before = yard.lock_path.read_bytes()
    done = yard.run("refresh")
    assert (done.returncode, done.stdout) == (5, "")
    assert "another account?" in done.stderr
    assert yard.lock_path.read_bytes() == before


def test_a_selection_asks_about_itself_and_others_vouch_for_it(yard: Yard) -> None:
    yard.write(one="First.", two="Second.", three="Third.")
    yard.ok("apply", "-y")
    delete(yard, "one")
    delete(yard, "two")
    before = yard.lock()
    assert summary(yard, "-s", "one") == {"gone": 1}
    after = yard.lock()
    assert {name for name in after if before[name] != after[name]} == {"one"}
    assert summary(yard, "--exclude", "one") == {"gone": 1, "as_recorded": 1}


def test_a_status_never_falls(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y")
    yard.cloud.render_seconds = 10 * DAY  # the provider says that it has only begun
    assert summary(yard) == {"as_recorded": 2}
    delete(yard, "one")
    assert summary(yard) == {"gone": 1, "as_recorded": 1}
    yard.cloud.jobs[yard.lock()["one"]["render"]["video_id"]].deleted = False
    yard.cloud.render_seconds = 0.0
    assert summary(yard) == {"as_recorded": 1}
    assert yard.statuses()["one"] == "gone"


def test_one_that_cannot_be_asked_about_leaves_the_others_alone(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.write(one="First.", two="Second.", three="Third.")
    yard.send()
    yard.later(100)
    broken = yard.lock()["one"]["render"]["video_id"]
    honest = type(yard.cloud).video

    async def moody(self: Any, video_id: str) -> Any:
        if video_id == broken:
            raise problem("VB606", "its answer about a video is not one")
        return await honest(self, video_id)

    monkeypatch.setattr(type(yard.cloud), "video", moody)
    document = refresh(yard, code=6)
    assert document["summary"]["finished"] == 2
    assert [found["code"] for found in document["diagnostics"]] == ["VB606"]
    assert yard.statuses() == {"one": "submitted", "two": "completed", "three": "completed"}


def test_a_lock_of_another_machine_is_joined(yard: Yard) -> None:
    """Somebody pulls while it asks."""
    yard.write(one="First.", two="Second.")
    yard.send("-s", "one")
    kept = yard.lock_path.read_bytes()
    yard.send("-s", "two")
    newer = yard.lock_path.read_bytes()
    yard.lock_path.write_bytes(kept)
    yard.later(100)

    def pull(call: str) -> None:
        if call.startswith("statuses"):
            yard.lock_path.write_bytes(newer)

    yard.cloud.step = pull
    refresh(yard)
    assert yard.statuses() == {"one": "completed", "two": "submitted"}


def test_thousands_are_looked_at_ten_at_once(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.write(one="First.", two="Second.")
    yard.ok("apply", "-y", "--no-download")

    def crowd(videos: dict[str, Any]) -> None:
        for i in range(2000):
            copy = json.loads(json.dumps(videos["one"]))
            copy["render"]["video_id"] = f"w{i}"
            videos[f"w{i}"] = copy

    yard.edit_lock(crowd)
    honest, asking, most = type(yard.cloud).video, 0, 0

    async def counted(self: Any, video_id: str) -> Any:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        try:
            return await honest(self, video_id)
        finally:
            asking -= 1

    monkeypatch.setattr(type(yard.cloud), "video", counted)
    assert summary(yard) == {"gone": 2000, "as_recorded": 2}
    assert most == 10
    assert sum(status == "gone" for status in yard.statuses().values()) == 2000
