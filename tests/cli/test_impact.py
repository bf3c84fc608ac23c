"""`vidbuild impact`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import project, vidbuild

SHAPE = {"name", "effect", "fields", "estimate", "protected"}


def test_a_line_and_its_cost(tmp_path: Path) -> None:
    folder = project(tmp_path)
    done = vidbuild("impact", "vidbuild.yaml:4", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith(
        "Editing vidbuild.yaml:4 renders up to 2 videos: about "
    )
    quiet = vidbuild("-q", "impact", "vidbuild.yaml:4", cwd=folder)
    assert quiet.stdout.splitlines() == done.stdout.splitlines()[-1:]


def test_json_adds_up(tmp_path: Path) -> None:
    folder = project(tmp_path)
    done = vidbuild("-C", folder, "impact", "vidbuild.yaml", "--json", "-s", "hello")
    document = json.loads(done.stdout)
    assert [video["name"] for video in document["videos"]] == ["hello"]
    assert all(video.keys() == SHAPE for video in document["videos"])
    summary = document["summary"]
    assert (summary["renders"], summary["updates"]) == (1, 0)
    assert summary["cost_usd"] == document["videos"][0]["estimate"]["cost_usd"] > 0
    assert summary["cost_low_usd"] < summary["cost_high_usd"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("vidbuild.yaml:8", "renders nothing and updates 1 video."),
        ("notes.txt", "renders nothing: no video depends on it."),
        ("vidbuild.yaml:7", "renders nothing: no rendered field comes from it."),
    ],
)
def test_what_renders_nothing(place: str, said: str, tmp_path: Path) -> None:
    folder = project(tmp_path, **{"notes.txt": "x\n"})
    done = vidbuild("impact", place, cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"Editing {place} {said}")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 64),
        (("",), 64),
        (("nowhere",), 1),
        ((".",), 1),
        (("vidbuild.yaml:99",), 1),
        (("vidbuild.yaml", "-s", "nobody"), 1),
        (("vidbuild.yaml", "-s", "tag:"), 64),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    done = vidbuild("impact", *arguments, cwd=project(tmp_path))
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
