"""`vidbuild explain`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, settings_of
from vidbuild.cli.options import global_options
from vidbuild.cli.output import colored, result, show_diagnostics, width
from vidbuild.diagnostics import EXIT_ERROR


@click.command("explain")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@global_options()
def command(name: str, as_json: bool) -> int:
    """Show where each field of the video NAME comes from.

    For every field its value, the layer, file and line that set it, and what that overrode;
    templates with the files they are made of, the vars they use, the row, and what an apply
    would do today. Works for a video with errors as far as that gets (exit code 1).
    """
    from vidbuild.workspace.explaining import explain

    explained = explain(open_workspace(settings_of()), name)
    if as_json:
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.explanation import explanation_json

        result(written(explanation_json(explained)))
    else:
        from vidbuild.report.explanation_text import explanation_text

        show_diagnostics(explained.diagnostics)
        result(explanation_text(explained, color=colored(sys.stdout), width=width()))
    return EXIT_ERROR if explained.failed else 0
