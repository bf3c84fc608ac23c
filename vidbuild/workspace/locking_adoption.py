"""`lock adopt`: a video that exists at the provider becomes the one that a name points at.

For requests whose answer never came, and for videos that are older than the project. Nothing is
rendered; the provider is asked about each video, and all of them are adopted or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from vidbuild.apply.entry import Rules, pointed
from vidbuild.diagnostics import EXIT_REFUSED, Diagnostic, Problems, Span, nearest
from vidbuild.plan.changes import shown_request
from vidbuild.plan.cost import price_of
from vidbuild.plan.model import Action, Change
from vidbuild.plan.situation import masked_fingerprint
from vidbuild.provider.model import Account, Remote
from vidbuild.request.model import Request
from vidbuild.state.identity import make_key
from vidbuild.state.journal import Journal
from vidbuild.state.pool import Member, Pool
from vidbuild.state.records import Entry, Render, Status
from vidbuild.state.times import stamp
from vidbuild.workspace.locking import Pair, doubled, write_lock
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import pool_of

UNKNOWN_NAME, PROTECTED, ACCOUNT = "VB730", "VB714", "VB515"
REFUSED, FOREIGN = "VB525", "VB526"
_STATUSES = {"submitted": Status.submitted, "completed": Status.completed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name's current request with the video that is to be its own. `known` is what the records
    have of the video."""

    request: Request
    video_id: str
    span: Span | None
    known: Member | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the provider said: the key's account, its time, and each video by id; None for one
    that it does not know. Where some cannot be adopted the others have not been asked about."""

    account: Account | None
    now: float
    videos: Mapping[str, Remote | None]


def candidates(workspace: Workspace, pairs: Sequence[Pair]) -> list[Candidate]:
    """The names and videos that were asked for. Raises `Problems` with everything that the
    records have against it; the provider has not been asked yet."""
    loaded = workspace.loaded
    pool = pool_of(workspace, loaded.requests)
    members = {m.render.video_id: m for m in pool.members if m.render.video_id}
    found = [*doubled(pairs)]
    wanted: list[Candidate] = []
    for pair in pairs:
        request = loaded.requests.get(pair.first)
        if request is None:
            found += _no_request(workspace, pair)
            continue
        known = members.get(pair.second)
        candidate = Candidate(request=request, video_id=pair.second, span=pair.span, known=known)
        wanted.append(candidate)
        found += _against(workspace, pool, candidate)
    found += _shared(wanted)
    found += [d for each in wanted for d in _ended(each, wanted)]
    if found:
        refused = all(d.code == PROTECTED for d in found)
        raise Problems(found, exit_code=EXIT_REFUSED) if refused else Problems(found)
    return wanted


def adopt(
    workspace: Workspace,
    wanted: Sequence[Candidate],
    asked: Asked,
    *,
    warn: Callable[[Diagnostic], None],
) -> dict[str, Render]:
    """The names point at the videos on return, by name. Raises `Problems` with everything that the
    provider's answers have against it, and nothing is written. The project must be held."""
    found = [d for each in wanted for d in _refusals(each, asked)]
    if found:
        mismatch = all(d.code == ACCOUNT for d in found)
        raise Problems(found, exit_code=EXIT_REFUSED) if mismatch else Problems(found)
    pool = pool_of(workspace, workspace.loaded.requests)
    renders = {each.request.name: _render(workspace, pool, each, asked) for each in wanted}
    answered = [intent for each in wanted for intent in _intents(workspace, pool, each)]
    with Journal(workspace.journal_path, project=workspace.lock.project) as journal:
        journal.adopt(renders.values(), answered)
    entries = {each.request.name: _entry(workspace, each, renders) for each in wanted}
    write_lock(workspace, {**workspace.lock.videos, **entries}, warn=warn)
    return renders


def _no_request(workspace: Workspace, pair: Pair) -> list[Diagnostic]:
    """A name that the project does not have, or one whose sources have errors."""
    loaded = workspace.loaded
    own = [d for d in loaded.diagnostics if d.video == pair.first and d.severity == "error"]
    if pair.first in loaded.broken:
        return own or [d for d in loaded.diagnostics if d.severity == "error"]
    close = nearest(pair.first, loaded.requests)
    return [
        Diagnostic(
            code=UNKNOWN_NAME,
            message=f"the project has no video {pair.first}",
            hint=f"did you mean {close}?" if close else "`vidbuild list` shows every name",
            span=pair.span,
        )
    ]


def _against(workspace: Workspace, pool: Pool, each: Candidate) -> list[Diagnostic]:
    """What the records have against it: a protection, or another content with this video."""
    name = each.request.name
    entry = workspace.lock.videos.get(name)
    found = []
    if entry is not None and (entry.protect or each.request.protect):
        own = pool.find(entry.render)
        if own is not None and own.finished and own.render.video_id != each.video_id:
            found.append(_diagnostic(each, PROTECTED, f"{name} is protected and has a video",
                                     "remove `protect: true` from it first"))  # fmt: skip
    owner = _owner(workspace, pool, each)
    if owner is not None:
        found.append(_diagnostic(each, FOREIGN, f"{each.video_id} is the video of {owner}",
                                 "adopt the video of this name's own content"))  # fmt: skip
    return found


def _owner(workspace: Workspace, pool: Pool, each: Candidate) -> str | None:
    """Whose video it is, where that is another name's of another content."""
    member, request = each.known, each.request
    if member is None or member.tombstone == "removed":
        return None
    mask = masked_fingerprint(workspace.loaded.api, request)
    if member in pool.of(request.fingerprint, mask):
        return None
    others = [p for p in member.places if p.sibling is not None or p.name != request.name]
    if not others:
        return None if member.places else "another content, as the journal knows"
    place = min(others, key=lambda p: (p.sibling or "", p.name))
    where = f" in {place.sibling}" if place.sibling else ""
    return f"{place.name}{where}, which has another content"


def _shared(wanted: Sequence[Candidate]) -> list[Diagnostic]:
    """Rows that give one video to two contents."""
    first: dict[str, Candidate] = {}
    found = []
    for each in wanted:
        other = first.setdefault(each.video_id, each)
        if other.request.fingerprint != each.request.fingerprint:
            message = f"{each.video_id} is given to {other.request.name} as well, which has another"
            found.append(_diagnostic(each, FOREIGN, f"{message} content", "give it to one of them"))
    return found


def _ended(each: Candidate, wanted: Sequence[Candidate]) -> list[Diagnostic]:
    """A video that other records go on calling failed or gone: their word would count, and the next
    plan would render it anew."""
    member = each.known
    if member is None or member.render.status not in (Status.failed, Status.gone):
        return []
    alike = {other.request.name for other in wanted if other.video_id == each.video_id}
    rest = [p for p in member.places if p.sibling is not None or p.name not in alike]
    if not rest:
        return []
    where = f"{rest[0].sibling}:{rest[0].name}" if rest[0].sibling else rest[0].name
    message = f"{each.video_id} is recorded as {member.render.status.name} under {where}"
    hint = "adopt it under that name as well, in one table" if rest[0].sibling is None else (
        "forget it there first: `vidbuild lock rm`"
    )  # fmt: skip
    return [_diagnostic(each, REFUSED, message, hint)]


def _refusals(each: Candidate, asked: Asked) -> list[Diagnostic]:
    """What the provider's answer has against it."""
    if each.video_id not in asked.videos:
        return []
    remote = asked.videos[each.video_id]
    mine = asked.account.hash if asked.account else None
    theirs = each.known.render.account if each.known else None
    if theirs is not None and mine is not None and theirs != mine:
        return [_diagnostic(each, ACCOUNT, f"{each.video_id} is in another account than the key's",
                            "use the key of the account that rendered it")]  # fmt: skip
    if remote is None:
        return [_diagnostic(each, REFUSED, f"the provider does not know the video {each.video_id}",
                            "check the id, and whose account the key is of")]  # fmt: skip
    if remote.status not in _STATUSES:
        why = f": {remote.failure_message}" if remote.failure_message else ""
        return [_diagnostic(each, REFUSED, f"the video {each.video_id} has failed{why}",
                            "let an apply render it anew")]  # fmt: skip
    return []


def _diagnostic(each: Candidate, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(
        code=code, message=message, hint=hint, span=each.span, video=each.request.name
    )


def _render(workspace: Workspace, pool: Pool, each: Candidate, asked: Asked) -> Render:
    """The video as a render of the current content, with what the records know of its files."""
    remote, request = asked.videos[each.video_id], each.request
    if remote is None:  # has been refused
        raise AssertionError(each.video_id)
    status = _STATUSES[remote.status]
    attempt = _attempt(workspace, pool, each)
    done = status is Status.completed
    entry = workspace.lock.videos.get(request.name)
    same = entry is not None and entry.render.video_id == each.video_id
    return Render(
        provider=request.provider,
        account=asked.account.hash if asked.account else None,
        fingerprint=request.fingerprint,
        status=status,
        attempt=attempt,
        video_id=each.video_id,
        key=make_key(workspace.lock.project, request.fingerprint, attempt),
        sent_at=stamp(remote.created_at or asked.now),
        completed_at=stamp(remote.completed_at or remote.created_at or asked.now) if done else None,
        cost_usd=price_of(workspace.loaded.api, request, remote.duration) if done else None,
        duration=remote.duration if done else None,
        page_url=remote.page_url,
        outputs=entry.render.outputs if entry is not None and same else {},
    )


def _attempt(workspace: Workspace, pool: Pool, each: Candidate) -> int:
    """The attempt that this video answers: its own if it has one, the open one, or the next."""
    mask = masked_fingerprint(workspace.loaded.api, each.request)
    if each.known is not None and each.known in pool.of(each.request.fingerprint, mask):
        return each.known.render.attempt
    waiting = [intent.attempt for intent in _intents(workspace, pool, each)]
    return max(waiting, default=pool.attempt(each.request.fingerprint, mask))


def _intents(workspace: Workspace, pool: Pool, each: Candidate) -> list[Render]:
    """The creates of this content that have no answer."""
    mask = masked_fingerprint(workspace.loaded.api, each.request)
    members = pool.of(each.request.fingerprint, mask)
    return [m.render for m in members if m.in_flight and not m.render.video_id]


def _entry(workspace: Workspace, each: Candidate, renders: Mapping[str, Render]) -> Entry:
    """The current content with the video; what the entry had before goes to its history."""
    loaded, request = workspace.loaded, each.request
    old = workspace.lock.videos.get(request.name)
    rules = Rules(
        project=workspace.lock.project,
        api=loaded.api,
        keep_history=loaded.project.output.keep_history,
    )
    change = Change(
        name=request.name,
        action=Action.resume,
        reason="adopted",
        request=request,
        shown=shown_request(loaded.api, request),
    )
    made = pointed(rules, change, None, renders[request.name], moved=[old] if old else [])
    # What has no answer was this video, whichever account it was sent to.
    history = [
        past
        for past in made.history
        if past.status is not Status.intent or past.fingerprint != request.fingerprint
    ]
    return replace(made, history=tuple(history), extra=old.extra if old else {})
