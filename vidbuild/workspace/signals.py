"""SIGTERM does what Ctrl-C does: a pipeline that is cancelled leaves a lock, not a wreck."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from vidbuild.diagnostics import EXIT_INTERRUPTED

_CURSOR = "\x1b[?25h"


@contextmanager
def terminable() -> Iterator[None]:
    """For the running event loop, as long as the block takes."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


@contextmanager
def terminable_question() -> Iterator[None]:
    """For what waits for an answer while no event loop runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(
        signal.SIGTERM, lambda _signal, _frame: signal.raise_signal(signal.SIGINT)
    )
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def impatient() -> Iterator[None]:
    """For what is left to tidy up when everything is on the disk: a further signal ends the
    process at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    both = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda _signal, _frame: end_at_once()) for each in both]
    try:
        yield
    finally:
        for each, handler in zip(both, before, strict=True):
            signal.signal(each, handler)


def end_at_once() -> NoReturn:
    """Ends the process without waiting for threads, sockets or the embedded studio."""
    with suppress(OSError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write(_CURSOR)  # whoever drew progress may have hidden it
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)
