"""What a provider answers, as data, and the seam that apply works against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The create was accepted, now or under an earlier send of the same key."""

    video_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InProgress:
    """409 `request_in_progress`: taken, its answer is still being made. Same key later."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell whether the job was taken: 429, 408, 425, 5xx, time-out, nonsense.

    `limited`: it was turned away for being too many or too fast (429).
    """

    message: str
    code: str | None = None
    retry_after: float | None = None
    request_id: str | None = None
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Another 4xx, or `quota_exceeded`: no job. `param` is the API's name of the field.

    `credentials`: the key itself was refused (exit code 3). `stops` is true where no other
    video can fare better (credentials, credit, quota): no new work is submitted.
    """

    status: int
    code: str
    message: str
    param: str | None = None
    request_id: str | None = None
    hint: str | None = None
    credentials: bool = False
    stops: bool = False


CreateAnswer = Taken | InProgress | Unknown | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A video as the provider knows it. Times are unix seconds of the server.

    `status` is `submitted` for every word that is not terminal.
    """

    video_id: str
    status: str  # "submitted" | "completed" | "failed"
    title: str | None = None
    created_at: float | None = None
    completed_at: float | None = None
    duration: float | None = None
    video_url: str | None = None
    captioned_video_url: str | None = None
    subtitle_url: str | None = None
    thumbnail_url: str | None = None
    page_url: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the key belongs to and what is left. `hash` is the lock's short hash of host and user;
    `reloads`: the wallet fills itself up when it runs low."""

    hash: str
    username: str
    balance_usd: float | None = None
    reloads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A text that was spoken by itself: how long that took, and where the recording is."""

    seconds: float
    audio_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A finished download: its size and content, as received."""

    bytes: int
    sha256: str


class Expired(Exception):
    """A download link that answers 401, 403, 404 or 410."""


class Provider(Protocol):
    """HeyGen's v3 API as apply needs it.

    `create` never raises for what a server or network does: the answer says it. Every other
    call retries by the provider's policy and then raises `Problems` (exit code 3 where the
    key is refused). `server_now` is the last `Date` header carried forward, in unix seconds,
    or None before the first answer; `server_seen` is that header itself.
    """

    name: str

    @property
    def server_now(self) -> float | None: ...

    @property
    def server_seen(self) -> float | None: ...

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer: ...

    async def video(self, video_id: str) -> Remote | None: ...

    async def statuses(self, video_ids: Sequence[str]) -> Mapping[str, str]:
        """`submitted`, `completed`, `failed` or `not_found` for each id; any number of ids."""
        ...

    async def recent(self, *, title: str, since: float, until: float) -> list[Remote]:
        """The provider's videos with exactly this title, created in the interval."""
        ...

    async def delete(self, video_id: str) -> bool:
        """False where the provider did not know the video (any more)."""
        ...

    async def upload(self, path: Path, *, mime: str, sha256: str) -> str:
        """Uploads one file and gives its asset id. The digest of what was read must be `sha256`."""
        ...

    async def download(self, url: str, target: Path) -> Downloaded:
        """Streams a result to `target` (fsynced); never sends the key. Raises `Expired`."""
        ...

    async def account(self) -> Account | None:
        """None where the provider cannot tell."""
        ...

    async def close(self) -> None: ...


class Speaker(Protocol):
    """HeyGen's v3 API as measuring needs it."""

    async def account(self) -> Account | None: ...

    async def speak(self, order: Mapping[str, Any]) -> Spoken | Refused:
        """`order` is the body of the call. Refused is what another text may escape; the rest
        raises `Problems` as every call does."""
        ...

    async def download(self, url: str, target: Path) -> Downloaded: ...
