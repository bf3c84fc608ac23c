"""The memo of a plan: what it was made from, and what it said. Two JSON files.

The short one is enough to know that nothing has changed, and what was shown then. The long one
knows more of each part, so that only what changed has to be worked out again. A memo that cannot
be read is none: whatever is in doubt is worked out anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidbuild import __version__

FORM = 1
CACHE = ".vidbuild/cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """What a plan was made from, and the words for one that asks for nothing.

    Paths are relative to the project folder, with `/`. `tool` marks what made it. `inputs` has
    each file's digest and where links lead from it; `absent` were looked for in vain; `globs` are
    folder, pattern and files. `records` are the digests of the lock and its siblings, `journal`
    sizes and times of its files. `outputs` are the files of what is up to date, a line each in one
    text, `stats` the digest of their sizes and times. `shown` has the plan in each of its forms;
    it is empty where the plan asked for something.
    """

    tool: list[int]
    inputs: Mapping[str, tuple[str, str]]
    absent: list[str]
    globs: list[tuple[str, str, list[str]]]
    records: Mapping[str, str | None]
    journal: list[list[int]]
    outputs: str
    stats: str
    shown: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What it said of each part.

    `folder` is where outputs are, as `NAME.mp4` and the like. `heads` are digests of project files
    without their videos; `blocks` the names of the videos of each block, by file and block; `uses`
    the blocks that need another file. `tables` has for the files of loops the digest of the header
    line, and for each block that loops over it the column that tells its rows apart and the name
    that each row has (None: `where` left it out). `facts` are files of vars. `unsettled` are names
    that the plan did not call up to date, those that only the lock has included; `unlocked` the
    names that the lock does not have. `times` are sizes and times of the outputs, `paces` those of
    the voices.
    """

    folder: str
    heads: Mapping[str, str]
    blocks: Mapping[str, Mapping[str, list[str]]]
    uses: Mapping[str, list[tuple[str, str]]]
    tables: Mapping[str, Any]
    facts: list[str]
    unsettled: list[str]
    unlocked: list[str]
    times: list[int]
    paces: list[Any]
    private: bool


def memo_path(file: Path, *, profile: str | None, outside: Mapping[str, Any]) -> Path:
    """Where the memo of a project file under a profile and outside values is kept."""
    view = json.dumps([FORM, __version__, file.name, profile, outside], sort_keys=True, default=str)
    return file.parent / CACHE / f"plan-{hashlib.sha256(view.encode()).hexdigest()[:16]}.json"


def parts_path(memo: Path) -> Path:
    return memo.with_suffix(".parts.json")


def read_memo(path: Path) -> Memo | None:
    data = _read(path)
    try:
        return Memo(**data) if data is not None else None
    except TypeError:
        return None


def read_parts(path: Path, memo: Memo) -> Parts | None:
    """The parts that belong to the memo; an interrupted run may have left older ones."""
    data = _read(parts_path(path))
    try:
        if data is None or data.pop("of") != mark_of(memo):
            return None
        return Parts(**data)
    except (TypeError, KeyError):
        return None


def write(path: Path, memo: Memo, parts: Parts) -> None:
    """Keeps both; a disk that takes nothing is no reason to fail."""
    from vidbuild.files import write_atomic

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(parts_path(path), _encoded({**asdict(parts), "of": mark_of(memo)}))
        write_atomic(path, _encoded(asdict(memo)))
    except OSError:
        return


def mark_of(memo: Memo) -> str:
    """What ties the parts to their memo."""
    text = json.dumps([memo.inputs, memo.records, memo.journal, memo.stats], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(path: str | Path) -> str | None:
    """The digest of a file's bytes; None where there is none to be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a `Path` costs more than the digest
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def times_of(paths: list[str], folder: str) -> list[int]:
    """Size and time of each file, one after the other. Raises OSError."""
    times: list[int] = []
    stat, start = os.stat, folder + os.sep
    for path in paths:
        found = stat(start + path)
        times.append(found.st_size)
        times.append(found.st_mtime_ns)
    return times


def digest_of_times(times: list[int]) -> str:
    from array import array

    return hashlib.sha256(array("q", times).tobytes()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
