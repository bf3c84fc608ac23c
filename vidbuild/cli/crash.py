"""A bug of vidbuild's own, shown as one: the traceback without any secret in it."""

from __future__ import annotations

import os
import sys
import traceback

import click

from vidbuild import __version__

_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_MIN_SECRET = 6  # shorter values would blank out half the text


def show_crash(error: BaseException) -> None:
    """Prints what a report of the bug needs."""
    text = "".join(traceback.format_exception(error))
    click.echo(scrubbed(text).rstrip(), err=True)
    click.echo(
        f"\nThis is a bug in vidbuild {__version__}. Nothing is lost: the lock and the journal are"
        "\nwritten before and after every step. Please report it with the lines above.",
        err=True,
    )


def scrubbed(text: str) -> str:
    """The text without the key, wherever it was found, and without the values of variables that
    hold secrets."""
    credentials = sys.modules.get("vidbuild.provider.credentials")
    for secret in credentials.given_out if credentials else ():
        text = text.replace(secret, "<the API key>")
    for name, value in os.environ.items():
        if len(value) >= _MIN_SECRET and any(word in name.upper() for word in _SECRET_WORDS):
            text = text.replace(value, f"<{name}>")
    return text
