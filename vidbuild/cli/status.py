"""`vidbuild status`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, selection_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, result, show_diagnostics
from vidbuild.diagnostics import EXIT_REFUSED


@click.command("status")
@selection_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@global_options()
def command(select: tuple[str, ...], exclude: tuple[str, ...], as_json: bool) -> int:
    """Show what is in flight: submitted and not finished, or without an answer.

    Asks the provider how each stands, where there is a key and a network; else shows what is
    recorded. Writes nothing.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.plan.selection import Selection
    from vidbuild.workspace.asking import ask, standing
    from vidbuild.workspace.flying import survey

    workspace = open_workspace(settings_of())
    surveyed = survey(workspace, Selection(select=select, exclude=exclude))
    asked = ask(surveyed)
    found = standing(surveyed, asked, SystemClock())
    show_diagnostics(found.diagnostics)
    if as_json:
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.standing import standing_json

        result(written(standing_json(found)))
    else:
        from vidbuild.report.standing import standing_text

        lines = standing_text(found, color=colored(sys.stdout)).split("\n")
        result("\n".join(lines[-1:] if current().quiet else lines))
    return EXIT_REFUSED if asked.refused else 0
