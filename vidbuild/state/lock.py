"""vidbuild.lock: the lock format as bytes, and every way in which a lock can be wrong.

The file is written by this module alone and read by people in diffs: keys alphabetical,
one block a video, one line a field, stable to the byte for the same state. A lock that
is damaged, newer or of another project is refused and left as it is. Nothing here
decides anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, NoReturn

from vidbuild.diagnostics import Problems, Span, problem
from vidbuild.request.fingerprint import canonical_json
from vidbuild.state.entries import Wrong, entry_json, entry_of
from vidbuild.state.pages import Pages
from vidbuild.state.records import Entry, Lock

VERSION = 1

_RESTORE = "bring back the last good one: git checkout -- {file}"
_MARKERS = re.compile(rb"^(<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)", re.MULTILINE)
# Python's fast encoder writes RFC 8785 but for floats without a fraction or with an exponent,
# big integers, and the order of keys past the basic plane.
_FAST = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False, allow_nan=False
)
# As people read it, made once: `json.dumps` makes one for each value.
_LINE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, default=dict)
_WHOLE = re.compile(r"\.0(?=[,}\]])")
_UNSURE = re.compile(r"[:,\[]-?(?:\d+\.0[,}\]]|[\d.]+e|\d{16})")
_BEYOND = re.compile(r"[\U00010000-\U0010ffff]")
_MEMBERS = ("project", "version", "videos")

Seen = dict[str, tuple[Any, Entry]]


class Text:
    """The text of a lock whose entries change one by one: of thousands only those are written
    anew that did."""

    def __init__(self) -> None:
        self._blocks = Pages()

    def put(self, name: str, entry: Entry) -> None:
        """A video and its entry, new or in place of the old one."""
        self._blocks.put(name, b",\n" + _block(name, entry).encode())

    def drop(self, name: str) -> None:
        """A video that the lock does not have any more."""
        self._blocks.drop(name)

    def pieces(self, project: str, extra: Mapping[str, Any]) -> list[bytes | bytearray]:
        """The whole of it, with the members beside the videos."""
        videos = list(self._blocks)
        body = [b"{\n", videos[0][2:], *videos[1:], b"\n  }"] if videos else [b"{}"]
        members = {**extra, "project": project, "version": VERSION}
        lines = {key: f"  {_line(key)}: {_line(members[key])}".encode() for key in members}
        before = b"".join(lines[key] + b",\n" for key in sorted(lines) if key < "videos")
        after = b"".join(b",\n" + lines[key] for key in sorted(lines) if key > "videos")
        return [b"{\n" + before + b'  "videos": ', *body, after + b"\n}\n"]


def read_lock(path: Path, *, project: str, shown: str | None = None) -> Lock:
    """The lock at `path`, an empty one where there is none. Raises `Problems` (VB50x).

    `shown` is the path as diagnostics name it, relative to the project folder.
    """
    file = shown or path.name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Lock(project=project)
    except OSError as error:
        raise problem(
            "VB501",
            f"the lock cannot be read: {error.strerror or error}",
            hint="check the permissions of the file",
            span=Span(file=file),
        ) from error
    return decode_lock(data, project=project, file=file)


def decode_lock(data: bytes, *, project: str | None, file: str, seen: Seen | None = None) -> Lock:
    """The lock in `data`; `file` is how diagnostics name it. Raises `Problems` (VB50x).

    Without a `project` it may be any project's. `seen` remembers entries from one version of a
    lock to the next: of two that are equal one is checked.
    """
    text = _text(data, file)
    try:
        body = _parsed(text, file)
    except Problems:
        _refuse_conflict(data, file)
        raise
    whose = _heading(body, project, text, file)
    videos = body["videos"]
    if text.count('\n    "') != len(videos):  # some other layout, or a name twice
        _refuse_doubles(text, file)
    entries: dict[str, Entry] = {}
    known: Seen = {} if seen is None else seen
    for name, value in videos.items():
        if name in known and known[name][0] == value:
            entries[name] = known[name][1]
            continue
        try:
            entries[name] = entry_of(value)
            _checked(value)
            known[name] = (value, entries[name])
        except Wrong as wrong:
            _refuse_entry(wrong, name, text, file)
    extra = {key: value for key, value in body.items() if key not in _MEMBERS}
    return Lock(project=whose, videos=entries, extra=extra)


def encode_lock(lock: Lock) -> bytes:
    """The bytes of the lock."""
    text = Text()
    for name in sorted(lock.videos):
        text.put(name, lock.videos[name])
    return b"".join(text.pieces(lock.project, lock.extra))


def check_of(body: Mapping[str, Any]) -> str:
    """The first 12 hex of the SHA-256 of an entry's canonical JSON, `check` itself left out."""
    rest = {key: value for key, value in body.items() if key != "check"}
    fast = _FAST.encode(rest)
    unsure = _UNSURE.search(fast) or (not fast.isascii() and _BEYOND.search(fast))
    return _twelve(canonical_json(rest) if unsure else fast.encode())


def _fits(body: Mapping[str, Any], check: Any) -> bool:
    """Whether the check is the body's own. Asks for the canonical form, which is slow to make,
    only where what the fast encoder writes does not fit: of one content they can differ."""
    fast = _FAST.encode({key: value for key, value in body.items() if key != "check"})
    if check == _twelve(fast.encode()) or check == _twelve(_WHOLE.sub("", fast).encode()):
        return True
    return bool(check == check_of(body))


def _twelve(form: bytes) -> str:
    return hashlib.sha256(form).hexdigest()[:12]


def _block(name: str, entry: Entry) -> str:
    """One video: a line for each member of its objects, so that a diff shows what changed."""
    body = entry_json(entry)
    body["check"] = check_of(body)
    members = ",\n".join(f"      {_line(key)}: {_opened(body[key])}" for key in sorted(body))
    return f"    {_line(name)}: {{\n{members}\n    }}"


def _opened(value: Any) -> str:
    indent, close = " " * 8, "\n" + " " * 6
    if isinstance(value, Mapping) and value:
        inner = ",\n".join(f"{indent}{_line(key)}: {_line(value[key])}" for key in sorted(value))
        return "{\n" + inner + close + "}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(indent + _line(each) for each in value) + close + "]"
    return _line(value)


def _line(value: Any) -> str:
    text = encode_basestring(value) if type(value) is str else _LINE.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 cannot hold
        return json.dumps(value, sort_keys=True, allow_nan=False, default=dict)
    return text


def _text(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse_conflict(data, file)
        raise problem(
            "VB503",
            "the lock is not UTF-8",
            hint=_RESTORE.format(file=file),
            span=Span(file=file, line=data.count(b"\n", 0, error.start) + 1),
        ) from error


def _refuse_conflict(data: bytes, file: str) -> None:
    """Markers at the start of a line: no JSON text has such lines, so only asked of others."""
    marker = _MARKERS.search(data)
    if marker:
        raise problem(
            "VB502",
            "the lock holds the markers of a merge conflict",
            hint="join both sides with `vidbuild lock merge`",
            span=Span(file=file, line=data.count(b"\n", 0, marker.start()) + 1),
        )


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        body = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        span = Span(file=file, line=error.lineno, column=error.colno)
        raise problem(
            "VB503",
            f"the lock is damaged: {error.msg}",
            hint=_RESTORE.format(file=file),
            span=span,
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(f"the lock is damaged: {error}", file) from error
    if not isinstance(body, dict):
        raise _damaged("the lock is not a JSON object", file)
    return body


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _damaged(message: str, file: str, line: int = 1) -> Problems:
    span = Span(file=file, line=line)
    return problem("VB503", message, hint=_RESTORE.format(file=file), span=span)


def _heading(body: Mapping[str, Any], project: str | None, text: str, file: str) -> str:
    """Checks what stands around the videos, and gives the project's name."""
    version = body.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged("the lock's `version` is missing or no number", file)
    if version > VERSION:
        raise problem(
            "VB504",
            f"the lock has format {version}; this vidbuild reads {VERSION}",
            hint="use a newer vidbuild",
            span=Span(file=file, line=_line_of(text, "version", 2)),
        )
    name = body.get("project")
    if not isinstance(name, str) and project is None:
        raise _damaged("the lock's `project` is missing or no text", file)
    if not isinstance(name, str) or project not in (None, name):
        raise problem(
            "VB505",
            f"the lock is of project {name!r}, not of {project!r}",
            hint="put the project's name back, or move this lock away to start anew",
            span=Span(file=file, line=_line_of(text, "project", 2)),
        )
    if not isinstance(body.get("videos"), dict):
        raise _damaged("the lock's `videos` is missing or not an object", file)
    return name


def _checked(body: Mapping[str, Any]) -> None:
    try:
        fits = _fits(body, body["check"]) if "check" in body else bool(check_of(body))
    except ValueError as error:
        raise Wrong("", "holds a number or a character that JSON cannot hold") from error
    if not fits:
        raise Wrong("check", "does not fit: the entry was edited or merged by hand")


def _refuse_entry(wrong: Wrong, name: str, text: str, file: str) -> NoReturn:
    code = "VB507" if wrong.where == "check" else "VB506"
    raise problem(
        code,
        f"lock entry {name!r}: {wrong}",
        hint=_RESTORE.format(file=file),
        span=Span(file=file, line=_line_of(text, name, 4)),
    ) from wrong


def _refuse_doubles(text: str, file: str) -> None:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        body = dict(pairs)
        if len(body) != len(pairs):
            keys = [key for key, _ in pairs]
            double = next(key for key in keys if keys.count(key) > 1)
            line = _line_of(text, double, 4, last=True)
            raise _damaged(f"the lock has {double!r} twice in one object", file, line)
        return body

    json.loads(text, object_pairs_hook=members)


def _line_of(text: str, key: str, indent: int, *, last: bool = False) -> int:
    """The line of a member, by its indentation; 1 where the file has another layout."""
    needle = f"\n{' ' * indent}{json.dumps(key, ensure_ascii=False)}:"
    at = text.rfind(needle) if last else text.find(needle)
    return 1 if at < 0 else text.count("\n", 0, at + 1) + 1
