"""The documentation says what is so: generated pages, links, commands and their options."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from vidbuild.cli import COMMANDS
from vidbuild.codes import CODES
from vidbuild.report.codes_page import codes_page
from vidbuild.report.listing import COLUMNS

ROOT = Path(__file__).parent.parent
PAGES = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")]
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_page_of_codes_is_up_to_date() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert page == codes_page().rstrip("\n") + "\n", "make docs writes it anew"
    assert re.findall(r"^\| `(VB\d+)`", page, re.MULTILINE) == sorted(CODES)


def test_every_code_stands_where_its_number_says() -> None:
    group = ""
    for line in codes_page().splitlines():
        if line.startswith("## "):
            group = line[3:6]
        elif line.startswith("| `"):
            assert line.startswith(f"| `{group}")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        found = page.parent / target if target else page
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9-]", "", h.lower().replace(" ", "-")) for h in heads}


DESCRIBED = (
    *("init", "validate", "apply", "list", "explain", "impact"),
    *("fetch", "status", "wait", "refresh"),
)


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_option_is_documented(name: str) -> None:
    section = COMMANDS_PAGE.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
    command: click.Command = import_module(COMMANDS[name][0]).command
    common = {"directory", "file", "profile", "var", "var_file", "quiet", "verbose", "color",
              "select", "exclude"}  # fmt: skip
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in common:
            assert max(parameter.opts, key=len) in section, parameter.name


def test_every_option_of_the_lock_s_commands_is_documented() -> None:
    page = (ROOT / "docs" / "lock.md").read_text(encoding="utf-8")
    group: click.Group = import_module(COMMANDS["lock"][0]).command
    for name, command in group.commands.items():
        assert f"vidbuild lock {name}" in page
        own = [p for p in command.params if isinstance(p, click.Option) and p.expose_value]
        assert all(max(option.opts, key=len) in page for option in own if option.name != "yes")


def test_every_column_is_documented() -> None:
    for column, member in COLUMNS.items():
        assert re.search(rf"^\| `{column}`(, `{member}`)? \|", COMMANDS_PAGE, re.MULTILINE), column


def test_only_commands_that_exist_are_named() -> None:
    """In hints, docs and examples: `vidbuild WORD` is something that can be typed."""
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("vidbuild/**/*.py")]
    for path in texts:
        for word in re.findall(r"`vidbuild ([a-z]+)", path.read_text(encoding="utf-8")):
            assert word in COMMANDS, f"{path.name} names `vidbuild {word}`"
