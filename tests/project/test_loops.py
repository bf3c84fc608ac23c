"""`for_each`, names and overrides."""

from __future__ import annotations

import unicodedata

import pytest

from tests.project.authoring import Folder, where
from vidbuild.project.columns import TYPES, cell_text, matches
from vidbuild.project.names import folded, wrong_with

BLOCK = "videos:\n  v:\n    script: Hi.\n"


def names(folder: Folder, for_each: str, name: str | None = None, **files: str) -> list[str]:
    text = f"{BLOCK}    for_each: {for_each}\n"
    if name:
        text += f'    name: "{name}"\n'
    return sorted(folder.bodies(text, {k.replace("_", "."): v for k, v in files.items()}))


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("{matrix: {lang: [en, de]}}", ["v-de", "v-en"]),
        ("{matrix: {a: [x, y], b: [1, true]}}", ["v-x-1", "v-x-true", "v-y-1", "v-y-true"]),
        ("{matrix: {a: [x, y], b: [1, 2]}, exclude: [{a: x, b: 1}]}", ["v-x-2", "v-y-1", "v-y-2"]),
        ("{matrix: {a: [x, y], b: [1, 2]}, exclude: [{a: x}]}", ["v-y-1", "v-y-2"]),
        ("{matrix: {a: [x, y], b: [1, 2]}, exclude: [{b: '1'}]}", ["v-x-2", "v-y-2"]),
        ("{matrix: {a: [x, y, z]}, exclude: [{a: [x, z]}]}", ["v-y"]),
        ("{matrix: {a: [x]}, include: [{a: z}, {a: y, more: m}]}", ["v-x", "v-y-m", "v-z"]),
        ("{matrix: {a: [x], b: [1]}, include: [{b: 2, a: y}]}", ["v-x-1", "v-y-2"]),
        ("{matrix: {a: [x], b: [1, ~]}}", ["v-x", "v-x-1"]),
        ("{matrix: {a: [x]}, exclude: [{a: x}]}", []),
        ("[]", []),
        ("~", ["v"]),
    ],
)
def test_matrices(folder: Folder, matrix: str, expected: list[str]) -> None:
    assert names(folder, matrix) == expected


def test_a_row_of_include_lacks_no_column(folder: Folder) -> None:
    text = """
videos:
  v:
    for_each: {matrix: {lang: [en]}, include: [{lang: de, note: "Hallo"}]}
    script: "{{ each.lang }} {{ each.note | default('-') }}"
"""
    assert folder.scripts(text) == {"v-en": "en -", "v-de-Hallo": "de Hallo"}


@pytest.mark.parametrize(
    ("for_each", "code", "column", "words"),
    [
        ("text", "VB411", 15, "takes a list"),
        ("12", "VB411", 15, "takes a list"),
        ("{}", "VB411", 15, "takes a list"),
        ("{rows: []}", "VB411", 15, "takes a list"),
        ("[{a: 1}, [b]]", "VB411", 24, "item 2"),
        ("{matrix: []}", "VB412", 24, "`matrix` takes a mapping"),
        ("{matrix: {}}", "VB412", 24, "`matrix` takes a mapping"),
        ("{matrix: {a: []}}", "VB412", 28, "`matrix.a`"),
        ("{matrix: {a: [1]}, exclude: {a: 1}}", "VB412", 43, "`exclude` takes"),
        ("{matrix: {a: [1]}, include: [1]}", "VB412", 43, "`include` takes"),
        ("{matrix: {a: [1]}, exclude: [{b: 1}]}", "VB412", 45, "no 'b'"),
        ("{matrix: {a: [1]}, file: x.csv}", "VB253", 34, "no key 'file'"),
        ("{matrix: {a: [1]}, excludes: []}", "VB253", 34, "no key 'excludes'"),
        ("{file: [x.csv]}", "VB254", 22, "`file` must be"),
        ("{file: rows.csv, where: true}", "VB254", 39, "`where` must be"),
        ("{file: rows.csv, types: [id]}", "VB254", 39, "`types` takes"),
        ("{file: rows.csv, types: {id: number}}", "VB413", 44, "'number' is no column type"),
        ("{file: rows.csv, types: {di: int}}", "VB414", 40, "no column 'di'"),
        ("{file: rows.csv, key: di}", "VB414", 37, "no column 'di'"),
        ("{file: rows.csv, key: id, wehre: x}", "VB253", 41, "no key 'wehre'"),
        ("{file: ''}", "VB250", 22, "empty"),
        ('{file: "a\\0b"}', "VB250", 22, "NUL"),
    ],
)
def test_loops_that_cannot_be(
    folder: Folder, for_each: str, code: str, column: int, words: str
) -> None:
    files = {"rows.csv": "id,n\na,1\n"}
    found = folder.one(f'{BLOCK}    for_each: {for_each}\n    name: "{{{{ each.id }}}}"\n', files)
    assert words in found.message
    assert (found.code, *where(found)) == (code, "vidbuild.yaml", 8, column)
    assert found.video is None  # the names are not known: it concerns the whole project


def test_an_enormous_matrix(folder: Folder) -> None:
    axis = ", ".join(map(str, range(101)))
    found = folder.one(
        f"{BLOCK}    for_each: {{matrix: {{a: [{axis}], b: [{axis}], c: [{axis}]}}}}\n"
    )
    assert "1,030,301" in found.message


CSV = "id,seats,price,vip,note\na,12,9.50,yes,x\nb,,1e3,NO,\nc,-3,.5,true,0012\n"


def test_types(folder: Folder) -> None:
    text = """
videos:
  v:
    for_each: {file: rows.csv, types: {seats: int, price: float, vip: bool, note: text}}
    name: "{{ each.id }}"
    script: "{{ (each.seats or 0) + 1 }} {{ each.price * 2 }} {{ 'vip' if each.vip else '-' }}
      {{ each.note | default('none') }}"
"""
    assert folder.scripts(text, {"rows.csv": CSV}) == {
        "a": "13 19.0 vip x",
        "b": "1 2000.0 - none",
        "c": "-2 1.0 vip 0012",
    }


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", ["0", "-1", "+7", "007"], ["1_000", "1.0", "", "\uff11", "1e3", "x", "9" * 30]),
        ("float", ["0", "1.", ".5", "-1.5e-3", "1E3"], ["nan", "inf", "1_0.0", "1,5", "1e9999"]),
        ("bool", ["true", "YES", "1", "False", "no", "0"], ["y", "on", "2", "", "wahr"]),
        ("text", ["", "x"], []),
    ],
)  # fmt: skip
def test_cells_of_a_type(kind: str, good: list[str], bad: list[str]) -> None:
    for cell in good:
        TYPES[kind](cell)
    for cell in bad:
        with pytest.raises((ValueError, KeyError)):
            TYPES[kind](cell)


@pytest.mark.parametrize(
    ("where_", "ids"),
    [
        ("each.seats", "ac"), ("not each.seats", "b"), ("each.seats > 0", "a"),
        ("each.vip and each.note", "ac"), ("each.id in ['a', 'b']", "ab"), ("limit < 5", "abc"),
        ("video.key == 'v'", "abc"), ("each.note == '0012'", "c"), ("false", ""),
    ],
)  # fmt: skip
def test_where(folder: Folder, where_: str, ids: str) -> None:
    if where_ == "each.seats > 0":
        where_ = "each.seats and each.seats > 0"
    text = f"""
vars: {{limit: 3}}
videos:
  v:
    script: Hi.
    for_each:
      file: rows.csv
      types: {{seats: int, vip: bool}}
      where: "{where_}"
    name: "{{{{ each.id }}}}"
"""
    assert "".join(sorted(folder.bodies(text, {"rows.csv": CSV}))) == ids


def test_a_where_that_fails(folder: Folder) -> None:
    text = f"{BLOCK}    for_each: {{file: rows.csv, where: each.seat}}\n    name: x\n"
    found = folder.one(text, {"rows.csv": CSV})
    assert (found.code, *where(found)) == ("VB302", "vidbuild.yaml", 8, 44)
    assert found.hint == "did you mean seats?"


def test_key(folder: Folder) -> None:
    text = f'{BLOCK}    for_each: {{file: rows.csv, key: id}}\n    name: "{{{{ each.id }}}}"\n'
    assert sorted(folder.bodies(text, {"rows.csv": CSV})) == ["a", "b", "c"]
    found = folder.found(text, {"rows.csv": "id\na\nb\na\nb\n"})
    assert [where(d)[:2] for d in found] == [("rows.csv", 4), ("rows.csv", 5)]
    assert [d.notes[0].span.line for d in found if d.notes[0].span] == [2, 3]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("r.json", '[{"id": "a", "n": 1}, {"id": "b"}]'),
        ("r.jsonl", '{"id": "a", "n": 1}\n{"id": "b"}\n'),
        ("r.yaml", "- {id: a, n: 1}\n- {id: b}\n"),
        ("r.tsv", "id\tn\na\t1\nb\t\n"),
        ("d/r.csv", "id;n\na;1\nb;\n"),
    ],
)
def test_data_files(folder: Folder, file: str, content: str) -> None:
    text = f"""
videos:
  v:
    for_each: {{file: {file}, types: {{n: int}}}}
    name: "{{{{ each.id }}}}"
    script: "{{{{ each.n + 1 if each.n else 'none' }}}}"
"""
    if file not in ("r.tsv", "d/r.csv"):
        text = text.replace(", types: {n: int}", "")
    if file in ("r.json", "r.jsonl", "r.yaml"):  # a row without the column: missing, not unknown
        text = text.replace("if each.n else", "if each.id == 'a' else")
    loaded = folder.load(text, {file: content})
    assert {k: r.body["script"] for k, r in loaded.requests.items()} == {"a": "2", "b": "none"}
    assert loaded.requests["a"].depends_on == tuple(sorted([file, "vidbuild.yaml"]))
    assert loaded.requests["a"].row is not None


def test_rows_from_a_list_need_a_name(folder: Folder) -> None:
    found = folder.one(f"{BLOCK}    for_each: [{{a: 1}}, {{a: 2}}, {{a: 3}}]\n")
    assert found.code == "VB261"
    assert where(found) == ("vidbuild.yaml", 6, 3)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("a", None), ("a/b-c_d.e", None), ("Ünïcödé/名前", None), ("0", None), ("_", None),
        ("a.b/c", None), ("x" * 200, None), ("x" * 201, "longer"), ("", "empty"),
        ("a//b", "slashes"), ("/a", "slashes"), ("a/", "slashes"), (".a", "dot"), ("a.", "dot"),
        ("a/..", "dot"), (".", "dot"), ("a b", "only"), ("a\\b", "only"), ("a:b", "only"),
        ("a\nb", "only"), ("a?", "only"), ("con", "device"), ("CON", "device"),
        ("a/nul.txt", "device"), ("com1", "device"), ("lpt9.x/y", "device"), ("com10", None),
        ("conn", None), ("a\u0000b", "only"), ("\U0001f600", "only"), ("हिन्दी", None),
        ("สวัสดี", None), ("a\u200bb", "only"),
    ],
)  # fmt: skip
def test_names(name: str, wrong: str | None) -> None:
    found = wrong_with(name)
    assert (found is None) == (wrong is None), found
    assert wrong is None or wrong in str(found)


def test_names_are_composed(folder: Folder) -> None:
    name = unicodedata.normalize("NFD", "Grüße")
    assert list(folder.bodies(f"videos:\n  {name}: {{script: Hi.}}\n")) == ["Grüße"]


@pytest.mark.parametrize(
    ("one", "two"),
    [("a", "A"), ("Straße", "STRASSE"), ("é", "e\u0301"), ("ﬁ", "FI"), ("Ω", "\u2126")],
)
def test_names_that_a_file_system_takes_for_the_same(one: str, two: str) -> None:
    assert folded(one) == folded(two)


@pytest.mark.parametrize("other", ["v/A", "v/a", "V/a"])
def test_two_videos_of_one_name(folder: Folder, other: str) -> None:
    text = f"""
videos:
  v:
    for_each: [{{id: a}}, {{id: b}}]
    name: v/{{{{ each.id }}}}
    script: Hi.
  {other}: {{script: Hi.}}
"""
    found = folder.one(text)
    assert found.code == "VB262"
    assert where(found) == ("vidbuild.yaml", 11, 3)
    assert [n.span.line for n in found.notes if n.span] == [8]


@pytest.mark.parametrize(
    ("name", "code"),
    [("{{ each.zzz }}", "VB302"), ("a b", "VB261"), ("{{ video.name }}", "VB302"),
     ("{{ each.empty }}", "VB302"), ("../x", "VB261"), ("{{ each.id }}/", "VB261")],
)  # fmt: skip
def test_names_that_cannot_be(folder: Folder, name: str, code: str) -> None:
    text = f'{BLOCK}    for_each: [{{id: a, empty: ""}}]\n    name: "{name}"\n'
    found = folder.one(text)
    assert found.code == code
    assert where(found)[:2] == ("vidbuild.yaml", 9)


OVERRIDES = """
videos:
  v:
    for_each: {file: rows.csv, types: {seats: int, vip: bool}}
    name: "{{ each.id }}"
    script: Hi.
    resolution: 1080p
    overrides:
"""


@pytest.mark.parametrize(
    ("when", "ids"),
    [
        ("{id: a}", "a"), ("{id: [a, c]}", "ac"), ("{vip: true}", "ac"), ("{vip: 'true'}", "ac"),
        ("{seats: 12}", "a"), ("{seats: '12', id: a}", "a"), ("{seats: 12, id: b}", ""),
        ("{seats: ''}", ""), ("{note: 12}", ""), ("each.seats == -3", "c"), ("not each.seats", "b"),
        ("true", "abc"), ("false", ""), ("{}", "abc"), ("~", "abc"), ("project == 'demo'", "abc"),
        ("video.name == 'b'", "b"),
    ],
)  # fmt: skip
def test_when(folder: Folder, when: str, ids: str) -> None:
    text = f"{OVERRIDES}      - {{when: {when}, set: {{resolution: 720p}}}}\n"
    if when.startswith(("each", "not", "project", "video")):
        text = f'{OVERRIDES}      - {{when: "{when}", set: {{resolution: 720p}}}}\n'
    found = folder.bodies(text, {"rows.csv": CSV})
    assert "".join(n for n, body in found.items() if body["resolution"] == "720p") == ids


@pytest.mark.parametrize(
    ("item", "code", "words"),
    [
        ("{when: 12, set: {}}", "VB266", "takes a mapping or an expression"),
        ("{when: [a], set: {}}", "VB266", "takes a mapping or an expression"),
        ("{when: {sets: 1}, set: {}}", "VB266", "no column 'sets'"),
        ("{when: each.sets, set: {}}", "VB302", "no column 'sets'"),
        ("{when: 'each.', set: {}}", "VB301", "not a valid template"),
        ("{set: {for_each: []}}", "VB253", "`for_each` cannot be set here"),
        ("{set: {overrides: []}}", "VB253", "`overrides` cannot be set here"),
        ("{set: {vars: {}}}", "VB253", "`vars` cannot be set here"),
        ("{when: {}}", "VB254", "needs `set`"),
        ("{set: 1}", "VB254", "needs `set`"),
        ("text", "VB254", "needs `set`"),
    ],
)
def test_overrides_that_cannot_be(folder: Folder, item: str, code: str, words: str) -> None:
    found = folder.found(f"{OVERRIDES}      - {item}\n", {"rows.csv": CSV})
    assert {d.code for d in found} == {code}
    assert words in found[0].message
    assert where(found[0])[:2] == ("vidbuild.yaml", 13)


def test_overrides_of_all_layers_apply_in_order(folder: Folder) -> None:
    text = """
defaults:
  type: avatar
  avatar_id: a
  voice_id: v
  overrides: [{set: {title: D, resolution: 720p}}]
include: [more.yaml]
profiles: {p: {set: {aspect_ratio: "1:1"}}}
"""
    more = """
defaults: {overrides: [{set: {title: I}}]}
videos:
  v:
    script: Hi.
    title: V
    aspect_ratio: "9:16"
    overrides: [{set: {aspect_ratio: "16:9"}}]
"""
    body = folder.body(text, {"more.yaml": more}, profile="p")
    assert (body["title"], body["resolution"], body["aspect_ratio"]) == ("I", "720p", "1:1")


def test_cells_as_text() -> None:
    assert [cell_text(v) for v in (True, False, 1, 1.0, "x", None)] == [
        "true", "false", "1", "1.0", "x", "None",
    ]  # fmt: skip
    assert not matches({"a": None}, {"a": "None"})
    assert not matches({}, {"a": "x"})
