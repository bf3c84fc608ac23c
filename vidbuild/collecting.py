"""Holding the garbage collector while very many objects are made that are all kept.

Not for what runs long: there the collector does its work as always.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 100_000  # objects; a few hundred videos make so many


@contextmanager
def uncollected() -> Iterator[None]:
    """Loading and planning make little but objects to keep: a collector that walks them time
    and again would take a third of it. Of very many it is told not to come back to them at all.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > _MANY:
            gc.freeze()
        if enabled:
            gc.enable()
