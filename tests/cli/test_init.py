"""`vidbuild init`: a project that plans and applies at once, and nothing overwritten."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.commands import project, vidbuild
from vidbuild.diagnostics import Problems
from vidbuild.project.names import SLUG
from vidbuild.workspace.starting import slug, start_project

FILES = [
    "vidbuild.yaml", "scripts/welcome.md.j2", ".gitignore", ".gitattributes",
    "vidbuild.schema.json",
]  # fmt: skip
SCHEMA = Path(__file__).parents[2] / "schemas" / "vidbuild.schema.json"


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_init_plan_apply(tmp_path: Path) -> None:
    started = vidbuild("init", "first-steps", cwd=tmp_path)
    assert started.returncode == 0, started.stderr
    assert started.stdout.splitlines() == [f"wrote first-steps/{name}" for name in FILES]
    assert started.stderr == "next: cd first-steps, vidbuild plan, vidbuild apply\n"
    folder = tmp_path / "first-steps"
    assert vidbuild("validate", cwd=folder).stdout == "3 videos are valid.\n"
    planned = vidbuild("plan", cwd=folder)
    assert planned.stdout.startswith("Project first-steps, provider studio.\n")
    assert "\nPlan: 3 to create." in planned.stdout
    applied = vidbuild("apply", "-y", cwd=folder)
    assert (applied.returncode, "Traceback" in applied.stderr) == (0, False)
    assert len(list((folder / "build").rglob("*.mp4"))) == 3
    again = vidbuild("plan", "--detailed-exitcode", cwd=folder)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (
        0, "Nothing to do: 3 videos are up to date.",
    )  # fmt: skip


def test_git_keeps_what_matters(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout

    git("init", "-q")
    start_project(tmp_path)
    for name in ("vidbuild.lock", "vidbuild.pilot.lock", "build/a.mp4", "build.draft/a.mp4",
                 ".vidbuild/vidbuild.draft.lock"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    shown = git("status", "--short", "-uall").split()
    assert sorted(shown[1::2]) == sorted([*FILES, "vidbuild.lock", "vidbuild.pilot.lock"])
    said = git("check-attr", "text", "eol", "--", "vidbuild.lock", "vidbuild.pilot.lock")
    assert re.findall(r": (\w+): (\w+)", said) == [("text", "set"), ("eol", "lf")] * 2


def test_the_schema_is_the_one_for_editors(tmp_path: Path) -> None:
    start_project(tmp_path)
    assert (tmp_path / "vidbuild.schema.json").read_bytes() == SCHEMA.read_bytes()
    first = (tmp_path / "vidbuild.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./vidbuild.schema.json"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    own = {name: f"mine: {name}\n" for name in FILES if name != "vidbuild.yaml"}
    for name, text in own.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = vidbuild("init", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "wrote vidbuild.yaml",
        "left scripts/welcome.md.j2 as it was",
        "left .gitignore as it was; add to it: .vidbuild/, build/, build.*/",
        "left .gitattributes as it was; add to it: vidbuild*.lock text eol=lf merge=vidbuild",
        "left vidbuild.schema.json as it was",
    ]
    before = files_in(tmp_path)
    assert {n: before[n].decode() for n in own} == own
    again = vidbuild("init", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert files_in(tmp_path) == before


def test_a_project_that_is_there_gets_no_scripts(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / ".gitignore").write_text("/build/\n.vidbuild\nbuild.*\n", encoding="utf-8")
    started = start_project(tmp_path)
    assert started.kept == ("vidbuild.yaml", ".gitignore")
    assert started.lacking == {}
    assert sorted(started.written) == [".gitattributes", "vidbuild.schema.json"]


def test_links_are_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ".gitignore").symlink_to(tmp_path / "nowhere")
    started = start_project(tmp_path / "p")
    assert ".gitignore" in started.kept
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("training", "training"),
        ("Über Training 2026!", "uber-training-2026"),
        ("日本", "my-videos"),
        ("", "my-videos"),
        ("--a__b--", "a-b"),
        ("x" * 90, "x" * 63),
        ("a" * 62 + "-b", "a" * 62),
    ],
)
def test_slugs(text: str, name: str) -> None:
    assert slug(text) == name


@given(st.text())
def test_every_folder_has_a_slug(text: str) -> None:
    assert SLUG.fullmatch(slug(text))


@pytest.mark.parametrize("name", ["Über Training", "a", "w" * 80])
def test_the_project_is_named_after_its_folder(name: str, tmp_path: Path) -> None:
    start_project(tmp_path / name)
    text = (tmp_path / name / "vidbuild.yaml").read_text(encoding="utf-8")
    assert f"\nproject: {slug(name)} " in text
    assert "my-videos" not in text
    shown = vidbuild("validate", cwd=tmp_path / name)
    assert (shown.returncode, shown.stdout) == (0, "3 videos are valid.\n")


def test_inside_another_project(tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("init", "sub", cwd=tmp_path)
    assert done.returncode == 0
    assert f"note: this folder lies in the project {tmp_path / 'vidbuild.yaml'}" in done.stderr
    assert vidbuild("plan", cwd=tmp_path / "sub").stdout.startswith("Project sub,")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / ".git").mkdir()
    assert start_project(tmp_path / "own").outer is None


def test_in_another_directory(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    done = vidbuild("-C", "here", "init", "it's new", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "here" / "it's new" / "vidbuild.yaml").is_file()
    assert "cd 'here/it'\"'\"'s new'" in done.stderr
    lost = vidbuild("-C", "nowhere", "init", cwd=tmp_path)
    assert (lost.returncode, "VB264" in lost.stderr) == (1, True)
    assert not (tmp_path / "nowhere").exists()
    assert vidbuild("init", "-q", "quiet", cwd=tmp_path).stdout == ""


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("file", "file is a file, not a folder"),
        ("file/sub", "file is a file, not a folder"),
        ("taken", "scripts is a file, not a folder"),
        ("n" * 300, "cannot be written: file name too long"),
    ],
)
def test_folders_that_cannot_be_written(where: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "scripts").touch()
    with pytest.raises(Problems) as raised:
        start_project(tmp_path / where)
    (found,) = raised.value.diagnostics
    assert found.code == "VB740"
    assert said in found.message
    assert found.hint
    assert not (tmp_path / where / "vidbuild.yaml").exists() if len(where) < 255 else True
    done = vidbuild("init", where, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says of a read-only folder, also where root would be let in."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Problems, match="cannot be written: permission denied"):
        start_project(tmp_path / "new")


def test_wrong_usage(tmp_path: Path) -> None:
    assert vidbuild("init", "a", "b", cwd=tmp_path).returncode == 64
    assert list(tmp_path.iterdir()) == []
