"""Where output goes: results to standard output, messages to standard error, colour rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TextIO

import click

from vidbuild.cli.options import current
from vidbuild.diagnostics import Diagnostic, Problems


def colored(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`: the flag, then the environment, then a terminal."""
    choice = current().color
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: the terminal's, or 100 where there is none."""
    if not sys.stdout.isatty():
        return 100
    return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)


def result(text: str) -> None:
    """A result, on standard output."""
    click.echo(text, color=True)


def message(text: str) -> None:
    """A message or progress, on standard error."""
    click.echo(text, err=True, color=True)


def detail(text: str) -> None:
    """What only `--verbose` wants to know, on standard error."""
    if current().verbose:
        message(text)


def show_problems(problems: Problems) -> None:
    """The diagnostics on standard error, each with its source line."""
    show_diagnostics(problems.diagnostics)


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Diagnostics on standard error. Works when the command is over as well."""
    from vidbuild.report.diagnostics import diagnostics_text

    text = diagnostics_text(tuple(diagnostics), color=colored(sys.stderr), source_line=source_line)
    if text:
        click.echo(text.rstrip("\n"), err=True, color=True)


def show_diagnostic(diagnostic: Diagnostic) -> None:
    """One that is told as soon as it is known."""
    show_diagnostics([diagnostic])


def source_line(file: str, line: int) -> str | None:
    """A line of a source file as the user knows it, relative to the project folder."""
    lines = _lines(file)
    return lines[line - 1] if 0 < line <= len(lines) else None


_root: list[Path] = []


def look_for_sources_in(root: Path) -> None:
    """Where the files that diagnostics name are relative to."""
    _root[:] = [root]


@lru_cache(maxsize=16)
def _lines(file: str) -> list[str]:
    path = (_root[0] if _root else Path()) / file
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return []
    return [] if "\0" in text else text.split("\n")  # what is no text has no lines to show
