"""A small model of the provider: a ledger, keys that are replayed, faults on request.

Deterministic and in memory, so that an apply can be killed at any call and begun again
against the same ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import problem
from vidbuild.files import digest, write_atomic
from vidbuild.provider.model import (
    Account,
    CreateAnswer,
    Downloaded,
    Expired,
    InProgress,
    Refused,
    Remote,
    Taken,
    Unknown,
)

DAY = 24 * 3600.0


LATE = 60.0  # seconds that a late create takes to become a job


class VirtualClock:
    """Time that jumps to the next sleeper as soon as nobody has anything else to do."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._driver: asyncio.Task[None] | None = None

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._order), future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.get_running_loop().create_task(self._drive())
        await future

    async def _drive(self) -> None:
        while self._sleepers:
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                deadline, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    self.time = max(self.time, deadline)
                    future.set_result(None)


@dataclass(slots=True)
class Shifted:
    """The clock of a machine that is wrong by `offset` seconds; `jump` is added by a sleep."""

    clock: VirtualClock
    offset: float = 0.0
    jump: float = 0.0

    def now(self) -> float:
        return self.clock.now() + self.offset

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self.offset, self.jump = self.offset + self.jump, 0.0


@dataclass(slots=True, kw_only=True)
class Job:
    """One charged job. `created_at` is the server's time, which was ahead by `skew`."""

    video_id: str
    key: str
    body: dict[str, Any]
    created_at: float
    fails: bool = False
    deleted: bool = False
    skew: float = 0.0
    account: str | None = None

    @property
    def content(self) -> str:
        return self.key.split(":")[2]

    @property
    def attempt(self) -> int:
        return int(self.key.rpartition(":")[2])


@dataclass(slots=True, kw_only=True)
class Cloud:
    """The provider. `faults` gives a create's fault by its number, counted from 1:

    `before` and `after` are unknown answers before and after the job is taken, `late` one of a
    job that is taken a minute later, `progress`, `refused`, `quota`, `key` (credentials), `fails`
    (the render will fail). `step` is called around everything that a client can notice, to be
    killed there. `skew` is how far the server's own time is ahead of the clock, which alone
    says how long keys are remembered; a new video is unknown for `hidden` seconds. Jobs and
    keys belong to the account of the moment, which it tells if `tells_whose`.
    """

    clock: VirtualClock
    name: str = "heygen"
    faults: Mapping[int, str] = field(default_factory=dict)
    render_seconds: float = 30.0
    account_hash: str | None = "acc1"
    tells_whose: bool = True
    step: Callable[[str], None] = lambda _: None
    absent: frozenset[str] = frozenset()
    links_expire: int = 0
    broken_downloads: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    keys: dict[tuple[str | None, str], tuple[float, str]] = field(default_factory=dict)
    replayed: dict[tuple[str | None, str], tuple[float, CreateAnswer]] = field(default_factory=dict)
    late: dict[tuple[str | None, str], tuple[float, dict[str, Any]]] = field(default_factory=dict)
    skew: float = 0.0
    hidden: float = 0.0
    replay_errors: bool = False
    creates: int = 0
    calls: list[str] = field(default_factory=list)
    in_flight_peak: int = 0
    uploads: dict[str, str] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    names_field: bool = True

    @property
    def server_now(self) -> float | None:
        return self.clock.now() + self.skew

    @property
    def server_seen(self) -> float | None:
        return self.server_now

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer:
        self._called(f"create {key}")
        await asyncio.sleep(0)
        self.creates += 1
        fault = self.faults.get(self.creates, "")
        answer = self._create(dict(body), key, fault)
        self.step(f"created {key}")
        return answer

    def _create(self, body: dict[str, Any], key: str, fault: str) -> CreateAnswer:
        now = self.clock.now()
        self._take_late()
        mine = (self.account_hash, key)
        if fault == "before":
            return Unknown(message="500", code="internal_error")
        if mine in self.replayed and now - self.replayed[mine][0] <= DAY:
            return self.replayed[mine][1]
        if mine in self.late:
            return InProgress()
        if fault in ("refused", "quota", "key"):
            return self._refuse(mine, fault, body)
        known = self.keys.get(mine)
        if known is None or now - known[0] > DAY:
            gone = [path for path, each in _asset_ids(body) if each in self.vanished]
            if gone:
                return self._refuse(mine, "asset_not_found", body, param=gone[0])
            if fault == "late":
                self.late[mine] = (now + LATE, body)
                return Unknown(message="no answer in time", code="timeout")
            known = self._take(mine, body, now, fails=fault == "fails")
        if fault in ("after", "late"):
            return Unknown(message="the connection was closed")
        return InProgress() if fault == "progress" else Taken(video_id=known[1])

    def _refuse(
        self,
        mine: tuple[str | None, str],
        fault: str,
        body: Mapping[str, Any],
        *,
        param: str = "voice_id",
    ) -> CreateAnswer:
        if mine in self.keys and self.clock.now() - self.keys[mine][0] <= DAY:
            return Taken(video_id=self.keys[mine][1])  # what was taken is not refused any more
        refusal = Refused(
            status=400,
            code="invalid_parameter" if fault == "refused" else fault,
            message=f"no: {body.get('script')}",
            param=param if self.names_field else None,
            stops=not fault.startswith(("refused", "asset_")),
            credentials=fault == "key",
        )
        if self.replay_errors:
            self.replayed[mine] = (self.clock.now(), refusal)
        return refusal

    def _take(
        self, mine: tuple[str | None, str], body: dict[str, Any], at: float, *, fails: bool = False
    ) -> tuple[float, str]:
        video_id = f"v{len(self.jobs) + 1}"
        self.jobs[video_id] = Job(
            video_id=video_id,
            key=mine[1],
            body=body,
            created_at=at + self.skew,
            fails=fails or "FAIL" in str(body.get("script")),
            skew=self.skew,
            account=mine[0],
        )
        self.keys[mine] = (at, video_id)
        self.in_flight_peak = max(self.in_flight_peak, len(self._in_flight()))
        return self.keys[mine]

    def _take_late(self) -> None:
        """Creates that nobody waits for any more become jobs all the same."""
        for mine, (due, body) in list(self.late.items()):
            if due <= self.clock.now():
                del self.late[mine]
                self._take(mine, body, due)

    def _in_flight(self) -> list[Job]:
        return [job for job in self.jobs.values() if not self._is_done(job)]

    def _is_done(self, job: Job) -> bool:
        return self.clock.now() >= job.created_at - job.skew + self.render_seconds

    def _found(self, video_id: str) -> Job | None:
        """The account's video, unless it was deleted."""
        job = self.jobs.get(video_id)
        if job is None or job.deleted or job.account != self.account_hash:
            return None
        return job if self.clock.now() >= job.created_at - job.skew + self.hidden else None

    async def video(self, video_id: str) -> Remote | None:
        self._called(f"video {video_id}")
        await asyncio.sleep(0)
        job = self._found(video_id)
        if job is None:
            return None
        self.step(f"got {video_id}")
        return self._remote(job)

    def _remote(self, job: Job) -> Remote:
        done = self._is_done(job)
        status = "submitted" if not done else "failed" if job.fails else "completed"
        good = status == "completed"
        return Remote(
            video_id=job.video_id,
            status=status,
            title=job.body.get("title"),
            created_at=job.created_at,
            completed_at=job.created_at + self.render_seconds if good else None,
            duration=12.5 if good else None,
            video_url=f"https://files/{job.video_id}/video" if good else None,
            subtitle_url=self._link(job, "subtitle") if good else None,
            thumbnail_url=self._link(job, "thumbnail") if good else None,
            page_url=f"https://app/{job.video_id}",
            failure_code="rendering_failed" if status == "failed" else None,
            failure_message=f"it failed: {job.body.get('script')}" if status == "failed" else None,
        )

    def _link(self, job: Job, kind: str) -> str | None:
        return None if kind in self.absent else f"https://files/{job.video_id}/{kind}"

    async def statuses(self, video_ids: Sequence[str]) -> Mapping[str, str]:
        self._called(f"statuses {len(video_ids)}")
        await asyncio.sleep(0)
        found = {}
        for video_id in video_ids:
            job = self._found(video_id)
            found[video_id] = "not_found" if job is None else self._remote(job).status
        return found

    async def recent(self, *, title: str, since: float, until: float) -> list[Remote]:
        self._called(f"recent {title}")
        await asyncio.sleep(0)
        return [
            self._remote(job)
            for job in self.jobs.values()
            if job.body.get("title") == title
            and since <= job.created_at <= until
            and self._found(job.video_id)
        ]

    async def delete(self, video_id: str) -> bool:
        self._called(f"delete {video_id}")
        job = self._found(video_id)
        if job is None:
            return False
        job.deleted = True
        return True

    async def upload(self, path: Path, *, mime: str, sha256: str) -> str:
        self._called(f"upload {path.name}")
        await asyncio.sleep(0)
        if digest(path)[0] != sha256 or not mime:
            raise problem("VB609", "it has changed since the plan was made")
        asset_id = f"a{len(self.uploads) + 1}"
        self.uploads[asset_id] = sha256
        self.step(f"uploaded {asset_id}")
        return asset_id

    async def download(self, url: str, target: Path) -> Downloaded:
        self._called(f"download {url}")
        await asyncio.sleep(0)
        if self.links_expire > 0:
            self.links_expire -= 1
            raise Expired
        data = content_of(url)
        if self.broken_downloads > 0:
            self.broken_downloads -= 1
            data = data[:-1]
        write_atomic(target, data)
        self.step(f"downloaded {url}")
        return Downloaded(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    async def account(self) -> Account | None:
        self._called("account")
        if self.account_hash is None or not self.tells_whose:
            return None
        return Account(hash=self.account_hash, username="someone")

    async def close(self) -> None:
        """Nothing to close."""

    def _called(self, call: str) -> None:
        self._take_late()
        self.calls.append(call)
        self.step(call)

    def charged(self) -> dict[str, int]:
        """How many jobs that did not fail each script got."""
        counts: dict[str, int] = {}
        for job in self.jobs.values():
            if not job.fails:
                script = str(job.body.get("script"))
                counts[script] = counts.get(script, 0) + 1
        return counts

    def most(self) -> int:
        """How many jobs that did not fail the content with the most of them has."""
        alive = Counter(job.content for job in self.jobs.values() if not job.fails)
        return max(alive.values(), default=0)


def _asset_ids(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every uploaded file that a request names, and where."""
    pairs = value.items() if isinstance(value, dict) else ()
    for key, inner in pairs or enumerate(value if isinstance(value, list) else ()):
        here = f"{path}.{key}" if path else str(key)
        if str(key).endswith("asset_id"):
            yield here, str(inner)
        else:
            yield from _asset_ids(inner, here)


def content_of(url: str) -> bytes:
    """The bytes behind a result link: a tiny MP4, SRT or JPEG that names its video."""
    _, _, rest = url.partition("//files/")
    video_id, kind = rest.split("/")
    if kind == "subtitle":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{video_id}\n".encode()
    if kind == "thumbnail":
        return b"\xff\xd8\xff\xda" + video_id.encode() + b"\xff\xd9"
    boxes = [(b"ftyp", b"isom0000"), (b"moov", b"x"), (b"mdat", video_id.encode() * 50)]
    return b"".join((len(d) + 8).to_bytes(4, "big") + kind_ + d for kind_, d in boxes)
