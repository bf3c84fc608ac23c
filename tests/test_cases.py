"""Projects with one fault each, and what `vidbuild plan` says about it, word for word.

`cases/NAME` is a project folder; `expected.txt` in it is the text on standard error, and
`run.json`, where there is one, holds the profile and the vars of the command line.
`pytest --update` writes the expected texts anew; the difference then shows in git.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vidbuild.codes import CODES
from vidbuild.diagnostics import Diagnostic, Problems, folded
from vidbuild.pipeline import load
from vidbuild.project.discover import find_project
from vidbuild.report.diagnostics import diagnostics_text

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def diagnosed(folder: Path) -> tuple[Diagnostic, ...]:
    """What loading the project in `folder` finds."""
    given = folder / "run.json"
    run = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    try:
        loaded = load(find_project(folder), profile=run.get("profile"), outside=run.get("vars", {}))
    except Problems as problems:
        return problems.diagnostics
    return tuple(folded(loaded.diagnostics))


def source_line(folder: Path, file: str, line: int) -> str | None:
    path = folder / file
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    return lines[line - 1] if 0 < line <= len(lines) else None


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, *, update: bool) -> None:
    folder = CASES / name
    found = diagnosed(folder)
    assert {d.code for d in found} <= CODES.keys()
    text = diagnostics_text(
        found, color=False, source_line=lambda file, line: source_line(folder, file, line)
    )
    text = text.replace(str(folder), "CASE") + "\n"
    expected = folder / "expected.txt"
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_error_teaches(name: str) -> None:
    """A place to look at, where there is a file to look into, and what to do."""
    text = (CASES / name / "expected.txt").read_text(encoding="utf-8")
    assert "hint: " in text
    if name not in ("no-project-file", "unknown-profile", "unknown-var"):
        assert re.match(r"\S+:\d+:\d+: (error|warning) VB\d{3}: ", text)
