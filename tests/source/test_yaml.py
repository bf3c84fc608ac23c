"""YAML as people mean it: the core schema, merges, anchors, and errors with both places."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from vidbuild.diagnostics import Problems, Span
from vidbuild.source import yaml
from vidbuild.source.locate import locate


def load(text: str) -> Any:
    return yaml.load(text, file="f.yaml")


def failure(text: str) -> Any:
    with pytest.raises(Problems) as caught:
        load(text)
    [found] = caught.value.diagnostics
    assert found.span is not None
    return found


# What YAML 1.2.2, section 10.3.2, says of plain scalars.
PLAIN = {
    "~": None, "null": None, "Null": None, "NULL": None, "": None, "nULL": "nULL",
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y", "n": "n", "tRUE": "tRUE",
    "0": 0, "-0": 0, "12": 12, "+12": 12, "-12": -12, "012": 12, "0012": 12,
    "0o17": 15, "0o18": "0o18", "017": 17, "0x1F": 31, "0x1f": 31, "0xG": "0xG", "-0x1": "-0x1",
    "0b11": "0b11", "1_000": "1_000", "1,000": "1,000", "1:30": "1:30", "190:20:30": "190:20:30",
    "2024-01-01": "2024-01-01", "2024-01-01T10:00:00Z": "2024-01-01T10:00:00Z",
    "1.5": 1.5, "1.": 1.0, ".5": 0.5, "-.5": -0.5, "1e3": 1000.0, "1E3": 1000.0, "1e+3": 1000.0,
    "1.5e-3": 0.0015, "1e": "1e", ".": ".", "+": "+", "1.2.3": "1.2.3", "e3": "e3",
    ".inf": math.inf, ".Inf": math.inf, "-.inf": -math.inf, "+.INF": math.inf, ".iNF": ".iNF",
    "=": "=", "<<": "<<", "nan": "nan", "Infinity": "Infinity", "١٢": "١٢", "\uff11": "\uff11",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), PLAIN.items())
def test_plain_scalars(text: str, value: Any) -> None:
    found = load(f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    for text in (".nan", ".NaN", ".NAN"):
        assert math.isnan(load(f"a: {text}")["a"])
    assert load("a: .Nan") == {"a": ".Nan"}


@pytest.mark.parametrize("text", ["12", "true", "null", "~", ".inf", "2024-01-01"])
def test_quoted_scalars_are_text(text: str) -> None:
    assert load(f"a: \"{text}\"\nb: '{text}'\nc: |-\n  {text}\n") == dict.fromkeys("abc", text)


def test_keys_are_text() -> None:
    assert load("12: a\ntrue: b\n~: c\n1.50: d\n") == {
        "12": "a",
        "true": "b",
        "~": "c",
        "1.50": "d",
    }


def test_integers_beyond_reason_stay_text() -> None:
    assert load(f"a: {'9' * 3999}")["a"] == int("9" * 3999)
    assert load(f"a: {'9' * 5000}")["a"] == "9" * 5000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 12", "12"), ("! 12", "12"), ("!!int 12", 12), ('!!int "12"', 12),
        ("!!float 1", 1.0), ("!!float .5", 0.5), ("!!bool true", True), ("!!null ~", None),
        ("!!map {b: 1}", {"b": 1}), ("!!seq [1]", [1]), ("!!float 0x10", 16.0),
    ],
)  # fmt: skip
def test_tags_of_the_core_schema(text: str, value: Any) -> None:
    found = load(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    ["!secret x", "!!python/object:os.system x", "!!timestamp 2024-01-01", "!!set {a: }",
     "!!int x", "!!bool 1", "!!float true", "!!null x", "!!int true", "!point [1]", "!!seq {a: 1}",
     "!!map [1]", "!<int> 12"],
)  # fmt: skip
def test_other_tags_are_errors(text: str) -> None:
    found = failure(f"b: 1\na: {text}\n")
    assert found.code == "VB116"
    assert found.span == Span(file="f.yaml", line=2, column=4)


def test_merges() -> None:
    text = """
x-base: &base {a: 1, b: {c: 1}}
x-more: &more {b: 2, d: 4}
one: {<<: *base, b: 9}
two: {<<: [*base, *more]}
three: {d: 0, <<: *more, <<: *base}
four: {"<<": 1}
five: {<<: {e: 5}}
"""
    found = load(text)
    assert found["one"] == {"a": 1, "b": 9}
    assert found["two"] == {"a": 1, "b": {"c": 1}, "d": 4}
    assert found["three"] == {"d": 0, "b": 2, "a": 1}
    assert found["four"] == {"<<": 1}
    assert found["five"] == {"e": 5}


@pytest.mark.parametrize("value", ["text", "[1]", "12", "[{a: 1}, x]", "~"])
def test_a_merge_of_something_else(value: str) -> None:
    found = failure(f"a:\n  <<: {value}\n")
    assert (found.code, found.span.line, found.span.column) == ("VB118", 2, 3)


def test_anchors() -> None:
    found = load("a: &x [1, {b: 2}]\nc: *x\n&k d: *k\n*k : e\n".replace("*k : e\n", ""))
    assert found == {"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": "d"}
    assert load("- &k name\n- {*k : 1}\n") == ["name", {"name": 1}]
    assert load("a: &x 1\nb: &x 2\nc: *x\n")["c"] == 2  # the nearest above


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: *x\n", "VB115", 2, 4),
        ("a: &x\n  b: *x\n", "VB115", 2, 6),
        ("&x [1, *x]\n", "VB115", 1, 8),
        ("a: 1\n---\nb: 2\n", "VB112", 2, 1),
        ("a: 1\n...\n---\nb: 2\n", "VB112", 3, 1),
        ("? [1]\n: 2\n", "VB117", 1, 3),
        ("? {a: 1}\n: 2\n", "VB117", 1, 3),
        ("- &k 12\n- {*k : 1}\n", "VB117", 2, 4),
        ("a: {{ b }}\n", "VB117", 1, 4),
        ("a:\n\tb: 1\n", "VB110", 2, 1),
        ("a: b\x00\n", "VB111", 1, 5),
        ("é: 1\na: ü\x1b[0m\n", "VB111", 2, 5),
        ("a: 'b\n", "VB110", 1, 4),
        ("a: [1, 2\n", "VB110", 2, 1),
        ("a: b: c\n", "VB110", 1, 5),
        ("a: @b\n", "VB110", 1, 4),
        ("a: `b`\n", "VB110", 1, 4),
        ("a: %b\n", "VB110", 1, 4),
        ('a: "\\q"\n', "VB110", 1, 5),
        ("a: 1\n b: 2\n", "VB110", 2, 3),
        ("a:\n  - b\n - c\n", "VB110", 3, 2),
    ],
)
def test_errors_point_at_the_place(text: str, code: str, line: int, column: int) -> None:
    found = failure(text)
    assert (found.code, found.span.line, found.span.column) == (code, line, column), found


@pytest.mark.parametrize(
    ("text", "second", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), (1, 1)),
        ("x:\n  k: {a: 1}\n  a: 2\n  b: 3\n  a: 4\n", (5, 3), (3, 3)),
        ("{a: 1, 'a': 2}\n", (1, 8), (1, 2)),
        ("x: [{b: a, a: 1}, {a: 1, a: 2}]\n", (1, 26), (1, 20)),
        ("1: a\n'1': b\n", (2, 1), (1, 1)),
    ],
)
def test_doubled_keys_name_both_places(
    text: str, second: tuple[int, int], first: tuple[int, int]
) -> None:
    found = failure(text)
    assert found.code == "VB113"
    assert (found.span.line, found.span.column) == second
    [note] = found.notes
    assert (note.span.line, note.span.column) == first


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    found = failure("\n".join(levels))
    assert found.code == "VB114"
    assert found.span.line == 7


@pytest.mark.parametrize(
    "text",
    ["[" * 1000 + "]" * 1000, "{a: " * 1000 + "}" * 1000, "- " * 1000 + "x",
     "\n".join("  " * n + "a:" for n in range(1000))],
    ids=["flow", "mappings", "dashes", "block"],
)  # fmt: skip
def test_absurd_nesting(text: str) -> None:
    assert failure(text).code in ("VB110", "VB114")


def test_a_hundred_levels_are_fine() -> None:
    value = load("[" * 100 + "]" * 100)
    for _ in range(99):
        [value] = value
    assert value == []


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff"])
def test_nothing(text: str) -> None:
    assert load(text) is None


def test_line_ends_and_marks() -> None:
    assert load("a: 1\r\nb: |\r\n  x\r\n  y\r\n") == {"a": 1, "b": "x\ny\n"}
    assert load("\ufeffa: 1\n") == {"a": 1}
    assert load("%YAML 1.2\n---\na: 0o7\n") == {"a": 7}


def test_the_c_parser_is_the_one_in_use() -> None:
    from vidbuild.source.events import c_reader

    parser: Any = c_reader("a: 1")
    assert type(parser.__self__).__module__.endswith("_ruamel_yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{url: https://x.org:80/a?b=c, d: 1}", {"url": "https://x.org:80/a?b=c", "d": 1}),
        ("a: [brand:logo.png, b]", {"a": ["brand:logo.png", "b"]}),
        ("{at: 1:30}", {"at": "1:30"}),
        ("{a?b: 1}", {"a?b": 1}),
        ("[a, :b]", ["a", ":b"]),
    ],
)
def test_signs_inside_brackets(text: str, value: Any) -> None:
    """Right in YAML 1.2; libyaml alone refuses them."""
    assert load(text) == value
    assert locate(text, [next(iter(value)) if isinstance(value, dict) else 1], file="f").line == 1


def test_without_the_c_parser_the_values_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    text = "a: &x {b: [1, yes, 0o17]}\nc:\n  <<: *x\n  d: |\n    text\n"
    with_c = load(text)
    place = locate(text, ["c", "d"], file="f")
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    assert (
        load(text)
        == with_c
        == {"a": {"b": [1, "yes", 15]}, "c": {"b": [1, "yes", 15], "d": "text\n"}}
    )
    assert locate(text + "\n", ["c", "d"], file="f") == place
    for bad, code in {"a: [": "VB110", "a: \x07": "VB111", "a: 1\na: 2": "VB113"}.items():
        assert failure(bad).code == code


texts = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cs", "Cc"),
        exclude_characters="\x85\u2028\u2029\ufeff\ufffe\uffff",
    ),
    max_size=12,
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), texts,
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([t for t in PLAIN if t]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
documents = st.dictionaries(texts, values, max_size=5)


def dumped(value: Any, *, flow: bool) -> str:
    """The value in indented YAML, or as JSON, which is YAML too."""
    if flow:
        return json.dumps(value, ensure_ascii=False)
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.allow_unicode = True
    out = io.StringIO()
    writer.dump(value, out)
    return out.getvalue()


@given(documents, st.booleans())
def test_reads_what_the_reference_dumper_writes(value: Any, flow: bool) -> None:
    text = dumped(value, flow=flow)
    assert load(text) == value
    if not flow:
        assert YAML(typ="safe", pure=True).load(text) == value


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    members = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, member in members:
        yield (*path, key), member
        yield from leaves(member, (*path, key))


@given(documents, st.booleans())
def test_every_value_is_found_again(value: Any, flow: bool) -> None:
    text = dumped(value, flow=flow)
    lines = text.split("\n")
    seen = set()
    for path, member in leaves(value):
        span = locate(text, path, file="f")
        rest = lines[span.line - 1][span.column - 1 :]
        if isinstance(member, (dict, list)) and flow:
            assert rest[0] == ("{" if isinstance(member, dict) else "["), (path, text)
        elif isinstance(member, str) and member.isalnum() and member.isascii():
            assert rest.strip("'\"").startswith(member[:1]), (path, text)
        if not isinstance(member, (dict, list)):
            assert (span.line, span.column) not in seen, (path, text)
            seen.add((span.line, span.column))
        if isinstance(path[-1], str) and path[-1].isalnum() and path[-1].isascii():
            at = locate(text, path, file="f", key=True)
            assert lines[at.line - 1][at.column - 1 :].lstrip("'\"? ").startswith(path[-1])


LOCATED = """\
x-base: &base
  background: {type: color, value: "#fff"}
videos:
  one:
    <<: *base
    script: |
      Hello
    list: [a, {b: c}]
  two:
    <<: [*base, {title: T}]
    title: Mine
    again: *base
"""


@pytest.mark.parametrize(
    ("path", "key", "line", "column"),
    [
        (("videos", "one", "script"), False, 6, 13),
        (("videos", "one", "script"), True, 6, 5),
        (("videos", "one", "background", "value"), False, 2, 36),  # through the merge
        (("videos", "two", "background", "type"), True, 2, 16),
        (("videos", "one", "list", 1, "b"), False, 8, 19),
        (("videos", "two", "title"), False, 11, 12),  # its own before the merged one
        (("videos", "two", "again"), False, 12, 12),
        (("videos", "two", "again", "background", "type"), False, 2, 22),
        (("videos", "one", "nothing"), False, 5, 5),  # the nearest parent
        (("videos", "one", "list", 7), False, 8, 11),
        (("videos",), True, 3, 1),
        ((), False, 1, 1),
    ],
)
def test_places(path: tuple[str | int, ...], key: bool, line: int, column: int) -> None:
    assert locate(LOCATED, path, file="f", key=key) == Span(file="f", line=line, column=column)
