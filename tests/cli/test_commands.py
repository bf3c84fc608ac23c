"""What the other tests run in their own process is what a process of its own does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import SMALL, project, vidbuild

CASES: dict[str, tuple[list[str], dict[str, str], str]] = {
    "nothing": ([], {}, ""),
    "version": (["--version"], {}, ""),
    "usage": (["plan", "--jsn"], {}, ""),
    "plan": (["plan", "-v", "--detailed-exitcode"], {"FORCE_COLOR": "1"}, ""),
    "apply": (["apply"], {}, "yes\n"),
    "list": (["list", "--json"], {"VIDBUILD_PROFILE": "draft"}, ""),
    "explain": (["explain", "hello"], {}, ""),
    "validate": (["validate", "-f", "bad.yaml"], {"COLUMNS": "40"}, ""),
    "problems": (["plan", "-f", "bad.yaml"], {}, ""),
    "schema": (["schema"], {}, ""),
    "help": (["studio", "--help"], {"COLUMNS": "40"}, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_here_and_in_a_process_of_its_own(case: str, tmp_path: Path) -> None:
    arguments, env, stdin = CASES[case]
    bad = SMALL.replace("title: Bye", "titel: Grüße ✓")
    project(tmp_path, **{"bad.yaml": bad})
    here, there = (
        vidbuild(*arguments, cwd=tmp_path, env=env, stdin=stdin, process=process)
        for process in (False, True)
    )
    assert (here.returncode, here.stdout, here.stderr) == (
        there.returncode,
        there.stdout,
        there.stderr,
    )
    assert here.stdout or here.stderr


def test_what_a_command_leaves_behind(tmp_path: Path) -> None:
    """Folder, environment and options of one command are not the next one's."""
    import os

    before, cwd = dict(os.environ), Path.cwd()
    project(tmp_path / "a", **{"vars.yaml": "product: File"})
    assert vidbuild("plan", "--color", "always", "-q", cwd=tmp_path / "a").stdout.count("\n") == 1
    lost = vidbuild("plan", cwd=tmp_path, env={"VIDBUILD_VAR_a": "b"})
    assert (lost.returncode, "\x1b" in lost.stderr) == (1, False)
    assert (dict(os.environ), Path.cwd()) == (before, cwd)
