"""What apply says, as plain lines (no terminal) and as JSON lines (`--json`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vidbuild.apply.events import Event
from vidbuild.report.style import visible
from vidbuild.report.words import dollars

_VERBS = {
    "submitted": "submitted",
    "completed": "rendered",
    "failed": "failed",
    "fetched": "fetched",
    "reused": "reused",
    "updated": "updated",
    "deleted": "deleted",
}


def events_plain(event: Event) -> str | None:
    """A line for a log, or None for what a log can do without (polls, start and end)."""
    verb = _VERBS.get(event.kind)
    if verb is None or event.name is None:
        return None
    details = _details(event)
    return f"{verb} {visible(event.name)}" + (f": {details}" if details else "")


def event_json(event: Event) -> str:
    """One JSON object on one line."""
    body = {**event.data, "event": event.kind, "name": event.name, "at": round(event.at, 3)}
    order = ("event", "name", "at")
    body = {key: body[key] for key in (*order, *(k for k in body if k not in order))}
    return json.dumps(body, ensure_ascii=False, separators=(", ", ": "))


def failure_of(data: Mapping[str, Any]) -> str:
    """`CODE: message`, as far as an event or a render has them."""
    parts = [data.get("failure_code"), data.get("failure_message") or data.get("message")]
    return ": ".join(visible(str(part)) for part in parts if part)


def _details(event: Event) -> str:
    data = event.data
    if event.kind == "failed":
        hint = data.get("hint")
        place = f" at {visible(str(data['file']))}:{data['line']}" if data.get("file") else ""
        return failure_of(data) + place + (f" ({visible(str(hint))})" if hint else "")
    return ", ".join(_parts(event.kind, data))


def _parts(kind: str, data: Mapping[str, Any]) -> Iterator[str]:
    if kind == "completed" and data.get("seconds") is not None:
        yield f"{data['seconds']:.1f} s"
    if kind == "completed" and data.get("cost_usd") is not None:
        yield dollars(data["cost_usd"])
    if kind == "submitted" and data.get("video_id"):
        yield visible(str(data["video_id"]))
    if data.get("path"):
        yield visible(str(data["path"]))
    if kind == "reused" and data.get("source"):
        yield f"from {visible(str(data['source']))}"
