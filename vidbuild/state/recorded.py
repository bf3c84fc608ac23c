"""What the journal remembers, as plain records; `journal` reads and writes them.

Kept apart from the lock's records because none of this is shared: it belongs to one
folder on one machine, and losing it may cost time but never a second payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vidbuild.state.records import Render

Reason = Literal["abandoned", "deleted", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A create that was about to be sent: everything needed to send it again, unchanged.

    `body` is exactly what is sent under `key`. `refused` of `sends` were refused by the
    provider; any other send may have been taken. `unsure`: it was looked for when it was too
    old to be sent again, and nobody could tell. Times are unix seconds of the server.
    """

    key: str
    provider: str
    account: str | None
    fingerprint: str
    attempt: int
    names: tuple[str, ...]
    title: str | None
    body: Mapping[str, Any]
    first_sent: float
    last_sent: float
    sends: int = 0
    refused: int = 0
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A key all of whose sends from here, between the two times, were refused: no job."""

    key: str
    provider: str
    account: str | None
    first_sent: float
    last_sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A render taken out of the pool on purpose: by `video_id`, or by `key` without one.

    `abandoned` (resubmitted) and `deleted` (at the provider) raise the content's attempt;
    `removed` (forgotten) does not: its key still answers with the old video.
    """

    provider: str
    account: str | None
    fingerprint: str
    attempt: int
    reason: Reason
    video_id: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A file put in place by us: while size and time are unchanged, so is its content.

    `path` is relative to the project folder, with `/`.
    """

    path: str
    bytes: int
    mtime_ns: int
    sha256: str
    video_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What an apply was allowed to do: the digest of a list and the list itself, sealed, so
    without any text of a request. The journal keeps it until the apply has finished."""

    digest: str
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A journal's whole content for one project.

    `received` are the digests of all files ever put in place, `assets` maps (account, sha256)
    to an id at the provider.
    """

    intents: tuple[Intent, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    renders: tuple[Render, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    received: frozenset[str] = frozenset()
    assets: Mapping[tuple[str, str], str] = field(default_factory=dict)
    applies: tuple[Accepted, ...] = ()
