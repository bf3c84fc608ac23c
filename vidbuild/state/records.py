"""The records of the lock: entries and renders. Data only; `lock` reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """A render's status only climbs; `completed` and `failed` exclude each other."""

    intent = 0
    submitted = 1
    completed = 2
    failed = 3
    gone = 4

    @property
    def in_flight(self) -> bool:
        return self <= Status.submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file in `output.dir`: `path` relative to it, with `/`."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A local file uploaded for a field: its id at the provider and its content."""

    asset_id: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """One job for a content, known by provider, account and `video_id`, or by its key.

    `account` is a short hash of API host and user. Times are RFC 3339 UTC in seconds.
    `outputs` has a key for each kind asked for (`video`, `subtitle`, `thumbnail`); None
    means that the provider has no such file. `extra` holds members of the lock that this
    version does not know; they are written back as they were.
    """

    provider: str
    fingerprint: str
    status: Status
    attempt: int = 1
    account: str | None = None
    video_id: str | None = None
    key: str | None = None
    sent_at: str | None = None
    completed_at: str | None = None
    cost_usd: float | None = None
    duration: float | None = None
    page_url: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    outputs: Mapping[str, Output | None] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the lock says of one name: its content, the render it points at, and older ones.

    `request` is the body as in `plan --json` (text masked when `private`); `history` is
    newest first.
    """

    fingerprint: str
    request: Mapping[str, Any]
    render: Render
    revision: int = 1
    assets: Mapping[str, Asset] = field(default_factory=dict)
    history: tuple[Render, ...] = ()
    protect: bool = False
    private: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A whole lockfile: format 1."""

    project: str
    videos: Mapping[str, Entry] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
