"""The project's OS lock: one command at a time that writes the lock or submits anything."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vidbuild.diagnostics import EXIT_HELD, problem
from vidbuild.state.times import stamp


@contextmanager
def hold(path: Path, *, now: float) -> Iterator[None]:
    """Holds the project while the block runs; `path` is `.vidbuild/state/apply.lock`.

    Released by the system when the process dies. Raises `Problems` with exit code 8 that
    names the holder.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0)
    holder = path.with_name(path.name + ".json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise problem(
            "VB514",
            f"another vidbuild is at work on this project{_who(holder)}",
            hint="wait for it to end; it can be resumed if it is interrupted",
            exit_code=EXIT_HELD,
        ) from None
    except OSError as error:
        raise problem(
            "VB513",
            f"{path} cannot be locked: {error.strerror or error}",
            hint="check the permissions of the folder",
        ) from error
    try:
        with suppress(OSError):  # who holds it is a courtesy
            holder.write_text(_holder(now), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _holder(now: float) -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": stamp(now)})


def _who(holder: Path) -> str:
    try:
        known = json.loads(holder.read_text(encoding="utf-8"))
        return f": process {known['pid']} on {known['host']}, since {known['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
