"""Which files a video has in the output folder, and whether they are the ones recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from vidbuild.files import digest
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.schema.shape import Shape
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Output, Render

SUFFIXES = {"subtitle": ".srt", "thumbnail": ".jpg"}
# The API's own words for what a video file can be; the field is found by them.
_FORMATS = frozenset({"mp4", "webm"})


def output_paths(api: Api, request: Request, kinds: Iterable[str]) -> dict[str, str]:
    """The path of each kind of output, relative to `output.dir`, with `/`."""
    return {
        kind: request.name + (SUFFIXES.get(kind) or f".{video_format(api, request.body)}")
        for kind in kinds
    }


def video_format(api: Api, body: Mapping[str, object]) -> str:
    """`mp4` or `webm`: the value of the field that offers both, else its default, else mp4."""
    shape = api.request.variant(body)
    field, usual = _format_field(shape) if shape else (None, None)
    value = usual if field is None else body.get(field) or usual
    return value if isinstance(value, str) else "mp4"


@lru_cache
def _format_field(shape: Shape) -> tuple[str | None, object]:
    """The field that offers both formats, and its default: asked once a variant, not a video."""
    for name, member in shape.properties.items():
        if member.enum and set(member.enum) >= _FORMATS:
            return name, member.default
    return None, None


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
    place, label = _prefixes(folder, root)
    for kind, path in expected.items():
        output = render.outputs.get(kind)
        if output is None and kind in render.outputs:
            continue
        if output is None or output.path != path:
            return "missing"
        try:
            stat = os.stat(place + path)  # noqa: PTH116 - there are three files a video
        except OSError:
            return "missing"
        receipt = receipts.get(label + path)
        if receipt is not None and _is_received(stat, render, receipt):
            continue
        if not is_good(folder / path, output, render=render, receipt=receipt):
            worst = "altered"
    return worst


def in_place(
    folder: Path, name: str, render: Render, *, receipts: Mapping[str, Receipt], root: Path
) -> dict[str, Output]:
    """The files of a finished render that lie in the output folder under this name, as they are
    there: by the receipt of a download, where there is one, else by the lock."""
    place, label = _prefixes(folder, root)
    found: dict[str, Output] = {}
    for kind, output in render.outputs.items():
        if output is None or not output.path.startswith(f"{name}."):
            continue
        receipt = receipts.get(label + output.path)
        mine = receipt is not None and receipt.video_id == render.video_id
        try:
            stat = os.stat(place + output.path)  # noqa: PTH116 - there are three files a video
        except OSError:
            continue
        known = receipt is not None and _is_received(stat, render, receipt)
        if known or is_good(folder / output.path, output, render=render, receipt=receipt):
            found[kind] = output
            if receipt is not None and mine:
                found[kind] = Output(path=output.path, bytes=receipt.bytes, sha256=receipt.sha256)
    return found


@lru_cache(maxsize=16)
def _prefixes(folder: Path, root: Path) -> tuple[str, str]:
    """What comes before a path in `folder` on the disk, and in the receipts."""
    label = receipt_path(folder, root=root)
    return os.path.join(folder, ""), "" if label == "." else label + "/"  # noqa: PTH118 - a prefix


def _is_received(stat: os.stat_result, render: Render, receipt: Receipt) -> bool:
    """Whether a file is, by size and time, the very download that the receipt is of."""
    return (
        stat.st_mtime_ns == receipt.mtime_ns
        and stat.st_size == receipt.bytes
        and receipt.video_id == render.video_id
    )


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
        if _is_received(stat, render, receipt):
            return True
    elif stat.st_size != output.bytes:
        return False
    return path.is_file() and digest(path)[0] in good


def receipt_of(path: Path, *, name: str, sha256: str, video_id: str, kind: str) -> Receipt:
    """The receipt of a file as it lies on the disk, under its `receipt_path`. Raises OSError."""
    stat = path.stat()
    return Receipt(
        path=name,
        bytes=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        sha256=sha256,
        video_id=video_id,
        kind=kind,
    )


def receipt_path(path: Path, *, root: Path) -> str:
    """A file's name in the receipts: relative to the project folder `root`, with `/`."""
    return os.path.relpath(path, root).replace(os.sep, "/")
