"""Names that leave for good: at the provider first where that was accepted, then here.

Not for names that move to others: `run` knows how those leave.
"""

from __future__ import annotations

from vidbuild.apply.run import Run
from vidbuild.apply.work import Failed, failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.plan.model import Change
from vidbuild.state.identity import key_of
from vidbuild.state.recorded import Reason, Tombstone
from vidbuild.state.records import Entry, Render, Status


async def remove(run: Run, change: Change) -> None:
    """A name of the lock that the project does not have any more. Its renders that nothing else
    refers to leave the pool; a failed or vanished one goes on counting as an attempt."""
    entry = run.book.videos.get(change.name)
    if entry is None:
        return
    free = _free(entry, change)
    try:
        if run.work.delete_remote:
            await _delete(run, change, free)
    except Failed as failure:
        run.fail(failure, change)
        return
    if not run.work.delete_remote:
        for render in free:
            if render.status is Status.completed:
                _bury(run, render, "removed")
    run.leave(change.name)
    run.tally.tell("deleted", change.name, video_ids=_ids(run, free))


def _free(entry: Entry, change: Change) -> list[Render]:
    """The renders to let go of, each id once, by the record that says whose it is."""
    found: dict[str | None, Render] = {}
    for render in (entry.render, *entry.history):
        known = found.get(render.video_id)
        if render.video_id in change.deletes and (known is None or known.account is None):
            found[render.video_id] = render
    return list(found.values())


async def _delete(run: Run, change: Change, renders: list[Render]) -> None:
    """One id after the other, each remembered at once; one that is not there is deleted."""
    accepted = _accepted(run, change.name)
    for render in renders:
        video_id = render.video_id or ""
        if video_id not in accepted:
            raise failed(
                change.name,
                "VB562",
                f"its video {video_id} is not in the accepted plan, so it is not deleted",
                hint="plan again",
            )
        if render.account is not None and render.account != run.account:
            raise failed(
                change.name,
                "VB515",
                f"its video {video_id} is in another account than the key's: not deleted",
                hint="use the key of the account that rendered it, or leave out --delete-remote",
            )
        try:
            await run.work.provider.delete(video_id)
        except Problems as problems:
            raise failed_by(change.name, problems) from problems
        _bury(run, render, "deleted")


def _accepted(run: Run, name: str) -> set[str]:
    found = (item for item in run.work.accepted.changes if item["name"] == name)
    return {video_id for item in found for video_id in item.get("delete", ())}


def _bury(run: Run, render: Render, reason: Reason) -> None:
    run.work.journal.bury(
        Tombstone(
            provider=render.provider,
            account=render.account,
            fingerprint=render.fingerprint,
            attempt=render.attempt,
            reason=reason,
            video_id=render.video_id,
            key=key_of(run.project, render),
        )
    )


def _ids(run: Run, renders: list[Render]) -> list[str] | None:
    return [render.video_id or "" for render in renders] if run.work.delete_remote else None
