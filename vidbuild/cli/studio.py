"""`vidbuild studio serve`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from vidbuild.cli.common import Amount, Count
from vidbuild.cli.options import global_options
from vidbuild.diagnostics import Diagnostic, nearest
from vidbuild.studio.faults import NAMES


def rates(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    """`NAME=RATE` of every `--fault`; a later one replaces an earlier one of its name."""
    return dict(_rate(text, ctx, param) for text in given)


def _rate(text: str, ctx: click.Context, param: click.Parameter) -> tuple[str, float]:
    name, sign, rate = text.partition("=")
    if name not in NAMES:
        near = nearest(name, NAMES)
        guess = f" Did you mean {near}?" if near else ""
        message = f"{name!r} is no fault.{guess} There are {', '.join(NAMES)}."
        raise click.BadParameter(message, ctx, param)
    try:
        number = float(rate)
    except ValueError:
        number = -1.0
    if not sign or not 0 <= number <= 1:
        message = f"{text!r} has to be {name}=RATE with a RATE from 0 to 1."
        raise click.BadParameter(message, ctx, param)
    return name, number


def once_each(say: Callable[[Diagnostic], None]) -> Callable[[Diagnostic], None]:
    """Says an error that it has not said before: a full disk fails every request."""
    said: set[str] = set()

    def speak(diagnostic: Diagnostic) -> None:
        if diagnostic.severity == "error" and diagnostic.message in said:
            return
        if diagnostic.severity == "error":
            said.add(diagnostic.message)
        say(diagnostic)

    return speak


@click.group("studio")
@global_options()
def command() -> None:
    """The embedded studio: HeyGen's v3 API on this machine, with drafts to watch."""


@command.command("serve")
@click.option(
    "--host",
    metavar="HOST",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on.",
)
@click.option(
    "--port",
    type=Count(0, 65535),
    metavar="PORT",
    default=8787,
    show_default=True,
    help="The port; 0 picks a free one.",
)
@click.option(
    "--data",
    metavar="DIR",
    default=".vidbuild/studio",
    show_default=True,
    help="Where jobs and files are kept.",
)
@click.option(
    "--key",
    metavar="KEY",
    envvar="VIDBUILD_STUDIO_KEY",
    help="The only API key to accept; without it any key will do.",
)
@click.option(
    "--concurrency",
    type=Count(1),
    metavar="N",
    default=10,
    show_default=True,
    help="How many videos may be in progress at once.",
)
@click.option(
    "--render",
    type=click.Choice(["draft", "simulated"]),
    default="draft",
    show_default=True,
    help="Make real drafts, or serve a tiny valid file.",
)
@click.option(
    "--render-seconds",
    type=Amount(),
    metavar="S",
    default=0.0,
    show_default=True,
    help="How long a simulated render takes, in the mean.",
)
@click.option(
    "--render-spread",
    type=Amount(5),
    metavar="SIGMA",
    default=0.0,
    show_default=True,
    help="How far simulated renders spread: the sigma of a lognormal distribution.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME=RATE",
    multiple=True,
    callback=rates,
    help=f"How often, from 0 to 1, something goes wrong; repeatable. NAME: {', '.join(NAMES)}.",
)
@click.option(
    "--replay-errors",
    is_flag=True,
    help="An error under an Idempotency-Key is the answer to every repeat, too.",
)
@click.option(
    "--seed", type=int, metavar="N", help="Makes ids, simulated lengths and faults repeat."
)
@global_options()
def serve(
    host: str,
    port: int,
    data: str,
    key: str | None,
    concurrency: int,
    render: Literal["draft", "simulated"],
    render_seconds: float,
    render_spread: float,
    faults: dict[str, float],
    replay_errors: bool,
    seed: int | None,
) -> int:
    """Serve the studio until interrupted.

    Point any client of the API at it: HEYGEN_API_BASE=http://127.0.0.1:PORT.
    """
    import asyncio

    from vidbuild.cli.output import show_diagnostics
    from vidbuild.studio.serve import serve as run
    from vidbuild.studio.server import Studio

    studio = Studio(
        data=Path(data),
        render=render,
        concurrency=concurrency,
        render_seconds=render_seconds,
        render_spread=render_spread,
        faults=faults,
        replay_errors=replay_errors,
        seed=seed,
        key=key,
        on_trouble=once_each(lambda said: show_diagnostics([said])),
    )

    def ready(url: str) -> None:
        click.echo(f"Studio listening on {url}")
        sys.stdout.flush()

    asyncio.run(run(studio, on_ready=ready, host=host, port=port))
    return 0
