"""A render with the end that the provider tells of it. Pure, and the same for everybody."""

from __future__ import annotations

from dataclasses import replace

from vidbuild.provider.model import Remote
from vidbuild.state.records import Render, Status
from vidbuild.state.times import stamp


def ended(
    render: Render, remote: Remote, *, now: float, cost: float | None, private: bool
) -> Render:
    """`remote` is completed or failed; `now` is the server's time, `cost` the price of a
    completed one. The provider's words may quote the script: of a `private` video's failure only
    the code is kept."""
    if remote.status == "failed":
        return replace(
            render,
            status=Status.failed,
            page_url=_text(remote.page_url),
            failure_code=_text(remote.failure_code),
            failure_message=None if private else _text(remote.failure_message),
        )
    return replace(
        render,
        status=Status.completed,
        completed_at=stamp(remote.completed_at or now),
        duration=remote.duration,
        cost_usd=cost,
        page_url=_text(remote.page_url),
    )


def _text(value: str | None) -> str | None:
    """Half a surrogate pair in an answer must not make a lock that cannot be written."""
    return value.encode(errors="replace").decode() if value else None
