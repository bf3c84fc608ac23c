"""Who agrees to an apply: the options of the command, or the answers to its questions."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from vidbuild.cli.output import message, show_problems
from vidbuild.diagnostics import EXIT_REFUSED, EXIT_USAGE, Problems, problem

if TYPE_CHECKING:
    from vidbuild.apply.canary import Look
    from vidbuild.plan.model import Plan
    from vidbuild.provider.model import Account
    from vidbuild.workspace.accepting import Proposal
    from vidbuild.workspace.applying import Verdict

_NOTHING = "nothing was submitted"
_SETTLED = ("select", "exclude", "resubmit", "prune", "delete_remote")


def refuse_settled(given: dict[str, Any]) -> None:
    """Raises `Problems` (wrong usage) for options that a saved plan leaves no room for."""
    for name in _SETTLED:
        if given[name]:
            option = f"--{name.replace('_', '-')}"
            raise problem(
                "VB728",
                f"{option} cannot change a saved plan",
                hint=f"plan with {option}, and save that",
                exit_code=EXIT_USAGE,
            )


def refuse_without_terminal(proposal: Proposal, given: dict[str, Any]) -> None:
    """Raises `Problems` (wrong usage) where there is a question and nobody to answer it."""
    if sys.stdin.isatty():
        return
    if asks_to_delete(proposal, given):
        raise problem(
            "VB721",
            "-y does not answer for deleting, and there is no terminal to ask on"
            if given["yes"]
            else "there is no terminal to ask on",
            hint="look at the plan and repeat with its digest: -y --expect sha256:…; or save it "
            "with `vidbuild plan -o FILE` and apply FILE",
            exit_code=EXIT_USAGE,
        )
    if asks_to_render(proposal, given):
        raise problem(
            "VB721",
            "there is no terminal to ask on",
            hint="look at the plan and repeat with -y",
            exit_code=EXIT_USAGE,
        )


def ask(proposal: Proposal, given: dict[str, Any], account: Account | None) -> None:
    """Asks what has to be asked. Raises `Problems` for any answer but `yes`."""
    from vidbuild.report.question import deletion_question, question

    who = account.username if account else None
    if asks_to_render(proposal, given):
        ask_for(question(proposal.plan, account=who), without=_NOTHING)
    if asks_to_delete(proposal, given):
        asked = deletion_question(proposal.plan, account=who, remote=proposal.delete_remote)
        ask_for(asked, without=_NOTHING)


def asks_to_render(proposal: Proposal, given: dict[str, Any]) -> bool:
    """Rendering, reusing and recording; a saved plan was agreed to when it was saved."""
    from vidbuild.plan.model import Action

    others = any(c.pending and c.action is not Action.delete for c in proposal.plan.changes)
    return others and not (proposal.saved or given["yes"])


def asks_to_delete(proposal: Proposal, given: dict[str, Any]) -> bool:
    """Deleting is a question of its own: `-y` answers it only for a digest."""
    from vidbuild.plan.model import Action

    deletes = any(change.action is Action.delete for change in proposal.plan.changes)
    return deletes and not (proposal.saved or (given["yes"] and given["expect"]))


def judge(look: Look, plan: Plan, given: dict[str, Any], *, account: str | None) -> Verdict:
    """Whether the rest follows the first videos. Asked on a terminal; else, and where `-y` has
    said yes to everything, it does if none of them failed. Ctrl-C is KeyboardInterrupt."""
    from vidbuild.report.canary import canary_question, held_back
    from vidbuild.report.words import videos

    if given["yes"] or not sys.stdin.isatty():
        if look.failed:
            message(held_back(look))
        return "held" if look.failed else "done"
    try:
        if answers_yes(canary_question(look, plan, account=account)):
            return "done"
    except click.Abort:
        raise KeyboardInterrupt from None
    show_problems(not_confirmed(f"the other {videos(len(look.unpaid))} were not submitted"))
    return "declined"


def ask_for(asked: str, *, without: str) -> None:
    """Asks; raises `Problems` for any answer but `yes`, and says what has not been done."""
    if not answers_yes(asked):
        raise not_confirmed(without)


def answers_yes(asked: str) -> bool:
    """Asks on the terminal. Raises `click.Abort` for Ctrl-C and the end of the input."""
    answer: str = click.prompt(_fitting(asked), default="", show_default=False, err=True)
    return answer.strip() == "yes"


def _fitting(asked: str) -> str:
    """A question whose words are whole at the end of a line, with room for the answer."""
    from vidbuild.report.style import wrapped

    if not sys.stderr.isatty():
        return asked
    columns = os.get_terminal_size(sys.stderr.fileno()).columns
    return "\n".join(wrapped(asked, max(columns - len(": yes "), 20)))


def not_confirmed(without: str) -> Problems:
    return problem(
        "VB723", f"not confirmed: {without}",
        hint="only the whole word `yes` goes on", exit_code=EXIT_REFUSED,
    )  # fmt: skip
