"""`lock rm`: what forgetting entries would mean, and forgetting them.

Local files stay where they are. What is forgotten leaves the journal's memory too, so that it
does not come back as a reuse; only `--delete-remote` touches the provider, and only what no
other record refers to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vidbuild.collecting import uncollected
from vidbuild.diagnostics import EXIT_REFUSED, Diagnostic, Problems, problem
from vidbuild.plan.build import build_plan
from vidbuild.plan.decide import decide
from vidbuild.plan.model import Plan
from vidbuild.plan.policy import allowed, limits_from
from vidbuild.plan.selection import Selection, Subject, check_selection, select_names
from vidbuild.plan.situation import Situation, is_busy
from vidbuild.request.fingerprint import canonical_json
from vidbuild.state.identity import key_of
from vidbuild.state.journal import Journal
from vidbuild.state.pool import Pool
from vidbuild.state.recorded import Reason, Tombstone
from vidbuild.state.records import Entry, Render, Status
from vidbuild.workspace.locking import write_lock
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import PlanOptions, heading_of, situation_of
from vidbuild.workspace.selected import subjects_of

OVER_DELETES, PROTECTED, IN_FLIGHT = "VB713", "VB714", "VB524"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What would be forgotten. `deletes` are the ids to be deleted at the provider, by name.

    `renders` is how many videos more the next plan would render, for `cost_usd` (None: unknown);
    `digest` names the list for who agrees to it without being asked. `pool` is today's.
    """

    workspace: Workspace
    entries: Mapping[str, Entry]
    deletes: Mapping[str, tuple[str, ...]]
    renders: int
    cost_usd: float | None
    digest: str
    pool: Pool


@uncollected()
def propose_removal(
    workspace: Workspace,
    patterns: Sequence[str],
    *,
    delete_remote: bool,
    in_flight: bool,
    allow: Sequence[str] = (),
) -> Removal:
    """The entries that the patterns mean. Raises `Problems`: for patterns that match none, and
    (exit code 5) for what is protected, in flight or more than the policy lets anybody delete."""
    today = situation_of(workspace, PlanOptions(download=False))
    before = _next_plan(workspace, today)
    names = _names(workspace, patterns, before)
    entries = {name: workspace.lock.videos[name] for name in names}
    deletes = _deletes(names, today) if delete_remote else {}
    _refuse(workspace, entries, today, in_flight=in_flight, allow=allow, deletes=deletes)
    left = _without(workspace, entries, today.pool)
    after = _next_plan(left, situation_of(left, PlanOptions(download=False)))
    known = before.summary.cost_usd is not None and after.summary.cost_usd is not None
    more = (after.summary.cost_usd or 0.0) - (before.summary.cost_usd or 0.0)
    return Removal(
        workspace=workspace,
        entries=entries,
        deletes=deletes,
        renders=after.summary.renders - before.summary.renders,
        cost_usd=max(more, 0.0) if known else None,
        digest=_digest(workspace, entries, deletes),
        pool=today.pool,
    )


def forget(removal: Removal, *, warn: Callable[[Diagnostic], None]) -> None:
    """Takes the entries out of the lock and their renders out of the pool."""
    workspace = removal.workspace
    with Journal(workspace.journal_path, project=workspace.lock.project) as journal:
        drop(removal, journal, removal.entries, warn=warn)


def drop(
    removal: Removal,
    journal: Journal,
    names: Collection[str],
    *,
    warn: Callable[[Diagnostic], None],
) -> None:
    """Forgets some of the entries: tombstones first, so that a kill in between forgets nothing."""
    workspace = removal.workspace
    leaving = {name: entry for name, entry in removal.entries.items() if name in names}
    deleted = {i for name in leaving for i in removal.deletes.get(name, ())}
    journal.bury(*_graves(workspace, leaving, removal.pool, deleted))
    left = {n: entry for n, entry in workspace.lock.videos.items() if n not in leaving}
    write_lock(workspace, left, warn=warn)


def grave_of(project: str, render: Render, reason: Reason) -> Tombstone:
    return Tombstone(
        provider=render.provider,
        account=render.account,
        fingerprint=render.fingerprint,
        attempt=render.attempt,
        reason=reason,
        video_id=render.video_id,
        key=key_of(project, render),
    )


def _names(workspace: Workspace, patterns: Sequence[str], plan: Plan) -> tuple[str, ...]:
    """The names of the lock that are meant; each pattern has to mean one."""
    known = {subject.name: subject for subject in subjects_of(workspace.loaded)}
    videos = workspace.lock.videos
    subjects = [known.get(name, Subject(name=name)) for name in sorted(videos)]
    selection = Selection(select=tuple(patterns))
    actions = None
    if selection.by_action:
        actions = {change.name: change.action for change in plan.changes}
    chosen = select_names(selection, subjects, actions)
    if not videos:
        words = ", ".join(patterns)
        raise problem("VB701", f"no video matches: {words}", hint="the lock has no videos yet")
    idle = check_selection(selection, chosen, subjects)
    if idle:
        raise Problems([replace(diagnostic, severity="error") for diagnostic in idle])
    return tuple(sorted(chosen))


def _next_plan(workspace: Workspace, situation: Situation) -> Plan:
    """What an apply of everything would do; videos with errors are held."""
    return build_plan(situation, heading=heading_of(workspace, {}))


def _without(workspace: Workspace, entries: Mapping[str, Entry], pool: Pool) -> Workspace:
    """The workspace as it is when the entries are forgotten."""
    left = {name: e for name, e in workspace.lock.videos.items() if name not in entries}
    graves = (*workspace.journal.tombstones, *_graves(workspace, entries, pool))
    return replace(
        workspace,
        lock=replace(workspace.lock, videos=left),
        journal=replace(workspace.journal, tombstones=graves),
    )


def _deletes(names: Sequence[str], situation: Situation) -> dict[str, tuple[str, ...]]:
    """The ids that forgetting these names leaves to nobody: by the rules of `--prune`."""
    requests = {n: r for n, r in situation.requests.items() if n not in names}
    gone = replace(
        situation,
        prune=True,
        requests=requests,
        broken=situation.broken.difference(names),
        selected=frozenset(names),
    )
    return {change.name: change.deletes for change in decide(gone) if change.deletes}


def _refuse(
    workspace: Workspace,
    entries: Mapping[str, Entry],
    situation: Situation,
    *,
    in_flight: bool,
    allow: Sequence[str],
    deletes: Mapping[str, Sequence[str]],
) -> None:
    requests = workspace.loaded.requests
    limits = allowed(limits_from(workspace.loaded.project.policy), allow)
    found = []
    guarded = [
        n for n, e in entries.items() if e.protect or (n in requests and requests[n].protect)
    ]
    if guarded:
        found.append(_refusal(PROTECTED, f"protected: {_some(guarded)}",
                              "take `protect: true` away and apply that first"))  # fmt: skip
    busy = [name for name, entry in entries.items() if is_busy(situation, entry)]
    if busy and not in_flight:
        found.append(_refusal(IN_FLIGHT, f"not finished, but paid for: {_some(busy)}",
                              "apply once more to finish them, or write --in-flight"))  # fmt: skip
    most = limits.max_deletes
    if most is not None and len(deletes) > most:
        found.append(_refusal(
            OVER_DELETES, f"this deletes {len(deletes)} videos, over max_deletes of {most}",
            f"leave out --delete-remote, or allow it: --allow max_deletes={len(deletes)}",
        ))  # fmt: skip
    if found:
        raise Problems(found, exit_code=EXIT_REFUSED)


def _refusal(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, hint=hint)


def _graves(
    workspace: Workspace,
    entries: Mapping[str, Entry],
    pool: Pool,
    deleted: Collection[str] = (),
) -> Iterator[Tombstone]:
    """A tombstone for each render that only these entries refer to. What failed or vanished has
    none: it goes on counting as an attempt. What is `deleted` has one of that kind."""
    project = workspace.lock.project
    others = [e for name, e in workspace.lock.videos.items() if name not in entries]
    others += [e for lock in workspace.siblings.values() for e in lock.videos.values()]
    kept = {_which(project, render) for entry in others for render in _renders(entry)}
    wanted = {_which(project, r): r for entry in entries.values() for r in _renders(entry)}
    forgotten = [render for which, render in wanted.items() if which not in kept]
    ids = {_which(project, render) for render in forgotten}
    # The journal may know the account of what the lock has without one.
    forgotten += [r for r in workspace.journal.renders if _which(project, r) in ids]
    for render in forgotten:
        member = pool.find(render)
        status = member.render.status if member is not None else render.status
        over = status in (Status.failed, Status.gone) or render.video_id in deleted
        if not over:
            yield grave_of(project, render, "removed")


def _renders(entry: Entry) -> tuple[Render, ...]:
    return (entry.render, *entry.history)


def _which(project: str, render: Render) -> tuple[str, str]:
    """A render whichever account its records say it is of."""
    return (render.provider, render.video_id or key_of(project, render))


def _digest(
    workspace: Workspace, entries: Mapping[str, Entry], deletes: Mapping[str, Sequence[str]]
) -> str:
    project = workspace.loaded.project
    body = {
        "digest": 1,
        "project": project.name,
        "profile": project.profile,
        "provider": project.provider.name,
        "forget": sorted(entries),
        "delete": {name: list(ids) for name, ids in deletes.items()},
    }
    return "sha256:" + hashlib.sha256(canonical_json(body)).hexdigest()


def _some(names: Sequence[str], shown: int = 5) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
