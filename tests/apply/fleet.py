"""Several machines on one project before one provider, each of which may be killed anywhere.

Everything is real but the provider and time: plan, journal, lock, join, engine. A step is
every provider call, every transaction of the journal and every write of lock and outputs,
before and after it is done; a killed machine gets no further instruction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import Cloud, Shifted, VirtualClock
from tests.apply.world import PROJECT, World, make_request
from vidbuild.apply import book
from vidbuild.apply.work import Result
from vidbuild.files import write_atomic
from vidbuild.plan.model import Plan
from vidbuild.provider.model import CreateAnswer
from vidbuild.request.model import Request
from vidbuild.state.identity import key_of
from vidbuild.state.join import join
from vidbuild.state.journal import Journal
from vidbuild.state.lock import encode_lock
from vidbuild.state.pooling import as_render
from vidbuild.state.records import Lock, Status

Step = Callable[[str], None]


class Killed(BaseException):
    """Not an Exception: nothing in the program may catch it."""


@dataclass(slots=True)
class Fate:
    """Kills the machine at one of its steps, and at every one after it; `events` are what others
    do at its steps."""

    at: int | None = None
    steps: int = 0
    events: Mapping[int, Callable[[], None]] = field(default_factory=dict)

    def __call__(self, _: str = "") -> None:
        self.steps += 1
        if self.at is not None and self.steps >= self.at:
            raise Killed
        if self.steps in self.events:
            self.events[self.steps]()


def _unharmed(_: str = "") -> None:
    """The fate of whatever no machine does."""


def _step(call: str) -> None:
    _fate.get()(call)


@contextmanager
def doomed(fate: Step) -> Iterator[None]:
    """Whatever is begun here has this fate."""
    before = _fate.set(fate)
    try:
        yield
    finally:
        _fate.reset(before)


_fate: ContextVar[Step] = ContextVar("fate", default=_unharmed)
_asking: ContextVar[Machine | None] = ContextVar("asking", default=None)


@contextmanager
def mortal() -> Iterator[None]:
    """Puts the fate of whoever is at work at every step of journal, lock and outputs."""
    commit = Journal._transaction

    @contextmanager
    def transaction(self: Journal) -> Iterator[None]:
        _fate.get()("journal")
        with commit(self):
            yield
        machine = _asking.get()
        if machine is not None:
            machine.remember(journal=self._connection)
        _fate.get()("journal written")

    def stepped(step: Callable[..., Any]) -> Callable[..., Any]:
        def mortal_step(*args: Any, **options: Any) -> Any:
            _fate.get()("write")
            done = step(*args, **options)
            _fate.get()("written")
            return done

        return mortal_step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "_transaction", transaction)
        patch.setattr(book, "write_atomic", stepped(write_atomic))
        patch.setattr(Path, "replace", stepped(Path.replace))
        patch.setattr(Path, "unlink", stepped(Path.unlink))
        yield


@dataclass(slots=True, kw_only=True)
class Machine(World):
    """One clone of the project. `past` are journals and locks as they once were on its disk."""

    past: dict[str, list[bytes | None]] | None = None

    def remember(self, *, journal: sqlite3.Connection) -> None:
        if self.past is None:
            return
        for kind, now in (("journal", journal.serialize()), ("lock", self.lock_bytes())):
            if not self.past[kind] or self.past[kind][-1] != now:
                self.past[kind].append(now)

    def lock_bytes(self) -> bytes | None:
        return self.lock_path.read_bytes() if self.lock_path.exists() else None

    def restore(self, *, journal: bytes | None, lock: bytes | None) -> None:
        """The disk of another day."""
        self.wipe("journal")
        self.wipe("lock")
        if journal is not None:
            self.journal_path.parent.mkdir(parents=True, exist_ok=True)
            self.journal_path.write_bytes(journal)
        if lock is not None:
            self.lock_path.write_bytes(lock)

    def wipe(self, what: str) -> None:
        if what == "lock":
            self.lock_path.unlink(missing_ok=True)
        else:
            for path in self.journal_path.parent.glob("journal.db*"):
                path.unlink()

    def pool(self) -> dict[str, Status]:
        """Every render that lock or journal know of: its status, by id or by key without one."""
        found: dict[str, Status] = {}
        journal = self.journal()
        entries = self.lock().videos.values()
        for render in (
            *(r for entry in entries for r in (entry.render, *entry.history)),
            *journal.renders,
            *map(as_render, journal.intents),
        ):
            name = render.video_id or key_of(PROJECT, render)
            found[name] = max(found.get(name, render.status), render.status)
        return found

    def is_finished(self) -> bool:
        """Every video is there: its content, its render, its file."""
        videos, files = self.lock().videos, self.files()
        return all(
            name in videos
            and videos[name].fingerprint == request.fingerprint
            and videos[name].render.status is Status.completed
            and (videos[name].render.video_id or "").encode() in files.get(f"{name}.mp4", b"")
            for name, request in self.sources.items()
        )


@dataclass(slots=True, kw_only=True)
class Ledger(Cloud):
    """The provider that writes down every create that nobody had asked for. It is a place to
    die at, too."""

    step: Step = _step
    strays: list[str] = field(default_factory=list)

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer:
        machine = _asking.get()
        if machine is not None:
            self.strays += _strays(self, machine, body, key)
        return await Cloud.create(self, body, key=key)


def _strays(ledger: Ledger, machine: Machine, body: Mapping[str, Any], key: str) -> Iterator[str]:
    wanted, open_keys, bodies = _asked[machine.root]
    if key not in open_keys and key.split(":")[2] not in wanted:
        yield f"{key} was neither accepted nor open"
    if bodies.get(key, body) != body:
        yield f"{key} is sent with another body than before"
    project, attempt = key.rpartition(":")[0], int(key.rpartition(":")[2])
    before = [job for job in ledger.jobs.values() if job.key == f"{project}:{attempt - 1}"]
    if attempt > 1 and not any(job.fails or job.deleted for job in before):
        yield f"{key} follows on nothing that failed"


# What each machine may send in its apply: contents that the accepted list renders, keys that
# were open before it, and the bodies that the journal has of those.
_asked: dict[Path, tuple[set[str], set[str], dict[str, Any]]] = {}


def _allowed(machine: Machine, plan: Plan) -> tuple[set[str], set[str], dict[str, Any]]:
    accepted = machine.accept(plan).changes
    wanted = {c["fingerprint"].removeprefix("sha256:") for c in accepted if c["do"] == "render"}
    bodies = {intent.key: intent.body for intent in machine.journal().intents}
    entries = machine.lock().videos.values()
    waiting = {
        key_of(PROJECT, r)
        for entry in entries
        for r in (entry.render, *entry.history)
        if r.status is Status.intent
    }
    return wanted, waiting | bodies.keys(), bodies


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Machines that begin with one commit. `commit` is its lock."""

    machines: list[Machine]
    ledger: Ledger
    clock: VirtualClock
    commit: Lock = field(default_factory=lambda: Lock(project=PROJECT))
    begun: float = 0.0

    def write(self, scripts: Mapping[str, str]) -> None:
        sources = {name: make_request(name, script) for name, script in scripts.items()}
        self.take(sources)

    def take(self, sources: Mapping[str, Request]) -> None:
        for machine in self.machines:
            machine.sources = dict(sources)

    def apply(
        self,
        *numbers: int,
        kills: Mapping[int, int] | None = None,
        pulls: Mapping[int, tuple[int, int]] | None = None,
        stop: float | None = None,
        **options: Any,
    ) -> Any:
        """An apply of each of these machines, all at once; None for one that was killed.

        `pulls` says at which of a machine's steps another one's lock is merged into its own;
        `stop` is when Ctrl-C is pressed on all of them.
        """

        async def together() -> list[Result | None]:
            asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
            works = []
            for n in numbers:
                fate = Fate((kills or {}).get(n))
                if n in (pulls or {}):
                    step, giver = (pulls or {})[n]
                    fate.events = {step: partial(self.share, giver, n)}
                works.append(asyncio.create_task(self._apply(self.machines[n], fate, options)))
            if stop is not None:
                await self.clock.sleep(stop)
                for work in works:
                    work.cancel()
            return await asyncio.gather(*works)

        found = asyncio.run(together())
        return found[0] if len(numbers) == 1 else found

    async def _apply(self, machine: Machine, fate: Fate, options: dict[str, Any]) -> Result | None:
        plan = machine.plan()
        _asked[machine.root] = _allowed(machine, plan)
        _asking.set(machine)
        _fate.set(fate)
        try:
            return await machine.carry_out(plan, **options)
        except asyncio.CancelledError:  # before it had begun
            return None
        except BaseException as error:
            if isinstance(error, Killed) or (
                isinstance(error, BaseExceptionGroup) and error.subgroup(Killed) is not None
            ):
                return None
            raise
        finally:
            _fate.set(_unharmed)
            _asking.set(None)

    def share(self, giver: int, taker: int) -> None:
        """The taker's lock joined with the giver's, as a merge of their branches does."""
        fate = _fate.set(_unharmed)
        mine, theirs = self.machines[taker].lock(), self.machines[giver].lock()
        joined = join(self.commit, mine, theirs)
        if joined != mine:
            self.machines[taker].lock_path.write_bytes(encode_lock(joined))
        _fate.reset(fate)

    def finish(self, *numbers: int) -> None:
        """Applies until nothing is left to do: what failed is tried again as planned."""
        self.ledger.faults = {}
        for number in numbers or range(len(self.machines)):
            machine = self.machines[number]
            for _ in range(5):
                result = self.apply(number)
                if result.exit_code == 0:
                    break
                assert {f.code for f in result.failures} <= {"VB555", "VB560"}, result.failures
                self.clock.time += 1.0
            assert machine.is_finished()
            assert set(machine.actions().values()) <= {"unchanged", "orphan"}


@contextmanager
def fleet(size: int = 1, *, remembers: bool = False) -> Iterator[Fleet]:
    """Machines in folders of their own that leave nothing behind."""
    clock = VirtualClock()
    ledger = Ledger(clock=clock)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, mortal():
        machines = []
        for number in range(size):
            root = Path(folder) / str(number)
            root.mkdir()
            made = Machine(root=root, clock=clock, kinds=("video",), own_clock=Shifted(clock))
            made.cloud = ledger
            made.past = {"journal": [], "lock": []} if remembers else None
            machines.append(made)
        yield Fleet(machines=machines, ledger=ledger, clock=clock, begun=clock.time)
        for made in machines:
            _asked.pop(made.root, None)
