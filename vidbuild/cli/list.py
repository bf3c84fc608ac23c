"""`vidbuild list`."""

from __future__ import annotations

import sys

import click

from vidbuild.cli.common import open_workspace, options_of, selection_options, settings_of
from vidbuild.cli.options import current, global_options
from vidbuild.cli.output import colored, message, result, show_diagnostics

_COLUMNS = """The columns to show, with commas between: name, row, state, seconds, cost, page,
path (these without the option), action, reason, estimated, tags, video, fingerprint, and
each.COLUMN for a single cell of the row."""


@click.command("list")
@selection_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="How to show the videos.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--columns", metavar="NAMES", help=_COLUMNS)
@global_options()
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
    as_json: bool,
    columns: str | None,
) -> int:
    """Show every video: name, row, state, length, cost, page and file.

    A `~` marks what is estimated for a render to come. Needs no key and no network.
    """
    from vidbuild.report.listing import COLUMNS, DEFAULT, cells_of, listed, read_columns
    from vidbuild.report.listing_formats import listing_csv, listing_json, listing_text
    from vidbuild.workspace.planning import make_plan

    workspace = open_workspace(settings_of())
    cells = cells_of(request.row for request in workspace.loaded.requests.values())
    as_json = as_json or form == "json"
    chosen = read_columns(columns, cells, otherwise=tuple(COLUMNS) if as_json else DEFAULT)
    plan = make_plan(workspace, options_of(select, exclude, (), no_download=False))
    show_diagnostics(plan.diagnostics)
    videos = listed(plan, output_dir=workspace.loaded.project.output.dir)
    if as_json:
        from vidbuild.report.as_json import as_json as written

        result(written(listing_json(plan, videos, chosen)))
    elif form == "csv":
        result(listing_csv(videos, chosen).rstrip("\n"))
    elif videos:
        result(listing_text(videos, chosen, color=colored(sys.stdout)))
    elif not current().quiet:
        message("the project has no videos")
    return 0
