"""The only code that touches the disk for sources and results: read, digest, write whole.

Not for SQLite (the journal and the studio own their databases) and not for deciding which
file may be read: `within` says whether a path stays inside a folder.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from vidbuild.diagnostics import Problems, Span, problem

# A project file past this size is a mistake (a video, a database), not a source.
MAX_TEXT_BYTES = 64 * 1024 * 1024


def read_text(path: Path, *, shown: str | None = None, span: Span | None = None) -> str:
    """The file as text: UTF-8, a byte order mark dropped, line ends as they are.

    `shown` is the path as the user knows it, `span` the place that names the file. Raises
    `Problems` for a file that is missing, unreadable, too large or not UTF-8.
    """
    name = shown or str(path)
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise problem("VB103", f"{name} is larger than {MAX_TEXT_BYTES >> 20} MB", span=span)
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(name, error, span=span) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise problem(
            "VB104",
            f"{name} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}",
            hint="save the file as UTF-8",
            span=Span(file=name, line=line),
        ) from None


def unreadable(name: str, error: OSError, *, span: Span | None = None) -> Problems:
    """What an `OSError` on reading `name` means to the user."""
    match error:
        case FileNotFoundError():
            return problem(
                "VB101", f"{name} does not exist", hint="check the path and its spelling", span=span
            )
        case IsADirectoryError():
            return problem(
                "VB102", f"{name} is a folder, not a file", hint="name a file in it", span=span
            )
        case _:
            reason = (error.strerror or type(error).__name__).lower()
            return problem("VB102", f"{name} cannot be read: {reason}", span=span)


def is_file(path: Path) -> bool:
    """True for a file; a path that no system can have is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """True for a folder; a path that no system can have is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def disk_problem(error: OSError) -> Problems:
    """What the system refused: a full disk, a folder that may not be written, a lost file."""
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    place = f"{error.filename}: " if error.filename else ""
    return problem(
        "VB105",
        f"{place}{reason}",
        hint="nothing is half-written; free or unlock the place and repeat",
    )


def within(root: Path, path: Path) -> bool:
    """True when `path`, symlinks followed, lies inside `root`."""
    return path.resolve().is_relative_to(root.resolve())


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and the number of bytes, read in pieces."""
    from hashlib import sha256

    sha, size = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            sha.update(piece)
            size += len(piece)
    return sha.hexdigest(), size


def write_atomic(
    path: Path,
    data: bytes | Iterable[bytes | bytearray],
    *,
    mode: int | None = None,
    alone: bool = False,
) -> None:
    """Puts `data`, which may come in pieces, at `path` whole or not at all: a file beside it,
    synced, renamed over it.

    `mode` is for a new file; an existing one keeps its own. Whoever writes here `alone` also
    removes what a writer left that was killed. Raises `OSError`.
    """
    from tempfile import mkstemp  # what only reads does without it

    path.parent.mkdir(parents=True, exist_ok=True)
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    for left in path.parent.glob(f".{path.name}.*.tmp") if alone else ():
        with contextlib.suppress(OSError):
            left.unlink()
    sync_folder(path.parent)


def write_new(path: Path, data: bytes) -> bool:
    """Puts `data` at a path where nothing is; False where something is. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(data)
    except BaseException:
        path.unlink(missing_ok=True)  # a part of a file would be kept for ever
        raise
    return True


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
