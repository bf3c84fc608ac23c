"""`vidbuild wait`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vidbuild.cli.common import Amount, open_workspace, selection_options, settings_of
from vidbuild.cli.live import ending, screen_for, tell_end
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, detail, message, result, show_diagnostics
from vidbuild.diagnostics import EXIT_INTERRUPTED, EXIT_STOPPED

if TYPE_CHECKING:
    from vidbuild.apply.work import Result
    from vidbuild.clock import Clock
    from vidbuild.workspace.flying import Survey

_ENDED_EARLY = {
    EXIT_INTERRUPTED: "interrupted: what is in flight goes on, and can be waited for again",
    EXIT_STOPPED: "stopped waiting: what is in flight goes on, and can be waited for again",
}


@click.command("wait")
@selection_options
@click.option("--timeout", type=Amount(), metavar="S", help="Stop waiting after S seconds.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON, one a line.")
@global_options()
def command(
    select: tuple[str, ...], exclude: tuple[str, ...], timeout: float | None, as_json: bool
) -> int:
    """Wait for what is in flight, fetch it and record it in the lock.

    Submits nothing: a create that nobody answered is told, not sent again. What is no longer in
    the project, or has changed there since, is waited for and recorded all the same.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.plan.selection import Selection
    from vidbuild.state.hold import hold
    from vidbuild.workspace.flying import survey
    from vidbuild.workspace.opened import hold_path

    clock, settings = SystemClock(), settings_of()
    with ending(clock, as_json=as_json), hold(hold_path(settings), now=clock.now()):
        found = survey(open_workspace(settings), Selection(select=select, exclude=exclude))
        show_diagnostics(found.warnings)
        return _wait(found, clock, timeout=timeout, as_json=as_json)


def _wait(found: Survey, clock: Clock, *, timeout: float | None, as_json: bool) -> int:
    from vidbuild.workspace.waiting import foreign, is_anything

    for flight in foreign(found):
        message(f"{flight.label} is in flight at {flight.render.provider}: not waited for")
    if not is_anything(found):
        return _nothing(clock, as_json=as_json)
    done = _waited_for(found, clock, timeout=timeout, as_json=as_json)
    show_diagnostics(done.warnings)
    if not as_json:
        from vidbuild.report.summary import summary_text

        folder = found.workspace.output_dir.as_posix()
        drafts, color = found.plan.provider == "studio", colored(sys.stderr)
        message(summary_text(done, output_dir=folder, command="wait", drafts=drafts, color=color))
        if done.exit_code in _ENDED_EARLY:
            message(_ENDED_EARLY[done.exit_code])
    return done.exit_code


def _waited_for(found: Survey, clock: Clock, *, timeout: float | None, as_json: bool) -> Result:
    from vidbuild.workspace.applying import Run
    from vidbuild.workspace.waiting import shown_plan, wait_for

    screen = screen_for(shown_plan(found), clock, as_json=as_json)
    return wait_for(
        found,
        Run(
            clock=clock,
            emit=screen,
            confirm=lambda who: detail(f"account {who.username if who else 'unknown'}"),
            around=screen.running,
            timeout=timeout,
        ),
    )


def _nothing(clock: Clock, *, as_json: bool) -> int:
    if as_json:
        tell_end(clock, 0)
    elif not current().quiet:
        result("Nothing is in flight.")
    return 0
