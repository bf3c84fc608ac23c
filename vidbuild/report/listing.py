"""Every video with what is known of it, as records: the rows behind `list`'s formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidbuild.diagnostics import EXIT_USAGE, nearest, problem
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.state.records import Render

_STATES = {
    Action.create: "new",
    Action.rerender: "changed",
    Action.retry: "failed",
    Action.reuse: "reusable",
    Action.update: "rendered",
    Action.resume: "in_flight",
    Action.fetch: "missing",
    Action.hold: "held",
    Action.orphan: "orphan",
    Action.delete: "orphan",
    Action.unchanged: "rendered",
}
_STATES_BY_REASON = {"gone": "gone", "unsure": "unsure", "file_altered": "altered"}

# What --columns takes, in the order of the contract, and the member of the JSON document.
DEFAULT = ("name", "row", "state", "seconds", "cost", "page", "path")
COLUMNS = {
    **{name: name for name in DEFAULT},
    "cost": "cost_usd",
    "page": "page_url",
    "action": "action",
    "reason": "reason",
    "estimated": "estimated",
    "tags": "tags",
    "video": "video_id",
    "fingerprint": "fingerprint",
}
CELL = "each."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One video. `seconds` and `cost_usd` are of its render, or `estimated` for the next one;
    `path` is relative to the project folder. A private video has no `row`."""

    name: str
    row: Mapping[str, Any] | None
    state: str
    seconds: float | None
    cost_usd: float | None
    page_url: str | None
    path: str | None
    action: str
    reason: str
    estimated: bool
    tags: tuple[str, ...]
    video_id: str | None
    fingerprint: str | None


def listed(plan: Plan, *, output_dir: str) -> list[Listed]:
    """The plan's videos by name."""
    return [_listed(change, output_dir) for change in plan.changes]


def _listed(change: Change, output_dir: str) -> Listed:
    request, entry = change.request, change.entry
    render = change.render or (entry.render if entry else None)
    known = request or entry
    row = request.row if request and not request.private else None
    seconds, cost = change.estimate.seconds, change.estimate.cost_usd
    if not change.pays:
        seconds, cost = (render.duration, render.cost_usd) if render else (None, None)
    return Listed(
        name=change.name,
        row=dict(row) if row is not None else None,
        state=_STATES_BY_REASON.get(change.reason) or _STATES[change.action],
        seconds=seconds,
        cost_usd=cost,
        page_url=render.page_url if render else None,
        path=_path(entry.render, output_dir) if entry else None,
        action=change.action.value,
        reason=change.reason,
        estimated=change.pays,
        tags=tuple(sorted(request.tags)) if request else (),
        video_id=render.video_id if render else None,
        fingerprint=known.fingerprint if known else None,
    )


def _path(render: Render, output_dir: str) -> str | None:
    video = render.outputs.get("video")
    return f"{output_dir.rstrip('/')}/{video.path}" if video else None


def cells_of(rows: Iterable[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """The columns of several rows, in the order in which they come up."""
    return tuple(dict.fromkeys(column for row in rows if row for column in row))


def read_columns(
    text: str | None, cells: Sequence[str], *, otherwise: Sequence[str] = DEFAULT
) -> tuple[str, ...]:
    """The columns that `--columns` names; `cells` are those of the project's rows.

    Raises `Problems` (wrong usage) for one that there is not.
    """
    if text is None:
        return tuple(otherwise)
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    known = [*COLUMNS, *(CELL + cell for cell in cells)]
    for name in chosen:
        if name not in known:
            close = nearest(name, known)
            raise problem("VB731", f"there is no column {name!r}",
                          hint=f"did you mean {close}?" if close else f"use {', '.join(known)}",
                          exit_code=EXIT_USAGE)  # fmt: skip
    return chosen or tuple(otherwise)


def value_of(video: Listed, column: str) -> Any:
    """The video's value in a column."""
    if column.startswith(CELL):
        return (video.row or {}).get(column.removeprefix(CELL))
    return getattr(video, COLUMNS[column])
