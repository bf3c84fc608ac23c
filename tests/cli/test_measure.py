"""`plan --measure`: what is spoken, what it costs and who agrees, what the plan says then."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLEAN, project, vidbuild
from tests.cli.shop import KEY, Shop
from tests.forks import Forked
from tests.report.schemas import READER, WRITER
from vidbuild.plan.measure import MOST_CHARACTERS, NO_VOICE, TOO_LONG
from vidbuild.workspace import measuring

SPEAK = "POST /v3/voices/speech"
PACE = 2.5  # words a second of the simulated studio


def measured(shop: Shop, *arguments: str) -> dict[str, Any]:
    """The plan as JSON, measured without a question."""
    done = shop.run("plan", "--measure", "-y", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert not list(WRITER.iter_errors(found))
    assert not list(READER.iter_errors(found))
    return found


def estimates(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["name"]: change["estimate"] for change in found["changes"]}


def calls(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = shop.studio.ledger(KEY)["requests"]
    return found


def spoken(shop: Shop) -> int:
    return calls(shop).get(SPEAK, 0)


def shelf(shop: Shop) -> Path:
    return shop.folder / ".vidbuild" / "cache" / "speech"


def test_exact_seconds_dollars_and_a_recording(shop: Shop) -> None:
    twin = {"script": "Six seven.", "resolution": "720p"}
    shop.write(one="One two three four five.", two="Six seven.", three=twin)
    before, jobs = spoken(shop), len(shop.studio.ledger(KEY)["jobs"])
    plain = json.loads(shop.run("plan", "--json").stdout)
    said = shop.run("plan", "--measure").stderr  # refused for want of a terminal
    found = measured(shop)
    told = estimates(found)
    assert (told["one"]["seconds"], told["two"]["seconds"]) == (5 / PACE, 2 / PACE)
    guessed = {c["name"]: c["estimate"]["seconds"] for c in plain["changes"]}
    length = round(guessed["one"] + guessed["two"])
    assert f"Measuring speaks 2 texts, about {length} s, for about $0.01 (prices of " in said
    assert all(each["measured"] and not each["unmeasured"] for each in told.values())
    assert told["two"] == told["three"]
    for each in told.values():
        [audio] = each["audio"]
        assert (shop.folder / audio).read_bytes()[:4] == b"RIFF"
    assert found["summary"]["seconds"] == pytest.approx(9 / PACE)
    assert found["digest"] == plain["digest"]
    assert found["summary"]["cost_usd"] != plain["summary"]["cost_usd"]
    # Equal words are spoken once, and nothing is rendered.
    assert spoken(shop) - before == 2
    assert len(shop.studio.ledger(KEY)["jobs"]) == jobs
    assert shop.jobs() == []
    assert not (shop.folder / "vidbuild.lock").exists()


def test_what_was_spoken_is_remembered_by_content(shop: Shop) -> None:
    shop.write(one="One two three.", two="Four.")
    first, before = measured(shop), spoken(shop)
    assert measured(shop) == first
    assert spoken(shop) == before
    shop.write(renamed="One two three.", two="Four and five.")
    told = estimates(measured(shop))
    assert told["renamed"] == estimates(first)["one"]
    assert spoken(shop) == before + 1
    # Another voice, speed or locale is another sound; pitch and title are not.
    same: dict[str, Any] = {
        "script": "One two three.",
        "title": "T",
        "voice_settings": {"pitch": 5},
    }
    shop.write(a=same)
    measured(shop)
    assert spoken(shop) == before + 1
    others: list[dict[str, Any]] = [
        {"voice_id": "v2"},
        {"voice_settings": {"speed": 1.25}},
        {"voice_settings": {"locale": "de-DE"}},
    ]
    for number, other in enumerate(others):
        shop.write(a={**same, **other})
        measured(shop)
        assert spoken(shop) == before + 2 + number


def test_the_cache_may_be_deleted_or_damaged(shop: Shop) -> None:
    shop.write(one="One two three.")
    first = measured(shop)
    [known] = shelf(shop).glob("*.json")
    damages: list[Callable[[], Any]] = [
        lambda: known.write_bytes(b""),
        lambda: known.write_text("[1]"),
        lambda: known.write_text('{"seconds": -1, "audio": null}'),
        lambda: known.write_text('{"seconds": "2", "audio": 5}'),
        known.unlink,
    ]
    for damage in damages:
        damage()
        before = spoken(shop)
        assert measured(shop) == first
        assert spoken(shop) == before + 1
    # A name that leads out of the folder is no recording of ours, and a lost one is not named.
    known.write_text(json.dumps({"seconds": 1.2, "audio": "../../../vidbuild.yaml"}))
    assert estimates(measured(shop))["one"]["audio"] == []
    known.write_text(json.dumps({"seconds": 1.2, "audio": "gone.wav"}))
    assert estimates(measured(shop))["one"] | {"cost_usd": None} == {
        **estimates(first)["one"],
        "audio": [],
        "cost_usd": None,
    }


def test_only_what_changed_is_spoken(shop: Shop) -> None:
    shop.write(one="First.", two="Second.")
    shop.apply()
    before = spoken(shop)
    assert measured(shop)["changes"] == []
    shop.write(one="First.", two="Second, changed.")
    assert list(estimates(measured(shop))) == ["two"]
    assert estimates(measured(shop, "--all"))["one"]["measured"] is False
    assert spoken(shop) == before + 1
    shop.write(one="First now.", two="Third.")
    assert list(estimates(measured(shop, "-s", "one"))) == ["one"]
    assert spoken(shop) == before + 2


SIXTY = "word " * 60


def test_without_a_terminal_what_costs_needs_a_flag(shop: Shop) -> None:
    shop.write(one=SIXTY)
    before = calls(shop)
    done = shop.run("plan", "--measure")
    assert (done.returncode, done.stdout) == (64, "")
    assert "Measuring speaks 1 text, about " in done.stderr
    assert " for about $0.0" in done.stderr
    assert "repeat with -y" in done.stderr
    after = calls(shop)
    assert {k: n for k, n in after.items() if "_studio" not in k} == {
        k: n for k, n in before.items() if "_studio" not in k
    }
    assert shop.run("plan", "-y").returncode == 64
    assert shop.run("plan", "--measure", "-y").returncode == 0
    # What is known costs nothing, so that nothing is asked.
    done = shop.run("plan", "--measure")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("answer", "code"), [("yes\n", 0), ("y\n", 5), ("\n", 5), ("no\n", 5), ("YES\n", 5)]
)
def test_at_a_terminal_the_whole_word_is_asked_for(shop: Shop, answer: str, code: int) -> None:
    shop.write(one=SIXTY)
    before = spoken(shop)
    command = ("plan", "--measure", "--detailed-exitcode")
    done = vidbuild(*command, cwd=shop.folder, env=shop.env(), typed=answer)
    assert done.returncode == (2 if code == 0 else code), done.stderr
    assert "Speak 1 text for about $0.01 with the account studio? Only `yes` goes on" in done.stderr
    assert ("nothing was spoken" in done.stderr) is (code != 0)
    assert spoken(shop) == before + (code == 0)
    assert bool(done.stdout) is (code == 0)


def test_what_cannot_be_measured_keeps_its_estimate_and_says_so(shop: Shop) -> None:
    long = "R&D " * (MOST_CHARACTERS // 5) + '<break time="1s"/>'  # longer once it is marked up
    shop.write(
        good="One two.",
        look={"script": "By the look.", "voice_id": None},
        missing={"script": "Nobody.", "voice_id": "missing_voice"},
        mute={"script": "…"},
        long=long,
        remote={"audio_url": "https://x.test/a.mp3", "script": None},
    )
    plain = estimates(json.loads(shop.run("plan", "--json").stdout))
    told = estimates(measured(shop))
    assert told["good"]["measured"]
    for name, why in (
        ("look", f"script: {NO_VOICE}"),
        ("missing", "script: refused [voice_not_found]"),
        ("mute", "script: refused [tts_text_invalid]"),
        ("long", f"script: {TOO_LONG}"),
    ):
        [unmeasured] = told[name]["unmeasured"]
        assert unmeasured.startswith(why)
        assert told[name] == plain[name] | {"unmeasured": [unmeasured]}
    assert told["remote"] == plain["remote"]
    text = shop.run("plan", "--measure", "-y").stdout
    assert "Measured: 1 of 6 videos, as their voices speak them." in text
    assert "Not measured: script, no voice_id (look)." in text
    assert "+ good: new, 0.8 s, $0.0" in text
    assert "+ look: new, about " in text


def test_every_view_names_the_recording(shop: Shop) -> None:
    shop.write(one="One two three.")
    [audio] = estimates(measured(shop))["one"]["audio"]
    for form in ("text", "markdown"):
        said = shop.run("plan", "--measure", "--format", form).stdout
        assert f"heard: {audio}" in said
        assert "1.2 s, $0.0" in said
    assert "heard" not in shop.run("plan").stdout


def test_private_words_stay_private(shop: Shop) -> None:
    shop.write(a={"script": "Classified matter.", "private": True})
    told = estimates(measured(shop))["a"]
    assert (told["measured"], told["seconds"], told["audio"]) == (True, 2 / PACE, [])
    assert [path.suffix for path in shelf(shop).iterdir()] == [".json"]
    everything = b"".join(p.read_bytes() for p in (shop.folder / ".vidbuild").rglob("*.json"))
    assert b"Classified" not in everything
    assert KEY.encode() not in everything
    done = shop.run("plan", "--measure", "--format", "markdown")
    assert "Classified" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("env", "key", "code", "said"),
    [
        ({}, "sk-heygen-of-nobody-at-all", 3, "VB602"),
        ({"HEYGEN_API_BASE": "http://127.0.0.1:9"}, KEY, 1, "VB603"),
    ],
)
def test_a_provider_that_does_not_help_is_said(
    shop: Shop, env: dict[str, str], key: str, code: int, said: str
) -> None:
    shop.write(one=SIXTY)
    done = vidbuild("plan", "--measure", "-y", cwd=shop.folder, env={**shop.env(key), **env})
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert key not in done.stderr


def test_the_wrong_account_is_refused_before_anything_is_spoken(shop: Shop) -> None:
    shop.more = "provider: {name: heygen, account: somebody-else}\n"
    shop.write(one=SIXTY)
    before = spoken(shop)
    done = shop.run("plan", "--measure", "-y")
    assert (done.returncode, "VB716" in done.stderr) == (5, True)
    assert spoken(shop) == before


def test_the_memory_of_plans_is_not_for_measured_ones(shop: Shop) -> None:
    shop.write(one="One two three.", two="Four.")
    plain = shop.run("plan").stdout
    measured(shop)
    assert shop.run("plan").stdout == plain
    assert "Measured" in shop.run("plan", "--measure").stdout
    shop.apply()
    assert shop.run("plan").stdout.startswith("Project")
    assert "Nothing to do" in shop.run("plan", "--measure").stdout


def test_a_saved_plan_may_be_measured(shop: Shop) -> None:
    shop.write(one="One two three.")
    assert shop.run("plan", "--measure", "-y", "-o", "x.plan").returncode == 0
    assert shop.run("apply", "x.plan").returncode == 0
    assert shop.scripts() == ["One two three."]


DRAFTS = """\
vidbuild: 1
project: drafts
provider: studio
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
videos:
  plain: {script: "Hello, and welcome. In the next two minutes we show you 3 things around R&D."}
  pause: {script: 'One. <break time="1.5s"/> Two, <b>bold</b> & so. <break time="300ms" /> Three.'}
  german:
    script: Willkommen! Unsere Preise sind einfach.
    voice_settings: {locale: de-DE, speed: 1.2}
  greek: {script: "Καλώς ήρθατε στο σύννεφο.", voice_id: voice-en}
  hidden: {script: "Nobody reads this in a plan.", private: true}
  film:
    type: studio
    avatar_id: null
    voice_id: null
    scenes:
      - {type: avatar_video, input: {type: avatar, avatar_id: a, voice_id: v1, script: A scene.}}
      - {type: avatar_video, input: {type: avatar, avatar_id: b, voice_id: v2, script: And more.}}
"""


def test_drafts_last_as_long_as_was_measured(tmp_path: Path) -> None:
    folder = project(tmp_path / "drafts", DRAFTS)
    done = vidbuild("plan", "--measure", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "free of charge" in done.stderr
    told = estimates(json.loads(done.stdout))
    assert all(each["measured"] for each in told.values())
    assert len(told["film"]["audio"]) == 2
    assert vidbuild("plan", "--measure", cwd=folder).stderr == ""
    assert vidbuild("apply", "-y", cwd=folder).returncode == 0
    lock = json.loads((folder / "vidbuild.lock").read_text("utf-8"))
    for name, each in told.items():
        render = lock["videos"][name]["render"]
        assert each["seconds"] == pytest.approx(render["duration"], abs=0.3), name
        assert each["cost_usd"] == pytest.approx(render["cost_usd"], rel=0.1), name


def test_an_interruption_keeps_what_was_heard(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(**{f"v{n}": f"This is number {n}." for n in range(6)})
    monkeypatch.setattr(measuring, "_AT_ONCE", 1)
    heard = measuring._speak
    told: list[Any] = []

    async def interrupted(*given: Any, **more: Any) -> Any:
        if len(told) == 3:
            signal.raise_signal(signal.SIGINT)
        told.append(await heard(*given, **more))
        return told[-1]

    before = spoken(shop)
    monkeypatch.setattr(measuring, "_speak", interrupted)
    done = shop.run("plan", "--measure", "-y")
    assert (done.returncode, done.stdout) == (130, "")
    assert len(list(shelf(shop).glob("*.json"))) in (3, 4)
    kept = len(list(shelf(shop).glob("*.json")))
    monkeypatch.undo()
    assert all(each["measured"] for each in estimates(measured(shop)).values())
    assert spoken(shop) - before <= 6 + 1
    assert kept + len(list(shelf(shop).glob("*.part"))) <= 6


def test_a_signal_ends_it_as_ctrl_c_does(shop: Shop) -> None:
    shop.write(**{f"v{n}": f"This is number {n}." for n in range(400)})
    process = Forked(
        [sys.executable, "-m", "vidbuild", "plan", "--measure", "-y"],
        cwd=shop.folder, env={**CLEAN, **shop.env()}, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + 30
    while len(list(shelf(shop).glob("*.json"))) < 5:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert 5 <= len(list(shelf(shop).glob("*.json"))) < 400
