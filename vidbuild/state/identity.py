"""Which records are of one render: its identity, its key, and how two records of it join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from vidbuild.state.records import Render

# (provider, account, kind, value): kind is "id" or, while there is no id, "key".
Identity = tuple[str, str, str, str]


def make_key(project: str, fingerprint: str, attempt: int) -> str:
    """The idempotency key: neither name, profile, machine nor time is in it."""
    return f"vb1:{project}:{fingerprint.removeprefix('sha256:')}:{attempt}"


def content_of_key(project: str, key: str) -> tuple[str, int] | None:
    """Fingerprint and attempt of a key of this project; None for any other text."""
    content, _, attempt = key.removeprefix(f"vb1:{project}:").partition(":")
    whole = attempt.isascii() and attempt.isdecimal()
    found = (f"sha256:{content}", int(attempt)) if whole else None
    return found if found and make_key(project, *found) == key else None


def key_of(project: str, render: Render) -> str:
    """The key that a render was sent under; a lock keeps it only while it is in flight."""
    return render.key or make_key(project, render.fingerprint, render.attempt)


def identity(project: str, render: Render) -> Identity:
    """Provider, account and video id name a render; without an id its key does."""
    account = render.account or ""
    if render.video_id:
        return (render.provider, account, "id", render.video_id)
    return (render.provider, account, "key", key_of(project, render))


def same_key(project: str, render: Render) -> Identity:
    """The identity that the render had, or has, before its answer."""
    return (render.provider, render.account or "", "key", key_of(project, render))


def merge(one: Render, other: Render) -> Render:
    """Two records of one render: the higher status, and of everything else what either knows.

    Where both know, the larger value decides, each field and each output for itself: then
    neither the order of records nor how they were grouped makes a difference.
    """
    if one == other:
        return one
    known = {
        name: mine if mine is theirs or theirs is None else _fuller(mine, theirs)
        for name, mine, theirs in zip(_FIELDS, _values(one), _values(other), strict=True)
    }
    known["status"] = max(one.status, other.status)
    return Render(**known)


_FIELDS = tuple(f.name for f in fields(Render))
_values = attrgetter(*_FIELDS)


def _fuller(one: Any, other: Any) -> Any:
    """Of two values of a field the one that says more; members of mappings one by one."""
    if one is other or other is None:
        return one
    if one is None or (type(one) is str and one == other):
        return other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if not one or not other:
            return one or other
        return {
            key: _fuller(one.get(key), other.get(key)) for key in sorted(one.keys() | other.keys())
        }
    return max(one, other, key=repr)
