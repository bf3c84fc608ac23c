"""A memo and what has changed since -> the plan, by working out only what may have changed.

What is up to date stays so as long as its own sources, its lock entry and its files are the
same, whatever happens to others. So the project is read again with the blocks and rows in question
alone, the lock and the journal for what concerns their names and contents, and the plan of that
small project is the plan of the whole one but for a count. Wherever that might not hold, there is
no such plan, and the whole project is planned instead.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from vidbuild.diagnostics import Problems
from vidbuild.pipeline import Loaded, load
from vidbuild.plan.model import Action, Plan
from vidbuild.plan.paces import Pace
from vidbuild.plan.situation import masked_fingerprint
from vidbuild.project.names import files_in_the_way, folded
from vidbuild.settings import Settings
from vidbuild.state.entries import entry_of
from vidbuild.state.journal import read_journal
from vidbuild.state.journal_rows import Wanted
from vidbuild.state.outputs import output_paths
from vidbuild.state.records import Entry, Lock
from vidbuild.workspace.memory.asking import Asking, Unsure
from vidbuild.workspace.memory.memo import Parts, read_parts
from vidbuild.workspace.memory.recall import Recalled
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.places import journal_path, lock_path, sibling_paths
from vidbuild.workspace.planning import PlanOptions, make_plan

_PRINT = re.compile(rb"sha256:[0-9a-f]{64}")


def plan_partly(recalled: Recalled, settings: Settings, options: PlanOptions) -> Plan | None:
    """The plan of the whole project; None where it has to be worked out as a whole."""
    parts = read_parts(recalled.path, recalled.memo)
    if parts is None or (parts.private and settings.outside):
        return None
    try:
        return _Partial(recalled, parts, settings).plan(options)
    except (Unsure, Problems, OSError, KeyError, TypeError, ValueError):
        return None  # whatever is wrong is told by the plan of the whole


class _Partial:
    def __init__(self, recalled: Recalled, parts: Parts, settings: Settings) -> None:
        self.recalled, self.parts, self.settings = recalled, parts, settings
        self.root = recalled.file.parent
        self.asking = Asking(recalled, parts)

    def plan(self, options: PlanOptions) -> Plan:
        question = self.asking.ask()
        loaded = load(
            self.recalled.file,
            profile=self.settings.profile,
            outside=self.settings.outside,
            instead=self.asking.instead(),
        )
        self.check(loaded)
        names = question.names | loaded.requests.keys()
        plan = make_plan(self.workspace(loaded, names), options)
        if plan.diagnostics:
            raise Unsure
        return self.whole(plan, names)

    def check(self, loaded: Loaded) -> None:
        """Nothing is wrong, the blocks are those that were asked for, and no two names clash."""
        if loaded.diagnostics or loaded.broken:
            raise Unsure
        for source in loaded.project.files:
            if source.name in self.parts.blocks:
                videos = source.data.get("videos") or {}
                if list(videos) != self.asking.keys(source.name):
                    raise Unsure
        fresh = loaded.requests.keys() - self.asking.question.names
        if fresh:
            self.check_names(loaded)

    def check_names(self, loaded: Loaded) -> None:
        settled = {
            name
            for blocks in self.parts.blocks.values()
            for made in blocks.values()
            for name in made
            if name not in self.asking.question.names and name not in loaded.requests
        }
        names = [folded(name) for name in (*settled, *loaded.requests)]
        distinct = set(names)
        if len(distinct) < len(names):
            raise Unsure
        if any(not distinct.isdisjoint(files_in_the_way(n)) for n in names if "/" in n):
            raise Unsure

    def workspace(self, loaded: Loaded, names: set[str]) -> Workspace:
        """What the records say of these names and of the contents that are asked for."""
        own = lock_path(self.root, loaded.project.profile)
        others = [path.read_bytes() for path in sibling_paths(self.root) if path != own]
        data = own.read_bytes() if own.is_file() else b""
        entries = dict(self.entries(data, sorted(names)))
        self.check_elsewhere(loaded, entries, data, others)
        renders = [r for entry in entries.values() for r in (entry.render, *entry.history)]
        requests = loaded.requests.values()
        wanted = Wanted(
            fingerprints=frozenset(
                {r.fingerprint for r in renders} | {r.fingerprint for r in requests}
            ),
            video_ids=frozenset(r.video_id for r in renders if r.video_id),
            paths=frozenset(
                f"{loaded.project.output.dir}/{path}"
                for request in requests
                for path in output_paths(loaded.api, request, loaded.project.output.files).values()
            )
            | frozenset(
                f"{loaded.project.output.dir}/{output.path}"
                for render in renders
                for output in render.outputs.values()
                if output
            ),
        )
        project = loaded.project.name
        return Workspace(
            loaded=loaded,
            lock=Lock(project=project, videos=entries),
            siblings={},
            journal=read_journal(journal_path(self.root), project=project, wanted=wanted),
            paces={
                (provider, voice): Pace(stretch=stretch, letter=letter)
                for provider, voice, stretch, letter in self.parts.paces
            },
        )

    def entries(self, data: bytes, names: Iterable[str]) -> Iterable[tuple[str, Entry]]:
        """The entries of names out of the bytes of a lock, which has them in order."""
        at, known = 0, self.names_before()
        for name in names:
            if name not in known:
                continue
            head = f"\n    {json.dumps(name, ensure_ascii=False)}: {{\n".encode()
            start = data.find(head, at)
            end = data.find(b"\n    }", start + len(head))
            if start < 0 or end < 0:
                raise Unsure
            yield name, entry_of(json.loads(data[start + len(head) - 2 : end + len(b"\n    }")]))
            at = end

    def names_before(self) -> set[str]:
        """All names that the lock has."""
        project = {
            name
            for blocks in self.parts.blocks.values()
            for made in blocks.values()
            for name in made
        }
        return (project | set(self.parts.unsettled)) - set(self.parts.unlocked)

    def check_elsewhere(
        self, loaded: Loaded, entries: dict[str, Entry], data: bytes, others: list[bytes]
    ) -> None:
        """A content or a render that other names, or other profiles, have too concerns them."""
        asked = {request.fingerprint for request in loaded.requests.values()}
        if self.parts.private or any(r.private for r in loaded.requests.values()):
            asked |= {masked_fingerprint(loaded.api, r) for r in loaded.requests.values()}
        if not asked and not entries:
            return
        own = Counter(
            render.fingerprint
            for entry in entries.values()
            for render in (entry.render, *entry.history)
        ) + Counter(entry.fingerprint for entry in entries.values())
        everywhere = Counter(_PRINT.findall(data))
        if any(everywhere[each.encode()] > own[each] for each in asked):
            raise Unsure
        renders = [r for entry in entries.values() for r in (entry.render, *entry.history)]
        marks = {each.encode() for each in asked}
        marks |= {r.video_id.encode() for r in renders if r.video_id}
        if any(mark in other for other in others for mark in (*marks, b'"private": true')):
            raise Unsure

    def whole(self, plan: Plan, names: set[str]) -> Plan:
        """The plan with the count of what is settled as before."""
        settled = sum(
            len(set(made) - names)
            for blocks in self.parts.blocks.values()
            for made in blocks.values()
        )
        counts = dict(plan.summary.counts)
        counts[Action.unchanged] += settled
        return replace(plan, summary=replace(plan.summary, counts=counts))
