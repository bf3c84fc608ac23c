"""`vidbuild apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidbuild.cli.common import Amount, Count, open_workspace, options_of, plan_options, settings_of
from vidbuild.cli.consent import ask, judge, refuse_settled, refuse_without_terminal
from vidbuild.cli.live import ending, screen_for, tell_end
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import (
    colored,
    detail,
    message,
    result,
    show_diagnostic,
    show_diagnostics,
    width,
)
from vidbuild.diagnostics import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_STOPPED,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidbuild.apply.canary import Look
    from vidbuild.plan.budget import Room
    from vidbuild.plan.model import Plan
    from vidbuild.plan.saved import Saved
    from vidbuild.provider.model import Account
    from vidbuild.workspace.accepting import Proposal
    from vidbuild.workspace.applying import Verdict
    from vidbuild.workspace.opened import Workspace

_ENDED_EARLY = {
    EXIT_INTERRUPTED: "interrupted: nothing more was submitted, the next apply goes on from here",
    EXIT_STOPPED: "stopped waiting: `vidbuild wait` or the next apply goes on from here",
}


@click.command("apply")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@plan_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask, except about deleting.")
@click.option(
    "-j",
    "--jobs",
    type=Count(1, 1000),
    metavar="N",
    help="How many videos to have in progress at once; 10 unless the provider says otherwise.",
)
@click.option(
    "--expect",
    metavar="DIGEST",
    help="Go on only if this is the plan's digest, or that of an unfinished apply (else 7).",
)
@click.option(
    "--max-cost",
    type=Amount(),
    metavar="USD",
    help="Refuse a plan that may cost more; only lowers the policy.",
)
@click.option(
    "--allow",
    metavar="NAME=VALUE",
    multiple=True,
    help="Raise a limit of the policy for this run, such as max_cost=500.",
)
@click.option(
    "--canary",
    type=Count(min=1),
    metavar="N",
    help="Render the N riskiest first, show them, and ask before the rest; with -y go on if none "
    "of them failed.",
)
@click.option("--no-wait", is_flag=True, help="End once everything is submitted.")
@click.option("--timeout", type=Amount(), metavar="S", help="Stop waiting after S seconds.")
@click.option("--fail-fast", is_flag=True, help="Submit nothing more after the first failure.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON, one a line.")
@global_options()
def command(**given: Any) -> int:
    """Render what has changed, download it and record it in the lock.

    Shows the plan, asks for the whole word `yes`, and renders exactly what was shown. With a
    PLAN that `plan -o` saved it does not ask, and does nothing that is not in it. An
    interrupted apply is resumed by the next one; nothing is paid for twice.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.state.hold import hold
    from vidbuild.workspace.opened import hold_path

    clock = SystemClock()
    with ending(clock, as_json=given["as_json"]):
        saved = _saved(given)
        settings = settings_of()
        with hold(hold_path(settings), now=clock.now()):
            return _apply(open_workspace(settings), saved, given, clock)


def _saved(given: dict[str, Any]) -> Saved | None:
    if given["plan_file"] is None:
        return None
    from vidbuild.workspace.saving import read_saved

    refuse_settled(given)
    return read_saved(given["plan_file"])


def _apply(workspace: Workspace, saved: Saved | None, given: dict[str, Any], clock: Any) -> int:
    from vidbuild.workspace.accepting import expect, tidy
    from vidbuild.workspace.planning import check_limits
    from vidbuild.workspace.publishing import still_there

    proposal = _proposed(workspace, saved, given)
    plan = proposal.plan
    _show(plan, as_json=given["as_json"])
    if given["expect"] is not None:
        proposal = expect(proposal, given["expect"])
    rooms = check_limits(
        proposal.workspace, plan,
        max_cost=given["max_cost"], allow=given["allow"], now=clock.now(),
    )  # fmt: skip
    if not _works(plan):
        tidy(proposal.workspace)
        said = still_there(proposal.workspace) if proposal.download else None
        show_diagnostics([said] if said else [])
        code = EXIT_ERROR if said and said.severity == "error" else 0
        if given["as_json"]:
            tell_end(clock, code)
        return code
    refuse_without_terminal(proposal, given)
    return _carry_out(proposal, given, clock, rooms)


def _proposed(workspace: Workspace, saved: Saved | None, given: dict[str, Any]) -> Proposal:
    from vidbuild.workspace.accepting import propose, propose_saved

    if saved is not None:
        file, download = str(given["plan_file"]), not given["no_download"]
        return propose_saved(workspace, saved, file=file, download=download)
    shaping = ("select", "exclude", "resubmit", "no_download", "prune", "delete_remote")
    options = options_of(**{name: given[name] for name in shaping}, causes=not given["as_json"])
    return propose(workspace, options)


def _carry_out(proposal: Proposal, given: dict[str, Any], clock: Any, rooms: Sequence[Room]) -> int:
    from vidbuild.report.summary import summary_text
    from vidbuild.workspace.applying import Run, at_once, carry_out
    from vidbuild.workspace.providing import guard_wallet

    screen = screen_for(proposal.plan, clock, as_json=given["as_json"])
    folder = proposal.workspace.output_dir.as_posix()
    who: list[str | None] = [None]

    def confirm(account: Account | None) -> None:
        who[:] = [account.username if account else None]
        detail(f"account {who[0] or 'unknown'}")
        short = guard_wallet(proposal.plan, account)
        show_diagnostics([short] if short else [])
        ask(proposal, given, account)

    def judged(look: Look) -> Verdict:
        _show_first(look, given, folder)
        return judge(look, proposal.plan, given, account=who[0])

    done = carry_out(
        proposal,
        Run(
            clock=clock,
            emit=screen,
            confirm=confirm,
            around=screen.running,
            warn=show_diagnostic,
            judge=judged,
            canary=given["canary"],
            jobs=given["jobs"] or at_once(proposal.workspace),
            wait=not given["no_wait"],
            fail_fast=given["fail_fast"],
            timeout=given["timeout"],
            rooms=rooms,
        ),
    )
    show_diagnostics(done.warnings)
    if not given["as_json"]:
        drafts, color = proposal.plan.provider == "studio", colored(sys.stderr)
        message(summary_text(done, output_dir=folder, drafts=drafts, color=color))
        if done.exit_code in _ENDED_EARLY:
            message(_ENDED_EARLY[done.exit_code])
    return done.exit_code


def _show(plan: Plan, *, as_json: bool) -> None:
    from vidbuild.report.plan_text import plan_text

    show_diagnostics(plan.diagnostics)
    if not (as_json or current().quiet):
        text = plan_text(plan, color=colored(sys.stdout), all=False, width=width())
        result(text.rstrip("\n"))


def _show_first(look: Look, given: dict[str, Any], folder: str) -> None:
    """Where the first videos are: for who is asked about the rest, and for who reads along."""
    from vidbuild.report.canary import canary_text

    if not (given["as_json"] or current().quiet) or (sys.stdin.isatty() and not given["yes"]):
        message(canary_text(look, output_dir=folder, color=colored(sys.stderr)))


def _works(plan: Plan) -> bool:
    """Whether an apply has anything to do: what is pending, and files to fetch."""
    from vidbuild.plan.model import Action

    return plan.pending or any(c.action is Action.fetch for c in plan.changes)
