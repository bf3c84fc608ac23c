"""Which records are of one render: its identity, its key, and how two records of it join."""

from __future__ import annotations

from dataclasses import fields, replace

from vidbuild.state.records import Render

# (provider, account, kind, value): kind is "id" or, while there is no id, "key".
Identity = tuple[str, str, str, str]


def make_key(project: str, fingerprint: str, attempt: int) -> str:
    """The idempotency key: neither name, profile, machine nor time is in it."""
    return f"vb1:{project}:{fingerprint.removeprefix('sha256:')}:{attempt}"


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
    """Two records of one render: the higher status wins, gaps are filled from the lower.

    Commutative: between equals the larger field values decide.
    """
    high, low = sorted((one, other), key=_weight, reverse=True)
    gaps = {
        f.name: getattr(low, f.name)
        for f in fields(Render)
        if getattr(high, f.name) in (None, {}) and getattr(low, f.name) not in (None, {})
    }
    return replace(high, **gaps) if gaps else high


def _weight(render: Render) -> tuple[int, int, str]:
    return (render.status, len(render.outputs), repr(render))
