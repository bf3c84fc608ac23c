"""`vidbuild explain`: the layer, the place, what was overridden, the templates and the vars."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import project, vidbuild
from tests.report.test_diagnostic_formats import is_quiet
from tests.test_cases import CASES, NAMES
from vidbuild.diagnostics import Problems
from vidbuild.project.discover import find_project
from vidbuild.report.explanation import explanation_json
from vidbuild.report.explanation_text import explanation_text
from vidbuild.settings import Settings
from vidbuild.workspace.explaining import explain
from vidbuild.workspace.opened import open_workspace

ROOT = Path(__file__).parents[2]

LAYERED = """\
vidbuild: 1
project: layered
provider: studio
vars: {product: Acme, line: "The {{ product }} line", unused: x, words: {file: words.csv, key: id}}
defaults:
  type: avatar
  avatar_id: presenter
  voice_id: english
  callback_url: https://example.com/?token=s3cret
  background: {type: color, value: "#101820"}
  voice_settings: {speed: 1.1, pitch: 2}
  title: Default title
include: [more/*.yaml]
videos:
  tour:
    script: {file: scripts/tour.j2}
    background: {type: image, asset_id: {file: office.png}}
    voice_settings: {pitch: null}
    request: {resolution: 720p}
    title: null
    overrides:
      - set: {voice_id: warm}
      - when: product == "Acme"
        set: {voice_id: warmer}
  bad:
    script: Hello {{ nobody }}.
    title: "{{ line }}"
  loop:
    for_each: [{id: a, note: "\\e[2J"}, {id: b}]
    name: loop/{{ each.id }}
    script: Row {{ each.id }}.
    title: "{{ each.note | default(omit) }}"
profiles:
  pilot: {set: {resolution: 1080p}}
"""
FILES = {
    "more/a.yaml": "prefix: more/\ndefaults: {voice_id: inner}\nvideos: {a: {script: It.}}\n",
    "scripts/tour.j2": 'Hello {% include "part.j2" %}\n',
    "scripts/part.j2": "{{ line }}, {{ words.hi.text }}",
    "words.csv": "id,text\nhi,Hej\n",
}


@pytest.fixture
def layered(tmp_path: Path) -> Path:
    return with_picture(project(tmp_path, LAYERED, **FILES))


def with_picture(folder: Path) -> Path:
    from PIL import Image

    Image.new("RGB", (64, 64), "#336699").save(folder / "office.png")
    return folder


def explained(folder: Path, name: str, **settings: Any) -> dict[str, Any]:
    workspace = open_workspace(Settings(directory=folder, **settings))
    return explanation_json(explain(workspace, name))


def field(document: dict[str, Any], path: str) -> dict[str, Any]:
    (found,) = [each for each in document["fields"] if each["path"] == path]
    return dict(found)


def says(each: dict[str, Any]) -> tuple[str | None, str | None, list[tuple[str, Any, str]]]:
    """A field's layer, its place, and what it overrode, in short."""
    place = f"{each['file']}:{each['line']}:{each['column']}" if each["file"] else None
    below = [(o["layer"], o["value"], f"{o['file']}:{o['line']}") for o in each["overrode"]]
    return each["layer"], place, below


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("avatar_id", "presenter", ("defaults", "vidbuild.yaml:7:14", [])),
        ("voice_id", "warmer", ("override", "vidbuild.yaml:24:25", [
            ("override", "warm", "vidbuild.yaml:22"), ("defaults", "english", "vidbuild.yaml:8"),
        ])),
        ("background.type", "image", ("video", "vidbuild.yaml:17:24", [
            ("defaults", "color", "vidbuild.yaml:10"),
        ])),
        ("resolution", "720p", ("video", "vidbuild.yaml:19:27", [])),
        ("voice_settings.speed", 1.1, ("defaults", "vidbuild.yaml:11:27", [])),
        ("voice_settings.pitch", None, ("video", "vidbuild.yaml:18:29", [
            ("defaults", 2, "vidbuild.yaml:11"),
        ])),
        ("title", None, ("video", "vidbuild.yaml:20:12", [
            ("defaults", "Default title", "vidbuild.yaml:12"),
        ])),
        ("background.value", None, (None, None, [("defaults", "#101820", "vidbuild.yaml:10")])),
    ],
)  # fmt: skip
def test_fields(path: str, value: Any, expected: Any, layered: Path) -> None:
    found = field(explained(layered, "tour"), path)
    assert found["value"] == value
    assert says(found) == expected
    assert found["sent"] is (value is not None)


def test_every_field_of_the_request_is_explained(layered: Path) -> None:
    document = explained(layered, "tour")
    sent = {each["path"] for each in document["fields"] if each["sent"]}
    assert sent == {
        "type", "avatar_id", "voice_id", "callback_url", "background.type", "resolution",
        "background.asset_id", "voice_settings.speed", "script",
    }  # fmt: skip
    assert "callback_url" not in document["request"]
    assert "s3cret" not in json.dumps(document)
    assert (document["action"], document["reason"], document["from"]) == ("create", "new", None)
    assert document["estimate"]["seconds"] > 0
    assert document["fingerprint"].startswith("sha256:")
    assert (document["file"], document["line"], document["column"]) == ("vidbuild.yaml", 15, 3)


def test_templates_vars_and_files(layered: Path) -> None:
    document = explained(layered, "tour")
    script = field(document, "script")
    assert script["value"] == "Hello The Acme line, Hej"
    assert script["templates"] == ["scripts/tour.j2", "scripts/part.j2"]
    assert field(document, "background.asset_id")["templates"] == ["office.png"]
    assert [(v["name"], v["value"], v["line"]) for v in document["vars"]] == [
        ("line", "The {{ product }} line", 4),
        ("product", "Acme", 4),
        ("words", {"file": "words.csv", "key": "id"}, 4),
    ]
    assert document["depends_on"] == [
        "office.png", "scripts/part.j2", "scripts/tour.j2", "vidbuild.yaml", "words.csv",
    ]  # fmt: skip


def test_outside_values_and_profiles(layered: Path) -> None:
    document = explained(layered, "tour", profile="pilot", outside={"product": "Zeta"})
    assert document["profile"] == "pilot"
    assert field(document, "script")["value"] == "Hello The Zeta line, Hej"
    assert says(field(document, "voice_id"))[0:2] == ("override", "vidbuild.yaml:22:25")
    assert says(field(document, "resolution")) == (
        "profile", "vidbuild.yaml:34:29", [("video", "720p", "vidbuild.yaml:19")],
    )  # fmt: skip
    (product,) = [v for v in document["vars"] if v["name"] == "product"]
    assert (product["value"], product["file"]) == ("Zeta", None)


def test_included_defaults_stand_above_the_project_s(layered: Path) -> None:
    voice = field(explained(layered, "more/a"), "voice_id")
    below = [("defaults", "english", "vidbuild.yaml:8")]
    assert says(voice) == ("defaults", "more/a.yaml:2:22", below)


def test_a_row_and_what_it_omits(layered: Path) -> None:
    first, second = (explained(layered, f"loop/{name}") for name in "ab")
    assert first["row"] == {"id": "a", "note": "\x1b[2J"}
    assert (first["row_file"], first["row_line"]) == ("vidbuild.yaml", 29)
    assert field(first, "title")["layer"] == "video"
    assert (field(second, "title")["layer"], field(second, "title")["value"]) == (
        "defaults", "Default title",
    )  # fmt: skip


def test_a_video_with_errors_as_far_as_it_gets(layered: Path) -> None:
    done = vidbuild("explain", "bad", cwd=layered)
    assert done.returncode == 1
    assert "vidbuild.yaml:26:22: error VB302: 'nobody' is not defined" in done.stderr
    assert done.stdout.startswith("bad: has errors\n")
    assert "\n  script: at fault\n    video, vidbuild.yaml:26:13\n" in done.stdout
    assert '\n  title: "The Acme line"\n' in done.stdout
    document = json.loads(vidbuild("explain", "bad", "--json", cwd=layered).stdout)
    assert document["request"] is document["action"] is document["estimate"] is None
    assert [d["code"] for d in document["diagnostics"]] == ["VB302"]
    assert vidbuild("explain", "tour", cwd=layered).returncode == 0  # other videos' errors


def test_word_for_word(layered: Path) -> None:
    done = vidbuild("explain", "loop/b", cwd=layered)
    assert done.returncode == 0
    assert (
        done.stdout
        == """\
+ loop/b: new, about 1 s, $0.02
  project layered, provider studio
  defined in vidbuild.yaml:28:3

Fields
  avatar_id: "presenter"
    defaults, vidbuild.yaml:7:14
  background.type: "color"
    defaults, vidbuild.yaml:10:22
  background.value: "#101820"
    defaults, vidbuild.yaml:10:36
  callback_url: (33 characters, sha256 281056ebebf0)
    defaults, vidbuild.yaml:9:17
  script: "Row b."
    video, vidbuild.yaml:31:13
  title: "Default title"
    defaults, vidbuild.yaml:12:10
  type: "avatar"
    defaults, vidbuild.yaml:6:9
  voice_id: "english"
    defaults, vidbuild.yaml:8:13
  voice_settings.pitch: 2
    defaults, vidbuild.yaml:11:39
  voice_settings.speed: 1.1
    defaults, vidbuild.yaml:11:27

Row  vidbuild.yaml:29:40
  id: "b"

Made from
  vidbuild.yaml
"""
    )


def test_a_long_script_stands_in_lines_of_its_own() -> None:
    done = vidbuild("-C", ROOT / "examples" / "quickstart", "explain", "welcome")
    assert "\n  script: 1" in done.stdout
    assert " characters\n    video, vidbuild.yaml:20:13 > scripts/intro.md.j2\n    | Hello" in (
        done.stdout
    )


def test_a_private_video_shows_no_text() -> None:
    folder = ROOT / "examples" / "customers"
    name = "welcome/c002"
    document = explained(folder, name)
    assert document["private"]
    assert document["row"] is None
    assert set(field(document, "script")["value"]) == {"length", "sha256"}
    assert set(document["request"]["title"]) == {"length", "sha256"}
    assert all(var["value"] is None for var in document["vars"])
    text = vidbuild("-C", folder, "explain", name).stdout
    assert "(private)" in text
    line = (folder / "data" / "customers.csv").read_text(encoding="utf-8-sig").splitlines()[2]
    first, company = line.split(",")[1:3]
    assert first not in text
    assert first not in json.dumps(document, ensure_ascii=False)
    assert company not in text


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("tuor", "there is no video named 'tuor'", "did you mean tour?"),
        ("loop", "there is no video named 'loop'", "its loop makes 2 videos, such as loop/a"),
        ("zzzzzz", "there is no video named 'zzzzzz'", "`vidbuild list` shows every name"),
    ],
)
def test_unknown_names(name: str, said: str, hint: str, layered: Path) -> None:
    with pytest.raises(Problems) as raised:
        explained(layered, name)
    (found,) = raised.value.diagnostics
    assert (found.code, found.message, found.hint) == ("VB730", said, hint)
    done = vidbuild("explain", name, cwd=layered)
    assert (done.returncode, done.stdout) == (1, "")


def test_wrong_usage(layered: Path) -> None:
    assert vidbuild("explain", cwd=layered).returncode == 64
    assert vidbuild("explain", "a", "b", cwd=layered).returncode == 64


@pytest.mark.parametrize("name", NAMES)
def test_bad_projects_never_end_in_a_crash(name: str) -> None:
    """Every video of every bad project, where the project as a whole can be loaded."""
    given = CASES / name / "run.json"
    run = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    settings = Settings(
        directory=CASES / name, profile=run.get("profile"), outside=run.get("vars", {})
    )
    try:
        assert find_project(CASES / name)
        workspace = open_workspace(settings)
    except Problems:
        return
    loaded = workspace.loaded
    for video in {*loaded.requests, *loaded.broken}:
        found = explain(workspace, video)
        assert found.failed is (video in loaded.broken)
        assert json.dumps(explanation_json(found))
        assert is_quiet(explanation_text(found, color=False, width=80))
