"""`vidbuild validate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vidbuild.cli.common import selection_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, look_for_sources_in, message, result, source_line
from vidbuild.diagnostics import EXIT_ERROR, Problems

if TYPE_CHECKING:
    from vidbuild.workspace.checking import Checked


@click.command("validate")
@selection_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="`github` makes annotations in a workflow, `sarif` is for code scanning.",
)
@global_options()
def command(select: tuple[str, ...], exclude: tuple[str, ...], form: str) -> int:
    """Check everything that needs no network; show every problem in one run.

    Reads the project, what it refers to, its locks and its journal; sends nothing and writes
    nothing. Errors exit with 1, warnings alone with 0.
    """
    checked = _check(select, exclude)
    if checked.file is not None:
        look_for_sources_in(checked.file.parent)
    shown = _shown(checked, form)
    if shown:
        result(shown)
    return EXIT_ERROR if checked.failed else 0


def _check(select: tuple[str, ...], exclude: tuple[str, ...]) -> Checked:
    from vidbuild.plan.selection import Selection
    from vidbuild.workspace.checking import Checked, check

    try:
        settings = settings_of()
    except Problems as problems:
        if problems.exit_code != EXIT_ERROR:
            raise
        return Checked(diagnostics=problems.diagnostics)
    return check(settings, Selection(select=select, exclude=exclude))


def _shown(checked: Checked, form: str) -> str:
    from vidbuild.report.as_json import as_json
    from vidbuild.report.diagnostics import diagnostics_json, seen_from, verdict

    if form == "json":
        return as_json(diagnostics_json(checked.diagnostics))
    if form == "text":
        return _text(checked)
    found = seen_from(checked.diagnostics, checked.prefix)
    if form == "sarif":
        from vidbuild.report.sarif import diagnostics_sarif

        file = f"{checked.prefix}{checked.file.name}" if checked.file else None
        return as_json(diagnostics_sarif(found, otherwise=file))
    from vidbuild.report.github import diagnostics_github

    if not current().quiet:
        message(verdict(found, checked.valid))
    return diagnostics_github(found)


def _text(checked: Checked) -> str:
    from vidbuild.report.diagnostics import diagnostics_text, validation_text

    color = colored(sys.stdout)
    if current().quiet:
        return diagnostics_text(checked.diagnostics, color=color, source_line=source_line)
    return validation_text(
        checked.diagnostics, valid=checked.valid, color=color, source_line=source_line
    )
