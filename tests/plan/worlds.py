"""Small worlds to plan in: requests, entries, locks and the situation made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from vidbuild.plan.build import Heading, build_plan, plan_pool
from vidbuild.plan.model import Files, FileState, Plan
from vidbuild.plan.selection import Selection
from vidbuild.plan.situation import Situation
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.model import Media, Request
from vidbuild.schema.api import Api, load_api
from vidbuild.schema.canonical import content
from vidbuild.state.identity import make_key
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Entry, Lock, Output, Render, Status

PROJECT = "demo"
PROVIDER = "studio"


@cache
def api() -> Api:
    return load_api()


def request(name: str, script: str | None = "Hello.", **extra: Any) -> Request:
    """A request of an avatar video; build keys by their field names, the rest is its body."""
    keys = ("revision", "tags", "protect", "private", "ignore_changes", "row", "depends_on")
    build = {key: extra.pop(key) for key in keys if key in extra}
    provider = extra.pop("provider", PROVIDER)
    media: Mapping[str, Media] = extra.pop("media", {})
    body = {"type": "avatar", "avatar_id": "Anna", "voice_id": "v1", "script": script, **extra}
    body = {key: value for key, value in body.items() if value is not None}
    form = content(api(), body)
    return Request(
        name=name,
        body=body,
        content=form,
        fingerprint=fingerprint(
            form,
            provider=provider,
            operation=api().operation,
            revision=build.get("revision", 1),
        ),
        provider=provider,
        media=media,
        **build,
    )


def video_id(of: Request, attempt: int = 1) -> str:
    return "v_" + hashlib.sha256(f"{of.fingerprint}{attempt}".encode()).hexdigest()[:8]


def render(of: Request, status: Status = Status.completed, **fields: Any) -> Render:
    """A render of a request's content, in the shape that its status has."""
    attempt = fields.get("attempt", 1)
    shape: dict[str, Any] = {
        "provider": of.provider,
        "fingerprint": of.fingerprint,
        "status": status,
        "attempt": attempt,
        "video_id": video_id(of, attempt),
    }
    if status.in_flight:
        shape["key"] = make_key(PROJECT, of.fingerprint, attempt)
        shape["sent_at"] = "2026-11-22T10:00:00Z"
    if status is Status.intent:
        shape["video_id"] = None
    if status in (Status.completed, Status.gone):
        shape["completed_at"] = "2026-11-22T10:05:00Z"
        shape["duration"] = 4.0
        shape["outputs"] = {"video": Output(path=f"{of.name}.mp4", bytes=9, sha256="ab" * 32)}
    return Render(**{**shape, **fields})


def entry(of: Request, status: Status = Status.completed, **fields: Any) -> Entry:
    """An entry as an apply of the request leaves it; `render` gives another render."""
    from vidbuild.plan.changes import shown_request

    made = fields.pop("render", None) or render(of, status, **fields.pop("made", {}))
    shape: dict[str, Any] = {
        "fingerprint": of.fingerprint,
        "request": shown_request(api(), of),
        "render": made,
        "revision": of.revision,
        "protect": of.protect,
        "private": of.private,
    }
    return Entry(**{**shape, **fields})


def lock(entries: Mapping[str, Entry] | None = None) -> Lock:
    return Lock(project=PROJECT, videos=entries or {})


def situation(
    requests: Iterable[Request] = (),
    entries: Mapping[str, Entry] | None = None,
    *,
    siblings: Mapping[str, Mapping[str, Entry]] | None = None,
    journal: Recorded | None = None,
    kept: Callable[[Render], bool] = lambda _: False,
    files: Files = lambda _name, _render: FileState.good,
    **options: Any,
) -> Situation:
    """A situation whose pool is built from the same records."""
    known = {each.name: each for each in requests}
    mine = lock(entries)
    pool = plan_pool(
        api(),
        known,
        mine,
        provider=PROVIDER,
        siblings={label: lock(each) for label, each in (siblings or {}).items()},
        journal=journal,
        kept=kept,
    )
    return Situation(
        api=api(),
        provider=PROVIDER,
        requests=known,
        lock=mine,
        pool=pool,
        files=files,
        **options,
    )


def plan(
    requests: Iterable[Request] = (),
    entries: Mapping[str, Entry] | None = None,
    *,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    delete_remote: bool = False,
    vars: Mapping[str, Any] | None = None,  # noqa: A002 - named as the plan's member
    profile: str | None = None,
    **options: Any,
) -> Plan:
    return build_plan(
        situation(requests, entries, **options),
        heading=Heading(project=PROJECT, profile=profile, provider=PROVIDER, vars=vars or {}),
        selection=Selection(select=select, exclude=exclude),
        delete_remote=delete_remote,
    )


def applied(result: Plan) -> dict[str, Entry]:
    """The lock that an apply without faults leaves behind, in its simplest form.

    Renders finish, moved names go, what was left goes to the history.
    """
    entries: dict[str, Entry] = {}
    made: dict[str, Render] = {}
    for change in result.changes:
        before = change.entry
        if change.request is None:
            if before is not None and change.action.value != "delete":
                entries[change.name] = before
            continue
        if change.action.value in ("hold", "unchanged", "fetch") or change.reason == "gave_up":
            if before is not None:
                entries[change.name] = replace(before, render=change.render or before.render)
            continue
        done = made.get(change.request.fingerprint) or change.render
        if change.action.renders:
            done = render(change.request, attempt=change.attempt)
            made[change.request.fingerprint] = done
        if done is None:
            raise AssertionError(change.name)
        if done.status.in_flight:
            done = render(change.request, attempt=done.attempt, **_known_id(done))
        history = (before.render, *before.history) if before is not None else ()
        kept = tuple(
            h for h in history if h.video_id != done.video_id and h.status is not Status.failed
        )
        entries[change.name] = replace(entry(change.request), render=done, history=kept)
    return entries


def _known_id(done: Render) -> dict[str, Any]:
    return {"video_id": done.video_id} if done.video_id else {}
