"""The plan's digest: what an apply would pay for, record or delete, as one SHA-256.

Two machines with one commit agree on it. Not in it: what costs nothing and changes no
content (resume, fetch, hold, orphan), attempts, estimates, reasons, paths, versions, time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vidbuild.plan.mask import masked
from vidbuild.plan.model import Action, Change
from vidbuild.request.fingerprint import canonical_json, quick_json
from vidbuild.request.model import Request
from vidbuild.schema.api import Api
from vidbuild.state.records import Entry, Status

FORM = 1

_DO = {
    Action.create: "render",
    Action.rerender: "render",
    Action.retry: "render",
    Action.reuse: "reuse",
    Action.update: "update",
    Action.delete: "delete",
}


def listed(
    api: Api, changes: Iterable[Change], *, delete_remote: bool = False
) -> list[dict[str, Any]]:
    """What the digest covers, sorted by name; a saved plan holds the same list.

    Private text stands as length and digest, so that the list can be saved.
    """
    return [
        _item(api, change, delete_remote=delete_remote)
        for change in sorted(changes, key=lambda c: c.name)
        if _do(api, change) is not None
    ]


def digest(
    *,
    project: str,
    profile: str | None,
    provider: str,
    items: Sequence[Mapping[str, Any]],
    plain: bool = False,
) -> str:
    """`sha256:` and hex of the RFC 8785 form of the list with its heading. `plain` where all of
    its requests are known to be: it is then written in one go."""
    form = {
        "digest": FORM,
        "project": project,
        "profile": profile,
        "provider": provider,
        "changes": items,
    }
    encode = quick_json if plain else canonical_json
    return "sha256:" + hashlib.sha256(encode(form)).hexdigest()


def are_plain(changes: Iterable[Change]) -> bool:
    """Whether the requests of all changes that may be listed are plain."""
    return all(c.request is None or c.request.plain for c in changes if c.action in _DO)


def sealed(items: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The list with each request as its SHA-256: enough to know it again, and no text."""
    return tuple(
        {**item, "request": _seal(item["request"])} if "request" in item else dict(item)
        for item in items
    )


def unlisted(
    today: Iterable[Mapping[str, Any]], accepted: Iterable[Mapping[str, Any]]
) -> tuple[str, ...]:
    """The names in today's list that the accepted one, both sealed, does not have in the same
    form. A delete may have fewer ids left than were accepted."""
    known = {item["name"]: item for item in accepted}
    return tuple(item["name"] for item in today if not _covers(known.get(item["name"]), item))


def carried_out(accepted: Iterable[Mapping[str, Any]], videos: Mapping[str, Entry]) -> bool:
    """Whether a sealed list is done with by what a lock records: an apply that was killed
    leaves its list behind, and the next one has another for the rest."""
    return all(_recorded(item, videos.get(item["name"])) for item in accepted)


def _recorded(item: Mapping[str, Any], entry: Entry | None) -> bool:
    if entry is None or "delete" in item:
        return entry is None and "delete" in item
    if item["do"] == "update":
        return bool(_seal(entry.request) == item["request"])
    done = entry.render.status is Status.completed
    return done and bool(entry.fingerprint == item["fingerprint"])


def _seal(request: Any) -> str:
    return hashlib.sha256(canonical_json(request)).hexdigest()


def _covers(accepted: Mapping[str, Any] | None, item: Mapping[str, Any]) -> bool:
    if accepted is None:
        return False
    if "delete" not in item or "delete" not in accepted:
        return dict(accepted) == dict(item)
    rest = {**item, "delete": accepted["delete"]}
    return dict(accepted) == rest and set(item["delete"]) <= set(accepted["delete"])


def _do(api: Api, change: Change) -> str | None:
    """The list's word for a change; None for what is not in it.

    A title that waits for a missing file or a render in flight is recorded all the same: how
    far those are is a matter of the machine, and the list is not.
    """
    if change.reason == "gave_up":
        return None
    if change.action in (Action.fetch, Action.resume) and change.entry is not None:
        fields = {field.path for field in change.fields}
        return "update" if fields and fields <= {api.title, "protect", "private"} else None
    return _DO.get(change.action)


def _item(api: Api, change: Change, *, delete_remote: bool) -> dict[str, Any]:
    item: dict[str, Any] = {"name": change.name, "do": _do(api, change)}
    if change.request is None:
        item["fingerprint"] = change.entry.fingerprint if change.entry is not None else None
        item["delete"] = sorted(change.deletes) if delete_remote else []
        return item
    item["fingerprint"] = change.request.fingerprint
    item["request"] = sent(api, change.request) if change.action.renders else change.shown
    return item


def sent(api: Api, request: Request) -> Any:
    """The body with its callbacks: any change of a sent byte changes the digest."""
    return masked(api.request, request.body) if request.private else request.body
