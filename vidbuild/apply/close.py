"""Videos that the provider did not know, judged together at the end.

One 404 is not enough to call a video gone: the bulk call has to agree, and the provider has
to have known some other video of its account, or the key has to be the very account's.
Otherwise it is more likely another account, and nothing is recorded.
"""

from __future__ import annotations

from dataclasses import replace

from vidbuild.apply.run import Run
from vidbuild.apply.work import failed
from vidbuild.diagnostics import Problems
from vidbuild.plan.model import Change
from vidbuild.state.advance import advanced
from vidbuild.state.identity import key_of
from vidbuild.state.records import Render, Status


async def close_lost(run: Run) -> None:
    """Records lost videos as gone where that is sure; each is a failure either way."""
    if not run.lost:
        return
    ids = sorted({render.video_id or "" for _, render in run.lost})
    try:
        found = await run.work.provider.statuses(ids)
    except Problems:
        found = {}
    for change, render in run.lost:
        missing = found.get(render.video_id or "") == "not_found"
        if missing and _is_sure(run, ids, render):
            _bury(run, change, render)
        else:
            _doubt(run, change, render)
    run.lost.clear()


def _is_sure(run: Run, ids: list[str], render: Render) -> bool:
    same = run.account is not None and render.account == run.account
    known = render.account in run.met or (same and bool(run.met))
    return known or (same and len(ids) == 1)


def _bury(run: Run, change: Change, render: Render) -> None:
    gone = replace(render, status=Status.gone)
    run.work.journal.advance(gone, key=key_of(run.project, render))
    entry = run.book.videos.get(change.name)
    if entry is not None:
        run.book.put(change.name, advanced(run.project, entry, gone))
    run.fail(
        failed(
            change.name,
            "VB553",
            f"the provider does not have its video {render.video_id} any more",
            hint="the next plan renders it anew",
        ),
        change,
    )


def _doubt(run: Run, change: Change, render: Render) -> None:
    run.fail(
        failed(
            change.name,
            "VB554",
            f"the provider does not know its video {render.video_id}, nor any other: is this the "
            "key of another account?",
            hint="check the API key; nothing was recorded as gone",
        ),
        change,
    )
