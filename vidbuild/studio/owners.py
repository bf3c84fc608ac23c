"""Which studio processes are alive: each holds the lock of a file while it runs.

The operating system lets go of such a lock when its process dies, however it dies, so a
dead owner is told from a slow one without waiting.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout


class Owner:
    """This process, as the others see it. `name` goes into what it claims."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = secrets.token_hex(8)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._path(self.name))
        self._lock.acquire(timeout=0)

    def alive(self, name: str) -> bool:
        """Whether the process that goes by `name` still runs; tidies up after a dead one."""
        if name == self.name:
            return True
        path = self._path(name)
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        with suppress(OSError):
            path.unlink()
        return False

    def leave(self) -> None:
        self._lock.release()
        with suppress(OSError):
            self._path(self.name).unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
