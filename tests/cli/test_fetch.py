"""`fetch`: files that are missing or altered come back, and nothing else happens."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import project, vidbuild
from tests.report.schemas import EVENT_WRITER
from vidbuild.apply.staging import Staging
from vidbuild.state.hold import hold
from vidbuild.state.journal import read_journal

TEXT = """\
vidbuild: 1
project: small
provider: studio
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
output: {files: [video, subtitle]}
videos:
  hello: {title: Hello, script: Hello.}
  bye: {title: Bye, script: Goodbye.}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, rendered once; tests work on copies."""
    folder = project(tmp_path_factory.mktemp("made") / "small", TEXT)
    done = vidbuild("apply", "-y", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def small(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "small"))


def fetch(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return vidbuild("fetch", *arguments, cwd=folder)


def outputs(folder: Path) -> dict[str, bytes]:
    """What is in the output folder, by path."""
    found = sorted((folder / "build").rglob("*"))
    return {
        p.relative_to(folder / "build").as_posix(): p.read_bytes() for p in found if p.is_file()
    }


def test_all_there_is_nothing_to_fetch(small: Path) -> None:
    before = outputs(small)
    done = fetch(small)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nothing to fetch: 4 files are in place.\n"
    assert fetch(small, "-s", "hello", "-q").stdout == ""
    assert fetch(small, "--exclude", "hello").stdout.startswith("Nothing to fetch: 2 files")
    assert outputs(small) == before


def test_missing_and_altered_files_come_back(small: Path) -> None:
    before = outputs(small)
    lock = (small / "vidbuild.lock").read_bytes()
    (small / "build" / "hello.mp4").unlink()
    (small / "build" / "bye.srt").write_text("my own words\n", encoding="utf-8")
    done = fetch(small)
    assert done.returncode == 0, done.stderr
    assert "Fetch: 2 fetched" in done.stderr
    mine = {"bye.srt.orig": b"my own words\n"}
    assert outputs(small) == {**before, **mine}
    assert (small / "vidbuild.lock").read_bytes() == lock
    assert fetch(small).stdout.startswith("Nothing to fetch: 4 files")


def test_only_what_is_selected_is_fetched(small: Path) -> None:
    shutil.rmtree(small / "build")
    assert fetch(small, "-s", "b*").returncode == 0
    assert set(outputs(small)) == {"bye.mp4", "bye.srt", "manifest.json"}
    assert fetch(small, "--exclude", "bye").returncode == 0
    assert set(outputs(small)) >= {"hello.mp4", "hello.srt"}
    assert fetch(small, "-s", "nobody").returncode == 1


def test_nothing_is_submitted_accepted_or_charged(small: Path) -> None:
    """Pending renders stay pending, and no list of an apply is begun or ended."""
    text = TEXT.replace("Hello.}", "Hello again.}") + "  new: {script: New.}\n"
    (small / "vidbuild.yaml").write_text(text, encoding="utf-8")
    journal = small / ".vidbuild" / "state" / "journal.db"
    before = read_journal(journal, project="small")
    shutil.rmtree(small / "build")
    done = fetch(small)
    assert done.returncode == 0, done.stderr
    assert set(outputs(small)) == {"bye.mp4", "bye.srt", "manifest.json"}
    after = read_journal(journal, project="small")
    assert (after.applies, after.intents, after.renders) == (
        before.applies,
        before.intents,
        before.renders,
    )
    plan = json.loads(vidbuild("plan", "--json", cwd=small).stdout)
    assert {c["name"]: c["action"] for c in plan["changes"]} == {
        "hello": "rerender",
        "new": "create",
    }


def test_events_are_those_of_an_apply(small: Path) -> None:
    for gone in (None, "hello.mp4"):
        if gone:
            (small / "build" / gone).unlink()
        done = fetch(small, "--json")
        assert done.returncode == 0
        events = [json.loads(line) for line in done.stdout.splitlines()]
        for event in events:
            EVENT_WRITER.validate(event)
        said = [(e["event"], e["name"]) for e in events if e["event"] != "progress"]
        assert said == ([("fetched", "hello")] if gone else []) + [("done", None)]


def test_a_fetch_that_gets_less_than_all_ends_with_6(small: Path) -> None:
    folder = small / "build"
    shutil.rmtree(folder)
    (folder / "hello.mp4").mkdir(parents=True)
    done = fetch(small)
    assert done.returncode == 6
    assert "VB559 hello.mp4 cannot be put in place" in done.stderr
    assert set(outputs(small)) == {"hello.srt", "bye.mp4", "bye.srt", "manifest.json"}
    (folder / "hello.mp4").rmdir()
    assert fetch(small).returncode == 0
    assert fetch(small).stdout.startswith("Nothing to fetch: 4 files")


def test_a_held_project_is_left_alone(small: Path) -> None:
    shutil.rmtree(small / "build")
    with hold(small / ".vidbuild" / "state" / "apply.lock", now=0.0):
        done = fetch(small)
    assert done.returncode == 8
    assert "VB514" in done.stderr
    assert not (small / "build").exists()


def test_without_a_key_nothing_is_asked_for_but_what_is_there_needs_none(small: Path) -> None:
    heygen = TEXT.replace("provider: studio", "provider: heygen")
    (small / "vidbuild.yaml").write_text(heygen, encoding="utf-8")
    lock = small / "vidbuild.lock"
    lock.write_text(_of_heygen(lock.read_text(encoding="utf-8")), encoding="utf-8")
    env = {"HEYGEN_CONFIG_DIR": str(small / "nowhere")}
    there = vidbuild("fetch", cwd=small, env=env)
    assert (there.returncode, there.stdout[:16]) == (0, "Nothing to fetch"), there.stderr
    shutil.rmtree(small / "build")
    assert vidbuild("fetch", cwd=small, env=env).returncode == 3


def _of_heygen(text: str) -> str:
    """The same lock, as if the account had rendered it: nobody checks whose hash that is."""
    body: dict[str, Any] = json.loads(text)
    plan_of = {"hello": "Hello.", "bye": "Goodbye."}
    assert set(body["videos"]) == set(plan_of)
    for entry in body["videos"].values():
        entry["render"]["provider"] = "heygen"
        del entry["check"]
    return json.dumps(body)


def test_a_folder_that_may_not_be_written_is_told(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small / "build" / "hello.mp4").unlink()

    def denied(*_: object) -> Path:  # root may write everywhere, so the system is stood in for
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "_made", denied)
        done = fetch(small)
    assert done.returncode == 6
    assert "permission denied" in done.stderr
