"""Rows of data files, and errors that name the file's line and the row."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.source.tables import check_ending, read_data, read_rows


def rows(text: str, file: str = "rows.csv") -> list[dict[str, Any]]:
    return [dict(row.values) for row in read_rows(text, file=file)]


def failures(text: str, file: str = "rows.csv") -> list[Diagnostic]:
    with pytest.raises(Problems) as caught:
        read_rows(text, file=file)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        "id,name\na,Ann Lee\n",
        "id;name\na;Ann Lee\n",
        "id\tname\na\tAnn Lee\n",
        "\n\nid,name\n\n\na,Ann Lee\n\n",
        " id , name \n a , Ann Lee \n",
        'id,name\n"a","Ann Lee"\n',
        "id,name\na,Ann Lee",
        'id, "name"\na, "Ann Lee"\n',
        "id,name\n,\na,Ann Lee\n , \n",
    ],
)
def test_spellings_of_one_table(text: str) -> None:
    assert rows(text) == [{"id": "a", "name": "Ann Lee"}]


def test_the_separator_of_the_header_counts_outside_quotes() -> None:
    assert rows('"a, b";c\n1,5;2\n') == [{"a, b": "1,5", "c": "2"}]
    assert rows("a;b\n1,2,3;4\n") == [{"a": "1,2,3", "b": "4"}]


def test_a_tsv_is_separated_by_tabs_alone() -> None:
    assert rows("a,b\tc\n1\t2\n", "x.tsv") == [{"a,b": "1", "c": "2"}]


def test_cells_keep_lines_and_separators_inside_quotes() -> None:
    [row] = rows('a,b\n"x, ""y""\nz",2\n')
    assert row == {"a": 'x, "y"\nz', "b": "2"}


def test_an_empty_cell_is_missing_and_its_column_known() -> None:
    [row] = read_rows("a,b,c\n1,, \n", file="x.csv")
    assert row.values == {"a": "1"}
    assert row.columns == ("a", "b", "c")


def test_lines_and_numbers() -> None:
    found = read_rows('a,b\n1,"x\ny"\n\n3,z\n', file="x.csv")
    assert [(r.number, r.span.line) for r in found] == [(1, 2), (2, 5)]


@pytest.mark.parametrize("text", ["a,b\n", "a,b", "a,b\n\n \n,\n"])
def test_no_rows(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("", "VB404", 1, "no header"),
        ("\n\n", "VB404", 1, "no header"),
        ("\na,b,a\n", "VB404", 2, "'a' is doubled"),
        ("a, a\n", "VB404", 1, "'a' is doubled"),
        ("a,,b\n1,2,3\n", "VB404", 1, "column 2"),
        ("a,b\n1\n", "VB405", 2, "row 1 has 1 cell, the header has 2"),
        ("a,b\n1,2,3\n", "VB405", 2, "row 1 has 3 cells"),
        ('a,b\n1,2\n"x\ny",2\n4\n', "VB405", 5, "row 3 has 1 cell"),
        ('a,b\n1,2\n3,"x\n5,6\n', "VB403", 3, "end of data"),
        ('a,b\n"x"y,2\n', "VB403", 2, "expected after"),
    ],
)
def test_errors_name_the_line(text: str, code: str, line: int, words: str) -> None:
    [found] = failures(text)
    assert found.span is not None
    assert (found.code, found.span.line) == (code, line)
    assert words in found.message
    assert found.hint


def test_all_ragged_rows_are_named() -> None:
    assert [d.span.line for d in failures("a,b\n1\n2,2\n3\n") if d.span] == [2, 4]


def test_a_huge_cell() -> None:
    assert len(rows(f"a\n{'x' * 900_000}\n")[0]["a"]) == 900_000
    [found] = failures(f"a\n1\n{'x' * 1_100_000}\n")
    assert found.code == "VB403"
    assert "field limit" in found.message


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.json", '[{"id": "a", "n": 1, "none": null, "e": ""}, {"id": "b", "n": [2]}]'),
        ("a.jsonl", '{"id": "a", "n": 1, "none": null, "e": ""}\n\n{"id": "b", "n": [2]}\n'),
        ("a.ndjson", '{"id": "a", "n": 1, "none": null, "e": ""}\n{"id": "b", "n": [2]}'),
        ("a.yaml", "- {id: a, n: 1, none: ~, e: ''}\n- id: b\n  n: [2]\n"),
        ("a.YML", "- {id: a, n: 1, none: ~, e: ''}\n- id: b\n  n: [2]\n"),
    ],
)
def test_other_formats_keep_types(file: str, text: str) -> None:
    found = read_rows(text, file=file)
    assert [r.values for r in found] == [{"id": "a", "n": 1}, {"id": "b", "n": [2]}]
    assert [r.number for r in found] == [1, 2]
    assert found[0].columns == ("id", "n", "none", "e")


@pytest.mark.parametrize(
    ("file", "text", "places"),
    [
        ("a.yaml", "# rows\n- id: a\n\n- id: b\n", [(2, 3), (4, 3)]),
        ("a.json", '[\n {"id": "a"},\n {"id": "b"}]', [(2, 2), (3, 2)]),
        ("a.json", '[{"id": "\\ud83d\\ude00"}]', [(1, 1)]),  # JSON that YAML cannot read
        ("a.jsonl", '\n{"id": "a"}\n\n{"id": "b"}', [(2, 1), (4, 1)]),
    ],
)
def test_rows_have_places(file: str, text: str, places: list[tuple[int, int]]) -> None:
    assert [(r.span.line, r.span.column) for r in read_rows(text, file=file)] == places


@pytest.mark.parametrize(
    ("file", "text", "code", "line", "column"),
    [
        ("a.json", '[\n  {"id": 1}\n  {"id": 2}]', "VB406", 3, 3),
        ("a.json", "", "VB406", 1, 1),
        ("a.json", "[NaN]", "VB406", 1, 1),
        ("a.json", '[{"a": 1, "a": 2}]', "VB406", 1, 1),
        ("a.json", '{"id": 1}', "VB407", 1, 1),
        ("a.json", '[{"id": 1},\n  3]', "VB407", 2, 3),
        ("a.json", "[" * 100_000, "VB114", 1, 1),
        ("a.jsonl", '{"id": 1}\n{"id": }\n', "VB406", 2, 8),
        ("a.jsonl", '{"id": 1}\n[1]\n', "VB407", 2, 1),
        ("a.jsonl", "[" * 100_000, "VB114", 1, 1),
        ("a.yaml", "id: 1\n", "VB407", 1, 1),
        ("a.yaml", "", "VB407", 1, 1),
        ("a.yaml", "- id: 1\n- two\n", "VB407", 2, 3),
        ("a.yaml", "- {id: 1, id: 2}\n", "VB113", 1, 11),
    ],
)
def test_other_formats_errors(file: str, text: str, code: str, line: int, column: int) -> None:
    [found] = failures(text, file)
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == (code, line, column)


@pytest.mark.parametrize("file", ["rows.xlsx", "rows", "rows.csv.bak", "csv"])
def test_unknown_endings(file: str) -> None:
    with pytest.raises(Problems) as caught:
        check_ending(file)
    assert caught.value.diagnostics[0].code == "VB402"


def test_a_document_or_a_table_as_one_value() -> None:
    assert read_data('{"a": [1, null]}', file="x.json") == {"a": [1, None]}
    assert read_data("a: [1, ~]", file="x.yml") == {"a": [1, None]}
    assert read_data("a,b\n1,\n", file="x.csv") == [{"a": "1"}]
    assert read_data('{"a": 1}\n', file="x.jsonl") == [{"a": 1}]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8).map(str.strip)


@given(st.lists(st.tuples(cells, cells), max_size=6), st.sampled_from(",;\t"))
def test_what_is_written_is_read(table: list[tuple[str, str]], separator: str) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in table]
    lines = [f"a{separator}b", *(separator.join(row) for row in quoted)]
    expected = [{k: v for k, v in zip("ab", row, strict=True) if v} for row in table if any(row)]
    assert rows("\n".join(lines)) == expected


@given(st.lists(st.dictionaries(cells, st.integers() | cells, min_size=1), max_size=5))
def test_json_lines_and_json_agree(table: list[dict[str, Any]]) -> None:
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in table)
    assert rows(lines, "x.jsonl") == rows(json.dumps(table), "x.json")
