"""`vidbuild fetch`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vidbuild.cli.common import open_workspace, selection_options, settings_of
from vidbuild.cli.live import ending, screen_for, tell_end
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, detail, message, result, show_diagnostics
from vidbuild.diagnostics import EXIT_ERROR, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from vidbuild.clock import Clock
    from vidbuild.workspace.fetching import Missing

_INTERRUPTED = "interrupted: the next fetch goes on from here"


@click.command("fetch")
@selection_options
@click.option("--json", "as_json", is_flag=True, help="Events as JSON, one a line.")
@global_options()
def command(select: tuple[str, ...], exclude: tuple[str, ...], as_json: bool) -> int:
    """Get the missing and altered files of finished videos.

    Renders and submits nothing, costs nothing and asks nothing. A file that somebody changed is
    put aside, not overwritten.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.plan.selection import Selection
    from vidbuild.state.hold import hold
    from vidbuild.workspace.fetching import missing
    from vidbuild.workspace.opened import hold_path

    clock, settings = SystemClock(), settings_of()
    with ending(clock, as_json=as_json), hold(hold_path(settings), now=clock.now()):
        found = missing(open_workspace(settings), Selection(select=select, exclude=exclude))
        show_diagnostics(found.plan.diagnostics)
        if not found.plan.changes:
            return _nothing(found, clock, as_json=as_json)
        return _fetch(found, clock, as_json=as_json)


def _fetch(found: Missing, clock: Clock, *, as_json: bool) -> int:
    from vidbuild.workspace.applying import Run
    from vidbuild.workspace.fetching import fetch

    screen = screen_for(found.plan, clock, as_json=as_json)
    done = fetch(
        found,
        Run(
            clock=clock,
            emit=screen,
            confirm=lambda who: detail(f"account {who.username if who else 'unknown'}"),
            around=screen.running,
        ),
    )
    show_diagnostics(done.warnings)
    if not as_json:
        from vidbuild.report.summary import summary_text

        folder = found.workspace.output_dir.as_posix()
        color = colored(sys.stderr)
        message(summary_text(done, output_dir=folder, command="fetch", color=color))
        if done.exit_code == EXIT_INTERRUPTED:
            message(_INTERRUPTED)
    return done.exit_code


def _nothing(found: Missing, clock: Clock, *, as_json: bool) -> int:
    from vidbuild.workspace.publishing import still_there

    said = still_there(found.workspace)
    show_diagnostics([said] if said else [])
    code = EXIT_ERROR if said and said.severity == "error" else 0
    if as_json:
        tell_end(clock, code)
    elif not current().quiet:
        there = "1 file is" if found.in_place == 1 else f"{found.in_place:,} files are"
        result(f"Nothing to fetch: {there} in place.")
    return code
