"""One running apply: what its parts share, and the few steps that all of them take."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from vidbuild.apply.book import Book
from vidbuild.apply.entry import Rules, described, left_where_they_were, pointed
from vidbuild.apply.owners import Owners
from vidbuild.apply.place import Shelf, Staged
from vidbuild.apply.slots import Slots
from vidbuild.apply.submit import server_time
from vidbuild.apply.tally import Tally
from vidbuild.apply.watch import Watch
from vidbuild.apply.work import Failed, Failure, Place, Work, failed, failed_by
from vidbuild.diagnostics import EXIT_REFUSED, Problems
from vidbuild.plan.budget import Purse
from vidbuild.plan.cost import price_of
from vidbuild.plan.model import Change, Plan
from vidbuild.provider.model import Remote
from vidbuild.request.model import Request
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Asset, Output, Render

_OF_THE_REQUEST = frozenset({"VB555", "VB556"})  # a failed render, a refused create
_QUOTING = _OF_THE_REQUEST | {"VB551"}  # what the provider says of a request, in its words
DOWNLOADS = 4
UPLOADS = 3
Outputs = dict[str, Output | None]


@dataclass(slots=True, kw_only=True)
class Run:
    """The shared state of one apply.

    `recorded` is the journal as it was when the apply began, `staged` the copies made for
    reuses before anything was put in place, `lost` the videos that the provider did not
    know, `met` the accounts of those that it knew. `owners` tells whose files lie where.
    `lock_assets` are the ids of files, by digest, that this account's lock entries have.
    `names` are the names by video id, for those who watch. `unsubmitted` are the jobs that
    have not got so far, `ahead` those that have begun, `near` lets no more begin than soon have
    their turn. `stopped` is why nothing new is submitted any more. `spent` are the
    seconds of work so far, without those that a question waited for its answer.
    """

    work: Work
    plan: Plan
    account: str | None
    rules: Rules
    book: Book
    shelf: Shelf
    watch: Watch
    slots: Slots
    tally: Tally
    recorded: Recorded
    known_ids: set[str]
    owners: Owners
    lock_assets: Mapping[str, str]
    names: dict[str, str]
    near: asyncio.Semaphore
    purse: Purse
    unsubmitted: set[str] = field(default_factory=set)
    ahead: set[str] = field(default_factory=set)
    stopped: Failed | None = None
    spent: float = 0.0
    met: set[str | None] = field(default_factory=set)
    lost: list[tuple[Change, Render]] = field(default_factory=list)
    staged: dict[tuple[str, str], Staged] = field(default_factory=dict)
    uploads: dict[str, asyncio.Task[str]] = field(default_factory=dict)
    uploading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS))
    downloads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DOWNLOADS))

    @property
    def project(self) -> str:
        return self.plan.project

    def now(self) -> float:
        """The server's time, where it is known."""
        return server_time(self.work.provider, self.work.clock)

    def refuse_when_stopped(self, name: str) -> None:
        """Raises `Failed` where an earlier failure ended the submitting."""
        if self.stopped is not None:
            first = self.stopped.failure
            raise failed(
                name, "VB561", f"not submitted: {first.message}", hint="apply again afterwards"
            )

    def afford(self, change: Change) -> None:
        """Sets aside what the change may cost. Raises `Failed` where that would pass a limit."""
        room = self.purse.promise(change.name, change.estimate.cost_high_usd)
        if room is not None:
            failure = failed(
                change.name,
                "VB710" if room.name == "max_cost" else "VB711",
                f"not submitted: videos cost more than estimated, and with this one it may pass "
                f"{room.name} of ${room.limit_usd:,.2f}",
                hint="look at the plan again, and allow more with --allow if that is right",
            )
            raise Failed(failure.failure, exit_code=EXIT_REFUSED)

    def note_submitted(self, name: str) -> None:
        """The job of this name waits for nothing but its end; without waiting that is enough."""
        self.unsubmitted.discard(name)
        if name in self.ahead:
            self.ahead.remove(name)
            self.near.release()
        if not self.unsubmitted and not self.work.wait:
            self.watch.detach()

    def wait_for_room(self, name: str) -> None:
        """The provider takes no more for now, and may be given fewer at once from now on."""
        self.tally.tell("progress", name, status="waiting", at_once=self.slots.pace.allowed)

    def fail(self, failure: Failed, change: Change) -> None:
        """Notes a failure under the change's own name."""
        told = replace(failure.failure, name=change.name, place=self._place(failure, change))
        own = Failed(
            _without_words(told) if change.private else told,
            exit_code=failure.exit_code,
            stops=failure.stops,
        )
        self.tally.fail(own, change.name)
        if self.stopped is None and (failure.stops or self.work.fail_fast):
            self.stopped = own
            self.slots.stop()

    def _place(self, failure: Failed, change: Change) -> Place | None:
        """Where the sources are to blame; for all else there is no line to look at."""
        told = failure.failure
        if told.code not in _OF_THE_REQUEST or failure.stops:
            return None
        return self.work.locate(change.name, told.field)

    def point(
        self, change: Change, render: Render, *, assets: Mapping[str, Asset] | None = None
    ) -> None:
        """The change's entry now points at this render."""
        old = self.book.videos.get(change.name)
        self.book.put(change.name, pointed(self.rules, change, old, render, assets=assets))

    def settle(self, change: Change, render: Render) -> None:
        """The change is over: names that moved to it leave, with their files and history. A file
        that did not get here stays where it was."""
        old = self.book.videos.get(change.name)
        moved = {name: self.book.videos[name] for name in change.moves if name in self.book.videos}
        stay = left_where_they_were(self.rules, moved.values(), render, self.work.outputs)
        here = replace(render, outputs={**stay, **render.outputs}) if stay else render
        entry = pointed(self.rules, change, old, here, moved=moved.values())
        self.book.put(change.name, entry)
        for name in moved:
            self.leave(name, but={output.path for output in stay.values()})

    def leave(self, name: str, *, but: Collection[str] = ()) -> None:
        """A name leaves the lock, and the output folder those of its recorded files, earlier ones
        included, that are no other name's: `but` are some that are."""
        entry, videos = self.book.videos.get(name), self.book.videos
        if entry is None:  # the lock was written by somebody else meanwhile, without it
            return
        renders = (entry.render, *entry.history)
        recorded = (output for render in renders for output in render.outputs.values())
        left = {output.path: output for output in recorded if output and output.path not in but}
        try:
            self.shelf.remove(
                left.values(), live=lambda path: self.owners.live(path, videos, but=name)
            )
        finally:  # a journal that takes no more leaves no name without its video
            self.book.drop(name)

    def describe(self, change: Change) -> None:
        """Only the metadata of the change's entry."""
        entry = self.book.videos.get(change.name) or change.entry
        if entry is not None:
            self.book.put(change.name, described(self.rules, change, entry))

    def refuse_elsewhere(self, name: str, render: Render) -> None:
        """Raises `Failed` for a render of another account than the key's: it is not even asked
        about, nor is its create sent again."""
        if render.account and self.account and render.account != self.account:
            raise failed(
                name,
                "VB515",
                f"its video is in another account ({render.account}) than the key's "
                f"({self.account})",
                hint="use the key of the account that rendered it",
            )

    async def look(self, name: str, render: Render) -> Remote | None:
        """The video as the provider has it now. Raises `Failed`, also for another account's."""
        self.refuse_elsewhere(name, render)
        try:
            remote = await self.work.provider.video(render.video_id or "")
        except Problems as problems:
            raise failed_by(name, problems) from problems
        if remote is not None:
            self.met.add(render.account)
        return remote

    def cost(self, request: Request | None, seconds: float | None) -> float | None:
        """The list price of a video of this length; the middle where only a range is known."""
        return None if request is None else price_of(self.work.api, request, seconds)


def _without_words(failure: Failure) -> Failure:
    """The provider's words may quote the script of a private video: ours stay."""
    if failure.code not in _QUOTING:
        return failure
    ours, _, _ = failure.message.partition(":")
    return replace(failure, message=f"{ours} (the provider's words may quote the private text)")
