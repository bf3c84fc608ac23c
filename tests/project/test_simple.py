"""Simple templates print what Jinja prints, and whatever else there is goes to Jinja."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.utils import missing

from vidbuild.diagnostics import problem
from vidbuild.project.faults import TemplateFault
from vidbuild.project.scope import Each
from vidbuild.project.simple import simple_text
from vidbuild.project.template import Templates
from vidbuild.project.values import OMIT, Failed

VALUES: dict[str, Any] = {
    "word": "Wörter {{ not_again }}\n", "empty": "", "n": 12, "x": 1.5, "big": 10**20, "inf": 1e400,
        "yes": True, "none_": None, "omit": OMIT, "list_": [1],
    "map_": {"a": "A", "b": {"c": 7}, "n": 0},
    "each": Each({"id": "7", "items": "of its own"}, ("id", "gone", "items"), "row 1"),
    "failed": Failed(problem("VB307", "a circle")), "huge": 10**5000, "true": "a name",
    "loop": "l",
    "if": "i", "self": "s", "long": "x" * 400_000,
}  # fmt: skip


class Names:
    """A scope of plain values."""

    def lookup(self, name: str) -> Any:
        return VALUES.get(name, missing)

    def names(self) -> list[str]:
        return list(VALUES)

    def used(self, file: str) -> None: ...


TEMPLATES = Templates(lambda name: name, lambda name, _parent: name)


def by_jinja(source: str) -> str | None:
    """What Jinja prints; None where it finds a fault."""
    try:
        return TEMPLATES.render(TEMPLATES._compiled(source, "f.yaml"), Names())
    except TemplateFault:
        return None
    except Exception as error:
        if "circle" in str(error):
            return None
        raise


paths = st.sampled_from(
    [*VALUES, "map_.a", "map_.b.c", "map_.b", "map_.items", "map_.gone", "each.id", "each.gone",
     "each.items", "each.keys", "word.upper", "nope", "nope.a", "range", "n.real", "map_.__len__",
     "list_.0", "map_['a']", "n + 1", "word | upper", "not n", "None", "word if n", "-n"]
)  # fmt: skip
blanks = st.sampled_from(["", " ", "  ", "\n", "\t"])
marks = st.sampled_from([("{{", "}}"), ("{{", "}}"), ("{{", "}}"), ("{{-", "-}}"), ("{{", "-}}"),
                         ("{", "}"), ("{{{", "}}}"), ("{ {", "} }"), ("{{+", "}}")])  # fmt: skip
names = st.builds(
    lambda mark, path, one, two: mark[0] + one + path + two + mark[1], marks, paths, blanks, blanks
)
words = st.sampled_from(["Hi ", "", "\n", "\n\n", "{", "}", "}}", "%}", "{#", "{% raw %}", "#}",
                         "{% if n %}", "{% endif %}", " {{ n }}", "{{", "\r\n"])  # fmt: skip
sources = st.lists(names | words, max_size=6).map("".join)


@given(sources)
def test_simple_templates_print_what_jinja_prints(source: str) -> None:
    text = simple_text(source, Names().lookup)
    if text is not None:
        assert text == by_jinja(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ each.id }}, {{word}}!\n", "Hi 7, Wörter {{ not_again }}\n!"),
        ("{{ n }}{{ x }}{{ big }}", f"121.5{10**20}"),
        ("{{ map_.b.c }}\n\n", "7\n"),
        ("{{ each.items }}", "of its own"),
        ("a } b {{ n }} {", None),
        ("{{ yes }}", None),
        ("{{ none_ }}", None),
        ("{{ omit }}", None),
        ("{{ each.gone }}", None),
        ("{{ nope }}", None),
        ("{{ failed }}", None),
        ("{{ huge }}", None),
        ("{{ long }}{{ long }}{{ long }}", None),
        ("{{ true }}", None),
        ("{{ n | upper }}", None),
        ("{{{ n }}}", None),
        ("{# {{ n }} #}", None),
        ("{% raw %}{{ n }}{% endraw %}", None),
        ("{{ n }}\r\n", None),
    ],
)
def test_what_is_simple(source: str, text: str | None) -> None:
    assert simple_text(source, Names().lookup) == text
