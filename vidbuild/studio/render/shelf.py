"""Speech that has been made before: a folder of samples, found by what was asked for.

Bounded in size, shared by processes, safe to delete at any moment: whatever is not there
or not whole is spoken again, and a full disk only means that nothing is kept.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_EDITION = 1  # of what is kept; another one is never found
_MOST = 256 * 2**20  # bytes in the folder: 100 minutes of speech
_KEPT = 0.75  # of them after a cleaning
_END = ".speech"
_TAIL = 12  # bytes: lengths and checksum, behind the samples and their description


def name(order: Mapping[str, Any], engine: Path) -> str:
    """The same for the same words, voice, settings and engine."""
    from hashlib import sha256

    stat = engine.stat()
    asked = json.dumps([_EDITION, stat.st_size, stat.st_mtime_ns, order], sort_keys=True)
    return sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:40] + _END


def take(folder: Path, name: str, path: Path) -> dict[str, Any] | None:
    """Puts the samples at `path` and gives what was noted about them; None where nothing is."""
    kept = folder / name
    try:
        data = kept.read_bytes()
        about = _described(data)
        if about is None:
            return None
        path.write_bytes(memoryview(data)[: 2 * about["samples"]])
        os.utime(kept)  # what is used stays longest
    except OSError:
        return None
    return about


def put(folder: Path, name: str, path: Path, about: Mapping[str, Any]) -> None:
    """Keeps the samples at `path` with what is to be known about them, whole or not at all."""
    fresh = folder / f"{name}.{os.getpid()}.{threading.get_native_id()}"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_bytes(_packed(path.read_bytes(), about))
            fresh.replace(folder / name)
        finally:
            fresh.unlink(missing_ok=True)
        _clean(folder)


def _packed(samples: bytes, about: Mapping[str, Any]) -> bytes:
    noted = json.dumps(about).encode()
    check = zlib.crc32(noted, zlib.crc32(samples))
    return b"".join(
        (samples, noted, len(samples).to_bytes(4), len(noted).to_bytes(4), check.to_bytes(4))
    )


def _described(data: bytes) -> dict[str, Any] | None:
    """What `_packed` noted, where every byte is as it was."""
    if len(data) < _TAIL:
        return None
    end = data[-_TAIL:]
    sound, noted, check = (int.from_bytes(end[at : at + 4]) for at in (0, 4, 8))
    if len(data) != sound + noted + _TAIL or zlib.crc32(memoryview(data)[:-_TAIL]) != check:
        return None
    about: dict[str, Any] = json.loads(data[sound:-_TAIL])
    return about


def _clean(folder: Path) -> None:
    """Drops what has not been used for longest, and what a killed process left behind."""
    files = []
    for entry in os.scandir(folder):
        with suppress(OSError):  # somebody else was faster
            stat = entry.stat()
            files.append((stat.st_mtime, stat.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    if total <= _MOST:
        return
    for _, size, path in sorted(files):
        if total <= _MOST * _KEPT:
            break
        with suppress(OSError):
            Path(path).unlink()
        total -= size
