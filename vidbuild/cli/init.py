"""`vidbuild init`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import message, result
from vidbuild.diagnostics import problem

if TYPE_CHECKING:
    from vidbuild.workspace.starting import Started


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@global_options()
def command(folder: str) -> int:
    """Write a small project into DIR that plans and applies at once.

    A project file with comments, a script, the editor's schema, and what git has to know. It
    renders drafts on this machine: no account, no cost. A file that is there already is left
    as it is.
    """
    from vidbuild.files import is_folder
    from vidbuild.workspace.starting import start_project

    base = Path(current().directory or ".")
    if not is_folder(base):
        raise problem("VB264", f"{base} is not a folder", hint="check --directory")
    started = start_project(base / folder)
    if not current().quiet:
        _show(started, here=base / folder == Path())
    return 0


def _show(started: Started, *, here: bool) -> None:
    from vidbuild.project.discover import PROJECT_FILE
    from vidbuild.report.style import visible

    for name in started.written:
        result(f"wrote {visible(str(started.folder / name))}")
    for name in started.kept:
        lines = started.lacking.get(name, ())
        wanted = f"; add to it: {', '.join(lines)}" if lines else ""
        result(f"left {visible(str(started.folder / name))} as it was{wanted}")
    if started.outer is not None:
        message(f"note: this folder lies in the project {visible(str(started.outer))}; commands"
                " take the nearest one")  # fmt: skip
    if PROJECT_FILE not in started.written:
        return
    steps = [] if here else [f"cd {shlex.quote(str(started.folder))}"]
    message(f"next: {', '.join([*steps, 'vidbuild plan', 'vidbuild apply'])}")
