"""One job from its intent to its end: create or resume, follow, record, deliver.

A job may serve several names: twins of one content in one apply, or names that resume
one render. The first of them pays and leads; the others get the same render.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vidbuild.apply.assets import renew_assets, sent_body, upload_assets
from vidbuild.apply.deliver import Lost, bare, deliver
from vidbuild.apply.follow import Ending, follow
from vidbuild.apply.intents import answer_intent, new_intent
from vidbuild.apply.run import Run
from vidbuild.apply.slots import Slot
from vidbuild.apply.submit import send
from vidbuild.apply.work import Failed, failed
from vidbuild.plan.model import Action, Change
from vidbuild.provider.model import Remote
from vidbuild.state.pooling import as_render
from vidbuild.state.recorded import Intent
from vidbuild.state.records import Asset, Entry, Render, Status

STEPS = 5  # attempts in one apply when the provider replays old failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`leader` creates or resumes; `followers` are served by the same render."""

    leader: Change
    followers: tuple[Change, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return (self.leader, *self.followers)


async def work_on(run: Run, job: Job) -> None:
    """The whole job; every name that is not finished at its end is in the tally."""
    leader = job.leader
    try:
        if leader.action is Action.resume:
            ending = await _resume(run, job)
        else:
            ending = await _create(run, leader)
    except Failed as failure:
        _fail_all(run, job, failure)
        return
    except Lost as lost:
        run.lost += [(change, lost.render) for change in job.changes]
        return
    finally:
        run.note_submitted(leader.name)
    if ending is None:  # let go of: it goes on without us
        for change in job.changes:
            entry = run.book.videos.get(change.name)
            if change.moves and entry is not None:
                run.settle(change, entry.render)
        return
    if ending.render.status is Status.failed:
        _fail_all(run, job, render_failed(leader, ending.render), ending.render)
        return
    for change in job.changes:
        await hand_out(run, change, ending.render, ending.remote)


async def hand_out(run: Run, change: Change, render: Render, remote: Remote | None = None) -> None:
    """A finished render becomes a change's: entry first, then files, then what moved here."""
    try:
        # Where old names move here, both have the render only together: a name left behind by a
        # kill would look like one to delete.
        if change.action is not Action.fetch and not change.moves:
            run.point(change, bare(render))
        got, trouble = await deliver(run, change, render, remote)
    except Failed as failure:
        run.fail(failure, change)
        return
    except Lost:
        run.lost.append((change, render))
        return
    run.settle(change, got)
    video = got.outputs.get("video")
    if trouble is not None:
        run.fail(trouble, change)
    elif change.action is Action.reuse:
        run.tally.tell("reused", change.name, source=change.source, path=video and video.path)
    elif run.work.download:
        run.tally.tell("fetched", change.name, path=video and video.path)


async def _create(run: Run, change: Change) -> Ending | None:
    """Attempts of one content: more than one only where old failures are replayed."""
    request = change.request
    if request is None:
        raise AssertionError(change.name)
    run.refuse_when_stopped(change.name)
    assets, new_asset = await upload_assets(run, request)
    async with run.slots.taken() as slot:
        attempt = change.attempt
        while True:
            run.refuse_when_stopped(change.name)
            run.afford(change)
            intent = new_intent(run, change, sent_body(request, assets), attempt)
            try:
                render = await _send(run, change, intent, assets, slot, new_asset=new_asset)
            except Failed as failure:
                # There is no job: the same attempt, and so the same key, with the file's new id.
                assets = await renew_assets(run, request, assets, failure)
                new_asset = True
                continue
            ending = await follow(run, change, render, created_here=True)
            if ending is None or not ending.replayed or attempt - change.attempt >= STEPS - 1:
                return ending
            run.point(change, ending.render)
            attempt += 1


async def _send(
    run: Run,
    change: Change,
    intent: Intent,
    assets: Mapping[str, Asset],
    slot: Slot,
    *,
    new_asset: bool,
) -> Render:
    """The submitted render of a new intent. A refusal leaves the lock as it was."""
    work = run.work
    before = run.book.videos.get(change.name)
    work.journal.intend(intent)
    run.point(change, as_render(intent), assets=assets)
    try:
        video_id = await send(
            intent,
            provider=work.provider,
            journal=work.journal,
            clock=work.clock,
            slots=run.slots,
            slot=slot,
            waits=lambda: run.wait_for_room(change.name),
            new_asset=new_asset,
        )
    except Failed as failure:
        if failure.closed:
            run.purse.keep(change.name)
            _restore(run, change, before)
        raise
    return _submitted(run, change, as_render(intent), video_id)


async def _resume(run: Run, job: Job) -> Ending | None:
    """What was submitted earlier: an answer first where there is none, then as any other."""
    leader, render = job.leader, job.leader.render
    if render is None:
        raise AssertionError(leader.name)
    if not render.status.in_flight:
        return Ending(render=render)
    with run.slots.counted() as slot:
        before = {change.name: run.book.videos.get(change.name) for change in job.changes}
        for change in job.changes:
            run.point(change, render)
        if render.status is Status.intent:
            try:
                run.afford(leader)
                video_id = await answer_intent(run, leader, render, slot)
            except Failed as failure:
                if failure.closed:
                    for change in job.changes:
                        _restore(run, change, before[change.name], refused=render)
                raise
            for change in job.changes:
                submitted = _submitted(run, change, render, video_id)
            render = submitted
        run.slots.accept(slot)
        run.note_submitted(leader.name)
        return await follow(run, leader, render)


def _submitted(run: Run, change: Change, render: Render, video_id: str) -> Render:
    """The id is in the journal; now the lock's entry and everybody watching learn it."""
    submitted = replace(render, status=Status.submitted, video_id=video_id)
    run.known_ids.add(video_id)
    run.point(change, submitted)
    run.note_submitted(change.name)
    run.tally.tell(
        "submitted",
        change.name,
        video_id=video_id,
        attempt=render.attempt,
        at_once=run.slots.pace.allowed,
    )
    return submitted


def _restore(
    run: Run, change: Change, before: Entry | None, *, refused: Render | None = None
) -> None:
    """After a refusal: there is no job, and the entry is what it was without it.

    An entry that a killed apply left on this very intent goes if it has nothing else; with
    a history it stays, and the journal knows that the intent was refused.
    """
    left_behind = before is not None and refused is not None and before.render.key == refused.key
    if before is None or (left_behind and not before.history):
        run.book.drop(change.name)
    else:
        run.book.put(change.name, before)


def _fail_all(run: Run, job: Job, failure: Failed, render: Render | None = None) -> None:
    """The leader's failure, and what it means for those who waited for its render."""
    for change in job.changes:
        own = change.action is not Action.reuse
        if render is not None and own:
            run.point(change, render)
            run.settle(change, render)
        run.fail(failure if own else _without_leader(change, job.leader), change)


def _without_leader(change: Change, leader: Change) -> Failed:
    return failed(
        change.name,
        "VB560",
        f"it has the same content as {leader.name}, which is not rendered",
        hint=f"see what is said about {leader.name}",
    )


def render_failed(change: Change, render: Render) -> Failed:
    """What is said of a render that the provider has given up."""
    from vidbuild.provider.errors import hint

    why = render.failure_message or render.failure_code or "no reason given"
    said = hint(render.failure_code or "")
    failure = failed(change.name, "VB555", f"the render failed: {why}", hint=said)
    return Failed(replace(failure.failure, reason=render.failure_code))
