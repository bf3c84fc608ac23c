"""Nothing that a user can type ends in a traceback: examples, mutated a few thousand times.

Seeded, so that a failure comes back; `vidbuild.yaml` in the failure's message is the culprit.
"""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from vidbuild.codes import CODES
from vidbuild.diagnostics import Problems, folded
from vidbuild.pipeline import load
from vidbuild.report.diagnostics import diagnostics_text

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
ROUNDS = 100
BATCHES = 8

VALUES = [
    "~", "true", "12", "-1", "1e999", ".nan", "[]", "{}", "[1, [2]]", "{a: 1}", '""', "'x'",
    "{file: x}", "{file: scripts/intro.md.j2}", "{file: ..}", "{file: [1]}", '"{{ zzz }}"',
    '"{{ omit }}"', '"{{ each }}"', '"{{ video.name }}"', '"{% if %}"', '"{{ product }}"', "*a",
    "&a x", "!!int x", "<<", "| x", '"\\ud800"', "{{ product }}", "2024-01-01", "avatar", "image",
    '"{{ [product] * 3 }}"', "x" * 300, "null", "@", "{matrix: {a: [1]}}", "[{a: 1}]", "ÿ", "%",
]  # fmt: skip
KEYS = [
    "for_each", "name", "vars", "overrides", "tags", "protect", "revision", "private", "request",
    "type", "script", "background", "scenes", "image", "prompt", "when", "set", "file", "types",
    "where", "key", "matrix", "exclude", "include", "defaults", "profiles", "output", "policy",
    "provider", "api", "videos", "x-a", "<<", "each", "12", "", "callback_url", "voice_settings",
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


@pytest.mark.parametrize("seed", range(BATCHES))
@pytest.mark.parametrize("example", sorted(p.parent.name for p in EXAMPLES.glob("*/vidbuild.yaml")))
def test_mutated_projects(tmp_path: Path, example: str, seed: int) -> None:
    root = tmp_path / "project"
    shutil.copytree(
        EXAMPLES / example, root, ignore=shutil.ignore_patterns("build*", ".vidbuild", "*.lock")
    )
    file = root / "vidbuild.yaml"
    text = file.read_text(encoding="utf-8")
    rng = random.Random(f"{example} {seed}")  # noqa: S311 - the same mutations every time
    said = 0
    for _ in range(ROUNDS):
        content = mutated(text, rng)
        file.write_bytes(content.encode("utf-8", "surrogatepass"))
        try:
            found = load(file, profile=rng.choice([None, None, "draft"])).diagnostics
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


@pytest.mark.parametrize("seed", range(4))
def test_mutated_data_and_templates(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "project"
    shutil.copytree(EXAMPLES / "customers", root)
    rng = random.Random(seed)  # noqa: S311
    files = [root / "data" / "customers.csv", root / "scripts" / "welcome.md.j2"]
    texts = {path: path.read_bytes() for path in files}
    for _ in range(ROUNDS // 2):
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
