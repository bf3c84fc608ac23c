"""`vidbuild refresh`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, selection_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, result, show_diagnostics


@click.command("refresh")
@selection_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@global_options()
def command(select: tuple[str, ...], exclude: tuple[str, ...], as_json: bool) -> int:
    """Compare the lock with the provider: gone or failed there, finished since.

    Writes what it finds into the lock. Renders and fetches nothing.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.plan.selection import Selection
    from vidbuild.state.hold import hold
    from vidbuild.workspace.opened import hold_path
    from vidbuild.workspace.recording import refresh

    clock, settings = SystemClock(), settings_of()
    with hold(hold_path(settings), now=clock.now()):
        workspace = open_workspace(settings)
        found = refresh(workspace, clock, Selection(select=select, exclude=exclude))
    show_diagnostics(found.diagnostics)
    if as_json:
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.refreshed import refreshed_json

        result(written(refreshed_json(found)))
    else:
        from vidbuild.report.refreshed import refreshed_text

        lines = refreshed_text(found, color=colored(sys.stdout)).split("\n")
        result("\n".join(lines[-1:] if current().quiet else lines))
    return found.exit_code
