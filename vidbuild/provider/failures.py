"""Calls that came to nothing, as diagnostics: what was tried, why it failed, what to do."""

from __future__ import annotations

from pathlib import Path

from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_ERROR, Problems, problem
from vidbuild.provider.credentials import shown
from vidbuild.provider.errors import EXHAUSTED, Fault, advice
from vidbuild.provider.wire import Loss, Lost

_LOSSES: dict[Loss, tuple[str, str, str]] = {
    "unreachable": (
        "VB603",
        "cannot be reached",
        "check the network, HEYGEN_API_BASE and a proxy (HTTPS_PROXY, NO_PROXY)",
    ),
    "tls": (
        "VB604",
        "offers no secure connection that this machine trusts",
        "check the machine's clock; behind a company's proxy set SSL_CERT_FILE to its certificates",
    ),
    "timeout": ("VB605", "did not answer in time", "apply again later; nothing is lost"),
    "broken": ("VB605", "closed the connection", "apply again later; nothing is lost"),
    "nonsense": (
        "VB606",
        "gives answers that make no sense",
        "check HEYGEN_API_BASE, and whether something on the way (a proxy, a login page) answers",
    ),
}


def failed(host: str, got: Fault | Lost) -> Problems:
    return lost(host, got) if isinstance(got, Lost) else refusal(host, got)


def lost(host: str, got: Lost) -> Problems:
    code, what, hint = _LOSSES[got.loss]
    return problem(code, f"{host} {what}: {got.message}", hint=hint)


def refusal(host: str, said: Fault) -> Problems:
    """What the API refused, in its words; exit code 3 where it is the key."""
    known = advice(said.code, said.status)
    trace = f" (request {said.request_id})" if said.request_id else ""
    other = EXHAUSTED if known.stops else "VB607"
    return problem(
        "VB602" if known.credentials else other,
        f"{host} refused: {said.message} [{said.code}, HTTP {said.status}]{trace}",
        hint=known.hint or None,
        exit_code=EXIT_CREDENTIALS if known.credentials else EXIT_ERROR,
    )


def nonsense(host: str, what: str) -> Problems:
    return lost(host, Lost(loss="nonsense", message=what))


def unfit(why: str) -> Problems:
    return problem("VB608", f"a result cannot be downloaded: {why}", hint="apply again later")


def unsaved(target: Path, error: OSError) -> Problems:
    reason = (error.strerror or type(error).__name__).lower()
    return problem(
        "VB608", f"{target} cannot be written: {reason}", hint="check the disk's space and rights"
    )


def unread(error: OSError) -> Problems:
    reason = (error.strerror or type(error).__name__).lower()
    return problem("VB609", f"it cannot be read: {reason}")


def changed() -> Problems:
    return problem("VB609", "it has changed since the plan was made", hint="plan and apply again")


def too_large(most: int) -> Problems:
    return problem(
        "VB611",
        f"it is larger than the {most >> 20} MB that the provider takes",
        hint="make the file smaller, or give its public URL",
    )


def unusable(host: str) -> Problems:
    return problem(
        "VB612",
        f"{host} cannot use the file that was uploaded",
        hint="check that the file opens, and plan and apply again",
    )


def unstored(url: str, got: Fault | Lost) -> Problems:
    """An upload's storage did not take the bytes. Its words are no API's: they are left out."""
    what = got.message if isinstance(got, Lost) else f"HTTP {got.status}"
    return problem("VB612", f"{shown(url)} did not take the file: {what}", hint="apply again later")
