"""`vidbuild studio serve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from vidbuild.cli.options import global_options


@click.group("studio")
@global_options()
def command() -> None:
    """The embedded studio: HeyGen's v3 API on this machine, with drafts to watch."""


@command.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
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
    type=click.IntRange(1),
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
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="How long a simulated render takes.",
)
@click.option("--seed", type=int, help="Makes ids and simulated lengths repeat.")
@global_options()
def serve(
    host: str,
    port: int,
    data: str,
    key: str | None,
    concurrency: int,
    render: Literal["draft", "simulated"],
    render_seconds: float,
    seed: int | None,
) -> int:
    """Serve the studio until interrupted.

    Point any client of the API at it: HEYGEN_API_BASE=http://127.0.0.1:PORT.
    """
    import asyncio

    from vidbuild.studio.serve import serve as run
    from vidbuild.studio.server import Studio

    studio = Studio(
        data=Path(data),
        render=render,
        concurrency=concurrency,
        render_seconds=render_seconds,
        seed=seed,
        key=key,
    )

    def ready(url: str) -> None:
        click.echo(f"Studio listening on {url}")
        sys.stdout.flush()

    asyncio.run(run(studio, on_ready=ready, host=host, port=port))
    return 0
