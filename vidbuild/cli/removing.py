"""`vidbuild lock rm` as people see it: what is forgotten, what that costs, and the questions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidbuild.cli.consent import ask_for
from vidbuild.cli.options import current
from vidbuild.cli.output import message, result, show_diagnostic
from vidbuild.diagnostics import EXIT_MISMATCH, EXIT_USAGE, Problems, problem

if TYPE_CHECKING:
    from vidbuild.provider.model import Account
    from vidbuild.workspace.locking_removal import Removal

_NOTHING = "nothing was forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the command line agrees to: `expect` is the digest of a list with deletions."""

    yes: bool
    expect: str | None


def show_removal(removal: Removal) -> None:
    """What would be forgotten, and what follows from it."""
    from vidbuild.report.words import money, videos

    if removal.renders > 0:
        cost = "about " + money(removal.cost_usd) if removal.cost_usd is not None else money(None)
        message(
            f"warning: the project still asks for them: the next apply renders "
            f"{videos(removal.renders)} anew, {cost}"
        )
    if removal.deletes:
        result(f"Digest: {removal.digest}")


def check_consent(removal: Removal, consent: Consent) -> None:
    """Raises `Problems` for another list than the one expected, and where nobody can be asked."""
    if consent.expect is not None and _hex(consent.expect) != _hex(removal.digest):
        raise problem(
            "VB722",
            f"this is not the list that was expected: its digest is {removal.digest}",
            hint="look at the list again",
            exit_code=EXIT_MISMATCH,
        )
    if sys.stdin.isatty():
        return
    if not consent.yes:
        raise problem(
            "VB721",
            "there is no terminal to ask on",
            hint="look at the list and repeat with -y",
            exit_code=EXIT_USAGE,
        )
    if removal.deletes and consent.expect is None:
        raise problem(
            "VB721",
            "-y does not answer for deleting, and there is no terminal to ask on",
            hint="look at the list and repeat with its digest: -y --expect sha256:…",
            exit_code=EXIT_USAGE,
        )


def ask(removal: Removal, consent: Consent, account: Account | None) -> None:
    """Asks what has to be asked. Raises `Problems` for any answer but `yes`."""
    from vidbuild.report.style import visible
    from vidbuild.report.words import videos

    if not consent.yes:
        count = videos(len(removal.entries))
        ask_for(f"Forget {count}, files stay? Only `yes` goes on", without=_NOTHING)
    if removal.deletes and not (consent.yes and consent.expect):
        ids = {video_id for each in removal.deletes.values() for video_id in each}
        who = (
            f"the account {visible(account.username)}" if account else "an account nobody can tell"
        )
        asked = f"Delete {len(ids):,} at the provider for good, of {who}? Only `yes` goes on"
        ask_for(asked, without=_NOTHING)


def remove(removal: Removal, consent: Consent) -> tuple[set[str], Problems | None]:
    """Asks and forgets; gives the names that are gone, and what went wrong with the others."""
    if not removal.deletes:
        from vidbuild.workspace.locking_removal import forget

        ask(removal, consent, None)
        forget(removal, warn=show_diagnostic)
        return set(removal.entries), None
    from vidbuild.workspace.locking_deletion import forget_and_delete

    return forget_and_delete(
        removal, lambda account: ask(removal, consent, account), warn=show_diagnostic
    )


def told(removal: Removal) -> list[str]:
    """A line for each entry: what it points at, and what becomes of that."""
    from vidbuild.report.style import visible
    from vidbuild.report.words import dollars

    lines = []
    for name, entry in removal.entries.items():
        render = entry.render
        words = [render.video_id or "not submitted yet"]
        words += [dollars(render.cost_usd)] if render.cost_usd is not None else []
        ids = removal.deletes.get(name, ())
        words += [f"delete {', '.join(ids)} at the provider"] if ids else []
        lines.append(visible(f"- {name}: {', '.join(words)}"))
    return lines


def note_kept() -> None:
    if not current().quiet:
        message("their files stay where they are")


def _hex(digest: str) -> str:
    return digest.strip().lower().removeprefix("sha256:")
