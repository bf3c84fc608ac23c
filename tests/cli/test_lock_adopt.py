"""`vidbuild lock adopt`: videos that exist become those of the project, for free."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.served import serve
from tests.cli.shop import KEY, Shop
from vidbuild.state.identity import make_key
from vidbuild.state.journal import Journal, read_journal
from vidbuild.state.recorded import Intent

SCRIPTS = {"one": "First.", "two": "Second.", "three": "Third."}


def made(shop: Shop, script: str) -> str:
    """The id of a video that somebody rendered without vidbuild."""
    body = {"type": "avatar", "avatar_id": "presenter", "voice_id": "english", "script": script}
    headers = {"x-api-key": KEY, "idempotency-key": f"by-hand-{uuid4().hex}"}
    answer = shop.studio.http.post(f"{shop.studio.url}/v3/videos", json=body, headers=headers)
    found: str = answer.json()["data"]["video_id"]
    return found


def adopt(shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shop.run("lock", "adopt", *arguments)


def table(shop: Shop, text: str, name: str = "videos.csv") -> str:
    (shop.folder / name).write_text(text, "utf-8")
    return name


def journal(shop: Shop) -> Path:
    return shop.folder / ".vidbuild/state/journal.db"


def fingerprints(shop: Shop) -> dict[str, str]:
    plan = json.loads(shop.run("plan", "--json", "--all").stdout)
    return {change["name"]: change["fingerprint"] for change in plan["changes"]}


def intend(shop: Shop, name: str, *, attempt: int = 1) -> Intent:
    """An apply sent this create, never heard of it again, and looked for it in vain."""
    print_ = fingerprints(shop)[name]
    intent = Intent(
        key=make_key(shop.name, print_, attempt), provider="heygen", account=None,
        fingerprint=print_, attempt=attempt, names=(name,), title=None, body={},
        first_sent=1.0, last_sent=1.0,
    )  # fmt: skip
    with Journal(journal(shop), project=shop.name) as open_journal:
        open_journal.intend(intent)
        open_journal.sending(intent, at=1.0)
        open_journal.doubt(intent)
    return intent


def recorded(shop: Shop, name: str, **members: Any) -> None:
    """The lock says something else of the name's render."""
    path = shop.folder / "vidbuild.lock"
    lock: dict[str, Any] = json.loads(path.read_text("utf-8"))
    del lock["videos"][name]["check"]
    lock["videos"][name]["render"].update(members)
    path.write_text(json.dumps(lock), "utf-8")


@pytest.fixture
def three(shop: Shop) -> Shop:
    """A project of three videos; nothing is rendered."""
    shop.write(**SCRIPTS)
    return shop


def test_a_team_that_comes_with_its_videos(three: Shop) -> None:
    ids = {name: made(three, script) for name, script in SCRIPTS.items()}
    rows = "".join(f"{name},{video_id}\n" for name, video_id in ids.items())
    done = adopt(three, "--from", table(three, f"name,video_id\n{rows}"))
    assert done.returncode == 0, done.stderr
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [
        f"adopted {name}" for name in SCRIPTS
    ]
    assert set(three.actions().values()) == {"fetch"}
    assert three.run("plan", "--detailed-exitcode").returncode == 0
    three.apply()
    assert three.jobs() == []  # not one under a key of ours
    assert sorted(p.name for p in (three.folder / "build").glob("*.mp4")) == [
        "one.mp4", "three.mp4", "two.mp4",
    ]  # fmt: skip
    assert set(three.actions().values()) == {"unchanged"}
    entry = three.lock()["videos"]["one"]["render"]
    assert (entry["status"], entry["attempt"], entry["video_id"]) == ("completed", 1, ids["one"])
    assert entry["cost_usd"] > 0
    assert entry["duration"] > 0


def test_adopting_twice_is_adopting_once(three: Shop) -> None:
    video_id = made(three, "First.")
    assert adopt(three, "one", video_id).returncode == 0
    before = three.state()
    assert adopt(three, "one", video_id).returncode == 0
    assert three.state() == before


def test_the_way_on_for_a_create_without_an_answer(three: Shop) -> None:
    for attempt in (1, 2):
        intend(three, "one", attempt=attempt)
    shown = three.run("plan", "-s", "one").stdout
    assert "`vidbuild lock adopt one VIDEO_ID`" in shown.replace("\n", " ").replace("  ", " ")
    video_id = made(three, "First.")
    assert adopt(three, "one", video_id).returncode == 0
    assert read_journal(journal(three), project=three.name).intents == ()
    assert three.actions()["one"] == "fetch"
    assert three.lock()["videos"]["one"]["render"]["attempt"] == 2
    three.apply()
    assert three.scripts() == ["Second.", "Third."]


def test_an_intent_in_the_lock_is_answered_too(three: Shop) -> None:
    """And so is a twin's: the same content has the same video."""
    three.write(**SCRIPTS, twin="First.")
    intend(three, "one")
    video_id = made(three, "First.")
    assert adopt(three, "one", video_id).returncode == 0
    assert three.actions()["twin"] == "reuse"
    three.apply("-s", "twin", "-s", "one")
    assert three.jobs() == []
    assert three.lock()["videos"]["twin"]["render"]["video_id"] == video_id


def test_what_was_given_up_can_be_adopted(three: Shop) -> None:
    three.apply()
    three.write(**{**SCRIPTS, "one": "First, anew."})
    intend(three, "one")
    three.apply("-s", "one", "--resubmit", "one")
    assert three.actions()["one"] == "unchanged"
    mine = three.lock()["videos"]["one"]["render"]["video_id"]
    late = made(three, "First, anew.")
    assert adopt(three, "one", late).returncode == 0
    three.apply()
    assert three.lock()["videos"]["one"]["render"]["video_id"] == late
    assert three.lock()["videos"]["one"]["history"][0]["video_id"] == mine
    assert set(three.actions().values()) == {"unchanged"}


def test_what_was_forgotten_can_be_adopted_by_another_name(three: Shop) -> None:
    three.apply()
    video_id = three.lock()["videos"]["one"]["render"]["video_id"]
    assert three.run("lock", "rm", "one", "-y").returncode == 0
    assert adopt(three, "one", video_id).returncode == 0
    kept = (three.folder / "build/one.mp4").stat().st_mtime_ns
    assert three.actions()["one"] == "fetch"
    three.apply()
    assert (three.folder / "build/one.mp4").stat().st_mtime_ns == kept  # its file had stayed
    assert three.run("lock", "rm", "one", "-y").returncode == 0
    three.write(**{**SCRIPTS, "other": "Something like the first."})
    assert adopt(three, "other", video_id).returncode == 0
    assert three.actions() == {
        "one": "create", "other": "fetch", "three": "unchanged", "two": "unchanged",
    }  # fmt: skip


def test_a_video_goes_on_being_its_name_s_after_an_edit(three: Shop) -> None:
    """A correction that is not worth a render: the name keeps its video."""
    three.apply()
    video_id = three.lock()["videos"]["one"]["render"]["video_id"]
    three.write(**{**SCRIPTS, "one": "First!"})
    assert three.actions()["one"] == "rerender"
    assert adopt(three, "one", video_id).returncode == 0
    assert three.actions()["one"] == "unchanged"
    assert three.lock()["videos"]["one"]["request"]["script"] == "First!"
    assert len(three.jobs()) == 3


def test_what_is_in_flight_is_waited_for(slow: Shop) -> None:
    slow.write(one="First.")
    assert adopt(slow, "one", made(slow, "First.")).stdout.endswith(", submitted\n")
    assert slow.actions() == {"one": "resume"}
    assert slow.jobs() == []


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose studio does not finish anything."""
    arguments = ("--render", "simulated", "--render-seconds", "3600", "--key", KEY)
    with serve(tmp_path / "studio", *arguments) as studio:
        yield Shop(tmp_path / "slow", studio, "slow")


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose studio fails every render."""
    arguments = ("--render", "simulated", "--render-seconds", "0", "--key", KEY,
                 "--fault", "render_failed=1")  # fmt: skip
    with serve(tmp_path / "studio", *arguments) as studio:
        yield Shop(tmp_path / "failing", studio, "failing")


def test_what_failed_is_refused(failing: Shop) -> None:
    failing.write(one="First.")
    before = failing.state()
    done = adopt(failing, "one", made(failing, "First."))
    assert (done.returncode, "VB525" in done.stderr, "failed" in done.stderr) == (1, True, True)
    assert failing.state() == before


@pytest.mark.parametrize(
    ("arguments", "text", "code", "said"),
    [
        (["one"], "", 64, ["Name NAME and VIDEO_ID"]),
        (["one", "ONE", "x"], "", 64, ["Name NAME"]),
        (["four", "ONE"], "", 1, ["VB730"]),
        (["on", "ONE"], "", 1, ["VB730", "did you mean one?"]),
        (["broken", "ONE"], "", 1, ["VB201"]),
        (["one", "nothing"], "", 1, ["VB525", "does not know"]),
        (["one", "../videos"], "", 1, ["VB525", "does not know"]),
        (["one", ""], "", 1, ["VB525", "does not know"]),
        (["one", "TWO"], "", 1, ["VB526", "is the video of two"]),
        (["--from", "videos.csv"], "name,id\none,ONE\n", 1, ["VB414", "'video_id'"]),
        (["--from", "videos.csv"], "name,video_id\none,\n", 1, ["videos.csv:2:1", "VB527"]),
        (["--from", "videos.csv"], "name,video_id\none,ONE\none,ONE\n", 1, ["videos.csv:3:1"]),
        (["--from", "videos.csv"], "name,video_id\none,ONE\nthree,ONE\n", 1,
         ["videos.csv:3:1", "VB526", "given to one as well"]),
        (["--from", "videos.csv"], "name,video_id\none,ONE\nthree,x\nfour,y\n", 1,
         ["videos.csv:4:1", "VB730"]),
        (["--from", "videos.csv"], "name,video_id\none,ONE\nthree,x\nguarded,y\n", 1,
         ["videos.csv:3:1", "videos.csv:4:1", "VB525"]),
        (["guarded", "ONE"], "", 5, ["VB714"]),
    ],
)  # fmt: skip
def test_all_or_nothing(
    arguments: list[str], text: str, code: int, said: list[str], three: Shop
) -> None:
    three.write(two="Second.", guarded={"script": "Guarded.", "protect": True})
    three.apply()
    guarded = {} if "guarded,y" in text else {"protect": True}
    broken = {"script": "Broken.", "scirpt": "x"}
    three.write(**SCRIPTS, guarded={"script": "Guarded.", **guarded}, broken=broken)
    if not guarded:
        lock = three.folder / "vidbuild.lock"
        assert three.run("apply", "-y", "-s", "guarded").returncode == 0, lock.read_text("utf-8")
    ids = {"ONE": made(three, "First."), "TWO": three.lock()["videos"]["two"]["render"]["video_id"]}

    def filled(words: str) -> str:
        for word, video_id in ids.items():
            words = words.replace(word, video_id)
        return words

    table(three, filled(text))
    before = three.state()
    done = adopt(three, *map(filled, arguments))
    assert done.returncode == code, done.stderr
    assert all(words in done.stderr for words in said), done.stderr
    assert three.state() == before
    assert done.stdout == ""


def test_another_account_s_key_is_refused(three: Shop) -> None:
    three.apply("-s", "two")
    recorded(three, "two", account="someone-else")
    done = adopt(three, "one", made(three, "First."))
    assert (done.returncode, "VB515" in done.stderr) == (5, True), done.stderr
    assert adopt(three, "one", "x").returncode == 5
    assert three.run("lock", "adopt", "one", "x", key="").returncode == 3


def test_what_was_taken_to_be_gone_comes_back(three: Shop) -> None:
    """Under all names at once: what one of them goes on saying would count."""
    three.write(**SCRIPTS, twin="First.")
    three.apply()
    video_id = three.lock()["videos"]["one"]["render"]["video_id"]
    for name in ("one", "twin"):
        recorded(three, name, status="gone")
        (three.folder / f"build/{name}.mp4").unlink()
    shutil.rmtree(three.folder / ".vidbuild")
    assert three.actions()["one"] == "rerender"
    done = adopt(three, "one", video_id)
    assert (done.returncode, "recorded as gone under twin" in done.stderr) == (1, True)
    both = table(three, f"name,video_id\none,{video_id}\ntwin,{video_id}\n")
    assert adopt(three, "--from", both).returncode == 0
    assert three.actions() == {
        "one": "fetch", "three": "unchanged", "twin": "fetch", "two": "unchanged",
    }  # fmt: skip


def test_a_private_video(three: Shop) -> None:
    three.write(one={"script": "Nobody reads this.", "private": True})
    assert adopt(three, "one", made(three, "Nobody reads this.")).returncode == 0
    assert "Nobody" not in (three.folder / "vidbuild.lock").read_text("utf-8")
    assert three.actions() == {"one": "fetch"}


def test_many_in_one_run(three: Shop) -> None:
    """The provider is asked in bulk first: one wrong id, and the others are left alone."""
    names = [f"v{i}" for i in range(120)]
    three.write(**{name: f"Video {name}." for name in names})
    ids = [made(three, f"Video {name}.") for name in names]
    rows = [f"{name},{video_id}" for name, video_id in zip(names, ids, strict=True)]
    asked = three.studio.ledger(KEY)["requests"].copy()
    wrong = table(three, "\n".join(["name,video_id", *rows[:-1], "v119,nothing"]))
    done = adopt(three, "--from", wrong)
    assert (done.returncode, "videos.csv:121:1" in done.stderr) == (1, True), done.stderr
    few = {what: n - asked.get(what, 0) for what, n in three.studio.ledger(KEY)["requests"].items()}
    assert sum(few.values()) < 20, few
    assert adopt(three, "--from", table(three, "\n".join(["name,video_id", *rows]))).returncode == 0
    assert set(three.actions().values()) == {"fetch"}
