"""What apply says while it works: one stream that progress, plain lines and JSON read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

EventKind = Literal[
    "planned",
    "submitted",
    "progress",
    "completed",
    "failed",
    "fetched",
    "reused",
    "updated",
    "deleted",
    "done",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`name` is the video's name, None for `planned` and `done`; `at` is unix seconds.

    `data` holds JSON values: `video_id`, `status`, `seconds`, `cost_usd`, `path`,
    `failure_code`, `failure_message`, `request_id`, `hint`, ...
    """

    kind: EventKind
    name: str | None
    at: float
    data: dict[str, Any]
