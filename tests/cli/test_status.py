"""`status`: what is in flight by all records together, with the provider's word where it is had."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import Cloud
from tests.cli.commands import CLEAN, SMALL, project, vidbuild
from tests.cli.served import Served, serve
from tests.cli.shop import KEY, Shop
from tests.cli.yard import Yard
from tests.forks import Forked
from tests.report.schemas import STATUS_WRITER
from vidbuild.diagnostics import problem
from vidbuild.workspace import asking

DAY = 24 * 3600.0


def one(yard: Yard, *arguments: str) -> dict[str, Any]:
    (found,) = yard.status(*arguments)
    return found


def test_nothing_is_in_flight(yard: Yard) -> None:
    yard.write(one="First.")
    assert yard.ok("status") == "Nothing is in flight.\n"
    yard.ok("apply", "-y")
    asked = len(yard.cloud.calls)
    assert yard.ok("status") == "Nothing is in flight.\n"
    assert yard.status() == []
    assert len(yard.cloud.calls) == asked


def test_a_submitted_video_with_all_that_is_known(yard: Yard) -> None:
    yard.write(one={"script": "First, and a little more to say.", "title": "The first"})
    yard.send()
    yard.later(20)
    found = one(yard)
    assert found["estimate"].pop("cost_usd") > 0
    assert found["estimate"].pop("seconds") > 1
    assert found.pop("key").startswith("vb1:yard:")
    assert found == {
        "name": "one",
        "names": ["one"],
        "in_project": True,
        "status": "submitted",
        "provider": "heygen",
        "provider_status": "submitted",
        "unsure": False,
        "old": False,
        "video_id": "v1",
        "account": "acc1",
        "since": "2027-01-15T08:00:00Z",
        "age_seconds": 20.0,
        "attempt": 1,
        "estimate": {},
        "page_url": "https://app/v1",
        "ways_on": [],
    }
    text = yard.ok("status")
    assert text.startswith(
        "one: submitted, there: not finished\n  v1, since 2027-01-15T08:00:00Z (20s), "
    )
    assert text.endswith("\n  https://app/v1\n\n1 in flight.\n")
    assert yard.ok("status", "-q") == "1 in flight.\n"


def test_the_age_is_by_the_servers_clock(yard: Yard) -> None:
    yard.cloud.skew = 5000.0
    yard.write(one="First.")
    yard.send()
    yard.later(10)
    assert one(yard)["age_seconds"] == 10.0


@pytest.mark.parametrize(
    ("fails", "word", "way"),
    [
        (False, "completed", "`vidbuild wait` fetches it"),
        (True, "failed", "`vidbuild wait` records it"),
    ],
)
def test_what_has_ended_there(fails: bool, word: str, way: str, yard: Yard) -> None:
    yard.cloud.faults = {1: "fails"} if fails else {}
    yard.write(one="First.")
    yard.send()
    yard.later(100)
    found = one(yard)
    assert (found["status"], found["provider_status"], found["ways_on"]) == (
        "submitted",
        word,
        [way],
    )
    assert "1 in flight, 1 over." in yard.ok("status")


def test_it_writes_nothing(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.later(100)
    before = yard.everything()
    yard.ok("status")
    yard.ok("status", "--json")
    assert yard.everything() == before


def test_entries_history_and_journal_are_joined(yard: Yard) -> None:
    yard.cloud.render_seconds = 1000.0
    yard.write(one="First.", two="Second.", gone="Third.")
    yard.send()
    yard.write(one="Changed.", two="Second.")
    yard.send()
    kept = yard.lock_path.read_bytes()
    yard.write(one="Changed.", two="Second.", new="Fourth.")
    yard.send()
    yard.lock_path.write_bytes(kept)  # the last apply was killed before its checkpoint
    found = yard.status()
    assert sorted((video["name"], video["in_project"]) for video in found) == [
        ("gone", False), ("new", True), ("one", False), ("one", True), ("two", True),
    ]  # fmt: skip
    assert len({video["video_id"] for video in found}) == 5
    yard.lock_path.unlink()
    assert {video["video_id"] for video in yard.status()} == {video["video_id"] for video in found}
    yard.lock_path.write_bytes(kept)
    yard.journal_path.unlink()
    assert len(yard.status()) == 4


def test_an_answer_that_only_the_journal_knows(yard: Yard) -> None:
    yard.write(one="First.")
    yard.send()

    def forget(videos: dict[str, Any]) -> None:
        videos["one"]["render"]["status"] = "intent"
        del videos["one"]["render"]["video_id"]

    yard.edit_lock(forget)
    assert (one(yard)["status"], one(yard)["video_id"]) == ("submitted", "v1")


def test_an_end_that_only_the_journal_knows(yard: Yard) -> None:
    """Killed between the end of the render and its files."""
    yard.write(one="First.")
    yard.send()
    kept = yard.lock_path.read_bytes()
    yard.ok("apply", "-y")
    yard.lock_path.write_bytes(kept)
    found = one(yard)
    assert (found["status"], found["ways_on"]) == ("completed", ["`vidbuild wait` fetches it"])
    yard.ok("wait")
    assert yard.statuses() == {"one": "completed"}
    assert yard.status() == []


def test_an_intent_without_an_answer(yard: Yard) -> None:
    yard.cloud.faults = dict.fromkeys(range(1, 100), "before")
    yard.write(one="First.")
    assert yard.run("apply", "-y").returncode == 6
    found = one(yard)
    assert (found["status"], found["video_id"], found["unsure"]) == ("intent", None, False)
    assert found["ways_on"] == ["`vidbuild apply` sends it again under the same key"]
    yard.later(20 * 3600 + 1)  # too old for its key
    assert one(yard)["ways_on"] == ["`vidbuild apply` looks for it among the provider's videos"]
    yard.lock_path.unlink()
    assert one(yard)["name"] == "one"
    yard.write(two="Second.")
    assert one(yard)["ways_on"] == ["nothing in the project asks for it any more"]


def test_an_unsure_one_has_two_ways_on(yard: Yard) -> None:
    yard.cloud.faults = dict.fromkeys(range(1, 100), "before")
    yard.write(one="First.")
    yard.run("apply", "-y")
    yard.later(21 * 3600)
    yard.run("apply", "-y")
    found = one(yard)
    assert found["unsure"] is True
    assert found["ways_on"] == [
        "`lock adopt one VIDEO_ID` if it is in the provider's own list of videos",
        "`vidbuild apply --resubmit one` gives it up and pays anew",
    ]
    text = yard.ok("status")
    assert text.startswith("one: unsure\n")
    assert "1 in flight, 1 unsure." in text


@pytest.mark.parametrize(("age", "old"), [(DAY - 1, False), (DAY + 1, True), (-60.0, True)])
def test_a_day_in_flight_is_too_long(age: float, old: bool, yard: Yard) -> None:
    yard.cloud.render_seconds = 10 * DAY
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.write(one="First.")
    yard.later(age)
    found, orphan = yard.status()
    assert (found["old"], orphan["old"]) == (old, old)
    text = yard.ok("status")
    assert ("in flight for more than a day" in text) == old
    assert ("`vidbuild apply --resubmit one`" in text) == old
    assert ("`lock adopt one VIDEO_ID`" in text) == old
    assert ("any more; `lock rm two --in-flight` forgets it" in text) == old
    assert "--resubmit two" not in text


def test_not_known_there_takes_two_calls(yard: Yard) -> None:
    yard.cloud.render_seconds = DAY
    yard.write(one="First.", two="Second.")
    yard.send()
    yard.cloud.jobs[one(yard, "-s", "one")["video_id"]].deleted = True
    before = len(yard.cloud.calls)
    assert [video["provider_status"] for video in yard.status()] == ["not_found", "submitted"]
    asked = [call.split()[0] for call in yard.cloud.calls[before:]]
    assert asked == ["account", "statuses", "video", "video"]  # doubted, and for its page
    yard.cloud.jobs[one(yard, "-s", "two")["video_id"]].deleted = True
    done = yard.run("status")
    assert (done.returncode, "another account?" in done.stderr) == (0, True)
    assert "not known" not in done.stdout


def test_the_first_of_many_are_looked_at_for_their_pages(yard: Yard) -> None:
    yard.cloud.render_seconds = DAY
    yard.write(**{f"v{number:02}": f"Text {number}." for number in range(30)})
    yard.send("-j", "30")
    yard.edit_lock(lambda videos: videos["v00"]["render"].update(page_url="https://app/known"))
    asked = yard.calls("status")
    assert asked == ["account", "statuses", *["video"] * 20]
    pages = [video["page_url"] for video in yard.status()]
    assert pages[0] == "https://app/known"
    assert all(page and page.startswith("https://app/v") for page in pages[1:21])
    assert pages[21:] == [None] * 9


@pytest.mark.parametrize("never", [True, False], ids=["no answer", "an error"])
def test_a_page_that_cannot_be_had_hinders_nothing(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, never: bool
) -> None:
    yard.cloud.render_seconds = DAY
    yard.write(one="First.", two="Second.")
    yard.send()

    async def video(_cloud: Cloud, _video_id: str) -> None:
        if never:
            await asyncio.Event().wait()
        raise problem("VB602", "the provider is busy")

    monkeypatch.setattr(Cloud, "video", video)
    monkeypatch.setattr(asking, "_PATIENCE", 0.01)
    done = yard.run("status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)["videos"]
    assert [each["provider_status"] for each in found] == ["submitted"] * 2
    assert [each["page_url"] for each in found] == [None] * 2


@pytest.mark.parametrize("key", ["", "sk-a-key-of-nobody"])
def test_without_a_good_key_the_records_are_shown(key: str, shop: Shop) -> None:
    shop.write(one="First.")
    (shop.folder / "vidbuild.lock").write_text(json.dumps(in_flight(shop)), "utf-8")
    done = shop.run("status", "--json", key=key)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["videos"]
    assert (found["status"], found["provider_status"]) == ("submitted", None)
    assert "warning VB60" in done.stderr


def test_without_a_network_the_records_are_shown(shop: Shop) -> None:
    shop.write(one="First.")
    (shop.folder / "vidbuild.lock").write_text(json.dumps(in_flight(shop)), "utf-8")
    env = {**shop.env(), "HEYGEN_API_BASE": "http://127.0.0.1:9"}
    done = vidbuild("status", cwd=shop.folder, env=env)
    assert (done.returncode, "warning VB603" in done.stderr) == (0, True)
    assert "one: submitted\n" in done.stdout


def in_flight(shop: Shop) -> dict[str, Any]:
    render = {
        "attempt": 1, "provider": "heygen", "sent_at": "2026-11-22T10:00:00Z",
        "status": "submitted", "video_id": "v_1",
    }  # fmt: skip
    request = {
        "type": "avatar",
        "avatar_id": "presenter",
        "voice_id": "english",
        "script": "First.",
    }
    entry = {"fingerprint": "sha256:" + "0" * 64, "request": request, "render": render}
    return {"project": shop.name, "version": 1, "videos": {"one": entry}}


def test_the_embedded_studio_is_not_set_to_work(tmp_path: Path) -> None:
    folder = project(tmp_path / "small", SMALL)
    assert vidbuild("status", cwd=folder).stdout == "Nothing is in flight.\n"
    assert not (folder / ".vidbuild/studio").exists()


def test_the_document_is_what_its_schema_says(yard: Yard) -> None:
    yard.write(one="First.", two="Second.")
    yard.send("-s", "one")
    yard.cloud.faults = dict.fromkeys(range(2, 100), "before")
    yard.run("apply", "-y", "-s", "two")
    document = json.loads(yard.ok("status", "--json"))
    STATUS_WRITER.validate(document)
    assert {video["status"] for video in document["videos"]} == {"submitted", "intent"}


def test_text_of_a_private_video_stays_where_it_is(yard: Yard) -> None:
    yard.write(one={"script": "Nobody's business.", "title": "Secret", "private": True})
    yard.send()
    for arguments in ([], ["--json"]):
        done = yard.run("status", *arguments)
        assert "business" not in done.stdout + done.stderr
        assert "Secret" not in done.stdout + done.stderr


def ported(folder: Path, studio: Served) -> Shop:
    shop = Shop(folder / "shop", studio, "ported")
    shop.write(one="First.", two="Second.")
    shop.apply("--no-wait")
    return shop


def test_a_studio_on_a_port_is_asked_waited_for_and_left(tmp_path: Path) -> None:
    """Renders that take an hour: whoever waits is stopped, and nothing is lost."""
    slow = ("--render", "simulated", "--render-seconds", "3600", "--key", KEY)
    with serve(tmp_path / "data", *slow) as studio:
        shop = ported(tmp_path, studio)
        found = json.loads(shop.run("status", "--json").stdout)
        assert [video["provider_status"] for video in found["videos"]] == ["submitted"] * 2
        before = (shop.folder / "vidbuild.lock").read_bytes()
        assert shop.run("wait", "--timeout", "0.1").returncode == 4
        command = [sys.executable, "-m", "vidbuild", "wait", "--json", "-C", str(shop.folder)]
        env = {**CLEAN, **shop.env()}
        process = Forked(command, stdout=subprocess.PIPE, env=env, text=True)
        assert process.stdout is not None
        with process:
            assert '"progress"' in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            last = process.stdout.read().splitlines()[-1]
        assert (process.returncode, json.loads(last)["exit_code"]) == (130, 130)
        assert (shop.folder / "vidbuild.lock").read_bytes() == before


def test_a_studio_on_a_port_until_all_is_there(tmp_path: Path) -> None:
    quick = ("--render", "simulated", "--render-seconds", "0.3", "--key", KEY)
    with serve(tmp_path / "data", *quick) as studio:
        shop = ported(tmp_path, studio)
        assert shop.run("wait").returncode == 0
        assert shop.scripts() == ["First.", "Second."]
        assert shop.actions() == {"one": "unchanged", "two": "unchanged"}
        assert shop.run("refresh").stdout == "2 as recorded\n"
