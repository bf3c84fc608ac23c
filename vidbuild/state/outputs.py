"""Which files a video has in the output folder, and whether they are the ones recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from vidbuild.files import digest
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Output, Render

SUFFIXES = {"subtitle": ".srt", "thumbnail": ".jpg"}
# The API's own words for what a video file can be; the field is found by them.
_FORMATS = frozenset({"mp4", "webm"})


def output_paths(api: Api, request: Request, kinds: Iterable[str]) -> dict[str, str]:
    """The path of each kind of output, relative to `output.dir`, with `/`."""
    suffixes = {"video": f".{video_format(api, request.body)}", **SUFFIXES}
    return {kind: request.name + suffixes[kind] for kind in kinds}


def video_format(api: Api, body: Mapping[str, object]) -> str:
    """`mp4` or `webm`: the value of the field that offers both, else its default, else mp4."""
    shape = api.request.variant(body)
    for name, member in shape.properties.items() if shape else ():
        if member.enum and set(member.enum) >= _FORMATS:
            value = body.get(name) or member.default
            return value if isinstance(value, str) else "mp4"
    return "mp4"


def look_at(
    folder: Path,
    expected: Mapping[str, str],
    render: Render,
    *,
    receipts: Mapping[str, Receipt],
    root: Path,
) -> Literal["good", "missing", "altered"]:
    """How the files of a finished render stand in the output folder.

    `expected` maps each kind asked for to its path; a kind recorded as absent is not missed.
    `receipts` are the journal's, by path relative to the project folder `root`.
    """
    worst: Literal["good", "altered"] = "good"
    for kind, path in expected.items():
        if kind in render.outputs and render.outputs[kind] is None:
            continue
        file = folder / path
        output = render.outputs.get(kind)
        if output is None or output.path != path or not file.exists():
            return "missing"
        receipt = receipts.get(receipt_path(file, root=root))
        if not is_good(file, output, render=render, receipt=receipt):
            worst = "altered"
    return worst


def is_good(path: Path, output: Output, *, render: Render, receipt: Receipt | None) -> bool:
    """Whether the file at `path` is a download of the render.

    A receipt is asked first: what was downloaded as this video id is good, whatever a lock
    of another machine says of its digest. Without one the lock's digest decides. The file
    is read only where its size and time are not those of the receipt.
    """
    try:
        stat = path.stat()
    except OSError:
        return False
    good = {output.sha256}
    if receipt is not None and receipt.video_id == render.video_id:
        good = {receipt.sha256}
        if (stat.st_size, stat.st_mtime_ns) == (receipt.bytes, receipt.mtime_ns):
            return True
    elif stat.st_size != output.bytes:
        return False
    return path.is_file() and digest(path)[0] in good


def receipt_of(path: Path, *, root: Path, sha256: str, video_id: str, kind: str) -> Receipt:
    """The receipt of a file as it lies on the disk. Raises OSError."""
    stat = path.stat()
    return Receipt(
        path=receipt_path(path, root=root),
        bytes=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        sha256=sha256,
        video_id=video_id,
        kind=kind,
    )


def receipt_path(path: Path, *, root: Path) -> str:
    """A file's name in the receipts: relative to the project folder `root`, with `/`."""
    return os.path.relpath(path, root).replace(os.sep, "/")
