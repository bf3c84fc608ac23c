"""The memo of a plan: what it was made from, and what it said. Two JSON files.

The short one is enough to know that nothing has changed, and what was shown then. The long one
knows more of each part, so that only what changed has to be worked out again. A memo that cannot
be read is none: whatever is in doubt is worked out anew. Its records are tuples, which are made
five times as fast as dataclasses: a plan of what has not changed takes a tenth of a second in all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from vidbuild import __version__

try:
    from _blake2 import blake2b  # without the OpenSSL that comes with all of hashlib
except ImportError:  # pragma: no cover - another interpreter
    from hashlib import blake2b

# A file's digest, size, times of change (of its content, of its entry) and number.
Mark = list[Any]
_YOUNG = 5_000_000_000  # nanoseconds; no file system counts in more than two seconds

FORM = 2
CACHE = ".vidbuild/cache"


class Memo(NamedTuple):
    """What a plan was made from, and the words for one that asks for nothing.

    Paths are relative to the project folder, with `/`. `tool` marks what made it, `made` says
    when, in nanoseconds. `inputs` has each file's mark and where links lead from it; `absent`
    were looked for in vain; `globs` are folder, pattern and files. `records` are the marks of the
    lock and its siblings, `journal` sizes and times of its files. `outputs` are the files of what
    is up to date, a line each in one text, `stats` the digest of their sizes and times. `shown`
    has the plan in each of its forms; it is empty where the plan asked for something.
    """

    tool: list[int]
    made: int
    inputs: Mapping[str, Mark]
    absent: list[str]
    globs: list[tuple[str, str, list[str]]]
    records: Mapping[str, Mark]
    journal: list[list[int]]
    outputs: str
    stats: str
    shown: Mapping[str, str]


class Parts(NamedTuple):
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
    return file.parent / CACHE / f"plan-{blake2b(view.encode(), digest_size=8).hexdigest()}.json"


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
        write_atomic(parts_path(path), _encoded({**parts._asdict(), "of": mark_of(memo)}))
        write_atomic(path, _encoded(memo._asdict()))
    except OSError:
        return


def renew(path: Path, memo: Memo, *, made: int, read: Mapping[str, Mark]) -> None:
    """Keeps the memo as one that was found right at the time `made`, with the marks of today for
    what had to be read: the next time it need not be. Files that are young still stay unknown."""
    from vidbuild.files import write_atomic

    if any(max(mark[2:4]) + _YOUNG >= made for mark in read.values()):
        return
    root = path.parents[len(CACHE.split("/"))]

    def today(marks: Mapping[str, Mark]) -> dict[str, Mark]:
        named = {name: read.get(os.path.join(root, name)) for name in marks}  # noqa: PTH118
        return {n: [*(named[n] or mark)[:5], *mark[5:]] for n, mark in marks.items()}

    kept = memo._replace(made=made, inputs=today(memo.inputs), records=today(memo.records))
    with suppress(OSError):
        write_atomic(path, _encoded(kept._asdict()))


def mark_of(memo: Memo) -> str:
    """What ties the parts to their memo."""
    digests = {name: mark[0] for name, mark in (*memo.inputs.items(), *memo.records.items())}
    text = json.dumps([digests, memo.journal, memo.stats], sort_keys=True)
    return blake2b(text.encode()).hexdigest()


def mark_of_file(path: str) -> Mark | None:
    """A file as it is; None where there is none to be read."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - a `Path` costs as much as the digest
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return None
    return [digest(data), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def is_same(path: str, known: Mark, made: int, read: dict[str, Mark]) -> bool:
    """Whether a file has the bytes that it had. It is read where its times are not the same, or
    so young at the time `made` that a change could have left them so; `read` then has its mark
    of today."""
    try:
        stat = os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    times = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    if times == known[1:5] and max(stat.st_mtime_ns, stat.st_ctime_ns) + _YOUNG < made:
        return True
    found = mark_of_file(path) if stat.st_size == known[1] else None
    if found is None or found[0] != known[0]:
        return False
    read[path] = found
    return True


def digest(data: bytes) -> str:
    return blake2b(data, digest_size=32).hexdigest()


def times_of(paths: list[str], folder: str) -> list[int]:
    """Size and time of each file, one after the other. Raises OSError."""
    # From here, where that is the folder: the system then has less of a way to go each time.
    start = "" if os.getcwd() == folder else folder + os.sep  # noqa: PTH109
    times: list[int] = []
    stat = os.stat
    for path in paths:
        found = stat(start + path)
        times.append(found.st_size)
        times.append(found.st_mtime_ns)
    return times


def digest_of_times(times: list[int]) -> str:
    from array import array

    return blake2b(array("q", times).tobytes()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
