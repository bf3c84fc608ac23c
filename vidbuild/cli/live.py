"""Progress while an apply runs: redrawn lines on a terminal, one line an event elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from vidbuild.cli.output import colored, message

if TYPE_CHECKING:
    from vidbuild.apply.events import Event
    from vidbuild.clock import Clock
    from vidbuild.plan.model import Plan
    from vidbuild.report.progress import Progress

_REDRAW_SECONDS = 0.2


class Plain:
    """One line an event, on standard error."""

    def __call__(self, event: Event) -> None:
        from vidbuild.report.events import events_plain

        if (line := events_plain(event)) is not None:
            message(line)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


class Json(Plain):
    """One JSON object a line, on standard output."""

    def __call__(self, event: Event) -> None:
        from vidbuild.report.events import event_json

        click.echo(event_json(event))
        sys.stdout.flush()


class Silent(Plain):
    """Nothing but failures, which the summary tells."""

    def __call__(self, event: Event) -> None:
        pass


class Live(Plain):
    """A bar and the jobs in flight, redrawn in place."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        from vidbuild.report.progress import Progress

        self.clock = clock
        self.progress: Progress = Progress(plan, start=clock.now())
        self.drawn = 0

    def __call__(self, event: Event) -> None:
        self.progress.feed(event)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._redraw())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._draw(last=True)

    async def _redraw(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(_REDRAW_SECONDS)

    def _draw(self, *, last: bool = False) -> None:
        import shutil

        width = shutil.get_terminal_size().columns
        lines = self.progress.lines(self.clock.now(), width=width, color=colored(sys.stderr))
        if last:
            lines = lines[:1]
        up = f"\x1b[{self.drawn}A" if self.drawn else ""
        text = "".join(f"{line}\x1b[K\n" for line in lines)
        sys.stderr.write(f"{up}\r{text}\x1b[J")
        sys.stderr.flush()
        self.drawn = len(lines)
