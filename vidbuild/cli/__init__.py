"""The command line: one file a command, no logic. Only this room prints and exits.

Importing this package imports click and nothing else of weight: a command's own module is
loaded when the command runs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from vidbuild import __version__
from vidbuild.cli.options import EXIT_CODES, Globals, global_options

# Command -> (module with its function `command`, one line for the list of commands).
COMMANDS = {
    "init": ("vidbuild.cli.init", "Write a small project that plans and applies at once."),
    "validate": ("vidbuild.cli.validate", "Check everything that needs no network."),
    "plan": ("vidbuild.cli.plan", "Show what an apply would render, why, and for how much."),
    "apply": ("vidbuild.cli.apply", "Render what has changed and record it in the lock."),
    "status": ("vidbuild.cli.status", "Show what is in flight."),
    "fetch": ("vidbuild.cli.fetch", "Get the missing and altered files of finished videos."),
    "wait": ("vidbuild.cli.wait", "Wait for what is in flight and fetch it."),
    "refresh": ("vidbuild.cli.refresh", "Compare the lock with the provider."),
    "list": ("vidbuild.cli.list", "Show every video: its state, length, cost and file."),
    "explain": ("vidbuild.cli.explain", "Show where each field of a video comes from."),
    "impact": ("vidbuild.cli.impact", "Show what editing a file or line would render."),
    "lock": ("vidbuild.cli.lock", "Move, forget, adopt or join what the lock records."),
    "schema": ("vidbuild.cli.schema", "Print the project file's JSON Schema."),
    "studio": ("vidbuild.cli.studio", "The local studio as an HTTP server."),
}


class LazyGroup(click.Group):
    """Loads a command's module when it is asked for; the list needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from vidbuild.diagnostics import nearest

            close = nearest(name, COMMANDS)
            hint = f" Did you mean {close}?" if close else " See --help."
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
    invoke_without_command=True,
)
@global_options(root=True)
@click.version_option(__version__, prog_name="vidbuild", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Infrastructure as code for avatar videos.

    Videos are YAML and Jinja templates in git. `plan` says which would be rendered, why, and
    for how much; `apply` renders only those and records them in vidbuild.lock.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(args: Sequence[str] | None = None) -> None:
    """The entry point: runs a command and exits with the contract's code."""
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Runs a command line and gives its exit code; prints whatever went wrong."""
    from vidbuild.diagnostics import (
        EXIT_ERROR,
        EXIT_INTERRUPTED,
        EXIT_USAGE,
        Problems,
    )

    try:
        result: Any = cli.main(args=args, prog_name="vidbuild", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        error.show()
        return EXIT_ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except Problems as problems:
        from vidbuild.cli.output import show_problems

        show_problems(problems)
        return problems.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nobody to tell
        return EXIT_ERROR
    except OSError as error:
        from vidbuild.cli.output import show_problems
        from vidbuild.files import disk_problem

        show_problems(disk_problem(error))
        return EXIT_ERROR
    except Exception as error:  # noqa: BLE001 - the edge: what nobody expected is shown as a bug
        from vidbuild.cli.crash import show_crash

        show_crash(error)
        return EXIT_ERROR


__all__ = ["COMMANDS", "Globals", "cli", "main", "run"]
