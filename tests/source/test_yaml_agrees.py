"""The YAML reader beside ruamel's own, in Python alone, with the scalars of the core schema."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from vidbuild.diagnostics import Problems
from vidbuild.source import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for pattern in ("examples/*/*.yaml", "schemas/*.yaml", "tests/*/*.yaml", "tests/cases/*/*.yaml")
    for path in ROOT.glob(pattern)
)


# YAML 1.2.2, section 10.3.2, as it stands there; and `<<`.
FLOATS = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
CORE = {
    "null": r"null|Null|NULL|~|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": rf"{FLOATS}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "merge": r"<<",
}


class Core(VersionedResolver):
    """Resolves plain scalars by the core schema alone: ruamel adds dates and more."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            for name, pattern in CORE.items():
                if re.fullmatch(pattern, value):
                    return Tag(suffix=f"tag:yaml.org,2002:{name}")
            return Tag(suffix="tag:yaml.org,2002:str")
        return super().resolve(kind, value, implicit)


def reference(text: str) -> Any:
    """What ruamel's loader gives."""
    loader = YAML(typ="safe", pure=True)
    loader.Resolver = Core
    return loader.load(text)


def ours(text: str) -> Any:
    return yaml.load(text, file="f.yaml")


def same(one: Any, two: Any) -> bool:
    """Equal in types too; keys by their text, as ours are."""
    if isinstance(one, dict) and isinstance(two, dict):
        shown = {spelt(key): value for key, value in two.items()}
        return one.keys() == shown.keys() and all(same(one[key], shown[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, float) and isinstance(two, float) and math.isnan(one):
        return math.isnan(two)
    return type(one) is type(two) and bool(one == two)


def spelt(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def loads(path: Path) -> bool:
    """Whether we take the file: some cases are broken on purpose."""
    try:
        ours(path.read_bytes().decode())
    except (Problems, UnicodeDecodeError):
        return False
    return True


@pytest.mark.parametrize(
    "file", [each for each in FILES if loads(each)], ids=lambda path: "/".join(path.parts[-2:])
)
def test_every_file_reads_as_ruamel_reads_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert same(ours(text), reference(text))


# Documents as people write them: each value in one of the styles that it can have.
SCALARS = [
    "word", "two words", "a: b", "it's", 'say "hi"', "", " led by a blank", "# no comment",
    "one # two", "{{ name }}", "- dash", "[bracket", "100%", "@at", "null", "yes", "12", "1.50",
    "0x1f", "~", "https://example.org/a?b=c#d", "naïve ünïcode 😀", "two\nlines", "two\n\nlines\n",
    "  indented\nless", "trailing \nblank", "tab\there", "ends\n\n", "back\\slash", "*star", "&and",
]  # fmt: skip
PLAIN = [
    "word", "two words", "yes", "12", "-7", "1.50", "1e3", "0o17", "0x1F", "true", "FALSE", "~",
    "null", ".inf", "-.INF", ".nan", "2024-01-01", "1_000", "012", "1:30", "a#b", "it's", "a:b",
    "more\n  lines", "https://example.org/a", "<<b", "=", "+1", "0b1", "NO", "NULL",
]  # fmt: skip
KEYS = [
    "a",
    "b",
    "name",
    "two words",
    "'quoted: key'",
    '"12"',
    "x-note",
    "ключ",
    "a.b",
    "2024-01-01",
]
COMMENTS = ["", "", "", "  # a comment", "  # with: signs [in it"]

scalars = st.one_of(
    st.tuples(st.just("plain"), st.sampled_from(PLAIN)),
    st.tuples(st.sampled_from(["single", "double", "literal", "folded"]), st.sampled_from(SCALARS)),
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.tuples(st.just("list"), st.lists(inner, max_size=4)),
        st.tuples(st.just("map"), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
        st.tuples(st.just("again"), inner),
    ),
    max_leaves=12,
)


class Writer:
    """Writes a tree as YAML, in block or in flow style."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw
        self.anchors = 0

    def block(self, tree: Any, indent: str) -> str:
        """What stands behind a key or a dash, its line end included."""
        kind, held = tree
        if kind in ("list", "map") and held and self.draw(st.booleans()):
            return self.lines(kind, held, indent)
        if kind in ("literal", "folded") and "\t" not in held and held.strip():
            return self.scalar_block("|" if kind == "literal" else ">", held, indent)
        if kind == "again":
            self.anchors += 1
            name = f"n{self.anchors}"
            inner = f"\n{indent}- &{name} {self.flow(held, indent)}\n{indent}- *{name}\n"
            return (
                inner
                if self.draw(st.booleans())
                else f" [&{name} {self.flow(held, indent)}, *{name} ]\n"
            )
        comment = "" if "\n" in held else self.draw(st.sampled_from(COMMENTS))
        return f" {self.flow(tree, indent)}{comment}\n"

    def lines(self, kind: str, held: Any, indent: str) -> str:
        deeper = indent + self.draw(st.sampled_from(["  ", "    ", " "]))
        if kind == "list":
            return "\n" + "".join(f"{deeper}-{self.block(each, deeper)}" for each in held)
        pairs = (f"{deeper}{key}:{self.block(each, deeper)}" for key, each in held.items())
        return "\n" + "".join(pairs)

    def scalar_block(self, sign: str, text: str, indent: str) -> str:
        keep = self.draw(st.sampled_from(["", "-", "+"]))
        deeper = indent + "  "
        width = "2" if text[0] in " \n" else ""
        body = "".join(f"{deeper}{line}\n" if line else "\n" for line in text.split("\n"))
        return f" {sign}{width}{keep}\n{body}"

    def flow(self, tree: Any, indent: str) -> str:
        kind, held = tree
        match kind:
            case "plain" if "\n" not in held:
                return str(held)
            case "plain" | "single":
                text = str(held).replace("'", "''").replace("\n", "\n\n" + indent + "  ")
                return f"'{text}'"
            case "list":
                return "[" + ", ".join(self.flow(each, indent) for each in held) + "]"
            case "map":
                pairs = (f"{key}: {self.flow(each, indent)}" for key, each in held.items())
                return "{" + ", ".join(pairs) + "}"
            case "again":
                return self.flow(held, indent)
            case _:
                return json.dumps(held, ensure_ascii=False)


@given(st.dictionaries(st.sampled_from(KEYS), trees, max_size=4), st.data())
def test_documents_read_as_ruamel_reads_them(document: dict[str, Any], data: st.DataObject) -> None:
    writer = Writer(data)
    text = "".join(f"{key}:{writer.block(tree, '')}" for key, tree in document.items())
    assert same(ours(text), reference(text)), text


def test_a_difference_would_be_seen() -> None:
    assert same({"1": [1, 1.0, None]}, {1: [1, 1.0, None]})
    assert not same([1], [1.0])
    assert not same([1], [True])
    assert not same({"a": 1}, {"b": 1})
    assert not same("1", 1)
