"""Entries and renders as the lock's JSON, and back with every type checked.

Members that this version does not know are kept in `extra` and written back. Not for
files: `lock` reads and writes those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from math import isfinite
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
    if of is not None:
        known = {"fingerprint": of, **known}
    status = _needed(known, "status", where)
    if not isinstance(status, str) or status not in Status.__members__:
        raise Wrong(f"{where}.status", "is none of " + ", ".join(Status.__members__))
    values: dict[str, Any] = {"status": Status[status]}
    extra: Json = {}
    for key, value in known.items():
        if key in _CHECKS:
            values[key] = _CHECKS[key](value, f"{where}.{key}")
        elif key != "status":
            extra[key] = value
    for name in _NEEDED_OF_RENDER:
        _needed(known, name, where)
    return Render(**values, extra=extra)


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
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or value < 0:
        raise Wrong(where, "is not a number from 0 up")
    return float(value) if isinstance(value, float) else value


def _time(value: Any, where: str) -> str:
    try:
        seconds(_text(value, where))
    except ValueError as error:
        raise Wrong(where, "is not a time such as 2026-11-22T10:00:00Z") from error
    return str(value)


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
    found: dict[str, Output | None] = {}
    for kind, each in _mapping(value, where).items():
        at = f"{where}.{kind}"
        if each is None:
            found[kind] = None
            continue
        body = _mapping(each, at)
        found[kind] = Output(
            path=_path(_needed(body, "path", at), f"{at}.path"),
            bytes=_count(_needed(body, "bytes", at), f"{at}.bytes", 0),
            sha256=_sha256(_needed(body, "sha256", at), f"{at}.sha256"),
        )
    return found


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
