"""`vidbuild validate`: everything wrong in one run, in four formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import SMALL, project, vidbuild
from tests.report.test_diagnostic_formats import SARIF
from tests.test_cases import CASES, NAMES
from vidbuild.diagnostics import Problems
from vidbuild.plan.selection import Selection
from vidbuild.report.as_json import as_json
from vidbuild.report.diagnostics import diagnostics_json
from vidbuild.report.github import diagnostics_github
from vidbuild.report.sarif import diagnostics_sarif
from vidbuild.settings import Settings
from vidbuild.workspace.checking import check

ROOT = Path(__file__).parents[2]
FORMATS = ["text", "json", "github", "sarif"]
SILENT = """\
vidbuild: 1
project: silent
provider: studio
defaults: {type: avatar, avatar_id: presenter}
videos:
  hello: {audio_url: "https://example.com/a.mp3", voice_settings: {speed: 1.1}}
"""
LOOP = """\
vidbuild: 1
project: loop
provider: studio
defaults: {type: avatar, avatar_id: presenter, voice_id: english}
videos:
  row:
    for_each: [{id: a, lang: en}, {id: b, lang: de}, {id: c}]
    name: row/{{ each.id }}
    script: In {{ each.lang }}.
  other:
    script: Hello.
    tags: [plain]
    resolutoin: 720p
"""


@pytest.mark.parametrize("name", NAMES)
def test_every_bad_project_in_every_format(name: str) -> None:
    folder = CASES / name
    given = folder / "run.json"
    run = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    settings = Settings(directory=folder, profile=run.get("profile"), outside=run.get("vars", {}))
    checked = check(settings, Selection())
    assert checked.diagnostics
    assert checked.failed is any(d.severity == "error" for d in checked.diagnostics)
    assert json.loads(as_json(diagnostics_json(checked.diagnostics)))["diagnostics"]
    assert diagnostics_github(checked.diagnostics).count("\n") == len(checked.diagnostics) - 1
    log = json.loads(as_json(diagnostics_sarif(checked.diagnostics)))
    SARIF.validate(log)
    assert len(log["runs"][0]["results"]) == len(checked.diagnostics)


@pytest.mark.parametrize("name", ["quickstart", "localized", "customers"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_examples_are_valid(name: str, form: str) -> None:
    done = vidbuild("-C", ROOT / "examples" / name, "validate", "--format", form)
    assert done.returncode == 0
    if form == "text":
        assert done.stdout.endswith(" videos are valid.\n")
        assert done.stderr == ""
    elif form == "github":
        assert (done.stdout, done.stderr[-18:]) == ("", "videos are valid.\n")
    else:
        document = json.loads(done.stdout)
        assert document.get("diagnostics", document.get("runs", [{}])[0:0]) == []
        assert done.stderr == ""


def test_text_goes_to_standard_output_and_ends_with_the_verdict(tmp_path: Path) -> None:
    project(tmp_path, SMALL.replace("script: Hello from", "scirpt: Hello from"))
    done = vidbuild("validate", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.startswith("vidbuild.yaml:9:5: error VB")
    assert "\n  9 |     scirpt: Hello from {{ product }}.\n    |     ^\n" in done.stdout
    assert "hint: did you mean" in done.stdout
    assert done.stdout.endswith("error\n") or done.stdout.endswith("errors\n")
    quiet = vidbuild("validate", "-q", cwd=tmp_path)
    assert quiet.returncode == 1
    assert quiet.stdout.startswith("vidbuild.yaml:9:5: error VB")


def test_quiet_and_valid_says_nothing(tmp_path: Path) -> None:
    done = vidbuild("validate", "-q", cwd=project(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_warnings_alone_exit_with_0(tmp_path: Path) -> None:
    project(tmp_path, SILENT)
    done = vidbuild("validate", cwd=tmp_path)
    assert "warning VB249" in done.stdout
    assert done.stdout.endswith("\n1 video is valid, with 1 warning.\n")
    assert done.returncode == 0
    assert vidbuild("validate", "--format", "github", cwd=tmp_path).stdout.startswith("::warning ")


def test_projects_and_locks_in_one_run(tmp_path: Path) -> None:
    project(
        tmp_path,
        SMALL.replace("title: Bye", "titel: Bye"),
        **{
            "vidbuild.lock": "{",
            "vidbuild.pilot.lock": "<<<<<<< ours\n",
            ".vidbuild/state/journal.db": "no database " * 100,
        },
    )
    done = vidbuild("validate", "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)["diagnostics"]
    assert [d["code"] for d in found] == ["VB201", "VB503", "VB502", "VB511"]
    assert [d["file"] for d in found][:3] == [
        "vidbuild.yaml",
        "vidbuild.lock",
        "vidbuild.pilot.lock",
    ]
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("fault", ["output: {dri: build}\n", "surplus: 1\n"])
def test_a_damaged_lock_of_a_project_that_is_not_valid_as_a_whole(
    fault: str, tmp_path: Path
) -> None:
    project(tmp_path, fault + SMALL, **{"vidbuild.lock": "[]"})
    codes = {d.code for d in check(Settings(directory=tmp_path), Selection()).diagnostics}
    assert codes == {"VB253", "VB503"}


def test_a_lock_of_another_project(tmp_path: Path) -> None:
    lock = '{\n  "project": "else",\n  "version": 1,\n  "videos": {}\n}\n'
    project(tmp_path, **{"vidbuild.lock": lock})
    (found,) = check(Settings(directory=tmp_path), Selection()).diagnostics
    assert found.code == "VB505"


@pytest.mark.parametrize(
    ("select", "exclude", "codes", "valid"),
    [
        ((), (), {"VB302", "VB201"}, 2),
        (("row/*",), (), {"VB302"}, 2),
        (("row/a", "row/b"), (), set(), 2),
        (("tag:plain",), (), {"VB201"}, 0),
        (("each.lang=de",), (), set(), 1),
        ((), ("other", "row/c"), set(), 2),
        (("rwo/*",), (), {"VB701"}, 0),
        (("row/a", "nothing"), (), {"VB703"}, 1),
    ],
)
def test_selections(
    select: tuple[str, ...], exclude: tuple[str, ...], codes: set[str], valid: int, tmp_path: Path
) -> None:
    project(tmp_path, LOOP)
    checked = check(Settings(directory=tmp_path), Selection(select=select, exclude=exclude))
    assert {d.code for d in checked.diagnostics} == codes
    assert checked.valid == valid


def test_what_is_wrong_usage_stays_wrong_usage(tmp_path: Path) -> None:
    project(tmp_path)
    for arguments in (["-s", "tga:x"], ["--var", "x"], ["--format", "xml"], ["--remote"]):
        done = vidbuild("validate", *arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (64, ""), arguments
    with pytest.raises(Problems):
        check(Settings(directory=tmp_path), Selection(select=("tga:x",)))


@pytest.mark.parametrize("form", FORMATS)
def test_without_a_project(form: str, tmp_path: Path) -> None:
    done = vidbuild("validate", "--format", form, cwd=tmp_path)
    assert done.returncode == 1
    assert "VB264" in done.stdout


def test_a_var_file_that_cannot_be_read_is_in_the_document(tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("validate", "--format", "json", "--var-file", "gone.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert [d["code"] for d in json.loads(done.stdout)["diagnostics"]] == ["VB101"]


def test_annotations_are_named_from_the_root_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "courses" / "one"
    (tmp_path / ".git").mkdir()
    shutil.copytree(CASES / "unknown-field", inner)
    plain = vidbuild("validate", cwd=inner).stdout
    assert plain.startswith("vidbuild.yaml:")
    done = vidbuild("validate", "--format", "github", cwd=inner)
    assert done.stdout.startswith("::error file=courses/one/vidbuild.yaml,line=")
    assert done.stderr == "1 error\n"
    log = json.loads(vidbuild("validate", "--format", "sarif", cwd=inner).stdout)
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "courses/one/vidbuild.yaml", "uriBaseId": "%SRCROOT%"}


def test_escape_sequences_in_sources_never_reach_the_terminal(tmp_path: Path) -> None:
    project(tmp_path, SMALL.replace("title: Bye", 'titel: "\\e[2J\\u202e"'))
    for form in FORMATS:
        done = vidbuild("validate", "--format", form, cwd=tmp_path)
        assert done.returncode == 1
        assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)


def test_validate_writes_nothing(tmp_path: Path) -> None:
    project(tmp_path)
    assert vidbuild("validate", cwd=tmp_path).returncode == 0
    assert [p.name for p in tmp_path.rglob("*")] == ["vidbuild.yaml"]
