"""Progress while an apply runs: redrawn lines on a terminal, one line an event elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from vidbuild.cli.options import current
from vidbuild.cli.output import colored, message
from vidbuild.diagnostics import EXIT_ERROR, EXIT_INTERRUPTED, Problems

if TYPE_CHECKING:
    from vidbuild.apply.events import Event
    from vidbuild.clock import Clock
    from vidbuild.plan.model import Plan
    from vidbuild.report.progress import Progress

_REDRAW_SECONDS = 0.2
_ALIKE = 3  # failures of one kind that are told as they come; the summary has them all
_ENDED = "vidbuild.ended"  # in the context of a command: its `done` was told
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


def screen_for(plan: Plan, clock: Clock, *, as_json: bool) -> Plain:
    """Where events go: JSON where that is asked for, redrawn lines on a terminal that can."""
    if as_json:
        return Json()
    if current().quiet:
        return Silent()
    return Live(plan, clock) if _redraws() else Plain()


def _redraws() -> bool:
    """Whether lines can be drawn anew: on a terminal, and nobody asks for plain text."""
    plain = os.environ.get("NO_COLOR") and current().color == "auto"
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not plain


@contextlib.contextmanager
def ending(clock: Clock, *, as_json: bool) -> Iterator[None]:
    """The last line of `--json` is `done`, whatever keeps a command from its work."""
    try:
        yield
    except (Problems, OSError, click.Abort, KeyboardInterrupt) as error:
        if as_json and _ENDED not in click.get_current_context().meta:
            tell_end(clock, _code_of(error))
        raise


def tell_end(clock: Clock, code: int) -> None:
    """`done` of a command that had nothing to do, or did nothing."""
    from vidbuild.apply.events import Event

    zero: dict[str, Any] = {"counts": {}, "failures": 0, "submitted": 0}
    zero |= {"seconds": 0.0, "cost_usd": 0.0, "estimate_usd": 0.0, "exit_code": code}
    Json()(Event(kind="done", name=None, at=clock.now(), data=zero))


def _code_of(error: BaseException) -> int:
    if isinstance(error, Problems):
        return error.exit_code
    return EXIT_ERROR if isinstance(error, OSError) else EXIT_INTERRUPTED


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
    """One JSON object a line, on standard output. A reader that goes away stops nothing."""

    def __call__(self, event: Event) -> None:
        from vidbuild.report.events import event_json

        context = click.get_current_context(silent=True)
        if event.kind == "done" and context is not None:
            context.meta[_ENDED] = True
        try:
            click.echo(event_json(event))
            sys.stdout.flush()
        except BrokenPipeError:  # what was begun is finished, with nobody to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Silent(Plain):
    """Nothing but failures, which the summary tells."""

    def __call__(self, event: Event) -> None:
        pass


class Live(Plain):
    """A bar and the jobs in flight, redrawn in place; above them what has failed so far."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        from vidbuild.report.progress import Progress

        self.clock = clock
        self.progress: Progress = Progress(plan, start=clock.now())
        self.drawn: list[int] = []  # the cells of each line on the screen
        self.news: list[str] = []
        self.alike: Counter[tuple[object, object]] = Counter()
        self.stopped = clock.now()  # what is asked before the work is nobody's progress

    def __call__(self, event: Event) -> None:
        self.progress.feed(event)
        if event.kind == "failed":
            self._note(event)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Draws until the block ends; the cursor comes back whatever ends it."""
        self.progress.waited(self.clock.now() - self.stopped)
        sys.stderr.write(_HIDE)
        task = asyncio.create_task(self._redraw())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._draw(last=True)
            sys.stderr.write(_SHOW)
            sys.stderr.flush()
            self.drawn, self.stopped = [], self.clock.now()

    def _note(self, event: Event) -> None:
        from vidbuild.report.events import events_plain

        kind = (event.data.get("code"), event.data.get("failure_code"))
        self.alike[kind] += 1
        line = events_plain(event)
        if line is not None and self.alike[kind] <= _ALIKE:
            self.news.append(line)

    async def _redraw(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(_REDRAW_SECONDS)

    def _draw(self, *, last: bool = False) -> None:
        from vidbuild.report.style import uncolored, width_of

        size = shutil.get_terminal_size()
        # One column stays free: what fills a line to its end makes some terminals begin another.
        lines = self.progress.lines(
            self.clock.now(),
            width=max(size.columns - 1, 10),
            height=1 if last else max(size.lines - 1, 1),
            color=colored(sys.stderr),
        )
        up = _rows(self.drawn, size.columns)
        news, self.news = self.news, []
        text = "".join(f"{line}\x1b[K\n" for line in (*news, *lines[: 1 if last else None]))
        sys.stderr.write((f"\x1b[{up}A" if up else "") + f"\r{text}\x1b[J")
        sys.stderr.flush()
        self.drawn = [width_of(uncolored(line)) for line in lines]


def _rows(drawn: Sequence[int], columns: int) -> int:
    """Rows that lines of so many cells take by now: a narrower window has wrapped them."""
    return sum(max(-(-cells // max(columns, 1)), 1) for cells in drawn)
