"""The main job end to end: plan, apply, plan again, with the studio's ledger as the oracle."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import project, vidbuild
from tests.cli.served import Served, serve

EXAMPLES = Path(__file__).parents[2] / "examples"


def ledger(folder: Path) -> dict[str, Any]:
    """What the embedded studio of a project has been asked for and has charged."""
    from vidbuild.studio.server import Studio

    async def ask() -> dict[str, Any]:
        async with (
            Studio(data=folder / ".vidbuild" / "studio") as studio,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=studio.app), base_url="http://studio.localhost"
            ) as client,
        ):
            answer = await client.get("/_studio/ledger", headers={"x-api-key": "any"})
            found: dict[str, Any] = answer.json()
            return found

    return asyncio.run(ask())


def snapshot(folder: Path) -> dict[str, bytes]:
    """Lock and outputs, byte by byte."""
    kept = [folder / "vidbuild.lock", *sorted((folder / "build").rglob("*"))]
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept if p.is_file()}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, applied once; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("applied") / "quickstart"
    ignore = shutil.ignore_patterns("build", ".vidbuild", "vidbuild.lock")
    shutil.copytree(EXAMPLES / "quickstart", folder, ignore=ignore)
    done = vidbuild("apply", "-y", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def quickstart(applied: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(applied, tmp_path / "quickstart"))


def last_cue(subtitle: Path) -> float:
    """Seconds at which the last words end."""
    end = re.findall(r"--> (\d\d):(\d\d):(\d\d),(\d{3})", subtitle.read_text(encoding="utf-8"))[-1]
    hours, minutes, seconds, milliseconds = map(int, end)
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


SIZES = {"welcome": (1280, 720), "backups": (1280, 720), "story": (720, 1280)}


@pytest.mark.parametrize("name", SIZES)
def test_videos_are_whole_have_sound_and_the_size_asked_for(applied: Path, name: str) -> None:
    import av

    frames, loudest, heard = 0, 0.0, 0.0
    with av.open(str(applied / "build" / f"{name}.mp4")) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert (picture.codec.name, sound.codec.name) == ("h264", "aac")
        assert (picture.width, picture.height) == SIZES[name]
        for packet in file.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frames += 1
                elif isinstance(frame, av.AudioFrame):
                    heard += frame.samples / frame.sample_rate
                    loudest = max(loudest, *array("f", bytes(frame.planes[0])))
        assert file.duration is not None
        length = file.duration / av.time_base
    assert frames > 10
    assert loudest > 0.05
    assert abs(length - heard) <= 0.3
    assert abs(length - last_cue(applied / "build" / f"{name}.srt")) <= 0.3
    lock = json.loads((applied / "vidbuild.lock").read_text(encoding="utf-8"))
    assert abs(lock["videos"][name]["render"]["duration"] - length) <= 0.3
    assert (applied / "build" / f"{name}.srt").read_text(encoding="utf-8").startswith("1\n00:00:0")
    assert (applied / "build" / f"{name}.jpg").read_bytes().startswith(b"\xff\xd8\xff")


def test_a_second_plan_has_nothing_to_do(quickstart: Path) -> None:
    before = snapshot(quickstart)
    plan = vidbuild("plan", "--detailed-exitcode", cwd=quickstart)
    assert plan.returncode == 0
    assert plan.stdout.splitlines()[-1] == "Nothing to do: 3 videos are up to date."
    again = vidbuild("apply", "-y", cwd=quickstart)
    assert again.returncode == 0
    assert snapshot(quickstart) == before
    assert len(ledger(quickstart)["jobs"]) == 3


def test_one_edited_script_is_one_rerender(quickstart: Path) -> None:
    file = quickstart / "vidbuild.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Let us begin.", "Off we go."), encoding="utf-8")
    plan = json.loads(vidbuild("plan", "--json", cwd=quickstart).stdout)
    assert [(c["name"], c["action"], c["reason"]) for c in plan["changes"]] == [
        ("welcome", "rerender", "script_changed")
    ]
    assert vidbuild("apply", "-y", cwd=quickstart).returncode == 0
    jobs = ledger(quickstart)["jobs"]
    assert len(jobs) == 4
    assert sum("Off we go." in job["request"]["script"] for job in jobs) == 1
    file.write_text(text, encoding="utf-8")
    back = vidbuild("plan", cwd=quickstart).stdout.splitlines()[-1]
    assert back.startswith("Plan: 1 to reuse, 2 unchanged.")
    assert vidbuild("apply", "-y", cwd=quickstart).returncode == 0
    assert len(ledger(quickstart)["jobs"]) == 4


def test_renaming_and_moving_pays_nothing(quickstart: Path) -> None:
    file = quickstart / "vidbuild.yaml"
    text = file.read_text(encoding="utf-8")
    (quickstart / "scripts" / "intro.md.j2").rename(quickstart / "scripts" / "hello.j2")
    text = text.replace("intro.md.j2", "hello.j2").replace("  welcome:", "  start:")
    file.write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    done = vidbuild("apply", "-y", cwd=quickstart)
    assert done.returncode == 0, done.stderr
    assert len(ledger(quickstart)["jobs"]) == 3
    names = set(json.loads((quickstart / "vidbuild.lock").read_text(encoding="utf-8"))["videos"])
    assert names == {"backups", "start", "story"}
    assert (quickstart / "build" / "start.mp4").is_file()
    assert not (quickstart / "build" / "welcome.mp4").exists()


def test_a_missing_file_is_fetched_without_a_question(quickstart: Path) -> None:
    wanted = snapshot(quickstart)
    (quickstart / "build" / "story.mp4").unlink()
    (quickstart / "build" / "welcome.srt").write_text("altered", encoding="utf-8")
    plan = vidbuild("plan", "--detailed-exitcode", cwd=quickstart)
    assert plan.returncode == 0
    assert "story" in plan.stdout
    assert vidbuild("apply", cwd=quickstart).returncode == 0
    # What somebody changed by hand is put aside, not thrown away.
    assert snapshot(quickstart) == {**wanted, "build/welcome.srt.orig": b"altered"}
    assert len(ledger(quickstart)["jobs"]) == 3


def test_a_draft_profile_touches_nothing_that_was_paid_for(quickstart: Path) -> None:
    before = snapshot(quickstart)
    done = vidbuild("apply", "-p", "draft", "-y", "-s", "story", cwd=quickstart)
    assert done.returncode == 0, done.stderr
    assert snapshot(quickstart) == before
    assert (quickstart / ".vidbuild" / "vidbuild.draft.lock").is_file()
    assert (quickstart / "build.draft" / "story.mp4").is_file()


def test_without_a_terminal_an_apply_needs_yes(tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("apply", cwd=tmp_path)
    assert done.returncode == 64
    assert "-y" in done.stderr
    assert not (tmp_path / "vidbuild.lock").exists()


def test_policy_and_expectations_refuse_before_anything_is_sent(tmp_path: Path) -> None:
    project(tmp_path)
    digest = json.loads(vidbuild("plan", "--json", cwd=tmp_path).stdout)["digest"]
    for arguments, code in (
        (["--max-cost", "0.01"], 5),
        (["--expect", "sha256:" + "0" * 64], 7),
    ):
        done = vidbuild("apply", "-y", *arguments, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert not (tmp_path / "vidbuild.lock").exists()
    assert ledger(tmp_path)["jobs"] == []
    assert vidbuild("apply", "-y", "--expect", digest, cwd=tmp_path).returncode == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("served"), "--render", "simulated", "--key", KEY) as studio:
        yield studio


KEY = "sk-heygen-test-1234567890"

HEYGEN = """\
vidbuild: 1
project: paid
defaults: {type: avatar, avatar_id: presenter, voice_id: english}
videos:
  one: {title: One, script: The first video.}
  two: {title: Two, script: The second video.}
"""


def test_heygen_over_a_port(served: Served, tmp_path: Path) -> None:
    folder = project(tmp_path, HEYGEN)
    env = {"HEYGEN_API_BASE": served.url, "HEYGEN_API_KEY": KEY}
    done = vidbuild("apply", "-y", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    assert len(served.ledger(KEY)["jobs"]) == 2
    assert vidbuild("plan", "--detailed-exitcode", cwd=folder).returncode == 0
    assert vidbuild("apply", "-y", cwd=folder).returncode == 0  # not even a key is needed
    lock = json.loads((folder / "vidbuild.lock").read_text(encoding="utf-8"))
    assert {e["render"]["provider"] for e in lock["videos"].values()} == {"heygen"}
    everything = [p for p in folder.rglob("*") if p.is_file()]
    assert everything
    assert not [p for p in everything if KEY.encode() in p.read_bytes()]
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({}, 3, "HEYGEN_API_KEY"),
        ({"HEYGEN_API_KEY": "sk-another-key-000"}, 3, "key"),
        ({"HEYGEN_API_KEY": KEY, "HEYGEN_API_BASE": "http://127.0.0.1:9"}, 1, "127.0.0.1:9 cannot"),
        ({"HEYGEN_API_KEY": KEY, "HEYGEN_API_BASE": "nonsense"}, 64, "is not an address\n"),
        ({"HEYGEN_API_KEY": KEY, "HEYGEN_API_BASE": "http://example.com"}, 64, "HEYGEN_ALLOW_HTTP"),
    ],
)
def test_bad_credentials_and_hosts(
    env: dict[str, str], code: int, said: str, served: Served, tmp_path: Path
) -> None:
    folder = project(tmp_path, HEYGEN)
    home = {"HOME": str(tmp_path), "HEYGEN_API_BASE": served.url}
    done = vidbuild("apply", "-y", cwd=folder, env={**home, **env})
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk-another-key-000" not in done.stdout + done.stderr
    assert not (folder / "vidbuild.lock").exists()
    assert not (folder / "build").exists()


BAD_LOCKS = {
    "empty": "",
    "no JSON": "{",
    "conflict": "<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n",
    "another project": '{"project": "other", "version": 1, "videos": {}}',
    "newer": '{"project": "quickstart", "version": 2, "videos": {}}',
    "a list": "[]",
}


@pytest.mark.parametrize("text", BAD_LOCKS.values(), ids=BAD_LOCKS.keys())
def test_a_damaged_lock_is_refused_and_left(text: str, quickstart: Path) -> None:
    (quickstart / "vidbuild.lock").write_text(text, encoding="utf-8")
    before = snapshot(quickstart)
    for command in (["plan"], ["apply", "-y"]):
        done = vidbuild(*command, cwd=quickstart)
        assert done.returncode == 1
        assert "vidbuild.lock" in done.stderr
        assert "Traceback" not in done.stderr
    assert snapshot(quickstart) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("vidbuild: 1", "vidbuild: [1", "vidbuild.yaml:"),
        ("    script: {file: scripts/intro.md.j2}", "    scrpt: {file: x}", "script"),
        ("resolution: 720p", "resolution: 720", "vidbuild.yaml:"),
        ("topic: the mobile app", "topc: the mobile app", "scripts/intro.md.j2:2"),
        ("scripts/intro.md.j2", "scripts/none.j2", "scripts/none.j2 does not exist"),
    ],
)
def test_bad_sources_change_nothing(old: str, new: str, said: str, quickstart: Path) -> None:
    file = quickstart / "vidbuild.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    before = snapshot(quickstart)
    for command in (["plan"], ["apply", "-y"]):
        done = vidbuild(*command, cwd=quickstart)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert snapshot(quickstart) == before
