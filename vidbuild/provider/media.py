"""A local file on its way to the provider: read whole, and only if it is the planned one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vidbuild.diagnostics import problem
from vidbuild.provider import failures


def read_whole(path: Path, most: int, sha256: str) -> bytes:
    """The file's bytes, at most `most`. What is sent is what was digested, whatever happens to
    the file meanwhile. Raises `Problems` where it is larger, gone, or another one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise failures.unread(path, error) from None
    if len(data) > most:
        raise problem(
            "VB611",
            f"{path} is larger than the {most >> 20} MB that an upload may have",
            hint="make the file smaller, or give its public URL",
        )
    if hashlib.sha256(data).hexdigest() != sha256:
        raise problem(
            "VB609", f"{path} has changed since the plan was made", hint="plan and apply again"
        )
    return data
