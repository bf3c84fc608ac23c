"""A project in a temporary folder, its provider, and the commands a user has: plan, apply."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.apply.cloud import Cloud, Shifted, VirtualClock
from vidbuild.apply.engine import apply
from vidbuild.apply.events import Event
from vidbuild.apply.work import Result, Work
from vidbuild.plan.build import Heading, build_plan, plan_pool
from vidbuild.plan.digest import listed, sealed
from vidbuild.plan.model import FileState, Plan
from vidbuild.plan.selection import Selection
from vidbuild.plan.situation import Situation
from vidbuild.provider.model import Provider
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api, load_api
from vidbuild.schema.canonical import content
from vidbuild.state.journal import Journal, read_journal
from vidbuild.state.lock import read_lock
from vidbuild.state.outputs import look_at, output_paths
from vidbuild.state.recorded import Accepted, Recorded
from vidbuild.state.records import Lock, Render

KINDS = ("video", "subtitle", "thumbnail")
PROJECT = "acme"


def make_request(
    name: str, script: str, *, media: Mapping[str, Media] | None = None, **more: Any
) -> Request:
    """A request of the avatar variant; keywords of `Request` or fields of the API."""
    api = load_api()
    own = {k: more.pop(k) for k in ("protect", "private", "revision", "tags") if k in more}
    body = {
        "type": "avatar",
        "avatar_id": "Abigail",
        "voice_id": "voice",
        "script": script,
        "title": f"Title of {name}",
        **more,
    }
    body = {key: value for key, value in body.items() if value is not None}
    canonical = content(api, body)
    return Request(
        name=name,
        body=body,
        content=canonical,
        fingerprint=fingerprint(
            canonical,
            provider="heygen",
            operation=api.operation,
            revision=int(own.get("revision", 1)),
        ),
        provider="heygen",
        media=media or {},
        **own,
    )


@dataclass(slots=True, kw_only=True)
class World:
    """`sources` are the project's videos; everything else is found on the disk again."""

    root: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    cloud: Cloud = field(init=False)
    own_clock: Shifted | None = None
    kinds: tuple[str, ...] = KINDS
    dial: Callable[[], Provider] | None = None
    sources: dict[str, Request] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    journal_type: Callable[..., Journal] = Journal
    killed: bool = False

    def __post_init__(self) -> None:
        self.cloud = Cloud(clock=self.clock)

    @property
    def api(self) -> Api:
        return load_api()

    @property
    def lock_path(self) -> Path:
        return self.root / "vidbuild.lock"

    @property
    def output_dir(self) -> Path:
        return self.root / "build"

    @property
    def journal_path(self) -> Path:
        return self.root / ".vidbuild" / "state" / "journal.db"

    def write(self, **scripts: str) -> None:
        """The project has exactly these videos."""
        self.sources = {name: make_request(name, script) for name, script in scripts.items()}

    def put(self, name: str, script: str, **more: Any) -> None:
        self.sources[name] = make_request(name, script, **more)

    def media(self, file: str, data: bytes) -> Media:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        return Media(file=file, sha256=sha256, bytes=len(data), mime="image/png")

    def lock(self) -> Lock:
        return read_lock(self.lock_path, project=PROJECT)

    def journal(self) -> Recorded:
        return read_journal(self.journal_path, project=PROJECT)

    def files(self) -> dict[str, bytes]:
        """Everything in the output folder."""
        found = sorted(self.output_dir.rglob("*")) if self.output_dir.exists() else []
        return {
            path.relative_to(self.output_dir).as_posix(): path.read_bytes()
            for path in found
            if path.is_file()
        }

    def plan(self, *, download: bool = True, **options: Any) -> Plan:
        lock, journal = self.lock(), self.journal()

        def files(name: str, render: Render) -> FileState:
            if not download:
                return FileState.good
            expected = output_paths(self.api, self.sources[name], self.kinds)
            return FileState(
                look_at(
                    self.output_dir, expected, render, receipts=journal.receipts, root=self.root
                )
            )

        pool = plan_pool(self.api, self.sources, lock, provider="heygen", journal=journal)
        selection = options.pop("selection", Selection())
        situation = Situation(
            api=self.api,
            provider="heygen",
            requests=self.sources,
            lock=lock,
            pool=pool,
            files=files,
            **options,
        )
        heading = Heading(project=PROJECT, profile=None, provider="heygen")
        return build_plan(situation, heading=heading, selection=selection)

    def actions(self, **options: Any) -> dict[str, str]:
        """The plan in short: every name's action."""
        return {change.name: change.action.value for change in self.plan(**options).changes}

    def accept(self, plan: Plan, *, delete_remote: bool = False, **_: Any) -> Accepted:
        """What somebody accepts who has seen the plan."""
        items = listed(self.api, plan.changes, delete_remote=delete_remote)
        return Accepted(digest=plan.digest, changes=sealed(items))

    async def carry_out(self, plan: Plan, **options: Any) -> Result:
        if self.killed:
            # The exception of a killed task is nobody's: told when the garbage is collected,
            # it would land in some other test.
            asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        provider = self.dial() if self.dial else self.cloud
        with self.journal_type(self.journal_path, project=PROJECT) as journal:
            work = Work(
                provider=provider,
                journal=journal,
                lock=self.lock(),
                lock_path=self.lock_path,
                lock_shown="vidbuild.lock",
                project_dir=self.root,
                output_dir=self.output_dir,
                api=self.api,
                clock=self.own_clock or self.clock,
                emit=self.events.append,
                outputs=self.kinds,
                accepted=self.accept(plan, **options),
                **options,
            )
            try:
                return await apply(plan, work)
            finally:
                await provider.close()

    def apply(self, plan: Plan | None = None, **options: Any) -> Result:
        planned: dict[str, Any] = {k: options.pop(k) for k in ("prune", "resubmit") if k in options}
        if not options.get("download", True):
            planned["download"] = False
        work = self.carry_out(plan or self.plan(**planned), **options)
        found: list[Result] = []

        async def kept() -> None:  # what a finished task returned may be spelt out, all of it
            found.append(await work)

        asyncio.run(kept())
        return found[0]
