"""Entries and renders as the lock's JSON, and back with every type checked.

Members that this version does not know are kept in `extra` and written back. Not for
files: `lock` reads and writes those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from math import inf
from typing import Any

from vidbuild.state.records import Asset, Entry, Output, Render, Status
from vidbuild.state.times import seconds

Json = dict[str, Any]


class Wrong(ValueError):
    """A member of the lock that is not what the format says; `where` is its dotted path."""

    def __init__(self, where: str, message: str) -> None:
        self.where = where
        super().__init__(f"`{where}` {message}" if where else message)


def entry_json(entry: Entry) -> Json:
    """The entry's members, those with nothing to say left out; without `check`."""
    body: Json = {
        **entry.extra,
        "fingerprint": entry.fingerprint,
        "render": render_json(entry.render, of=entry.fingerprint),
        "request": entry.request,
    }
    if entry.assets:
        body["assets"] = {
            path: {"asset_id": a.asset_id, "file": a.file, "sha256": a.sha256}
            for path, a in entry.assets.items()
        }
    if entry.history:
        body["history"] = [render_json(render) for render in entry.history]
    if entry.revision != 1:
        body["revision"] = entry.revision
    if entry.protect:
        body["protect"] = True
    if entry.private:
        body["private"] = True
    return body


def render_json(render: Render, *, of: str | None = None) -> Json:
    """A render's members; `key` and `sent_at` only while it is in flight.

    `of` is the fingerprint of the entry that it stands in: not written a second time.
    """
    body: Json = {**render.extra}
    for name in _RENDER_FIELDS:
        value = getattr(render, name)
        if value is not None:
            body[name] = value
    body["status"] = render.status.name
    if render.fingerprint == of:
        del body["fingerprint"]
    if not render.status.in_flight:
        body.pop("key", None)
        body.pop("sent_at", None)
    if render.outputs:
        body["outputs"] = {
            kind: out and {"bytes": out.bytes, "path": out.path, "sha256": out.sha256}
            for kind, out in render.outputs.items()
        }
    return body


def entry_of(body: Any) -> Entry:
    """The record of an entry's JSON. Raises `Wrong`."""
    known = _mapping(body, "")
    history = known.get("history", [])
    if not isinstance(history, list):
        raise Wrong("history", "is not a list")
    assets = _mapping(known.get("assets", {}), "assets")
    fingerprint = _fingerprint(_needed(known, "fingerprint", ""), "fingerprint")
    return Entry(
        fingerprint=fingerprint,
        request=_mapping(_needed(known, "request", ""), "request"),
        render=render_of(_needed(known, "render", ""), "render", of=fingerprint),
        revision=_count(known.get("revision", 1), "revision"),
        assets={path: _asset(value, f"assets.{path}") for path, value in assets.items()},
        history=tuple(render_of(each, f"history.{i}") for i, each in enumerate(history)),
        protect=_flag(known.get("protect", False), "protect"),
        private=_flag(known.get("private", False), "private"),
        extra={key: value for key, value in known.items() if key not in _ENTRY_KEYS},
    )


def render_of(body: Any, where: str, *, of: str | None = None) -> Render:
    """The record of a render's JSON, `of` the entry with this fingerprint. Raises `Wrong`."""
    known = _mapping(body, where)
    status = _needed(known, "status", where)
    if not isinstance(status, str) or status not in _STATUSES:
        raise Wrong(f"{where}.status", "is none of " + ", ".join(_STATUSES))
    values: dict[str, Any] = {} if of is None else {"fingerprint": of}
    extra: Json = {}
    for key, value in known.items():
        if key in _PLAIN_TEXTS and type(value) is str and value:
            values[key] = value
        elif key in _CHECKS:
            values[key] = _CHECKS[key](value, f"{where}.{key}")
        elif key != "status":
            extra[key] = value
    for name in _NEEDED_OF_RENDER:
        _needed(values, name, where)
    return Render(**values, status=_STATUSES[status], extra=extra)


def _needed(body: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in body:
        raise Wrong(f"{where}.{key}".lstrip("."), "is missing")
    return body[key]


def _mapping(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise Wrong(where, "is not an object" if where else "the entry is not an object")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise Wrong(where, "is not a text")
    return value


def _words(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Wrong(where, "is not a text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Wrong(where, "is neither true nor false")
    return value


def _count(value: Any, where: str, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Wrong(where, f"is not a whole number from {least} up")
    return value


def _amount(value: Any, where: str) -> float:
    if type(value) is float and 0 <= value < inf:
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < inf:
        raise Wrong(where, "is not a number from 0 up")
    return float(value) if isinstance(value, float) else value


def _time(value: Any, where: str) -> str:
    text = _text(value, where)
    try:
        seconds(text)
    except ValueError as error:
        raise Wrong(where, "is not a time such as 2026-11-22T10:00:00Z") from error
    return text


_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _fingerprint(value: Any, where: str) -> str:
    if not _FINGERPRINT.fullmatch(_text(value, where)):
        raise Wrong(where, "is not `sha256:` and 64 hexadecimal digits")
    return str(value)


def _sha256(value: Any, where: str) -> str:
    if not _SHA256.fullmatch(_text(value, where)):
        raise Wrong(where, "is not 64 hexadecimal digits")
    return str(value)


def _path(value: Any, where: str) -> str:
    """Inside `output.dir`, whatever somebody wrote into the file: it is used to remove files."""
    path = _text(value, where)
    parts = path.split("/")
    if "\\" in path or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise Wrong(where, "is not a path inside the output folder")
    return path


def _asset(value: Any, where: str) -> Asset:
    body = _mapping(value, where)
    return Asset(
        asset_id=_text(_needed(body, "asset_id", where), f"{where}.asset_id"),
        file=_text(_needed(body, "file", where), f"{where}.file"),
        sha256=_sha256(_needed(body, "sha256", where), f"{where}.sha256"),
    )


def _outputs(value: Any, where: str) -> dict[str, Output | None]:
    return {
        kind: each if each is None else _quick_output(each) or _output(each, f"{where}.{kind}")
        for kind, each in _mapping(value, where).items()
    }


def _output(value: Any, where: str) -> Output:
    body = _mapping(value, where)
    return Output(
        path=_path(_needed(body, "path", where), f"{where}.path"),
        bytes=_count(_needed(body, "bytes", where), f"{where}.bytes", 0),
        sha256=_sha256(_needed(body, "sha256", where), f"{where}.sha256"),
    )


def _quick_output(body: Any) -> Output | None:
    """What is right at first sight: there are three outputs a video. None for what `_output`
    has to look at, and to put into words."""
    if type(body) is not dict:
        return None
    path, size, sha256 = body.get("path"), body.get("bytes"), body.get("sha256")
    if type(path) is not str or type(size) is not int or type(sha256) is not str or size < 0:
        return None
    if ".." in path or "/." in path or "//" in path or "\\" in path or ":" in path:
        return None
    if path[:1] in _NO_FIRST or path[-1] == "/" or not _SHA256.fullmatch(sha256):
        return None
    return Output(path=path, bytes=size, sha256=sha256)


_NO_FIRST = frozenset({"", ".", "/"})
_STATUSES = {status.name: status for status in Status}
_PLAIN_TEXTS = frozenset({"account", "key", "page_url", "provider", "video_id"})
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "account": _text,
    "attempt": _count,
    "completed_at": _time,
    "cost_usd": _amount,
    "duration": _amount,
    "failure_code": _words,
    "failure_message": _words,
    "fingerprint": _fingerprint,
    "key": _text,
    "outputs": _outputs,
    "page_url": _text,
    "provider": _text,
    "sent_at": _time,
    "video_id": _text,
}
_RENDER_FIELDS = sorted(_CHECKS.keys() - {"outputs"})
_NEEDED_OF_RENDER = ("provider", "fingerprint")
_ENTRY_KEYS = {f.name for f in fields(Entry) if f.name != "extra"} | {"check"}
