"""Global options, their environment twins, colours, discovery and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.commands import SMALL, project, vidbuild
from vidbuild import __version__

HELP = ["init", "validate", "plan", "apply", "list", "explain", "schema", "studio"]


def test_help_fits_a_terminal() -> None:
    shown = vidbuild("--help", env={"COLUMNS": "80"}).stdout
    assert "HEYGEN_API_BASE" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_version_and_help() -> None:
    assert vidbuild("--version").stdout == f"vidbuild {__version__}\n"
    shown = vidbuild("--help")
    assert shown.returncode == 0
    assert vidbuild("-h").stdout == shown.stdout == vidbuild().stdout
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 130):
        assert re.search(rf"^ +{code} {{2,}}\w", shown.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", HELP)
def test_every_listed_command_explains_itself(command: str) -> None:
    shown = vidbuild(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: vidbuild {command}")
    assert "--directory" in shown.stdout
    assert f"  {command} " in vidbuild("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plam"], "Did you mean plan?"),
        (["plan", "--jsn"], "No such option"),
        (["--color", "sometimes", "plan"], "Invalid value"),
        (["plan", "surplus"], "unexpected extra argument"),
        (["apply", "-j", "none"], "'none' is not a valid whole number."),
        (["apply", "--timeout", "soon"], "'soon' is not a valid number."),
        (["apply", "-y", "--allow", "max_cost"], "max_cost=10"),
        (["apply", "-y", "--allow", "cents=1"], "max_cost_month, max_renders, max_deletes"),
        (["plan", "--var", "product"], "VB720"),
    ],
)
def test_wrong_usage_is_64(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = vidbuild(*arguments, cwd=project(tmp_path))
    assert done.returncode == 64
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["before", "after", "environment"])
def test_global_options_stand_anywhere(where: str, tmp_path: Path) -> None:
    project(tmp_path / "p")
    flags = ["-C", str(tmp_path / "p"), "--profile", "draft"]
    env = {"VIDBUILD_DIRECTORY": str(tmp_path / "p"), "VIDBUILD_PROFILE": "draft"}
    done = {
        "before": lambda: vidbuild(*flags, "plan", cwd=tmp_path),
        "after": lambda: vidbuild("plan", *flags, cwd=tmp_path),
        "environment": lambda: vidbuild("plan", cwd=tmp_path, env=env),
    }[where]()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Project small, profile draft, provider studio")


def test_a_flag_wins_over_the_environment(tmp_path: Path) -> None:
    project(tmp_path)
    env = {"VIDBUILD_PROFILE": "nonsense"}
    for flags in (["-p", "draft", "plan"], ["plan", "-p", "draft"]):
        assert vidbuild(*flags, cwd=tmp_path, env=env).returncode == 0
    assert vidbuild("plan", cwd=tmp_path, env=env).returncode == 1


def test_outside_values_later_wins(tmp_path: Path) -> None:
    project(tmp_path, **{"vars.yaml": "product: from the file"})
    env = {"VIDBUILD_VAR_product": "from the environment"}
    file = ["--var-file", "vars.yaml"]
    for arguments, environment, wanted in (
        (file, {}, "from the file"),
        (file, env, "from the environment"),
        ([*file, "--var", "product=from the flag"], env, "from the flag"),
    ):
        shown = vidbuild("plan", "--json", *arguments, cwd=tmp_path, env=environment)
        assert f"Hello from {wanted}." in shown.stdout, shown.stderr
        assert f'"product": "{wanted}"' in shown.stdout


def test_an_undeclared_outside_value_is_an_error(tmp_path: Path) -> None:
    project(tmp_path)
    for arguments, env in ((["--var", "prodct=x"], {}), ([], {"VIDBUILD_VAR_prodct": "x"})):
        done = vidbuild("plan", *arguments, cwd=tmp_path, env=env)
        assert done.returncode == 1
        assert "VB263" in done.stderr
        assert "did you mean product?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1", "TERM": "dumb"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"VIDBUILD_COLOR": "always"}, True),
    ],
)
def test_colour(arguments: list[str], env: dict[str, str], colored: bool, tmp_path: Path) -> None:
    done = vidbuild("plan", *arguments, cwd=project(tmp_path), env=env)
    assert done.returncode == 0
    assert ("\x1b[" in done.stdout) is colored


def test_the_project_is_found_upwards_as_far_as_the_repository(tmp_path: Path) -> None:
    project(tmp_path)
    inside = tmp_path / "scripts" / "deep"
    inside.mkdir(parents=True)
    assert vidbuild("plan", cwd=inside).returncode == 0
    (tmp_path / "scripts" / ".git").mkdir()
    lost = vidbuild("plan", cwd=inside)
    assert lost.returncode == 1
    assert "there is no vidbuild.yaml in" in lost.stderr
    assert "hint:" in lost.stderr


def test_another_file_and_folder(tmp_path: Path) -> None:
    project(tmp_path / "p")
    (tmp_path / "p" / "other.yaml").write_text(SMALL.replace("small", "other"), encoding="utf-8")
    done = vidbuild("-C", "p", "-f", "other.yaml", "plan", cwd=tmp_path)
    assert done.stdout.startswith("Project other,")
    long = "n" * 300  # no system has names so long
    for arguments in (["-C", "nowhere"], ["-C", "p", "-f", "nowhere.yaml"], ["-C", long],
                      ["-f", long]):  # fmt: skip
        done = vidbuild("plan", *arguments, cwd=tmp_path)
        assert (done.returncode, "VB264" in done.stderr) == (1, True)


def test_plan_writes_nothing(tmp_path: Path) -> None:
    project(tmp_path)
    assert vidbuild("plan", cwd=tmp_path).returncode == 0
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["vidbuild.yaml"]


def test_plan_with_a_closed_reader_ends_quietly(tmp_path: Path) -> None:
    import subprocess
    import sys

    project(tmp_path)
    command = f"'{sys.executable}' -m vidbuild plan --json | head -c 1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "Traceback" not in done.stderr


def test_detailed_exitcode(tmp_path: Path) -> None:
    project(tmp_path)
    assert vidbuild("plan", cwd=tmp_path).returncode == 0
    assert vidbuild("plan", "--detailed-exitcode", cwd=tmp_path).returncode == 2
    empty = project(tmp_path / "empty", "vidbuild: 1\nproject: empty\n")
    done = vidbuild("plan", "--detailed-exitcode", cwd=empty)
    assert (done.returncode, done.stdout.splitlines()[-1][:13]) == (0, "Nothing to do")


def test_schema_prints_what_is_committed() -> None:
    committed = Path(__file__).parents[2] / "schemas" / "vidbuild.schema.json"
    assert vidbuild("schema").stdout == committed.read_text(encoding="utf-8")


def test_a_selection_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    project(tmp_path)
    done = vidbuild("plan", "-s", "helo", cwd=tmp_path)
    assert done.returncode == 1
    assert "hello" in done.stderr
    assert (
        vidbuild("plan", "-s", "hel*", cwd=tmp_path)
        .stdout.splitlines()[-1]
        .startswith("Plan: 1 to create")
    )


def test_quiet_and_verbose(tmp_path: Path) -> None:
    project(tmp_path)
    quiet = vidbuild("plan", "-q", cwd=tmp_path)
    assert quiet.stdout == "Plan: 2 to create. About 2 s of video, $0.14.\n"
    plain, verbose = vidbuild("plan", cwd=tmp_path), vidbuild("plan", "-v", cwd=tmp_path)
    assert verbose.stdout == plain.stdout
    assert plain.stderr == ""
    assert f"project {tmp_path / 'vidbuild.yaml'}: 2 videos" in verbose.stderr
    assert "POST /v3/videos" in verbose.stderr


def test_errors_are_coloured_like_everything_else(tmp_path: Path) -> None:
    project(tmp_path, SMALL.replace("{{ product }}", "{{ prodct }}"))
    assert "\x1b[" in vidbuild("plan", "--color", "always", cwd=tmp_path).stderr
    assert "\x1b[" not in vidbuild("plan", cwd=tmp_path).stderr


def test_what_the_disk_refuses_is_said(tmp_path: Path) -> None:
    done = vidbuild("schema", "-o", tmp_path / "file" / "x.json", cwd=tmp_path)
    assert done.returncode == 0
    (tmp_path / "plain").write_text("", encoding="utf-8")
    done = vidbuild("schema", "-o", tmp_path / "plain" / "x.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "VB105" in done.stderr
    assert "Traceback" not in done.stderr
