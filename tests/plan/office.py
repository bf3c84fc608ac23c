"""A project folder planned as the tool plans it, and applied without a provider.

Loading, pool, table and the entries of the lock are the real ones; only the jobs are made
up: each ends as it is told to. Locks go through their text after every apply.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidbuild.apply.deliver import bare
from vidbuild.apply.entry import Rules, described, pointed
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.build import Heading, build_plan, plan_pool
from vidbuild.plan.model import Action, Change, FileState, Plan
from vidbuild.plan.selection import Selection
from vidbuild.plan.situation import Situation
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.state.identity import Identity, identity, key_of, make_key, merge, same_key
from vidbuild.state.lock import decode_lock, encode_lock
from vidbuild.state.outputs import output_paths
from vidbuild.state.recorded import Reason, Recorded, Tombstone
from vidbuild.state.records import Entry, Lock, Output, Render, Status

SENT, DONE = "2026-11-22T10:00:00Z", "2026-11-22T10:05:00Z"
# How a job ends: completed, failed, or submitted where nobody waits for its end.
Outcome = Callable[[Request], Status]


def completed(_: Request) -> Status:
    return Status.completed


@dataclass(slots=True, kw_only=True)
class Sources:
    """What a project says: of a real folder (`of`), or made up."""

    project: str
    provider: str
    api: Api
    requests: Mapping[str, Request]
    profile: str | None = None
    keep_history: int = 5
    held: Mapping[str, str] = field(default_factory=dict)


def of(loaded: Loaded) -> Sources:
    """The sources of a loaded folder, which must be without errors."""
    errors = [d for d in loaded.diagnostics if d.severity == "error"]
    assert not errors, errors
    return Sources(
        project=loaded.project.name,
        provider=loaded.project.provider.name,
        api=loaded.api,
        requests=loaded.requests,
        profile=loaded.project.profile,
        keep_history=loaded.project.output.keep_history,
    )


def read(folder: Path, *, profile: str | None = None, **outside: Any) -> Sources:
    return of(load(folder / "vidbuild.yaml", profile=profile, outside=outside))


@dataclass(slots=True, kw_only=True)
class Office:
    """What applies leave behind: a lock and a folder of files for each profile, one journal.

    `files` maps the profile and an output's path to the digest of what lies there; `jobs` are
    all that was ever paid for, by video id, with their content and how they ended; `place` tells
    the ids of one clone from another's.
    """

    locks: dict[str | None, Lock] = field(default_factory=dict)
    files: dict[tuple[str | None, str], str] = field(default_factory=dict)
    journal: Recorded = field(default_factory=Recorded)
    jobs: dict[str, tuple[str, Status]] = field(default_factory=dict)
    place: str = ""

    def copy(self) -> Office:
        return replace(self, locks=dict(self.locks), files=dict(self.files), jobs=dict(self.jobs))

    def lock(self, sources: Sources) -> Lock:
        return self.locks.get(sources.profile, Lock(project=sources.project))

    def situation(self, sources: Sources, **options: Any) -> Situation:
        lock = self.lock(sources)
        siblings = {
            f"vidbuild.{profile}.lock": each
            for profile, each in self.locks.items()
            if profile != sources.profile
        }
        pool = plan_pool(
            sources.api,
            sources.requests,
            lock,
            provider=sources.provider,
            siblings=siblings,
            journal=self.journal,
            kept=lambda render: self._kept(sources, render),
        )
        return Situation(
            api=sources.api,
            provider=sources.provider,
            requests=sources.requests,
            lock=lock,
            pool=pool,
            files=lambda name, render: self._state(sources, name, render),
            held=sources.held,
            **options,
        )

    def plan(
        self, sources: Sources, *, select: Iterable[str] = (), delete_remote: bool = False,
        **options: Any,
    ) -> Plan:  # fmt: skip
        return build_plan(
            self.situation(sources, **options),
            heading=Heading(
                project=sources.project, profile=sources.profile, provider=sources.provider
            ),
            selection=Selection(select=tuple(select)),
            delete_remote=delete_remote,
        )

    def _kept(self, sources: Sources, render: Render) -> bool:
        video = render.outputs.get("video")
        return video is not None and self.files.get((sources.profile, video.path)) == video.sha256

    def _state(self, sources: Sources, name: str, render: Render) -> FileState:
        for kind, path in _paths(sources, name).items():
            output, there = render.outputs.get(kind), self.files.get((sources.profile, path))
            if output is None or output.path != path or there is None:
                return FileState.missing
            if there != output.sha256:
                return FileState.altered
        return FileState.good

    def apply(
        self, sources: Sources, plan: Plan | None = None, *, outcome: Outcome = completed,
        **options: Any,
    ) -> Plan:  # fmt: skip
        """Carries the plan out, or makes one first; every job ends as `outcome` says."""
        plan = plan or self.plan(sources, **options)
        work = _Apply(self, sources, plan, outcome)
        work.run()
        data = encode_lock(Lock(project=sources.project, videos=work.videos))
        self.locks[sources.profile] = decode_lock(data, project=sources.project, file="lock")
        return plan


def _paths(sources: Sources, name: str) -> dict[str, str]:
    return output_paths(sources.api, sources.requests[name], ["video"])


def content_of(render: Render) -> str:
    """The digest of the file of a video: it follows from the id alone."""
    return (render.video_id or "").encode().hex().ljust(64, "0")[:64]


class _Apply:
    """One apply: what the engine does, in its order, less the provider."""

    def __init__(self, office: Office, sources: Sources, plan: Plan, outcome: Outcome) -> None:
        self.office, self.sources, self.plan, self.outcome = office, sources, plan, outcome
        self.videos: dict[str, Entry] = dict(office.lock(sources).videos)
        self.ended: dict[str, Render] = {}
        self.resumed: dict[Identity, Render] = {}
        self.rules = Rules(
            project=sources.project,
            api=sources.api,
            keep_history=sources.keep_history,
            abandoned=self._abandon(),
        )

    def run(self) -> None:
        changes = [c for c in self.plan.changes if c.reason != "gave_up"]
        for change in self.plan.changes:
            if change.reason == "gave_up" and change.render is not None:
                self._point(change, change.render)
        for change in changes:
            if change.action is Action.update:
                self.videos[change.name] = described(self.rules, change, self.videos[change.name])
            elif change.action is Action.delete:
                self._remove(change)
        for change in sorted(changes, key=lambda c: (not c.pays, c.name)):
            if change.pays or change.action is Action.resume:
                self._job(change)
            elif change.action in (Action.fetch, Action.reuse):
                render = change.render or self.ended.get(change.source or "")
                if render is not None and render.status in (Status.completed, Status.gone):
                    self._hand_out(change, render)

    def _job(self, change: Change) -> None:
        request, taken = change.request, change.render
        assert request is not None
        render = taken if change.action is Action.resume and taken else self._sent(change)
        if change.action is Action.resume:
            mine = identity(self.sources.project, render)
            render = self.resumed.get(mine) or render
            self._point(change, render)
            if render.status.in_flight:
                render = self.resumed[mine] = self._ended(render, self.outcome(request))
        else:
            self._point(change, render)
            render = self._ended(render, self.outcome(request))
        self.ended[change.name] = render
        if render.status.in_flight or render.status is Status.failed:
            self._point(change, render)
            self._settle(change, render)
        else:
            self._hand_out(change, render)

    def _sent(self, change: Change) -> Render:
        assert change.request is not None
        fingerprint = change.request.fingerprint
        number = f"v{self.office.place}{len(self.office.jobs) + 1}"
        self.office.jobs[number] = (fingerprint, Status.submitted)
        return Render(
            provider=self.sources.provider,
            fingerprint=fingerprint,
            status=Status.submitted,
            attempt=change.attempt,
            video_id=number,
            key=make_key(self.sources.project, fingerprint, change.attempt),
            sent_at=SENT,
        )

    def _ended(self, render: Render, status: Status) -> Render:
        video_id = render.video_id or next(
            (r.video_id for r in self.office.journal.renders if self._answers(r, render)),
            f"v{len(self.office.jobs) + 1}",
        )
        render = replace(render, video_id=video_id, status=status)
        if not status.in_flight:
            render = replace(render, key=None, sent_at=None)
        if status is Status.completed:
            render = replace(render, completed_at=DONE, duration=4.0)
        self.office.jobs[str(video_id)] = (render.fingerprint, status)
        self._remember(render)
        return render

    def _answers(self, answered: Render, intent: Render) -> bool:
        project = self.sources.project
        return same_key(project, answered) == same_key(project, intent)

    def _remember(self, render: Render) -> None:
        known = {identity(self.sources.project, r): r for r in self.office.journal.renders}
        mine = identity(self.sources.project, render)
        known[mine] = merge(known[mine], render) if mine in known else replace(render, outputs={})
        self.office.journal = replace(self.office.journal, renders=tuple(known.values()))

    def _point(self, change: Change, render: Render) -> None:
        self.videos[change.name] = pointed(self.rules, change, self.videos.get(change.name), render)

    def _hand_out(self, change: Change, render: Render) -> None:
        """A finished render with its file in place."""
        if change.action is not Action.fetch:
            self._point(change, bare(render))
        outputs = dict(bare(render).outputs)
        for kind, path in _paths(self.sources, change.name).items():
            digest = content_of(render)
            self.office.files[self.sources.profile, path] = digest
            outputs[kind] = Output(path=path, bytes=9, sha256=digest)
        self._settle(change, replace(render, outputs=outputs))

    def _settle(self, change: Change, render: Render) -> None:
        moved = [self.videos[name] for name in change.moves if name in self.videos]
        self.videos[change.name] = pointed(
            self.rules, change, self.videos.get(change.name), render, moved=moved
        )
        for name in change.moves:
            if name in self.videos:
                self._leave(name)

    def _leave(self, name: str) -> None:
        """The name goes, and its files where no live output has their path in any case."""
        entry = self.videos.pop(name)
        live = {
            output.path.casefold()
            for other in self.videos.values()
            for output in other.render.outputs.values()
            if output is not None
        }
        for output in entry.render.outputs.values():
            if output is not None and output.path.casefold() not in live:
                self.office.files.pop((self.sources.profile, output.path), None)

    def _remove(self, change: Change) -> None:
        """The name is forgotten, and with it what only its records refer to."""
        entry = self.videos[change.name]
        for render in (entry.render, *entry.history):
            if render.video_id in change.deletes and render.status is Status.completed:
                self._bury(render, render.fingerprint, "removed")
        self._leave(change.name)

    def _abandon(self) -> frozenset[Identity]:
        left: set[Identity] = set()
        for change in self.plan.changes:
            for render in change.abandons:
                assert change.request is not None
                self._bury(render, change.request.fingerprint, "abandoned")
                left.add(identity(self.sources.project, render))
        return frozenset(left)

    def _bury(self, render: Render, fingerprint: str, reason: Reason) -> None:
        grave = Tombstone(
            provider=render.provider,
            account=render.account,
            fingerprint=fingerprint,
            attempt=render.attempt,
            reason=reason,
            video_id=render.video_id,
            key=key_of(self.sources.project, render),
        )
        journal = self.office.journal
        self.office.journal = replace(journal, tombstones=(*journal.tombstones, grave))


def copied(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target))
