"""The examples are what they say: planned and applied, and nothing to do behind it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import vidbuild

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*/vidbuild.yaml"))
LEFT = shutil.ignore_patterns("build", "vidbuild.lock", ".vidbuild")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_an_example_is_applied_once(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(file.parent, folder, ignore=LEFT)
    planned = vidbuild("plan", "--detailed-exitcode", cwd=folder)
    assert (planned.returncode, planned.stderr) == (2, "")
    # Two videos stand for all: the drafts of hundreds would take minutes.
    names = [line.split(",")[0] for line in listed(folder)][:2]
    chosen = [part for name in names for part in ("-s", name)]
    done = vidbuild("apply", "--yes", *chosen, cwd=folder)
    assert done.returncode == 0, done.stderr
    again = vidbuild("plan", "--detailed-exitcode", *chosen, cwd=folder)
    assert again.returncode == 0, again.stdout
    assert "Nothing to do" in again.stdout


def listed(folder: Path) -> list[str]:
    found = vidbuild("list", "--format", "csv", "--columns", "name", cwd=folder)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()[1:]
