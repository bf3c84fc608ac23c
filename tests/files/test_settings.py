"""Values from outside: files, environment, command line, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vidbuild.diagnostics import EXIT_USAGE, Problems
from vidbuild.settings import outside_values


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_later_wins(tmp_path: Path) -> None:
    one = write(tmp_path / "one.yaml", "a: 1\nb: 1\nc: 1\nd: [x]\n")
    two = write(tmp_path / "two.json", '{"b": 2, "c": 2}')
    found = outside_values(
        {"VIDBUILD_VAR_c": "3", "VIDBUILD_VAR_": "x", "OTHER": "y"},
        var_files=[one, two],
        vars_=["e=a=b", "f="],
    )
    assert found == {"a": 1, "b": 2, "c": "3", "d": ["x"], "e": "a=b", "f": ""}
    last = outside_values({"VIDBUILD_VAR_a": "env"}, var_files=[one], vars_=["a=flag"])
    assert last["a"] == "flag"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("v.yaml", "[a]", "VB254"), ("v.json", "[1]", "VB254"), ("v.json", "{", "VB406"),
        ("v.json", '{"a": 1, "a": 2}', "VB406"), ("v.JSON", "[" * 100_000, "VB114"),
        ("v.yaml", "a: [", "VB110"), ("v.txt", "a: 1\na: 2", "VB113"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(tmp_path: Path, name: str, text: str, code: str) -> None:
    with pytest.raises(Problems) as caught:
        outside_values({}, var_files=[write(tmp_path / name, text)], vars_=[])
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        outside_values({}, var_files=[tmp_path / "none.yaml"], vars_=[])
    assert caught.value.diagnostics[0].code == "VB101"


def test_an_empty_file(tmp_path: Path) -> None:
    found: dict[str, Any] = outside_values({}, var_files=[write(tmp_path / "v", "")], vars_=[])
    assert found == {}


@pytest.mark.parametrize("given", ["a", "=b", ""])
def test_a_var_without_a_value(given: str) -> None:
    with pytest.raises(Problems) as caught:
        outside_values({}, var_files=[], vars_=[given])
    assert caught.value.exit_code == EXIT_USAGE
