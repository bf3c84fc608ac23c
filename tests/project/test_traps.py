"""What YAML does to a text without a word: cut off, changed or taken away; and to templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.authoring import HEAD, Folder, where
from vidbuild.diagnostics import Problems
from vidbuild.pipeline import load
from vidbuild.source import yaml
from vidbuild.source.unquoted import explained

ROOT = Path(__file__).parent.parent.parent


def values(lines: str) -> str:
    """A video with these fields; all lines but the first stand where they are to be."""
    return f"videos:\n  v:\n    script: Hi.\n    {lines}\n"


@pytest.mark.parametrize(
    ("line", "column", "hint"),
    [
        ("title: Call us at #1", 12, 'title: "Call us at #1"'),
        ("title: We are # 1", 12, 'title: "We are # 1"'),
        ("title: We are # 1.", 12, 'title: "We are # 1."'),
        ('title: The "new" one #new', 12, "title: 'The \"new\" one #new'"),
        ("title: Room (see # three)", 12, 'title: "Room (see # three)"'),
        ("title: It's #ours", 12, 'title: "It\'s #ours"'),
        ("name: v-#1\n    title: a #b", 12, 'title: "a #b"'),
        ("vars: {a: b}\n    title: x #ñ", 12, 'title: "x #ñ"'),
        ("vars:\n      phone: call #7", 14, 'phone: "call #7"'),
        ("vars:\n      list:\n        - call #7", 11, 'list: "call #7"'),
        ("for_each:\n      - id: a\n        word: call #7\n    name: x", 15, 'word: "call #7"'),
        ("background:\n      type: color\n      value: #101820", 13, 'value: "#101820"'),
        ("motion_prompt: Wave\n      twice #2", 20, 'motion_prompt: "Wave twice #2"'),
    ],
)
def test_texts_cut_off(folder: Folder, line: str, column: int, hint: str) -> None:
    found = [d for d in folder.found(values(line)) if d.code == "VB291"]
    assert [(where(d)[2], d.severity) for d in found] == [(column, "warning")]
    assert str(found[0].hint).startswith(f"write {hint}, or a comment")


@pytest.mark.parametrize(
    "line",
    [
        "title: Hello # a comment", "title: Hello  #comment", 'title: "Call #1"', "title: a#b",
        "title: 'Call #1' #yes", "title: Hello\n    # 1 comment\n    #two",
        "title: |\n      Call #1",
        "resolution: 720p #override", "voice_id: warm #1", "title: Hello #", "title: Hello ##",
        "title: Hello (there) # (no)", "title: Hello (there # and here", "tags: [a] #1",
        "vars: {a: 5} #1", "vars:\n      a: 5 #1\n      b: true #2",
        "vars: #all of them\n      a: 5",
        "background: #the colour\n      type: color\n      value: '#fff'",
        "title: Hello #!important",
        "title: >-\n      Call #1 (now # one",
    ],
)  # fmt: skip
def test_comments_that_are_comments(folder: Folder, line: str) -> None:
    assert not folder.found(values(line))


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("2.10", "2.1"), ("007", "7"), ("0x1F", "31"), ("1e3", "1000.0"), ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5.0"), ("0o17", "15"), ("1.50", "1.5"), ("-0.10", "-0.1"), ("1_0", None),
        ("12345678901234567.0", "1.2345678901234568e+16"), ("5", None), ("1.5", None), ("0", None),
        ("-3", None), ("1.0", None), ("'2.10'", None), ("2.10.0", None), ("2024-01-10", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "script", ["{{ n }}", "{{ '' ~ n }}", "{{ '%s' % n }}", "{{ [n] | join }}"]
)
def test_numbers_printed(folder: Folder, number: str, printed: str | None, script: str) -> None:
    found = folder.found(f'vars:\n  n: {number}\nvideos:\n  v:\n    script: "{script}"\n')
    if printed is None:
        assert not found
        return
    [one] = found
    assert (one.code, one.severity, one.video) == ("VB292", "warning", None)
    assert where(one) == ("vidbuild.yaml", 6, 6)
    assert one.message == f"{number} is a number, and is printed as {printed}"
    assert one.hint == f'write n: "{number}"'


@pytest.mark.parametrize(
    "line",
    [
        "voice_settings: {speed: '{{ n }}'}", "title: '{{ n + 1 }}'", "title: '{{ n | round(1) }}'",
        "title: \"{{ 'a' if n > 2 else 'b' }}\"", "title: \"{{ '%.2f' % n }}\"",
        "title: \"{{ '{:.2f}'.format(n) }}\"", 'title: "{{ pause(n / 10) }}"', "title: Hi",
        "overrides: [{when: n == 2.10, set: {title: x}}]",
    ],
)  # fmt: skip
def test_numbers_that_are_only_reckoned_with(folder: Folder, line: str) -> None:
    text = f"vars: {{n: 1.10}}\n{values(line)}"
    loaded = folder.load(text)
    assert not loaded.diagnostics
    assert type(loaded.requests["v"].body.get("voice_settings", {}).get("speed", 1.0)) is float


@pytest.mark.parametrize(
    "data", ['{"n":2.10}', '{"n": [2.10]}', '{"n":[1,2.10]}', '{"n": {"m":2.10}}']
)
def test_numbers_in_small_spaces(folder: Folder, data: str) -> None:
    text = 'vars: {d: {file: d.json}}\nvideos: {v: {script: "{{ d | string }}"}}\n'
    text = text.replace(
        "d | string", {"{": "d.n.m", "[": "d.n[-1]"}.get(data[5:].strip()[0], "d.n")
    )
    assert folder.one(text, {"d.json": data}).code == "VB292"


def test_numbers_of_data(folder: Folder) -> None:
    text = """
vars: {facts: {file: facts.json}, table: {file: rows.yaml, key: id}}
videos:
  a:
    for_each: {file: rows.yaml}
    name: a/{{ each.id }}
    script: "{{ facts.deep[0].n }} {{ facts.fine }} {{ each.note }}"
    overrides: [{when: {id: 1.10}, set: {title: One}}]
  b:
    for_each: {matrix: {v: [3.10, 4]}}
    script: Hi.
  c:
    for_each: [{id: 5.10}]
    name: c
    script: Hi.
"""
    files = {
        "facts.json": '{"fine": 2, "deep": [{"n": 2.10}], "unused": 9.10}',
        "rows.yaml": "- {id: 1.10, note: x}\n- {id: 2, note: 6.10}\n",
    }
    loaded = folder.load(text, files)
    assert sorted((*where(d), d.code) for d in loaded.diagnostics) == [
        ("facts.json", 1, 28, "VB292"), ("rows.yaml", 1, 8, "VB292"),
        ("rows.yaml", 2, 17, "VB292"), ("vidbuild.yaml", 14, 29, "VB292"),
    ]  # fmt: skip
    assert loaded.requests["a/1.1"].body["title"] == "One"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("title:", "VB293"), ("title: # nothing", "VB293"), ("title: null", None),
        ("title: ~", None), ("title: !!null ''", None), ("background: {value: }", "VB293"),
        ("background: {url: }", None), ("callback_id:", None), ("tags:", None), ("vars:", None),
        ("title: # nothing\n    overrides: [{set: {title: x}}]", "VB293"),
        ("overrides: [{set: {title: }}]", "VB293"), ("overrides: [{set: {title: null}}]", None),
        ("request: {title: }", None), ("x-note:", None),
    ],
)  # fmt: skip
def test_empty_values(folder: Folder, line: str, code: str | None) -> None:
    text = HEAD + (
        "defaults: {type: avatar, avatar_id: p, voice_id: w, title: Base, tags: [a], vars: {a: 1},"
        " background: {type: color, value: '#fff'}}\n"
    )
    found = [d for d in folder.found(text + values(line)) if d.code != "VB213"]
    assert [d.code for d in found] == ([code] if code else [])
    for each in found:
        [note] = each.notes
        assert note.span is not None
        assert note.span.line == 4


def test_an_empty_value_is_said_once(folder: Folder) -> None:
    text = (
        "defaults: {type: avatar, avatar_id: p, voice_id: w, title: Base}\n"
        "profiles: {p: {set: {title: }}}\n"
        "videos: {a: {script: Hi.}, b: {for_each: [{id: c}, {id: d}], name: '{{ each.id }}',"
        " script: Hi.}}\n"
    )
    assert folder.one(text, profile="p").code == "VB293"
    assert not folder.found(text)


def test_warnings_can_be_ignored(folder: Folder) -> None:
    text = "policy: {lint: {ignore: [VB291, VB292]}}\nvars: {n: 1.10}\n"
    assert not folder.found(text + values("title: Call {{ n }} #1"))


@pytest.mark.parametrize(
    "example", sorted(p.parent.name for p in ROOT.glob("examples/*/vidbuild.yaml"))
)
def test_examples_are_innocent(example: str) -> None:
    assert not load(ROOT / "examples" / example / "vidbuild.yaml").diagnostics


TEMPLATES = [
    ("a: {{ x }}", 'a: "{{ x }}"'),
    ("a: {{x}}", 'a: "{{x}}"'),
    ("a: {{- x -}}", 'a: "{{- x -}}"'),
    ("a: {{ x }} text", 'a: "{{ x }} text"'),
    ("a: {{ x }}: text", 'a: "{{ x }}: text"'),
    ("a: {{ x }}-{{ y }}", 'a: "{{ x }}-{{ y }}"'),
    ("a: {{ x }} # note", 'a: "{{ x }}" # note'),
    ('a: {{ x | default("y") }}', "a: '{{ x | default(\"y\") }}'"),
    ("a: {{ x['y'] }}", "a: \"{{ x['y'] }}\""),
    ('a: {{ "x" }} isn\'t', "a: '{{ \"x\" }} isn''t'"),
    ("a: {% if x %}y{% endif %}", 'a: "{% if x %}y{% endif %}"'),
    ("a: {%- if x %}y{% endif %}", 'a: "{%- if x %}y{% endif %}"'),
    ("a: {# note #} y", 'a: "{# note #} y"'),
    ("a: &x {{ b }}", 'a: &x "{{ b }}"'),
    ('"a b": {{ c }}', '"a b": "{{ c }}"'),
    ("- {{ x }}", '- "{{ x }}"'),
    ("- {% x %}", '- "{% x %}"'),
    ("- - {{ x }}", '- - "{{ x }}"'),
    ("- a: {{ x }}", '- a: "{{ x }}"'),
    ("a: [{{ x }}, b]", 'a: ["{{ x }}", b]'),
    ("a: [b, {% x %}]", 'a: [b, "{% x %}"]'),
    ("a: {b: {{ x }}}", 'a: {b: "{{ x }}"}'),
    ("a: {b: {{ x }}, c: {{ y }} z, d: 1}", 'a: {b: "{{ x }}", c: "{{ y }} z", d: 1}'),
    ("a: {b: [{{ x }}]}", 'a: {b: ["{{ x }}"]}'),
    ("a: {file: x/{{ y }}.j2}", 'a: {file: "x/{{ y }}.j2"}'),
    ("a: {b: '{{ ok }}', c: {{ y }}}", "a: {b: '{{ ok }}', c: \"{{ y }}\"}"),
    ("when: {{ a, b }}", 'when: "{{ a, b }}"'),
    ("a: {{ x", 'a: "{{ x"'),
]


@pytest.mark.parametrize(("line", "fixed"), TEMPLATES)
@pytest.mark.parametrize("around", ["{}", "k: 1\nt: |\n  {{{{ fine }}}}\n{}\n", "{}\n# end\n"])
def test_templates_without_quotes(line: str, fixed: str, around: str) -> None:
    listed = line.startswith("-") and "t:" in around
    text = around.format(f"l:\n{line}" if listed else line)

    def read(text: str) -> object:
        return yaml.load(text, file="f.yaml")

    with pytest.raises(Problems) as caught:
        read(text)
    [found] = explained(caught.value, text, read).diagnostics
    assert (found.code, found.hint) == ("VB119", f"write {fixed}")
    assert found.span is not None
    assert text.split("\n")[found.span.line - 1] == line
    assert line[found.span.column - 1 :].startswith(("{", "x/{"))
    read(text.replace(line, fixed))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: {% if x %}\n  Hello\n  {% endif %}\nb: 1", "write `a: |`"),
        ("a: {{ x }} is\n  long\nb: 1", "write `a: |`"),
        ("a:\n  {{ x }} is\n  long\nb: 1", "write `|` behind the key above"),
        ("- {{ x }} is\n  long\n- b", "write `- |`"),
        ("{{ x }}: 1", "give it a plain name"),
    ],
)
def test_templates_of_several_lines_and_as_keys(text: str, hint: str) -> None:
    def read(text: str) -> object:
        return yaml.load(text, file="f.yaml")

    with pytest.raises(Problems) as caught:
        read(text)
    [found] = explained(caught.value, text, read).diagnostics
    assert found.code == "VB119"
    assert hint in str(found.hint)


def test_all_templates_without_quotes_are_named(folder: Folder) -> None:
    text = (
        "videos:\n  v: {script: {{ a }}}\n  w:\n    script: |\n      {{ fine }}\n"
        "    title: {{ b }} c\n  x:\n    tags: [{{ d }}]\n"
    )
    found = folder.found(text)
    assert [(d.code, where(d)[1]) for d in found] == [("VB119", 6), ("VB119", 10), ("VB119", 12)]


def test_other_faults_keep_their_own_words() -> None:
    for text in ('a: |\n  {{ x }}\nb: "open\nc: 1', "a: {{ x }}\nb: [1\nc: 2", "a: [1"):

        def read(text: str) -> object:
            return yaml.load(text, file="f.yaml")

        with pytest.raises(Problems) as caught:
            read(text)
        codes = [d.code for d in explained(caught.value, text, read).diagnostics]
        assert codes[-1] == "VB110"
        assert len(codes) == 1 + text.startswith("a: {{")
