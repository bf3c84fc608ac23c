"""Building the pool: the lock, its siblings and the journal gathered by identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vidbuild.state.identity import Identity, content_of_key, identity, key_of, merge, same_key
from vidbuild.state.pool import Member, Place, Pool
from vidbuild.state.recorded import Intent, Recorded, Tombstone
from vidbuild.state.records import Entry, Lock, Render, Status
from vidbuild.state.times import seconds, stamp


def build_pool(
    lock: Lock,
    *,
    provider: str,
    today: Callable[[Entry], str],
    siblings: Mapping[str, Lock] | None = None,
    journal: Recorded | None = None,
    kept: Callable[[Render], bool] = lambda _: False,
) -> Pool:
    """The pool of `provider`.

    `today(entry)` is the fingerprint of the entry's stored request in today's canonical
    form (of the masked form where it is private). `kept(render)` says whether a good local
    file of a render that is gone exists; it is asked for those alone, for each record of files.
    """
    journal = journal or Recorded()
    gathered = _Gathering(lock.project)
    for label, each in (None, lock), *sorted((siblings or {}).items()):
        for name, entry in sorted(each.videos.items()):  # never the order of a file
            if entry.render.provider == provider:
                where = _place(entry.render, name, label)
                gathered.add(entry.render, content=today(entry), place=where)
            for past in entry.history:
                if past.provider == provider:
                    where = _place(past, name, label, history=True)
                    gathered.add(past, content=past.fingerprint, place=where)
    for render in (*journal.renders, *map(as_render, journal.intents)):
        if render.provider == provider:
            gathered.add(render, content=render.fingerprint, place=None)
    return _joined(gathered, journal, provider, kept)


def _place(render: Render, name: str, sibling: str | None, *, history: bool = False) -> Place:
    finished = render.status in (Status.completed, Status.gone)
    return Place(name=name, history=history, sibling=sibling, finished=finished)


@dataclass(slots=True)
class _Group:
    render: Render
    places: list[Place]
    journal: bool
    recorded: list[str]  # contents as the locks name them, entries by their stored requests
    noted: list[str]  # contents as the journal alone does: it never learns of another form


class _Gathering:
    """Renders on their way into the pool: by identity, those without an id by key."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.groups: dict[Identity, _Group] = {}
        # Of a render that more than one record has files of: each record, with its own paths.
        self.filed: dict[Identity, list[Render]] = {}

    def add(self, render: Render, *, content: str, place: Place | None) -> None:
        name = identity(self.project, render)
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = _Group(render, [], False, [], [])
        else:
            if render.outputs and group.render.outputs:
                self.filed.setdefault(name, [group.render]).append(render)
            group.render = merge(group.render, render)
        (group.recorded if place else group.noted).append(content)
        if place:
            group.places.append(place)
        else:
            group.journal = True


def as_render(intent: Intent) -> Render:
    """An open intent as the lock and the pool see it."""
    return Render(
        provider=intent.provider,
        account=intent.account,
        fingerprint=intent.fingerprint,
        status=Status.intent,
        attempt=intent.attempt,
        key=intent.key,
        sent_at=stamp(intent.first_sent),
    )


def _joined(
    gathered: _Gathering, journal: Recorded, provider: str, kept: Callable[[Render], bool]
) -> Pool:
    project = gathered.project
    _answer_intents(gathered)
    _drop_refused(gathered, journal)
    graves = [t for t in journal.tombstones if t.provider == provider]
    by_id = {(t.account, t.video_id): t.reason for t in graves if t.video_id}
    by_key = {(t.account, t.key): t.reason for t in graves if not t.video_id}
    contents: defaultdict[str, list[Member]] = defaultdict(list)
    identities: dict[Identity, Member] = {}
    members: dict[int, Member] = {}
    for name, group in gathered.groups.items():
        if id(group) in members:  # an intent's key, answered: the same render
            identities[name] = members[id(group)]
            continue
        render = group.render
        grave = by_id.get((render.account, render.video_id)) if render.video_id else None
        if grave is None and by_key:
            grave = by_key.get((render.account, key_of(project, render)))
        member = Member(
            render=render,
            places=tuple(group.places),
            journal=group.journal,
            # What was only forgotten is back as soon as a lock has it again.
            tombstone=None if grave == "removed" and group.places else grave,
            kept=render.status is Status.gone
            and any(map(kept, gathered.filed.get(name, (render,)))),
        )
        identities[name] = members[id(group)] = member
        for content in dict.fromkeys(group.recorded or group.noted):
            contents[content].append(member)
    return Pool(
        project=project,
        members=tuple(members.values()),
        contents={content: tuple(found) for content, found in contents.items()},
        identities=identities,
        buried=_buried(graves),
        refused=_refused(project, journal, provider),
    )


def _answer_intents(gathered: _Gathering) -> None:
    """An intent whose key some render with an id carries has been answered: they are one."""
    groups = gathered.groups
    waiting = [name for name, group in groups.items() if not group.render.video_id]
    if not waiting:
        return
    answered = {
        same_key(gathered.project, groups[name].render): groups[name]
        for name in sorted(groups)
        if groups[name].render.video_id
    }
    for name in waiting:
        taken = answered.get(same_key(gathered.project, groups[name].render))
        if taken is not None:
            intent = groups[name]
            taken.places += intent.places
            taken.recorded += intent.recorded
            taken.noted += intent.noted
            taken.journal |= intent.journal
            groups[name] = taken


def _drop_refused(gathered: _Gathering, journal: Recorded) -> None:
    """An intent that only a lock knows and that this journal saw refused is no job."""
    if not journal.refusals:
        return
    refused = {(r.provider, r.account, r.key): r for r in journal.refusals}
    for name, group in list(gathered.groups.items()):
        render = group.render
        refusal = refused.get((render.provider, render.account, key_of(gathered.project, render)))
        if refusal and render.status is Status.intent and not group.journal and render.sent_at:
            sent = seconds(render.sent_at)
            if int(refusal.first_sent) <= sent <= refusal.last_sent:
                del gathered.groups[name]


def _buried(graves: Iterable[Tombstone]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for grave in graves:
        if grave.reason != "removed":
            highest[grave.fingerprint] = max(highest.get(grave.fingerprint, 0), grave.attempt)
    return highest


def _refused(project: str, journal: Recorded, provider: str) -> dict[str, tuple[Render, ...]]:
    """The attempts of each content that were refused, as intents."""
    found: defaultdict[str, list[Render]] = defaultdict(list)
    for refusal in journal.refusals:
        content = content_of_key(project, refusal.key)
        if content is not None and refusal.provider == provider:
            fingerprint, attempt = content
            found[fingerprint].append(
                Render(
                    provider=provider,
                    account=refusal.account,
                    fingerprint=fingerprint,
                    status=Status.intent,
                    attempt=attempt,
                    key=refusal.key,
                )
            )
    return {fingerprint: tuple(renders) for fingerprint, renders in found.items()}
