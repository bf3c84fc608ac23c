"""Plans in files: saving today's, and reading one that was saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vidbuild.diagnostics import EXIT_USAGE, Problems, problem
from vidbuild.plan.digest import listed, sent
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.plan.saved import NO_PLAN, Saved, SavedVideo, decode_saved, encode_saved, is_saved
from vidbuild.state.records import Render
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.planning import PlanOptions

OCCUPIED = "VB729"

_WORKED_ON = frozenset(Action) - {
    Action.hold,
    Action.orphan,
    Action.delete,
    Action.unchanged,
}


def refuse_occupied(path: Path) -> None:
    """Raises `Problems` (wrong usage) where a plan would take the place of something else."""
    if path.is_dir():
        raise _occupied(path, "a folder")
    if path.exists() and (not path.is_file() or not is_saved(path.read_bytes())):
        raise _occupied(path, "a file, and no saved plan")


def save_plan(
    workspace: Workspace, plan: Plan, options: PlanOptions, path: Path, facts: Iterable[Render]
) -> None:
    """Writes the plan whole or not at all. Raises OSError."""
    from vidbuild.files import write_atomic

    items = listed(workspace.loaded.api, plan.changes, delete_remote=options.delete_remote)
    saved = Saved(
        project=plan.project,
        profile=plan.profile,
        provider=plan.provider,
        digest=plan.digest,
        changes=tuple(items),
        videos=dict(_videos(workspace, plan.changes)),
        moved=tuple(sorted(name for change in plan.changes for name in change.moves)),
        facts=tuple(facts),
        vars=plan.vars,
        delete_remote=options.delete_remote,
        download=options.download,
    )
    write_atomic(path, encode_saved(saved))


def read_saved(path: Path) -> Saved:
    """The plan in a file. Raises `Problems`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise problem(
            NO_PLAN,
            f"{path} cannot be read: {reason}",
            hint="name a file that `vidbuild plan -o FILE` wrote",
        ) from error
    return decode_saved(data, file=str(path))


def _videos(workspace: Workspace, changes: Iterable[Change]) -> Iterator[tuple[str, SavedVideo]]:
    for change in changes:
        request = change.request
        if request is not None and change.action in _WORKED_ON and change.reason != "gave_up":
            yield (
                change.name,
                SavedVideo(
                    request=sent(workspace.loaded.api, request),
                    fingerprint=request.fingerprint,
                    revision=request.revision,
                    media=request.media,
                    protect=request.protect,
                    private=request.private,
                    ignore_changes=request.ignore_changes,
                    abandons=change.abandons,
                ),
            )


def _occupied(path: Path, what: str) -> Problems:
    return problem(
        OCCUPIED,
        f"{path} is {what}: it is left as it is",
        hint="name a new file, or remove this one",
        exit_code=EXIT_USAGE,
    )
