"""How an entry of the lock changes: what it points at, what it leaves to its history.

Pure functions of records. Not for when they happen: that is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vidbuild.plan.changes import shown_request, stays_private
from vidbuild.plan.mask import masked, revealed
from vidbuild.plan.model import Change
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.state.identity import Identity, identity, same_key
from vidbuild.state.records import Asset, Entry, Output, Render, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every change of an entry follows. `abandoned` renders leave the lock; `uploaded`
    are the account's ids of files by their digest, as far as they are known."""

    project: str
    api: Api
    keep_history: int
    abandoned: frozenset[Identity] = frozenset()
    uploaded: Mapping[str, str] = field(default_factory=dict)


def pointed(
    rules: Rules,
    change: Change,
    old: Entry | None,
    render: Render,
    *,
    moved: Iterable[Entry] = (),
    assets: Mapping[str, Asset] | None = None,
) -> Entry:
    """The entry of a change that now points at `render`.

    The render that it leaves goes to the top of its history; so does what the entries that
    `moved` here bring along.
    """
    request = _needed(change)
    left = [*([old] if old else []), *moved]
    past = (each for entry in left for each in _past(rules, entry, render))
    history = _history(rules, render, past)
    if old is not None and owns(rules.project, old, render):
        return replace(described(rules, change, old), render=render, history=history)
    return Entry(
        fingerprint=request.fingerprint,
        request=shown_request(rules.api, request),
        render=render,
        revision=request.revision,
        assets=_known_assets(rules, request, old, moved) if assets is None else assets,
        history=history,
        protect=request.protect,
        private=request.private,
        extra=old.extra if old else {},
    )


def described(rules: Rules, change: Change, old: Entry) -> Entry:
    """The entry with the change's metadata; its content and render stay."""
    request = _needed(change)
    return replace(
        old,
        request=_recorded(rules, request, old),
        protect=request.protect,
        private=request.private or stays_private(rules.api, old, request),
    )


def owns(project: str, entry: Entry | None, render: Render) -> bool:
    """Whether the entry points at this render already, answered or not."""
    if entry is None:
        return False
    mine = entry.render
    if identity(project, mine) == identity(project, render):
        return True
    one_open = not mine.video_id or not render.video_id
    return one_open and same_key(project, mine) == same_key(project, render)


def left_where_they_were(
    rules: Rules, moved: Iterable[Entry], render: Render, kinds: Iterable[str]
) -> dict[str, Output]:
    """Files of the render that names which move away have, of kinds that are wanted and did not
    get to the new name."""
    wanted = [kind for kind in kinds if kind not in render.outputs]
    found: dict[str, Output] = {}
    for entry in moved if wanted else ():
        if owns(rules.project, entry, render):
            outputs = entry.render.outputs
            found |= {kind: output for kind in wanted if (output := outputs.get(kind))}
    return found


def _needed(change: Change) -> Request:
    if change.request is None:
        raise AssertionError(f"{change.name}: only a video of the project has a request")
    return change.request


def _recorded(rules: Rules, request: Request, old: Entry) -> Mapping[str, Any]:
    """The stored request with today's title: ignored fields keep what was rendered."""
    title = rules.api.title
    body = old.request
    private = request.private or stays_private(rules.api, old, request)
    if old.private and not private:
        body = revealed(body, request.body)
    if title is not None and _of(body, title) != _of(request.body, title):
        body = {key: value for key, value in body.items() if key != title}
        if title in request.body:
            body[title] = request.body[title]
    return masked(rules.api.request, body) if private else body


def _of(body: Mapping[str, Any], member: str) -> tuple[bool, Any]:
    return member in body, body.get(member)


def _known_assets(
    rules: Rules, request: Request, old: Entry | None, moved: Iterable[Entry]
) -> dict[str, Asset]:
    """What earlier entries, or else the journal, know of the ids of this request's files."""
    ids = dict(rules.uploaded) | {
        asset.sha256: asset.asset_id
        for entry in (*moved, *([old] if old else []))
        for asset in entry.assets.values()
    }
    return {
        path: Asset(asset_id=ids[media.sha256], file=media.file, sha256=media.sha256)
        for path, media in request.media.items()
        if media.sha256 in ids
    }


def _past(rules: Rules, entry: Entry, current: Render) -> tuple[Render, ...]:
    """An entry's renders but for the `current` one, its own under the name that its content has
    today.

    The history has no request: after a change of the API's defaults only this name leads
    back. Hidden text has no other name than the one it was given.
    """
    if identity(rules.project, entry.render) in _names(rules, current):
        return entry.history
    named = entry.render.fingerprint
    if not entry.private:
        named = fingerprint(
            content(rules.api, entry.request),
            provider=entry.render.provider,
            operation=rules.api.operation,
            revision=entry.revision,
        )
    return (replace(entry.render, fingerprint=named), *entry.history)


def _history(rules: Rules, current: Render, past: Iterable[Render]) -> tuple[Render, ...]:
    """Newest first, each render once; failed and abandoned ones are not kept.

    Only finished renders count against `keep_history`, and only they are evicted.
    """
    own = _names(rules, current)
    kept: list[Render] = []
    finished = 0
    for render in past:
        name = identity(rules.project, render)
        if name in own or name in rules.abandoned or render.status is Status.failed:
            continue
        own.add(name)
        if not render.status.in_flight:
            finished += 1
            if finished > rules.keep_history:
                continue
        kept.append(render)
    return tuple(kept)


def _names(rules: Rules, render: Render) -> set[Identity]:
    """What a render is called now, and was before its answer."""
    return {identity(rules.project, render), same_key(rules.project, render)}
