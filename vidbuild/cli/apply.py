"""`vidbuild apply`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from vidbuild.cli.common import open_workspace, options_of, plan_options, settings_of
from vidbuild.cli.live import Json, Live, Plain, Silent
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, detail, message, result, show_diagnostics, width
from vidbuild.diagnostics import (
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    EXIT_STOPPED,
    EXIT_USAGE,
    problem,
)

if TYPE_CHECKING:
    from vidbuild.plan.model import Plan
    from vidbuild.provider.model import Account
    from vidbuild.workspace.opened import Workspace

_ENDED_EARLY = {
    EXIT_INTERRUPTED: "interrupted: nothing more was submitted, the next apply goes on from here",
    EXIT_STOPPED: "stopped waiting: the next apply goes on from here",
}


@click.command("apply")
@plan_options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="How many videos to have in progress at once.",
)
@click.option(
    "--expect", metavar="DIGEST", help="Go on only if this is the plan's digest (exit code 7)."
)
@click.option(
    "--max-cost",
    type=click.FloatRange(0),
    metavar="USD",
    help="Refuse a plan that may cost more; only lowers the policy.",
)
@click.option(
    "--allow",
    metavar="NAME=VALUE",
    multiple=True,
    help="Raise a limit of the policy for this run, such as max_cost=500.",
)
@click.option("--no-wait", is_flag=True, help="End once everything is submitted.")
@click.option(
    "--timeout", type=click.FloatRange(0), metavar="S", help="Stop waiting after S seconds."
)
@click.option("--fail-fast", is_flag=True, help="Submit nothing more after the first failure.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON, one a line.")
@global_options()
def command(**given: Any) -> int:
    """Render what has changed, download it and record it in the lock.

    Shows the plan, asks for the whole word `yes`, and renders exactly what was shown. An
    interrupted apply is resumed by the next one; nothing is paid for twice.
    """
    from vidbuild.clock import SystemClock
    from vidbuild.state.hold import hold
    from vidbuild.workspace.opened import hold_path

    clock = SystemClock()
    settings = settings_of()
    with hold(hold_path(settings), now=clock.now()):
        return _apply(open_workspace(settings), given, clock)


def _apply(workspace: Workspace, given: dict[str, Any], clock: Any) -> int:
    from vidbuild.workspace.planning import check_limits, make_plan

    options = options_of(
        given["select"], given["exclude"], given["resubmit"],
        no_download=given["no_download"], causes=not given["as_json"],
    )  # fmt: skip
    plan = make_plan(workspace, options)
    if not given["as_json"]:
        _show(plan)
    _expect(plan, given["expect"])
    check_limits(workspace, plan, max_cost=given["max_cost"], allow=given["allow"], now=clock.now())
    if not _works(plan):
        if given["as_json"]:
            _nothing(clock)
        return 0
    if plan.pending and not given["yes"] and not sys.stdin.isatty():
        raise problem(
            "VB721",
            "there is no terminal to ask on",
            hint="look at the plan and repeat with -y",
            exit_code=EXIT_USAGE,
        )
    return _carry_out(workspace, plan, given, clock)


def _carry_out(workspace: Workspace, plan: Plan, given: dict[str, Any], clock: Any) -> int:
    from vidbuild.report.summary import summary_text
    from vidbuild.workspace.applying import Run, carry_out

    screen = _screen(plan, given, clock)

    def confirm(account: Account | None) -> None:
        detail(f"account {account.username if account else 'unknown'}")
        if plan.pending and not given["yes"]:
            _ask(plan, account)

    done = carry_out(
        workspace,
        plan,
        Run(
            clock=clock,
            emit=screen,
            confirm=confirm,
            around=screen.running,
            jobs=given["jobs"],
            download=not given["no_download"],
            wait=not given["no_wait"],
            fail_fast=given["fail_fast"],
            timeout=given["timeout"],
        ),
    )
    if not given["as_json"]:
        show_diagnostics(done.warnings)
        folder = (workspace.loaded.project.root / workspace.loaded.project.output.dir).as_posix()
        message(summary_text(done, output_dir=folder, color=colored(sys.stderr)))
        if done.exit_code in _ENDED_EARLY:
            message(_ENDED_EARLY[done.exit_code])
    return done.exit_code


def _show(plan: Plan) -> None:
    from vidbuild.report.plan_text import plan_text

    show_diagnostics(plan.diagnostics)
    if not current().quiet:
        text = plan_text(plan, color=colored(sys.stdout), all=False, width=width())
        result(text.rstrip("\n"))


def _works(plan: Plan) -> bool:
    """Whether an apply has anything to do: what is pending, and files to fetch."""
    from vidbuild.plan.model import Action

    return plan.pending or any(c.action is Action.fetch for c in plan.changes)


def _expect(plan: Plan, wanted: str | None) -> None:
    from vidbuild.diagnostics import EXIT_MISMATCH

    if wanted is None or wanted.removeprefix("sha256:") == plan.digest.removeprefix("sha256:"):
        return
    raise problem(
        "VB722",
        f"this is not the plan that was expected: its digest is {plan.digest}",
        hint="look at the plan again",
        exit_code=EXIT_MISMATCH,
    )


def _screen(plan: Plan, given: dict[str, Any], clock: Any) -> Plain:
    if given["as_json"]:
        return Json()
    if current().quiet:
        return Silent()
    return Live(plan, clock) if sys.stderr.isatty() else Plain()


def _ask(plan: Plan, account: Account | None) -> None:
    from vidbuild.report.question import question

    asked = question(plan, account=account.username if account else None)
    answer = click.prompt(asked, default="", show_default=False, err=True)
    if answer.strip() != "yes":
        raise problem(
            "VB723", "not confirmed: nothing was submitted",
            hint="only the whole word `yes` goes on", exit_code=EXIT_REFUSED,
        )  # fmt: skip


def _nothing(clock: Any) -> None:
    from vidbuild.apply.events import Event

    Json()(Event(kind="done", name=None, at=clock.now(), data={"exit_code": 0, "cost_usd": 0.0}))
