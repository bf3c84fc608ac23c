"""`manifest.json`: what is finished and in place, as files and lock have it, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import project, vidbuild
from tests.report.schemas import MANIFEST_WRITER

TEXT = """\
vidbuild: 1
project: small
provider: studio
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
output: {files: [video, subtitle]}
videos:
  hello: {title: Hello, script: Hello.}
  plan:
    for_each: [{lang: en, seats: 5}, {lang: de, seats: .inf}]
    name: "plan/{{ each.lang }}"
    title: Plan in {{ each.lang }}
    script: A plan in {{ each.lang }}.
    tags: [b, a]
  secret:
    for_each: [{who: Anna}]
    name: "for/someone"
    title: For {{ each.who }}
    script: Hi {{ each.who }}.
    private: true
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project(tmp_path_factory.mktemp("made") / "small", TEXT)
    done = vidbuild("apply", "-y", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def small(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "small"))


def manifest(folder: Path, output: str = "build") -> dict[str, Any]:
    """The document by video; checked against its schema and against the folder."""
    data = (folder / output / "manifest.json").read_bytes()
    found: dict[str, Any] = json.loads(data)
    MANIFEST_WRITER.validate(found)
    names = [video["name"] for video in found["videos"]]
    assert names == sorted(set(names))
    for video in found["videos"]:
        for file in video["files"].values():
            there = (folder / output / file["path"]).read_bytes()
            assert (len(there), hashlib.sha256(there).hexdigest()) == (
                file["bytes"],
                file["sha256"],
            )
    return {video["name"]: video for video in found["videos"]}


def rewrite(folder: Path, old: str, new: str) -> None:
    text = (folder / "vidbuild.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "vidbuild.yaml").write_text(text.replace(old, new), encoding="utf-8")


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = vidbuild(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stderr


def test_it_has_what_a_publisher_needs(small: Path) -> None:
    found = manifest(small)
    assert set(found) == {"for/someone", "hello", "plan/de", "plan/en"}
    lock = json.loads((small / "vidbuild.lock").read_text(encoding="utf-8"))["videos"]
    for name, video in found.items():
        render = lock[name]["render"]
        assert video["video_id"] == render["video_id"]
        assert video["seconds"] == render["duration"]
        assert video["completed_at"] == render["completed_at"]
        assert set(video["files"]) == {"video", "subtitle"}
    assert found["plan/en"]["row"] == {"lang": "en", "seats": 5}
    assert found["plan/de"]["row"] == {"lang": "de", "seats": None}  # JSON has no infinity
    assert found["plan/en"]["tags"] == ["a", "b"]
    assert found["plan/en"]["title"] == "Plan in en"
    assert (found["hello"]["row"], found["hello"]["private"]) == (None, False)


def test_a_private_video_shows_neither_words_nor_row(small: Path) -> None:
    assert "Anna" not in (small / "build" / "manifest.json").read_text(encoding="utf-8")
    secret = manifest(small)["for/someone"]
    assert (secret["private"], secret["title"], secret["row"]) == (True, None, None)


def test_the_same_state_has_the_same_bytes_and_is_not_written_again(small: Path) -> None:
    path = small / "build" / "manifest.json"
    before, time = path.read_bytes(), path.stat().st_mtime_ns
    for command in (["apply"], ["fetch"], ["apply", "-s", "hello"]):
        run(small, *command)
        assert path.stat().st_mtime_ns == time
    shutil.rmtree(small / "build")
    run(small, "fetch")
    assert path.read_bytes() == before


def test_it_is_of_the_project_whatever_is_selected(small: Path) -> None:
    rewrite(small, "script: Hello.", "script: Hello again.")
    before = manifest(small)
    run(small, "apply", "-y", "-s", "plan/*")
    assert manifest(small) == before
    run(small, "apply", "-y", "-s", "hello")
    after = manifest(small)
    assert after["hello"]["video_id"] != before["hello"]["video_id"]
    assert {**after, "hello": None} == {**before, "hello": None}


def test_only_what_is_in_place_is_in_it(small: Path) -> None:
    (small / "build" / "hello.mp4").write_bytes(b"not it any more")
    (small / "build" / "plan" / "en.srt").unlink()
    run(small, "fetch", "-s", "plan/de")
    found = manifest(small)
    assert set(found) == {"for/someone", "plan/de", "plan/en"}
    assert set(found["plan/en"]["files"]) == {"video"}
    run(small, "fetch")
    assert set(manifest(small)) == {"for/someone", "hello", "plan/de", "plan/en"}


def test_what_leaves_the_project_leaves_it_at_once(small: Path) -> None:
    rewrite(small, "  hello: {title: Hello, script: Hello.}\n", "")
    stderr = run(small, "apply")
    assert "VB" not in stderr
    assert set(manifest(small)) == {"for/someone", "plan/de", "plan/en"}
    assert (small / "build" / "hello.mp4").exists()  # an orphan is nobody's to delete


def test_a_video_with_an_error_keeps_its_record(small: Path) -> None:
    rewrite(small, "script: Hello.}", "script: Hello., voice_settings: {speed: 99}}")
    run(small, "plan", code=1)
    run(small, "fetch", "-s", "plan/*")
    assert manifest(small)["hello"]["title"] == "Hello"


def test_a_rename_and_a_title_are_followed(small: Path) -> None:
    rewrite(small, "hello: {title: Hello,", "hi: {title: Hi,")
    before = manifest(small)["hello"]
    run(small, "apply", "-y")
    found = manifest(small)
    assert "hello" not in found
    assert (found["hi"]["video_id"], found["hi"]["title"]) == (before["video_id"], "Hi")
    assert found["hi"]["files"]["video"]["path"] == "hi.mp4"


def test_while_another_render_fails_the_old_video_is_the_one_that_is_there(small: Path) -> None:
    """The lock as an interrupted apply leaves it: a render in flight, the finished one behind."""
    path = small / "vidbuild.lock"
    body = json.loads(path.read_text(encoding="utf-8"))
    entry = body["videos"]["hello"]
    old = {**entry["render"], "fingerprint": entry["fingerprint"]}
    entry["history"] = [old]
    entry["render"] = {
        "provider": "studio", "status": "failed", "attempt": 1, "video_id": "v2",
        "failure_code": "x",
    }  # fmt: skip
    del entry["check"]
    path.write_text(json.dumps(body), encoding="utf-8")
    before = manifest(small)["hello"]
    run(small, "fetch", "-s", "plan/*")
    assert manifest(small)["hello"] == before


def test_a_profile_has_its_own(small: Path) -> None:
    before = (small / "build" / "manifest.json").read_bytes()
    run(small, "apply", "-y", "-p", "draft", "-s", "hello")
    assert set(manifest(small, "build.draft")) == {"hello"}
    document = json.loads((small / "build.draft" / "manifest.json").read_text(encoding="utf-8"))
    assert (document["profile"], document["project"]) == ("draft", "small")
    assert (small / "build" / "manifest.json").read_bytes() == before


def test_no_download_looks_at_no_file(small: Path) -> None:
    shutil.rmtree(small / "build")
    rewrite(small, "script: Hello.", "script: Hello once more.")
    run(small, "apply", "-y", "--no-download")
    assert not (small / "build").exists()


OURS = {"format_version": 1, "project": "small", "profile": None, "videos": []}
STRANGE: list[bytes] = [
    b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"name": "My app", "icons": []}',
    json.dumps({**OURS, "project": "another"}).encode(),
    json.dumps({**OURS, "profile": "draft"}).encode(),
    json.dumps({**OURS, "format_version": 2}).encode(),
    json.dumps({**OURS, "videos": {}}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_a_strangers_file_stays_as_it_is(small: Path, data: bytes) -> None:
    path = small / "build" / "manifest.json"
    path.write_bytes(data)
    stderr = run(small, "fetch", "-s", "hello")
    assert "warning VB564" in stderr
    assert path.read_bytes() == data


def test_what_is_no_file_stays_as_well(small: Path) -> None:
    path = small / "build" / "manifest.json"
    target = small / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    before = target.read_bytes()
    rewrite(small, "  hello: {title: Hello, script: Hello.}\n", "")
    assert "VB564" in run(small, "apply")
    assert (path.is_symlink(), target.read_bytes()) == (True, before)
    path.unlink()
    path.mkdir()
    assert "VB564" in run(small, "apply")
    path.rmdir()
    assert "VB564" not in run(small, "apply")
    assert "hello" not in manifest(small)


def test_one_that_cannot_be_written_is_an_error(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidbuild.workspace import publishing

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (small / "build" / "hello.mp4").unlink()
    before = (small / "build" / "manifest.json").read_bytes()
    monkeypatch.setattr(publishing, "write_atomic", full)
    rewrite(small, "tags: [b, a]", "tags: [c]")
    for command in ("apply", "fetch"):  # there is a file to fetch, and then there is none
        assert "VB563 build/manifest.json cannot be written: no space" in run(
            small, command, code=1
        ).replace("error VB563: ", "VB563 ")
    assert (small / "build" / "manifest.json").read_bytes() == before
    monkeypatch.undo()
    run(small, "fetch")
    assert manifest(small)["plan/en"]["tags"] == ["c"]


def test_a_lock_that_is_edited_takes_it_along(small: Path) -> None:
    before = manifest(small)
    rewrite(small, "  hello: {title: Hello,", "  hi: {title: Hi,")
    said = run(small, "lock", "mv", "hello", "hi")
    assert said == "next: vidbuild apply, which brings the files along\n"
    after = {name: video for name, video in before.items() if name != "hello"}
    assert manifest(small) == after  # its files have the old name still
    run(small, "apply", "-y")
    assert manifest(small)["hi"]["video_id"] == before["hello"]["video_id"]
    run(small, "lock", "rm", "plan/*", "-y")
    assert set(manifest(small)) == {"for/someone", "hi"}
    rewrite(small, "title: Hi, script: Hello.", "title: Hey, script: Another.")
    run(small, "lock", "adopt", "hi", before["hello"]["video_id"])
    assert manifest(small)["hi"]["title"] == "Hey"


def test_names_that_change_places_are_not_listed_with_each_other_s_files(small: Path) -> None:
    (small / "moves.csv").write_text("old,new\nplan/en,plan/de\nplan/de,plan/en\n", "utf-8")
    run(small, "lock", "mv", "--from", "moves.csv")
    assert set(manifest(small)) == {"for/someone", "hello"}


EDITS = [["mv", "hello", "hi"], ["rm", "hello", "-y"]]


@pytest.mark.parametrize("edit", EDITS, ids=["mv", "rm"])
def test_an_edit_of_the_lock_begins_none_and_leaves_a_strangers(
    small: Path, edit: list[str]
) -> None:
    path = small / "build" / "manifest.json"
    lock = (small / "vidbuild.lock").read_bytes()
    for there in (b"a stranger's", None):
        path.unlink(missing_ok=True)
        if there is not None:
            path.write_bytes(there)
        (small / "vidbuild.lock").write_bytes(lock)
        assert "VB" not in run(small, "lock", *edit)
        assert (path.read_bytes() if path.exists() else None) == there
    (small / "vidbuild.lock").write_bytes(lock)
    shutil.rmtree(small / "build")
    run(small, "lock", *edit)
    assert not (small / "build").exists()


@pytest.mark.parametrize("edit", EDITS, ids=["mv", "rm"])
def test_an_edit_of_the_lock_is_done_where_the_list_cannot_be_written(
    small: Path, edit: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidbuild.workspace import publishing

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publishing, "write_atomic", full)
    before = (small / "build" / "manifest.json").read_bytes()
    said = run(small, "lock", *edit)
    assert "warning VB563: build/manifest.json cannot be written: no space" in said
    assert (small / "build" / "manifest.json").read_bytes() == before
    assert "hello" not in json.loads((small / "vidbuild.lock").read_text("utf-8"))["videos"]


def test_no_video_can_stand_in_its_place(small: Path) -> None:
    rewrite(small, "  hello:", "  Manifest.JSON/hello:")
    done = vidbuild("validate", cwd=small)
    assert done.returncode == 1
    assert "VB261" in done.stdout
    rewrite(small, "Manifest.JSON/hello", "a/manifest.json/hello")
    assert vidbuild("validate", cwd=small).returncode == 0
