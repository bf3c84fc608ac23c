"""A project folder whose provider is the model: plan and apply as the commands do them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import VirtualClock
from tests.apply.fleet import Fate, Killed, Ledger, doomed
from tests.apply.wire import Wire, wired
from tests.apply.world import World
from vidbuild.apply.events import Event
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_MISMATCH, EXIT_REFUSED, Problems
from vidbuild.provider.model import Provider
from vidbuild.settings import Settings
from vidbuild.workspace import applying
from vidbuild.workspace.accepting import Proposal, expect, propose, propose_saved
from vidbuild.workspace.applying import Run, carry_out
from vidbuild.workspace.opened import Workspace, open_workspace
from vidbuild.workspace.planning import PlanOptions, check_limits
from vidbuild.workspace.saving import read_saved, save_plan

HEAD = {
    "vidbuild": 1,
    "project": "acme",
    "defaults": {"type": "avatar", "avatar_id": "presenter", "voice_id": "english"},
    "output": {"files": ["video"]},
}


class Mismatch(Exception):
    """What was accepted is not what would be done: exit code 7."""


class Over(Exception):
    """The policy or the account refuses: exit code 5."""


@contextmanager
def refusals() -> Iterator[None]:
    """Exit codes that a caller waits for, as exceptions of their own."""
    try:
        yield
    except Problems as problems:
        if problems.exit_code == EXIT_MISMATCH:
            raise Mismatch from problems
        if problems.exit_code == EXIT_REFUSED:
            raise Over from problems
        raise


@asynccontextmanager
async def _around() -> AsyncIterator[None]:
    # The exception of a killed task is nobody's.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    yield


@dataclass(slots=True, kw_only=True)
class Site:
    root: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    ledger: Ledger = field(init=False)
    events: list[Event] = field(default_factory=list)
    provider: Provider | None = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(clock=self.clock)

    @property
    def plan_file(self) -> Path:
        return self.root / "x.plan"

    def over_the_wire(self) -> Wire:
        """The provider is asked by the real client from now on, with its key."""
        world = World(root=self.root, clock=self.clock)
        world.cloud = self.ledger
        wire = wired(world)
        assert world.dial is not None
        self.provider = world.dial()
        return wire

    def write(self, videos: Mapping[str, Any], **head: Any) -> None:
        body = {n: v if isinstance(v, dict) else {"script": v} for n, v in videos.items()}
        text = json.dumps({**HEAD, **head, "videos": body})  # JSON is YAML
        (self.root / "vidbuild.yaml").write_text(text, encoding="utf-8")

    def open(self) -> Workspace:
        return open_workspace(Settings(directory=self.root))

    def propose(self, **options: Any) -> Proposal:
        return propose(self.open(), PlanOptions(**options))

    def save(self, **options: Any) -> str:
        """Saves today's plan; its digest."""
        workspace, wanted = self.open(), PlanOptions(**options)
        proposal = propose(workspace, wanted)
        save_plan(workspace, proposal.plan, wanted, self.plan_file, ())
        return proposal.plan.digest

    def expected(self, digest: str, **options: Any) -> Proposal:
        with refusals():
            return expect(self.propose(**options), digest)

    def saved(self) -> Proposal:
        saved = read_saved(self.plan_file)
        with refusals():
            return propose_saved(self.open(), saved, file="x.plan", download=True)

    def apply(
        self,
        proposal: Proposal,
        *,
        kill: int | None = None,
        max_cost: float | None = None,
        **run: Any,
    ) -> Result | None:
        """None where it was killed."""
        with refusals():
            check_limits(
                proposal.workspace, proposal.plan, max_cost=max_cost, allow=(), now=self.clock.now()
            )
            return self.carry_out(proposal, kill=kill, **run)

    def carry_out(
        self, proposal: Proposal, *, kill: int | None = None, **run: Any
    ) -> Result | None:
        @asynccontextmanager
        async def opened(*_: Any, **__: Any) -> AsyncIterator[Provider]:
            yield self.provider or self.ledger

        how = Run(clock=self.clock, emit=self.events.append, confirm=lambda _: None, around=_around)
        with pytest.MonkeyPatch.context() as patch, doomed(Fate(kill)):
            patch.setattr(applying, "open_provider", opened)
            try:
                return carry_out(proposal, replace(how, **run))
            except Killed:
                return None
            except BaseExceptionGroup as group:
                if group.subgroup(Killed) is None:
                    raise
                return None
