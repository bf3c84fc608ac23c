"""A submitted video until its end: first look, watching, and what a 404 means."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vidbuild.apply.deliver import Lost
from vidbuild.apply.ended import ended
from vidbuild.apply.run import Run
from vidbuild.apply.work import failed, failed_by
from vidbuild.diagnostics import Problems
from vidbuild.plan.model import Change
from vidbuild.provider.model import Remote
from vidbuild.state.identity import key_of
from vidbuild.state.records import Render, Status
from vidbuild.state.times import seconds

REPLAYED_AFTER = 600.0  # a failed video this much older than its create is a replay
INVISIBLE = (5.0, 10.0, 15.0, 30.0, 60.0)  # two minutes for a new video to appear
GONE_AFTER = 24 * 3600.0
_DISAGREEING = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A finished render; `replayed`: its failure is an older one's, another attempt is due."""

    render: Render
    remote: Remote | None = None
    replayed: bool = False


async def follow(
    run: Run, change: Change, render: Render, *, created_here: bool = False
) -> Ending | None:
    """Waits for the end, which is in the journal on return; None when let go of.

    Raises `Failed`, and `Lost` for a video that the provider has not known for a day.
    """
    run.names[render.video_id or ""] = change.name
    remote = await _look(run, change, render)
    if remote is None:
        if created_here and _deleted_by_us(run, render):
            return Ending(render=replace(render, status=Status.gone), replayed=True)
        raise _unknown(run, change, render)
    replayed = created_here and remote.status == "failed" and _is_old(run, remote)
    while remote.status not in ("completed", "failed"):
        try:
            status = await run.watch.status(
                remote.video_id, age=_age(run, render), length=change.estimate.seconds
            )
        except Problems as problems:
            raise failed_by(change.name, problems) from problems
        if status is None:
            return None
        seen = await _look(run, change, render)
        if seen is None:
            raise _unknown(run, change, render)
        remote = seen
        if remote.status == "submitted":  # the two calls disagree
            await run.work.clock.sleep(_DISAGREEING)
    return Ending(render=_record(run, change, render, remote), remote=remote, replayed=replayed)


async def _look(run: Run, change: Change, render: Render) -> Remote | None:
    """The video, waited for while it may not be visible yet."""
    remote = await run.look(change.name, render)
    for pause in INVISIBLE:
        if remote is not None or _age(run, render) > GONE_AFTER:
            return remote
        await run.work.clock.sleep(pause)
        remote = await run.look(change.name, render)
    return remote


def _record(run: Run, change: Change, render: Render, remote: Remote) -> Render:
    """The end of a render, in the journal before anything else is done with it."""
    complete = remote.status == "completed"
    cost = run.cost(change.request, remote.duration) if complete else None
    done = ended(render, remote, now=run.now(), cost=cost, private=change.private)
    run.work.journal.advance(done, key=key_of(run.project, render))
    if not complete:
        run.purse.keep(change.name)
    else:
        run.purse.pay(change.name, done.cost_usd)
        run.watch.learn(change.estimate.seconds, _took(run, render, remote))
        run.tally.paid(change, done.duration, done.cost_usd)
        run.tally.tell(
            "completed",
            change.name,
            video_id=done.video_id,
            seconds=done.duration,
            cost_usd=done.cost_usd,
            page_url=done.page_url,
        )
    return done


def _took(run: Run, render: Render, remote: Remote) -> float:
    """Seconds of rendering, by the server's own times where it tells both."""
    if remote.created_at is None or remote.completed_at is None:
        return _age(run, render)
    return remote.completed_at - remote.created_at


def _is_old(run: Run, remote: Remote) -> bool:
    return remote.created_at is not None and run.now() - remote.created_at > REPLAYED_AFTER


def _deleted_by_us(run: Run, render: Render) -> bool:
    return any(
        t.reason == "deleted" and t.video_id == render.video_id for t in run.recorded.tombstones
    )


def _age(run: Run, render: Render) -> float:
    return run.now() - seconds(render.sent_at) if render.sent_at else 0.0


def _unknown(run: Run, change: Change, render: Render) -> Exception:
    if _age(run, render) > GONE_AFTER:
        return Lost(render)
    return failed(
        change.name,
        "VB553",
        f"the provider does not know its video {render.video_id} (yet)",
        hint="apply again later; it counts as gone a day after it was sent",
    )
