"""The beginning of an apply: account, what is known, and room made for the work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from vidbuild.apply.book import Book
from vidbuild.apply.entry import Rules
from vidbuild.apply.owners import Owners
from vidbuild.apply.place import Shelf
from vidbuild.apply.run import Run
from vidbuild.apply.slots import Slots
from vidbuild.apply.tally import Tally
from vidbuild.apply.watch import Watch
from vidbuild.apply.work import Work
from vidbuild.diagnostics import EXIT_REFUSED, Span, problem
from vidbuild.plan.budget import Purse
from vidbuild.plan.model import Action, Change, Plan
from vidbuild.provider.model import Account
from vidbuild.state.identity import Identity, identity, key_of, same_key
from vidbuild.state.pooling import as_render
from vidbuild.state.recorded import Recorded, Tombstone
from vidbuild.state.records import Entry, Lock, Render

_LOCAL = frozenset({Action.update, Action.unchanged, Action.hold, Action.orphan})


async def start(plan: Plan, work: Work) -> Run:
    """The shared state of an apply. Raises `Problems` before anything was sent or written."""
    account = await _account(plan, work)
    tally = Tally(emit=work.emit, clock=work.clock, began=work.clock.now())
    recorded = work.journal.recorded()
    names: dict[str, str] = {}

    def looked(video_id: str) -> None:
        tally.tell("progress", names.get(video_id, video_id), status="submitted")

    run = Run(
        work=work,
        plan=plan,
        account=account,
        rules=Rules(
            project=plan.project,
            api=work.api,
            keep_history=work.keep_history,
            abandoned=_abandon(plan, work),
            uploaded=_uploaded(recorded, account),
        ),
        book=Book(work.lock, work.lock_path, shown=work.lock_shown, clock=work.clock),
        shelf=Shelf(
            work.output_dir,
            root=work.project_dir,
            journal=work.journal,
            known={*recorded.received, *_digests(work)},
            receipts=recorded.receipts.values(),
        ),
        watch=Watch(work.provider, work.clock, looked),
        slots=Slots(work.jobs, work.clock),
        near=asyncio.Semaphore(2 * work.jobs),
        purse=Purse(work.rooms),
        tally=tally,
        recorded=recorded,
        known_ids=_known_ids(work, recorded),
        owners=Owners([change.name for change in plan.changes], work.lock),
        lock_assets=_assets(work, plan.provider, account),
        names=names,
    )
    run.shelf.staging.clear(_renders([work.lock]))
    return run


async def _account(plan: Plan, work: Work) -> str | None:
    """The key's account, where the provider can tell; not asked for what needs no provider."""
    if not any(_is_remote(change, work) for change in plan.changes):
        return None
    found = await work.provider.account()
    account = found.hash if found else None
    refuse_other_account(found, work.lock, provider=plan.provider, shown=work.lock_shown)
    return account


def _is_remote(change: Change, work: Work) -> bool:
    if change.action is Action.delete:
        return work.delete_remote and bool(change.deletes)
    return change.action not in _LOCAL and change.reason != "gave_up"


def accounts_of(renders: Iterable[Render], *, provider: str) -> frozenset[str]:
    """The accounts that records of this provider name."""
    return frozenset(r.account for r in renders if r.account and r.provider == provider)


def refuse_other_account(
    account: Account | None,
    lock: Lock,
    *,
    provider: str,
    shown: str,
    journal: Recorded | None = None,
) -> None:
    """Raises `Problems` (exit code 5) for a key of another account than the lock's videos. Where
    the lock has none yet, what the journal has in flight says whose they are.

    Where the provider cannot tell whose key it is, nothing is refused.
    """
    recorded = accounts_of(_renders([lock]), provider=provider)
    if not recorded and journal is not None:
        open_ = (r for r in journal.renders if r.status.in_flight)
        recorded = accounts_of([*open_, *map(as_render, journal.intents)], provider=provider)
    if account is not None and recorded and account.hash not in recorded:
        raise problem(
            "VB515",
            f"the key is of {account.username} ({account.hash}), the lock's videos are in another "
            f"account ({', '.join(sorted(recorded))})",
            hint="use that account's key, or a profile of its own for this account",
            span=Span(file=shown),
            exit_code=EXIT_REFUSED,
        )


def _abandon(plan: Plan, work: Work) -> frozenset[Identity]:
    """Resubmitted renders leave the pool before anything new is sent."""
    left: set[Identity] = set()
    for change in plan.changes:
        for render in change.abandons:
            fingerprint = change.request.fingerprint if change.request else render.fingerprint
            work.journal.bury(
                Tombstone(
                    provider=render.provider,
                    account=render.account,
                    fingerprint=fingerprint,
                    attempt=render.attempt,
                    reason="abandoned",
                    video_id=render.video_id,
                    key=key_of(plan.project, render),
                )
            )
            left |= {identity(plan.project, render), same_key(plan.project, render)}
    return frozenset(left)


def _renders(locks: Iterable[Lock]) -> Iterator[Render]:
    for entry in _entries(locks):
        yield entry.render
        yield from entry.history


def _entries(locks: Iterable[Lock]) -> Iterator[Entry]:
    for lock in locks:
        yield from lock.videos.values()


def _digests(work: Work) -> Iterator[str]:
    for render in _renders([work.lock, *work.siblings.values()]):
        for output in render.outputs.values():
            if output is not None:
                yield output.sha256


def _known_ids(work: Work, recorded: Recorded) -> set[str]:
    renders = [*_renders([work.lock, *work.siblings.values()]), *recorded.renders]
    known = {render.video_id for render in renders if render.video_id}
    return known | {grave.video_id for grave in recorded.tombstones if grave.video_id}


def _uploaded(recorded: Recorded, account: str | None) -> dict[str, str]:
    """What a killed apply has uploaded, for the entry of the render that it was for."""
    mine = account or ""
    return {sha256: given for (whose, sha256), given in recorded.assets.items() if whose == mine}


def _assets(work: Work, provider: str, account: str | None) -> dict[str, str]:
    """The ids of uploaded files by content: of two, that of the later render."""
    mine = [
        entry
        for entry in _entries([*work.siblings.values(), work.lock])
        if entry.render.provider == provider and entry.render.account == account
    ]
    mine.sort(key=lambda entry: entry.render.completed_at or entry.render.sent_at or "")
    return {asset.sha256: asset.asset_id for entry in mine for asset in entry.assets.values()}
