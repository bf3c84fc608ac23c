"""Limits and selections as typed: what is no number, what matches nothing, on every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import project, vidbuild

NO_NUMBERS = ["x", "", "nan", "inf", "-inf", "-1", "1e400", "1,5", "0x10", "٣%", "9" * 5000]


def untouched(folder: Path) -> bool:
    return not (folder / "vidbuild.lock").exists() and not (folder / "build").exists()


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize(
    "option", ["--max-cost=", "--timeout=", "--allow=max_cost=", "--allow=max_renders=",
               "--allow=max_deletes=", "--allow=max_cost_month="],
)  # fmt: skip
def test_a_limit_that_is_no_number_is_wrong_usage(option: str, text: str, tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("apply", "-y", f"{option}{text}", cwd=tmp_path)
    assert done.returncode == 64, done.stderr
    assert "Traceback" not in done.stderr
    assert untouched(tmp_path)


@pytest.mark.parametrize(
    "text", [".nan", ".inf", "-1", "'5'", "5 in all", "[5]", "true", "1e400", "'20 %x'"]
)
@pytest.mark.parametrize("name", ["max_cost", "max_renders", "max_deletes"])
def test_a_policy_that_is_no_number_is_an_error(name: str, text: str, tmp_path: Path) -> None:
    project(tmp_path, f"vidbuild: 1\nproject: x\npolicy: {{{name}: {text}}}\n")
    done = vidbuild("plan", cwd=tmp_path)
    assert (done.returncode, "vidbuild.yaml:3:" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("policy", "arguments", "code"),
    [
        ("{max_renders: 1}", [], "VB712"),
        ("{max_renders: 1}", ["--allow", "max_renders=1"], "VB712"),
        ("{max_cost: 0.01}", [], "VB710"),
        ("{max_cost: 0.01}", ["--max-cost", "500"], "VB710"),  # only lowers
        ("{}", ["--max-cost", "0"], "VB710"),
        ("{max_cost_day: 0.01}", [], "VB711"),
        ("{max_cost_month: 0.01}", ["--allow", "max_cost=500"], "VB711"),
        ("{max_cost: 500}", ["--allow", "max_cost=0.01"], "VB710"),
    ],
)
def test_refused_by_a_limit(policy: str, arguments: list[str], code: str, tmp_path: Path) -> None:
    text = (project(tmp_path) / "vidbuild.yaml").read_text("utf-8")
    project(tmp_path, f"{text}policy: {policy}\n")
    done = vidbuild("apply", "-y", *arguments, cwd=tmp_path)
    assert (done.returncode, code in done.stderr) == (5, True), done.stderr
    assert "hint:" in done.stderr
    assert untouched(tmp_path)
    plan = vidbuild("plan", cwd=tmp_path)
    assert (plan.returncode, plan.stderr) == (0, "")  # looking is free


LOOPED = """\
vidbuild: 1
project: many
provider: studio
defaults: {type: avatar, avatar_id: presenter, voice_id: english}
videos:
  hello: {script: {file: scripts/hello.txt}, tags: [intro]}
  each:
    for_each: {matrix: {lang: [de, en], plan: [team, solo]}}
    name: plans/{{ each.lang }}/{{ each.plan }}
    script: "{{ each.lang }} {{ each.plan }}"
    tags: [plans]
"""

PLANS = {f"plans/{lang}/{plan}" for lang in ("de", "en") for plan in ("team", "solo")}

SELECTIONS: list[tuple[list[str], set[str]]] = [
    ([], {"hello", *PLANS}),
    (["-s", "hello"], {"hello"}),
    (["-s", "*"], {"hello"}),
    (["-s", "**"], {"hello", *PLANS}),
    (["-s", "plans/*/team"], {"plans/de/team", "plans/en/team"}),
    (["-s", "hell?"], {"hello"}),
    (["-s", "tag:plans"], PLANS),
    (["-s", "tag:*", "--exclude", "tag:plans"], {"hello"}),
    (["-s", "each.lang=de"], {"plans/de/team", "plans/de/solo"}),
    (["-s", "each.lang=de,each.plan=team"], {"plans/de/team"}),
    (["-s", "each.lang=de", "-s", "hello"], {"hello", "plans/de/team", "plans/de/solo"}),
    (["-s", "file:scripts/hello.txt"], {"hello"}),
    (["-s", "file:scripts/**"], {"hello"}),
    (["-s", "action:create"], {"hello", *PLANS}),
    (["-s", "action:create,tag:intro"], {"hello"}),
    (["--exclude", "plans/**"], {"hello"}),
    (["--exclude", "action:unchanged"], {"hello", *PLANS}),
]

NOTHING = [
    ["-s", "helo"],
    ["-s", "plans"],
    ["-s", "tag:none"],
    ["-s", "each.lang=fr"],
    ["-s", "each.none=de"],
    ["-s", "each.lang=de,tag:intro"],
    ["-s", "file:scripts/none.txt"],
    ["-s", "hello", "--exclude", "hello"],
    ["--exclude", "**"],
]

UNREADABLE = [
    ["-s", ""],
    ["-s", ","],
    ["-s", "hello,"],
    ["-s", "tag:"],
    ["-s", "colour:red"],
    ["-s", "each.lang"],
    ["-s", "each.=de"],
    ["-s", "lang=de"],
    ["-s", "action:render"],
    ["--exclude", "action:"],
]

COMMANDS = [["plan"], ["apply", "-y"], ["list"], ["validate"]]


@pytest.fixture(scope="module")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("many"), LOOPED, **{"scripts/hello.txt": "Hello."})


@pytest.mark.parametrize(("arguments", "names"), SELECTIONS)
def test_what_a_selection_selects(arguments: list[str], names: set[str], looped: Path) -> None:
    plan = json.loads(vidbuild("plan", "--json", *arguments, cwd=looped).stdout)
    assert {change["name"] for change in plan["changes"]} == names
    listed = json.loads(vidbuild("list", "--json", *arguments, cwd=looped).stdout)
    assert {video["name"] for video in listed["videos"]} == names
    checked = vidbuild("validate", *arguments, cwd=looped).stdout
    assert checked.startswith(f"{len(names)} video")


@pytest.mark.parametrize("arguments", NOTHING, ids=" ".join)
def test_a_selection_of_nothing_is_an_error(arguments: list[str], looped: Path) -> None:
    for command in COMMANDS:
        done = vidbuild(*command, *arguments, cwd=looped)
        said = done.stdout if command == ["validate"] else done.stderr
        assert (done.returncode, "VB701" in said, "hint:" in said) == (1, True, True), command
    assert untouched(looped)


@pytest.mark.parametrize("arguments", UNREADABLE, ids=" ".join)
def test_a_pattern_that_cannot_be_read_is_wrong_usage(arguments: list[str], looped: Path) -> None:
    for command in COMMANDS:
        done = vidbuild(*command, *arguments, cwd=looped)
        assert (done.returncode, "VB702" in done.stderr) == (64, True), command
    assert untouched(looped)


def test_what_another_lock_has_is_named_by_its_profile(tmp_path: Path) -> None:
    text = (project(tmp_path) / "vidbuild.yaml").read_text("utf-8")
    project(tmp_path, f"{text}profiles: {{ci: {{}}, night: {{}}}}\n")
    assert vidbuild("apply", "-y", "-p", "ci", "-s", "bye", cwd=tmp_path).returncode == 0
    assert vidbuild("apply", "-y", "-s", "hello", cwd=tmp_path).returncode == 0
    plan = json.loads(vidbuild("plan", "--json", "-p", "night", cwd=tmp_path).stdout)
    assert {c["name"]: (c["reason"], c["from"]) for c in plan["changes"]} == {
        "bye": ("profile", "ci:bye"),
        "hello": ("profile", "vidbuild.lock:hello"),
    }
