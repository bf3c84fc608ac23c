"""Templates in values and scripts: what is in scope, what prints, what is refused."""

from __future__ import annotations

import resource
import time

import pytest

from tests.project.authoring import Folder, where


def script(folder: Folder, template: str, **files: str) -> str:
    """What a script file renders to, with a few vars and a row."""
    text = """
vars:
  product: Acme
  n: 3
  price: 9.5
  yes: true
  nothing: ~
  names: [Ann, Bob]
  row: {items: shadowed, title: T, missing: M}
videos:
  hello:
    for_each: [{id: a, name: Ann, empty: "", keys: K}]
    name: hello/{{ each.id }}
    script: {file: hello.j2}
"""
    return folder.scripts(text, {"hello.j2": template, **files})["hello/a"]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Plain { text } } and {, no template", "Plain { text } } and {, no template"),
        ("Hello {{ product }} {{ n }} {{ price }}.", "Hello Acme 3 9.5."),
        ("{{ names | join(', ') }} {{ names[0] }} {{ names | length }}", "Ann, Bob Ann 2"),
        ("{% for n in names %}\n  {{ n }},\n{% endfor %}\nend", "Ann,\n Bob,\nend"),
        ("{% if yes %}Y{% else %}N{% endif %}{% if nothing %}Y{% else %}N{% endif %}", "YN"),
        # A key of a mapping before its methods.
        ("{{ row.items }} {{ row.title }} {{ row['title'] }}", "shadowed T T"),
        ("{{ each.keys }} {{ each.name }}", "K Ann"),
        ("{% for k, v in each.items() %}{{ k }}={{ v }} {% endfor %}", "id=a name=Ann keys=K"),
        ("{% for k in row.keys() | sort %}{{ k }} {% endfor %}", "items missing title"),
        # An empty cell.
        ("{{ each.empty | default('there') }}", "there"),
        ("{% if each.empty %}Y{% else %}N{% endif %}", "N"),
        ("{% if each.empty is defined %}Y{% else %}N{% endif %}", "N"),
        ("{{ each.empty or 'there' }}{{ 'x' if each.empty == 'a' }}", "there"),
        ("{{ video.name }} {{ video.key }} {{ project }}", "hello/a hello demo"),
        ("{% if profile %}P{% else %}none{% endif %}", "none"),
        ("One.{{ pause(1.5) }}Two.", 'One.<break time="1.5s"/>Two.'),
        ("{# a comment #}\n  {% set x = 1 %}\n  Hello {{ x }}\n", "Hello 1"),
        ("a\r\nb\r\n\r\n\r\n\r\nc   d  \n", "a\nb\n\nc d"),
        ("{% macro hi(x) %}Hi {{ x }}.{% endmacro %}{{ hi('Bo') }}", "Hi Bo."),
        ("{{ '%.2f' | format(price) }} {{ '{:>5}'.format(n) }}", "9.50 3"),
        ("{{ 'a b'.split() | join('-') }} {{ product.upper() }}", "a-b ACME"),
        ('<b> & "q"', '<b> & "q"'),
    ],
)  # fmt: skip
def test_texts(folder: Folder, template: str, text: str) -> None:
    assert script(folder, template) == text


@pytest.mark.parametrize(
    ("template", "code", "line", "column", "words", "hint"),
    [
        ("Hi {{ prodct }}", "VB302", 1, 7, "'prodct' is not defined", "did you mean product?"),
        ("a\nb {{ zzz }}", "VB302", 2, 6, "'zzz' is not defined", "define it under `vars`"),
        ("zzz {{ zzz }}", "VB302", 1, 8, "'zzz' is not defined", "define it"),
        ("{% if zzz %}x{% endif %}", "VB302", 1, 7, "'zzz' is not defined", "define it"),
        ("{{ row.titel }}", "VB302", 1, 8, "no 'titel' here", "did you mean title?"),
        ("{{ product.x }}", "VB302", 1, 12, "a text has no 'x'", "members belong"),
        ("{{ each.nme }}", "VB302", 1, 9, "no column 'nme'", "did you mean name?"),
        ("\n{{ each.empty }}", "VB302", 2, 9, "no value for 'empty'", "default"),
        ("{{ each.empty ~ 'x' }}", "VB302", 1, 9, "no value for 'empty'", "default"),
        ("{{ each.empty + 'x' }}", "VB302", 1, 9, "no value for 'empty'", "default"),
        ("{{ each.empty | upper }}", "VB302", 1, 9, "no value for 'empty'", "default"),
        ("{% for x in each.empty %}{% endfor %}", "VB302", 1, 18, "no value", "default"),
        ("Is {{ yes }}", "VB303", 1, 4, "the truth value true", "print a text"),
        ("Is {{ nothing }}", "VB303", 1, 4, "nothing (None)", "print a text"),
        ("Is {{ names }}", "VB303", 1, 4, "a list", "print a text"),
        ("Is {{ row }}", "VB303", 1, 4, "a mapping", "print a text"),
        ("Is {{ each }}", "VB303", 1, 4, "a mapping", "print a text"),
        ("Is {{ pause }}", "VB303", 1, 4, "a function", "print a text"),
        ("Is {{ omit }}.", "VB303", 1, 4, "`omit`", "print a text"),
        ("{{ n + 'x' }}", "VB304", 1, 1, "the template fails", "convert"),
        ("{{ 1 / 0 }}", "VB304", 1, 1, "division by zero", None),
        ("{{ pause(0) }}", "VB304", 1, 1, "pause() takes more than 0", None),
        ("{{ pause('x') }}", "VB304", 1, 1, "pause() takes a number", "convert"),
        ("x\n{% if %}", "VB301", 2, 1, "not a valid template", None),
        ("{{ 'a' | nofilter }}", "VB301", 1, 1, "nofilter", "list of filters"),
        ("{{ 'a' is notest }}", "VB301", 1, 1, "notest", None),
        ("{{ unclosed", "VB301", 1, 1, "not a valid template", None),
        ("{{ random() }}", "VB302", 1, 4, "'random' is not defined", None),
        ("{{ [1, 2] | random }}", "VB301", 1, 1, "random", None),
        ("{{ now() }}", "VB302", 1, 4, "'now' is not defined", None),
        ("{{ lipsum() }}", "VB302", 1, 4, "'lipsum' is not defined", None),
        ("{{ environ }}", "VB302", 1, 4, "'environ' is not defined", None),
    ],
)  # fmt: skip
def test_errors(
    folder: Folder, template: str, code: str, line: int, column: int, words: str, hint: str | None
) -> None:
    text = """
vars: {product: Acme, n: 3, yes: true, nothing: ~, names: [Ann], row: {title: T}}
videos:
  hello:
    for_each: [{id: a, name: Ann, empty: ""}]
    name: hello/{{ each.id }}
    script: {file: hello.j2}
"""
    found = folder.one(text, {"hello.j2": template})
    assert words in found.message
    assert (found.code, *where(found)) == (code, "hello.j2", line, column)
    assert (hint or "") in (found.hint or "")
    assert found.video == "hello/a"
    assert found.field == "script"


@pytest.mark.parametrize(
    ("value", "line", "column"),
    [
        ("Hello {{ zzz }}", 7, 22),
        ('"Hello {{ zzz }}"', 7, 23),
        ("'zzz {{ zzz }}'", 7, 21),
        ('"{{ zzz }}"', 7, 17),
        ("|\n      Hello,\n\n      zzz {{ zzz }}.", 10, 14),
        ("|-  # a comment\n      Hello {{ zzz }}.", 8, 16),
        (">\n      Hello,\n      zzz {{ zzz }}.", 9, 14),
        ('"Hello,\n      zzz {{ zzz }}."', 8, 14),
        ("Hello,\n      zzz {{ zzz }}.", 8, 14),
    ],
)
def test_errors_in_values_point_into_the_value(
    folder: Folder, value: str, line: int, column: int
) -> None:
    found = folder.one(f"videos:\n  hello:\n    script: {value}\n")
    assert found.code == "VB302"
    assert where(found) == ("vidbuild.yaml", line, column)


def test_an_alias_is_the_place_of_its_value(folder: Folder) -> None:
    text = "x-words: &words |\n  Hello\n  {{ zzz }}\nvideos:\n  hello:\n    script: *words\n"
    assert where(folder.one(text)) == ("vidbuild.yaml", 10, 13)


def test_includes_are_relative_to_the_file_that_names_them(folder: Folder) -> None:
    files = {
        "scripts/a.j2": "A {% include 'parts/b.j2' %}",
        "scripts/parts/b.j2": "B {% include '../c.j2' %}",
        "scripts/c.j2": "C {{ product }} {% from 'parts/m.j2' import hi %}{{ hi('you') }}",
        "scripts/parts/m.j2": "{% macro hi(x) %}Hi {{ x }}{% endmacro %}",
    }
    loaded = folder.load(
        "vars: {product: Acme}\nvideos:\n  a:\n    script: {file: scripts/a.j2}\n"
        "  b:\n    script: \"{% include 'scripts/c.j2' %}\"\n",
        files,
    )
    assert not loaded.diagnostics
    assert loaded.requests["a"].body["script"] == "A B C Acme Hi you"
    assert loaded.requests["b"].body["script"] == "C Acme Hi you"
    # Every file that took part is known.
    assert loaded.requests["a"].depends_on == tuple(sorted([*files, "vidbuild.yaml"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% include 'b.j2' %}\nTwo.", "One.\nTwo."),
        ("{% include 'b.j2' %}\r\n\r\nTwo.", "One.\n\nTwo."),
        ("  {%- include 'b.j2' %}\nTwo.", "One.\nTwo."),
        ("{% include 'b.j2' -%}\nTwo.", "One.Two."),
        ("Say {% include 'b.j2' %} Two.", "Say One. Two."),
        ("{% if 1 %}\n{% include 'b.j2' %}\n{% endif %}\nTwo.", "One.\nTwo."),
    ],
)
def test_a_line_moved_to_a_file_is_the_same_line(folder: Folder, text: str, said: str) -> None:
    files = {"s/a.j2": text, "s/b.j2": "One.\n"}
    assert folder.scripts("videos:\n  a: {script: {file: s/a.j2}}\n", files) == {"a": said}


def test_an_included_file_at_fault_is_named_at_its_line(folder: Folder) -> None:
    files = {"s/a.j2": "A\n{% include 'b.j2' %}", "s/b.j2": "B\n\n{{ zzz }}"}
    found = folder.one("videos:\n  a:\n    script: {file: s/a.j2}\n", files)
    assert where(found) == ("s/b.j2", 3, 4)
    assert [n.span.line for n in found.notes if n.span] == [7]
    files["s/b.j2"] = "B\n{% if %}"
    assert where(folder.one("videos:\n  a:\n    script: {file: s/a.j2}\n", files)) == (
        "s/b.j2",
        2,
        1,
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [("nothing.j2", "VB305"), ("../../x.j2", "VB251"), ("/etc/hostname", "VB251"),
     ("latin.j2", "VB104"), ("parts", "VB102")],
)  # fmt: skip
def test_includes_that_cannot_be(folder: Folder, name: str, code: str) -> None:
    files: dict[str, str | bytes] = {
        "s/a.j2": f"A\n {{% include '{name}' %}}", "s/latin.j2": b"gr\xfc\xdfe", "s/parts/x": "",
    }  # fmt: skip
    found = folder.one("videos:\n  a:\n    script: {file: s/a.j2}\n", files)
    assert found.code == code
    if code != "VB104":
        assert where(found)[:2] == ("s/a.j2", 2)


def test_ignore_missing(folder: Folder) -> None:
    text = "videos:\n  a:\n    script: \"Hi{% include 'no.j2' ignore missing %}\"\n"
    assert folder.scripts(text) == {"a": "Hi"}


def test_a_layer_that_is_replaced_is_not_rendered(folder: Folder) -> None:
    text = """
defaults: {type: avatar, avatar_id: a, voice_id: "{{ zzz }}", script: "{{ zzz }}"}
videos:
  hello: {script: Hello., voice_id: v}
"""
    assert folder.body(text)["voice_id"] == "v"


def test_omit(folder: Folder) -> None:
    text = """
defaults:
  type: avatar
  avatar_id: a
  voice_id: warm
  background: {type: color, value: "#101820"}
  voice_settings: {speed: 0.9, pitch: 2}
videos:
  hello:
    for_each: [{id: a, voice: cold, colour: "#ffffff"}, {id: b, audio: "https://x.org/a.mp3"}]
    name: "{{ each.id }}"
    title: "{{ each.title | default(omit) }}"
    voice_id: "{{ each.voice | default(omit) }}"
    background: {value: "{{ each.colour | default(omit) }}"}
    voice_settings: {speed: "{{ omit }}", volume: "{{ omit }}"}
    script: "{{ omit if each.audio else 'Hello.' }}"
    audio_url: "{{ each.audio | default(omit) }}"
"""
    loaded = folder.load(text)
    assert [d.code for d in loaded.diagnostics] == ["VB249"]  # settings of a voice, a recording
    found = {name: request.body for name, request in loaded.requests.items()}
    assert found["a"] == {
        "type": "avatar", "avatar_id": "a", "voice_id": "cold", "script": "Hello.",
        "background": {"type": "color", "value": "#ffffff"},
        "voice_settings": {"speed": 0.9, "pitch": 2},
    }  # fmt: skip
    assert found["b"] == {
        "type": "avatar", "avatar_id": "a", "voice_id": "warm",
        "background": {"type": "color", "value": "#101820"},
        "voice_settings": {"speed": 0.9, "pitch": 2}, "audio_url": "https://x.org/a.mp3",
    }  # fmt: skip


def test_vars_are_lazy_and_see_each_other(folder: Folder) -> None:
    text = """
vars:
  broken: "{{ zzz }}"
  greeting: "{{ word }}, {{ each.name | default('you') }}"
  word: Hello
  deep: {list: ["{{ word }}!", 2], flag: "{{ 1 == 1 }}"}
videos:
  a: {script: "{{ greeting if false else word }} {{ deep.list[0] }} {% if deep.flag %}y{% endif %}"}
  b:
    for_each: [{id: x, name: Ann}]
    name: b/{{ each.id }}
    script: "{{ greeting }}"
"""
    text = text.replace("{{ each.name | default('you') }}", "{{ each.name }}")
    assert folder.scripts(text) == {"a": "Hello Hello! y", "b/x": "Hello, Ann"}


@pytest.mark.parametrize(
    ("vars_", "cycle"),
    [
        ('{a: "{% if b %}{% endif %}", b: "{{ a }}"}', "a -> b -> a"),
        ('{a: "{{ a }}"}', "a -> a"),
        ('{a: "{{ b }}", b: "x{{ c }}", c: ["{{ a }}"]}', "a -> b -> c -> a"),
        ('{a: "{{ b }}", b: "{{ c }}", c: "{{ b }}"}', "b -> c -> b"),
    ],
)
def test_cycles(folder: Folder, vars_: str, cycle: str) -> None:
    found = folder.one(f"vars: {vars_}\nvideos:\n  hello:\n    script: '{{{{ a }}}}'\n")
    assert found.code == "VB307"
    assert found.message.endswith(cycle)


def test_what_is_not_used_cannot_fail(folder: Folder) -> None:
    text = """
vars:
  personal: "Hi {{ each.name }}."
  broken: "{{ zzz }}"
  circle: "{{ 1 if true else circle }}"
videos:
  hello:
    for_each: [{id: a, name: Ann}, {id: b, name: ""}]
    name: "{{ each.id }}"
    script: "{% if each.name %}{{ personal }}{% else %}Hello.{{ broken if each.name }}{% endif %}
      {{ circle }}"
"""
    assert folder.scripts(text) == {"a": "Hi Ann. 1", "b": "Hello. 1"}


@pytest.mark.parametrize(
    "use",
    ["{{ broken }}", "{{ broken | default('x') }}", "{{ broken ~ 'x' }}", "{{ broken + 'x' }}",
     "{% if broken %}x{% endif %}", "{{ broken.x }}", "{{ broken() }}", "{{ broken | upper }}",
     "{% for x in broken %}{% endfor %}", "x{{ [broken] | join }}", "{{ 'x' if broken == 'y' }}"],
)  # fmt: skip
def test_a_broken_var_fails_where_it_is_used(folder: Folder, use: str) -> None:
    text = f'vars:\n  broken: "{{{{ zzz }}}}"\nvideos:\n  hello:\n    script: "{use}"\n'
    found = folder.one(text)
    assert found.code == "VB302"
    assert where(found) == ("vidbuild.yaml", 6, 15)


def test_many_circles_in_each_other_end(folder: Folder) -> None:
    names = [f"v{n}" for n in range(60)]
    every = " ".join(f"{{{{ {name} if x else 1 }}}}" for name in names)
    vars_ = "\n".join(f'  {name}: "{every}"' for name in names)
    videos = "videos:\n  a: {script: '{{ v0 }}'}\n"
    assert folder.scripts(f"vars:\n  x: 0\n{vars_}\n{videos}")["a"].startswith("1 1")
    assert folder.one(f"vars:\n  x: 1\n{vars_}\n{videos}").code == "VB307"


def test_layers_of_vars(folder: Folder) -> None:
    text = """
vars: {a: project, b: project, c: project, d: project, e: project}
include: [more.yaml]
profiles: {p: {vars: {d: profile, e: profile}}}
videos:
  one: {script: "{{ a }} {{ b }} {{ c }} {{ d }} {{ e }}", vars: {c: video, d: video, e: video}}
"""
    more = """
vars: {b: included, c: included}
videos:
  two: {script: "{{ a }} {{ b }} {{ c }} {{ d }} {{ e }}", vars: {c: video, d: video}}
"""
    found = folder.scripts(text, {"more.yaml": more}, profile="p", outside={"e": "outside"})
    assert found == {
        "one": "project project video profile outside",
        "two": "project included video profile outside",
    }


def test_outside_values_are_no_templates(folder: Folder) -> None:
    text = "vars: {who: you, deep: {a: 1}}\nvideos:\n  a: {script: 'Hi {{ who }} {{ deep.a }}'}\n"
    outside = {"who": "{{ zzz }}", "deep": {"a": "x"}}
    assert folder.scripts(text, outside=outside) == {"a": "Hi {{ zzz }} x"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{{ '1.25' }}", 1.25), ("{{ n }}", 1), ("1.{{ n }}", 1.1), ("{{ 1.0 }}", 1.0),
        (" {{ n }} ", 1), ("{{- n -}}", 1), ("{{ '0.5' }}", 0.5), ("{{ '1e0' }}", 1),
    ],
)  # fmt: skip
def test_a_whole_expression_takes_the_fields_type(
    folder: Folder, expression: str, value: float
) -> None:
    settings = f'voice_settings: {{speed: "{expression}"}}'
    text = f"vars: {{n: 1}}\nvideos:\n  a:\n    script: Hi.\n    {settings}\n"
    assert folder.body(text)["voice_settings"]["speed"] == value


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "Infinity", "one", "", "0b1", "true"])
def test_what_is_no_number_stays_text(folder: Folder, text: str) -> None:
    found = folder.found(
        f"videos:\n  a:\n    script: Hi.\n    voice_settings: {{speed: \"{{{{ '{text}' }}}}\"}}\n"
    )
    assert [d.code for d in found] in (["VB203"], ["VB205"])


def test_a_whole_mapping_from_an_expression(folder: Folder) -> None:
    text = """
vars: {look: {type: color, value: "#ffffff"}}
videos:
  a: {script: Hi., background: "{{ look }}"}
  b: {script: Hi., background: "{{ {'type': 'color', 'value': '#fff000', 'fit': omit} }}"}
  c: {script: Hi., background: "{{ none }}"}
"""
    found = folder.bodies(text)
    assert found["a"]["background"] == {"type": "color", "value": "#ffffff"}
    assert found["b"]["background"] == {"type": "color", "value": "#fff000"}
    assert "background" not in found["c"]


@pytest.mark.parametrize("expression", ["{{ pause }}", "{{ range(3) }}", "{{ [omit, pause] }}"])
def test_no_function_gets_into_a_request(folder: Folder, expression: str) -> None:
    found = folder.one(f'videos:\n  a: {{script: Hi., background: "{expression}"}}\n')
    assert found.code == "VB303"


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ pause.__globals__ }}",
    "{{ video.__init__ }}",
    "{{ each.__class__ }}",
    "{{ each._values }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ().__class__.__bases__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}' | format(1) }}{{ zzz }}",
    "{{ names.append('x') }}",
    "{{ row.update({'a': 1}) }}",
    "{{ row.pop('title') }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ (names | map(attribute='__class__') | list)[0].x }}",
    "{% for x in ''.__class__.__mro__ %}{{ x }}{% endfor %}",
    "{{ cycler.__init__ }}",
    "{{ config }}{{ request }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_the_sandbox_holds(folder: Folder, template: str) -> None:
    text = """
vars: {names: [Ann], row: {title: T}}
videos:
  hello:
    for_each: [{id: a}]
    name: hello/{{ each.id }}
    script: {file: hello.j2}
"""
    found = folder.found(text, {"hello.j2": template})
    assert found, template
    assert all(d.code in ("VB302", "VB303", "VB304", "VB301") for d in found)


HUNGRY = [
    "{{ 'x' * 10**9 }}",
    "{{ 'x' * 1000000000 }}",
    "{{ 1000000000 * 'x' }}",
    "{{ [1] * 1000000000 }}",
    "{{ 10 ** 1000000000 }}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{{ range(1000000000) | list }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{w}}'.format(1, w=1000000000) }}",
    "{{ 'x'.center(1000000000) }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ 'x'.zfill(1000000000) }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ 'x' | indent(1000000000, first=true) }}",
    "{{ [1] | batch(1000000000, 'x') | list }}",
    "{{ {} | tojson(indent=1000000000) }}",
    "{% include 'hello.j2' %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    *(
        f"{{% set n = namespace(x={first}) %}}"
        f"{{% for i in range(60) %}}{{% set n.x = n.x {operator} n.x %}}{{% endfor %}}"
        for first, operator in (("'xxx'", "+"), ("'xxx'", "~"), ("[1]", "+"), ("3", "*"))
    ),
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{% if 1 %}" * 300 + "x" + "{% endif %}" * 300,
    "{% for x in [1] %}" * 60 + "x" + "{% endfor %}" * 60,
    "{{ " + "9" * 10000 + " }}",
]


@pytest.mark.parametrize("template", HUNGRY, ids=range(len(HUNGRY)))
def test_hungry_templates_end_in_an_error(folder: Folder, template: str) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = folder.one("videos:\n  hello: {script: {file: hello.j2}}\n", {"hello.j2": template})
    spent = time.process_time() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert found.code in ("VB301", "VB302", "VB303", "VB304", "VB306"), found
    assert spent < 2
    assert grown < 300_000  # kilobytes


def test_rendering_is_deterministic(folder: Folder) -> None:
    text = (
        'vars: {m: {b: 1, a: 2}}\nvideos:\n  a: {script: "{% for k in m %}{{ k }}{% endfor %}"}\n'
    )
    assert folder.scripts(text) == folder.scripts(text) == {"a": "ba"}
