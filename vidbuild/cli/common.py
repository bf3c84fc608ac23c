"""What commands that take videos share: selection options, settings, the workspace."""

from __future__ import annotations

import os
from math import isfinite
from pathlib import Path
from typing import Any

import click

from vidbuild.cli.options import current

_PATTERNS = """A PATTERN is a name glob (`*` stops at `/`, `**` does not), tag:NAME,
action:NAME, each.COLUMN=VALUE or file:PATH; a comma means and."""


def selection_options(function: Any) -> Any:
    """`--select` and `--exclude`."""
    exclude = click.option(
        "--exclude", metavar="PATTERN", multiple=True, help="Leave these videos out. Repeatable."
    )
    select = click.option(
        "-s", "--select", metavar="PATTERN", multiple=True,
        help=f"Only these videos. Repeatable. {_PATTERNS}",
    )  # fmt: skip
    return select(exclude(function))


def plan_options(function: Any) -> Any:
    """The options that shape a plan, the same for `plan` and `apply`."""
    resubmit = click.option(
        "--resubmit", metavar="NAME", multiple=True,
        help="Give up what is in flight or failed for NAME and render it anew; may pay twice.",
    )  # fmt: skip
    download = click.option(
        "--no-download", is_flag=True, help="Look at no local files and fetch none."
    )
    prune = click.option(
        "--prune", is_flag=True,
        help="Forget what is no longer in the project: its entry in the lock and its files.",
    )  # fmt: skip
    remote = click.option(
        "--delete-remote", is_flag=True,
        help="With --prune: also delete its videos at the provider, for good.",
    )  # fmt: skip
    return selection_options(resubmit(prune(remote(download(function)))))


class Count(click.IntRange):
    """A whole number in bounds."""

    name = "whole number"  # for click's own messages


class Amount(click.FloatRange):
    """A number from 0 up that is one."""

    name = "number"

    def __init__(self, most: float | None = None) -> None:
        super().__init__(0, most)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        amount = float(super().convert(value, param, ctx))
        if not isfinite(amount):
            self.fail(f"{value!r} is not a number from 0 up.", param, ctx)
        return amount


def settings_of() -> Any:
    """`Settings` of the global options."""
    from vidbuild.settings import Settings, outside_values

    given = current()
    return Settings(
        directory=Path(given.directory or "."),
        file=given.file,
        profile=given.profile,
        outside=outside_values(
            os.environ, var_files=[Path(p) for p in given.var_file], vars_=given.var
        ),
    )


def open_workspace(settings: Any) -> Any:
    """The workspace of the settings; diagnostics then find their source lines."""
    from vidbuild.cli.output import detail, look_for_sources_in
    from vidbuild.project.discover import find_project
    from vidbuild.workspace import opened

    file = find_project(settings.directory, settings.file)
    look_for_sources_in(file.parent)
    workspace = opened.open_workspace(settings)
    api = workspace.loaded.api
    detail(f"project {file}: {len(workspace.loaded.requests)} videos")
    detail(f"API {api.operation}, edition {api.edition}")
    detail(f"lock {workspace.lock_path}: {len(workspace.lock.videos)} videos")
    return workspace


def options_of(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    resubmit: tuple[str, ...],
    *,
    no_download: bool,
    prune: bool = False,
    delete_remote: bool = False,
    causes: bool = False,
) -> Any:
    """`PlanOptions` of a command line; `causes` for who shows them."""
    from vidbuild.diagnostics import EXIT_USAGE, problem
    from vidbuild.plan.selection import Selection
    from vidbuild.workspace.planning import PlanOptions

    if delete_remote and not prune:
        raise problem(
            "VB717",
            "--delete-remote deletes what --prune forgets, and --prune is not given",
            hint="write --prune --delete-remote",
            exit_code=EXIT_USAGE,
        )
    return PlanOptions(
        selection=Selection(select=select, exclude=exclude),
        resubmit=frozenset(resubmit),
        download=not no_download,
        prune=prune,
        delete_remote=delete_remote,
        causes=causes,
    )
