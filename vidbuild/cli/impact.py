"""`vidbuild impact`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, selection_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, result, show_diagnostics


@click.command("impact")
@click.argument("place", metavar="FILE[:LINE]")
@selection_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@global_options()
def command(place: str, select: tuple[str, ...], exclude: tuple[str, ...], as_json: bool) -> int:
    """Show what editing FILE, or one LINE of it, would render, and for how much.

    Asked before the edit, of the project as it is: for a file the videos that are made from
    it, for a line those that it matters to. Needs no key and no network.
    """
    from vidbuild.plan.selection import Selection
    from vidbuild.workspace.impact import impact
    from vidbuild.workspace.target import read_target

    settings = settings_of()
    workspace = open_workspace(settings)
    target = read_target(place, settings.directory.absolute(), workspace.loaded.sources)
    found = impact(workspace, target, Selection(select=select, exclude=exclude))
    if as_json:
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.impact import impact_json

        result(written(impact_json(found)))
    else:
        from vidbuild.report.impact import impact_text

        show_diagnostics(found.diagnostics)
        lines = impact_text(found, color=colored(sys.stdout)).split("\n")
        result("\n".join(lines[-1:] if current().quiet else lines))
    return 0
