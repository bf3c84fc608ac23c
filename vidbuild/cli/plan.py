"""`vidbuild plan`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, options_of, plan_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, result, show_diagnostics, width
from vidbuild.diagnostics import EXIT_PENDING


@click.command("plan")
@plan_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to show the plan.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing; list what is unchanged.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending, else 0."
)
@global_options()
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    resubmit: tuple[str, ...],
    no_download: bool,
    form: str,
    as_json: bool,
    everything: bool,
    detailed_exitcode: bool,
) -> int:
    """Show what an apply would render, why, and for how much.

    Reads the project, the lock and the journal; sends nothing and writes nothing.
    """
    from vidbuild.workspace.planning import make_plan

    workspace = open_workspace(settings_of())
    plan = make_plan(
        workspace, options_of(select, exclude, resubmit, no_download=no_download, causes=True)
    )
    if as_json or form == "json":
        from vidbuild.report.as_json import as_json as written
        from vidbuild.report.plan_json import plan_json

        result(written(plan_json(plan, all=everything)))
    elif form == "markdown":
        from vidbuild.report.markdown import plan_markdown

        show_diagnostics(plan.diagnostics)
        result(plan_markdown(plan, all=everything))
    else:
        from vidbuild.report.plan_text import plan_text

        show_diagnostics(plan.diagnostics)
        text = plan_text(plan, color=colored(sys.stdout), all=everything, width=width())
        lines = text.rstrip("\n").split("\n")
        result("\n".join(lines[-1:] if current().quiet else lines))
    return EXIT_PENDING if detailed_exitcode and plan.pending else 0
