"""`plan --measure` at the terminal: what it costs, who agrees to it, how far it is."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from vidbuild.cli.options import current
from vidbuild.cli.output import message, show_diagnostic
from vidbuild.diagnostics import EXIT_USAGE, problem

if TYPE_CHECKING:
    from vidbuild.diagnostics import Diagnostic
    from vidbuild.plan.model import Plan
    from vidbuild.provider.model import Account
    from vidbuild.workspace.measuring import Errand
    from vidbuild.workspace.opened import Workspace


def measured_plan(workspace: Workspace, plan: Plan, *, yes: bool, documented: bool) -> Plan:
    """The plan with measured lengths. Asks where speaking costs something and `yes` is not given;
    raises `Problems` for any other answer, and (64) where there is nobody to answer.

    What is to be known of the credential is told before that, and is in the plan as well where
    that is a document.
    """
    from vidbuild.report.measuring import errand_line
    from vidbuild.workspace.measuring import plan_of, run_errand, set_out

    errand = set_out(workspace, plan)
    asks = not (errand.free or yes)
    line = errand_line(
        texts=len(errand.missing),
        known=len(errand.heard),
        seconds=errand.seconds,
        cost_usd=errand.cost_usd,
        prices_as_of=plan.prices_as_of,
    )
    if asks and not sys.stdin.isatty():
        raise problem(
            "VB721",
            f"{line.rstrip('.')}, and there is no terminal to ask on",
            hint="repeat with -y, or plan without --measure",
            exit_code=EXIT_USAGE,
        )
    if errand.missing and not current().quiet:
        message(line)
    counted = _Count(len(errand.missing))
    heard: list[Diagnostic] = []

    def warn(said: Diagnostic) -> None:
        show_diagnostic(said)
        heard.append(said)

    confirm = _ask if asks else _agree
    done = run_errand(workspace, errand, confirm=confirm, tell=counted, warn=warn)
    counted.end()
    found = plan_of(workspace, done)
    return replace(found, diagnostics=(*found.diagnostics, *heard)) if documented else found


def _agree(errand: Errand, account: Account | None) -> None:
    """Nothing is asked."""


def _ask(errand: Errand, account: Account | None) -> None:
    from vidbuild.cli.consent import ask_for
    from vidbuild.report.measuring import measuring_question

    who = account.username if account else None
    asked = measuring_question(len(errand.missing), errand.cost_usd, account=who)
    ask_for(asked, without="nothing was spoken")


class _Count:
    """How many texts have been spoken, in place, on a terminal alone."""

    def __init__(self, texts: int) -> None:
        self._texts = texts
        self._shown = sys.stderr.isatty() and not current().quiet

    def __call__(self, spoken: int) -> None:
        if self._shown:
            click.echo(f"\r{spoken:,} of {self._texts:,}", nl=False, err=True)

    def end(self) -> None:
        if self._shown and self._texts:
            click.echo("\r\x1b[K", nl=False, err=True)
