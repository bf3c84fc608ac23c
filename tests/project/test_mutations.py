"""Nothing that a user can type ends in a traceback: twenty thousand mutated project files.

Seeded, so that a failure comes back; `vidbuild.yaml` in the failure's message is the culprit.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from vidbuild.codes import CODES
from vidbuild.diagnostics import Problems, folded
from vidbuild.pipeline import load
from vidbuild.report.diagnostics import diagnostics_text
from vidbuild.schema.api import load_api

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/vidbuild.yaml"))
TIMES = int(os.environ.get("FUZZ", "1"))  # `make fuzz` goes on for longer
FILES = 20_000 * TIMES
BATCHES = 8 * TIMES  # of each project
ROUNDS = -(-FILES // (BATCHES * (len(NAMES) + 1)))

# A project with a little of everything, in several files and two folders of one repository.
EVERYTHING = {
    ".git/HEAD": "",
    "shared/brand.yaml": """
vars: {company: Acme, tone: "{{ company }} calm"}
defaults: {type: avatar, avatar_id: presenter, voice_id: warm, title: Base, tags: [brand]}
profiles: {draft: {set: {resolution: 720p}, vars: {tone: quick}}}
policy: {max_cost: 50, max_renders: 20%, lint: {ignore: [VB293]}}
""",
    "shared/outro.j2": "{% macro bye(name) %}Bye, {{ name }}{% endmacro %}{{ bye(company) }}",
    "project/facts.json": '{"version": 2.10, "list": [{"n": 7.0}]}',
    "project/rows.csv": "id;seats;vip\na;1;yes\nb;;no\n",
    "project/more/_course.yaml": """
prefix: more/
vars: {topic: "{{ product }} basics"}
defaults: {background: {type: color, value: "#101820"}}
videos:
  one: {script: {file: one.j2}, overrides: [{when: tone == "x", set: {title: null}}]}
""",
    "project/more/one.j2": "Hello. {% include 'brand:outro.j2' %}",
    "project/vidbuild.yaml": """
vidbuild: 1
project: everything
provider: {name: studio}
roots: {brand: ../shared}
base: ["brand:brand.yaml"]
vars:
  product: Acme Cloud
  facts: {file: facts.json}
  words: {file: rows.csv, key: id}
x-shared: &shared {resolution: 720p, voice_settings: {speed: 1.1}}
include: ["more/*.yaml"]
videos:
  loop:
    <<: *shared
    for_each: {file: rows.csv, types: {seats: int, vip: bool}, where: each.vip, key: id}
    name: loop/{{ each.id }}
    script: "{{ words[each.id].seats | default(0) }} for {{ company }} #1"
    voice_id: "{{ each.voice | default(omit) }}"
    overrides:
      - when: {id: [a, b]}
        set: {background: {type: image, url: "https://example.org/a.png"}}
  table:
    for_each:
      matrix: {lang: [en, de], plan: [1.10, 2]}
      exclude: [{lang: de, plan: 2}]
      include: [{lang: fr, plan: 3}]
    script: |
      {% if each.lang == "de" %}Hallo{% else %}Hello{% endif %} {{ pause(0.5) }}
      {{ facts.version }}
    caption: {style: default}
    private: true
  scenes:
    type: studio
    scenes:
      - {type: image, source: {type: url, url: "https://example.org/a.png"}, duration: 3}
      - type: avatar_video
        input: {type: avatar, avatar_id: a, voice_id: b, script: "{{ tone }}"}
    request: {title: T}
    protect: true
    ignore_changes: [title]
profiles:
  draft: {set: {title: Draft}, output: {dir: out}}
policy: {max_cost: 60}
output: {files: [video]}
""",
}

VALUES = [
    "~", "true", "12", "-1", "1e999", ".nan", "[]", "{}", "[1, [2]]", "{a: 1}", '""', "'x'",
    "{file: x}", "{file: scripts/intro.md.j2}", "{file: ..}", "{file: [1]}", '"{{ zzz }}"',
    '"{{ omit }}"', '"{{ each }}"', '"{{ video.name }}"', '"{% if %}"', '"{{ product }}"', "*a",
    "&a x", "!!int x", "<<", "| x", '"\\ud800"', "{{ product }}", "2024-01-01", "avatar", "image",
    '"{{ [product] * 3 }}"', "x" * 300, "null", "@", "{matrix: {a: [1]}}", "[{a: 1}]", "ÿ", "%",
    "{{ product }} #1", "Call #1", "#fff", "2.10", "007", "{% if x %}", "[{{ a }}, b]", "brand:x",
    "{file: 'brand:outro.j2'}", "['brand:brand.yaml']", "{brand: ../shared}", "{brand: ..}", "",
]  # fmt: skip
KEYS = [
    "for_each", "name", "vars", "overrides", "tags", "protect", "revision", "private", "request",
    "type", "script", "background", "scenes", "image", "prompt", "when", "set", "file", "types",
    "where", "key", "matrix", "exclude", "include", "defaults", "profiles", "output", "policy",
    "provider", "api", "videos", "roots", "base", "prefix", "x-a",
    "<<", "each", "12", "", "callback_url", "voice_settings",
]  # fmt: skip
BYTES = "\t\0\x07{}[]:#&*!|>'\"%@`,?-\n \u2028\ufeff\u0301é😀\\"


def value(lines: list[str], rng: random.Random) -> None:
    """Another value behind a key."""
    at = rng.randrange(len(lines))
    lines[at] = re.sub(r":.*", lambda _: f": {rng.choice(VALUES)}", lines[at], count=1)


def key(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    lines[at] = re.sub(r"[\w-]+:", lambda _: f"{rng.choice(KEYS)}:", lines[at], count=1)


def add(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    indent = re.match(r" *", lines[at])
    blanks = indent[0] if indent else ""
    lines.insert(at, f"{blanks}{rng.choice(KEYS)}: {rng.choice(VALUES)}")


def drop(lines: list[str], rng: random.Random) -> None:
    del lines[rng.randrange(len(lines))]


def swap(lines: list[str], rng: random.Random) -> None:
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]


def indent(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    lines[at] = rng.choice(["", " ", "  ", "    ", "- "]) + lines[at].lstrip()


def character(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    place = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:place] + rng.choice(BYTES) + lines[at][place + rng.randrange(2) :]


KINDS = [value, value, value, key, add, add, drop, swap, indent, character]


def mutated(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if lines:
            rng.choice(KINDS)(lines, rng)
    return "\n".join(lines)


def written(folder: Path, example: str) -> list[Path]:
    """An example's files in a folder, the project file first; of its tables the first rows,
    since the others only repeat what becomes of them."""
    root = folder / "project"
    if example != "everything":
        ignored = shutil.ignore_patterns("build*", ".vidbuild", "*.lock")
        shutil.copytree(EXAMPLES / example, root, ignore=ignored)
        for table in root.rglob("*.csv"):
            table.write_bytes(b"".join(table.read_bytes().splitlines(keepends=True)[:6]))
        return [root / "vidbuild.yaml"]
    for name, content in EVERYTHING.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    yaml = [folder / name for name in EVERYTHING if name.endswith(".yaml")]
    return sorted(yaml, key=lambda path: path.name != "vidbuild.yaml")


def test_everything_loads(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "everything")[0])
    codes = [d.code for d in loaded.diagnostics]
    assert sorted(codes) == ["VB282", "VB292", "VB292"]
    assert len(loaded.requests) == 7


def put(path: Path, content: str) -> None:
    """Another content. A file that is emptied first would be waited for by some file systems."""
    with path.open("r+b") as file:
        file.write(content.encode("utf-8", "surrogatepass"))
        file.truncate()


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What mutations leave alone is not made anew each time: an edition of the API."""
    monkeypatch.setattr("vidbuild.pipeline.load_api", cache(load_api))


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("seed", range(BATCHES))
@pytest.mark.parametrize("example", [*NAMES, "everything"])
def test_mutated_projects(tmp_path: Path, example: str, seed: int) -> None:
    project, *others = written(tmp_path, example)
    whole = {path: path.read_text(encoding="utf-8") for path in (project, *others)}
    rng = random.Random(f"{example} {seed}")  # noqa: S311 - the same mutations every time
    said, last = 0, project
    for _ in range(ROUNDS):
        file = rng.choice([project, project, *others])
        if file != last:
            put(last, whole[last])
            last = file
        content = mutated(whole[file], rng)
        put(file, content)
        try:
            found = load(project, profile=rng.choice([None, None, "draft"])).diagnostics
        except Problems as problems:
            found = problems.diagnostics
            assert found
        except Exception as error:
            error.add_note(content)
            raise
        said += bool(found)
        assert {d.code for d in found} <= CODES.keys()
        assert all(d.span is None or (d.span.line >= 1 and d.span.column >= 1) for d in found)
        diagnostics_text(folded(found))
    assert said > ROUNDS / 3  # the mutations do reach something


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("seed", range(4))
def test_mutated_data_and_templates(tmp_path: Path, seed: int) -> None:
    root = written(tmp_path, "customers")[0].parent
    rng = random.Random(seed)  # noqa: S311
    files = [root / "data" / "customers.csv", root / "scripts" / "welcome.md.j2"]
    texts = {path: path.read_bytes() for path in files}
    for _ in range(100 * TIMES):
        path = rng.choice(files)
        data = bytearray(texts[path])
        for _ in range(rng.choice([1, 2, 5])):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice(
                [
                    b"\xff",
                    b'"',
                    b",",
                    b"\n",
                    b"{{",
                    b"}}",
                    b"{%",
                    b"%}",
                    b"\0",
                    b"|",
                    b"'",
                    b".",
                    b"",
                ]
            )
        path.write_bytes(data)
        try:
            found = load(root / "vidbuild.yaml").diagnostics
        except Problems as problems:
            found = problems.diagnostics
        except Exception as error:
            error.add_note(repr(bytes(data)))
            raise
        finally:
            path.write_bytes(texts[path])
        assert {d.code for d in found} <= CODES.keys()
