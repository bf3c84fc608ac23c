"""The runner of the public YAML suite, on texts in the suite's form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.source import yaml_suite
from tests.source.yaml_suite import AGREES, LIST, OPEN, cases, disagreements, listed, outcome
from vidbuild.source import yaml

SUITE = {
    "AAAA": """
- name: Agrees
  yaml: |
    a: [1, yes]
  json: |
    {"a": [1, "yes"]}
- yaml: |
    a:␣␣b␣↵
    ——»
  json: |
    {"a": "b"}
- fail: true
  yaml: |
    a: [
""",
    "BBBB": "- yaml: '? [a]'\n- yaml: a\n  json: null\n",
    "CCCC": '- yaml: |\n    --- a\n    --- b\n  json: |\n    "a"\n    "b"\n',
    "DDDD": "- yaml: a\n  fail: true\n",
    "EEEE": "- yaml: '1'\n  json: 'true'\n- yaml: ''\n  json: ''\n",
}
FOUND = {
    "AAAA-0": AGREES, "AAAA-1": "VB110", "AAAA-2": AGREES, "BBBB-0": OPEN, "BBBB-1": OPEN,
    "CCCC": "VB112", "DDDD": "accepted", "EEEE-0": "other value", "EEEE-1": AGREES,
}  # fmt: skip
DIFFER = {name: result for name, result in FOUND.items() if result not in (AGREES, OPEN)}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name, text in SUITE.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_outcomes(suite: Path) -> None:
    assert {case.name: outcome(case) for case in cases(suite)} == FOUND


def test_marks() -> None:
    assert yaml_suite.unmarked("a␣\n——»b»←\n⇔c↵\n") == "a \n\tb\t\r\n\ufeffc\n"
    assert yaml_suite.unmarked("a\n∎\n") == "a\n"


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        (DIFFER, []),
        ({**DIFFER, "AAAA-0": "VB110"}, ["AAAA-0"]),  # agrees by now
        ({**DIFFER, "BBBB-0": "VB117"}, ["BBBB-0"]),
        ({**DIFFER, "DDDD": "VB110"}, ["DDDD"]),  # differs in another way
        ({k: v for k, v in DIFFER.items() if k != "CCCC"}, ["CCCC"]),  # not listed
        ({**DIFFER, "ZZZZ": "VB110"}, ["ZZZZ"]),
    ],
)
def test_a_list_that_is_wrong_is_told(expected: dict[str, str], wrong: list[str]) -> None:
    assert [line.split(":")[0] for line in disagreements(FOUND, expected)] == wrong


def test_the_exit_code(
    suite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert yaml_suite.main(suite / "nothing") == 1
    assert yaml_suite.main(suite) == 1
    mine = suite.with_name("list.yaml")
    groups = [f"- {{reason: r, gives: {gives}, cases: [{name}]}}" for name, gives in DIFFER.items()]
    mine.write_text("\n".join(groups), encoding="utf-8")
    monkeypatch.setattr(yaml_suite, "LIST", mine)
    assert yaml_suite.main(suite) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "9 cases: 4 listed as deviating, 3 agrees, 2 no value stated"


def test_every_deviation_has_a_reason_and_stands_once() -> None:
    groups = yaml.load(LIST.read_text(encoding="utf-8"), file=LIST.name)
    assert all(group["reason"] for group in groups)
    names = [name for group in groups for name in group["cases"]]
    assert len(names) == len(set(names)) == len(listed(groups))
