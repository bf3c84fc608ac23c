"""`lock rm --delete-remote`: forgotten videos leave the provider too, each remembered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vidbuild.diagnostics import (
    EXIT_CREDENTIALS,
    EXIT_FAILED,
    EXIT_REFUSED,
    Diagnostic,
    Problems,
    problem,
)
from vidbuild.provider.model import Account, Provider
from vidbuild.state.journal import Journal
from vidbuild.state.records import Render
from vidbuild.workspace.locking_removal import Removal, drop, grave_of
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.providing import guard_account, open_provider

_AT_ONCE = 10


def forget_and_delete(
    removal: Removal,
    confirm: Callable[[Account | None], None],
    *,
    warn: Callable[[Diagnostic], None],
) -> tuple[set[str], Problems | None]:
    """Deletes what the removal lists and forgets the entries; gives the names that are gone, and
    what went wrong with others: an entry whose video could not be deleted stays.

    `confirm` is asked once the account is known, and raises to refuse.
    """
    with asyncio.Runner() as runner:
        opened = open_provider(removal.workspace)
        provider = runner.run(opened.__aenter__())
        try:
            account = runner.run(provider.account())
            guard_account(removal.workspace, account)
            _refuse_strangers(removal, account)
            confirm(account)
            return runner.run(_carry_out(removal, provider, warn))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _carry_out(
    removal: Removal, provider: Provider, warn: Callable[[Diagnostic], None]
) -> tuple[set[str], Problems | None]:
    workspace = removal.workspace
    gone = removal.entries.keys() - removal.deletes.keys()
    failures: list[Problems] = []
    limit, records = asyncio.Semaphore(_AT_ONCE), _records(workspace)
    with Journal(workspace.journal_path, project=workspace.lock.project) as journal:

        async def leave(name: str) -> None:
            async with limit:
                if any(p.exit_code == EXIT_CREDENTIALS for p in failures):
                    return  # no other one can fare better
                try:
                    await _delete(removal, name, provider, journal, records)
                except Problems as problems:
                    failures.append(_named(name, problems))
                else:
                    gone.add(name)

        try:
            await asyncio.gather(*map(leave, removal.deletes))
        finally:
            drop(removal, journal, gone, warn=warn)
    return gone, _together(failures)


def _together(failures: list[Problems]) -> Problems | None:
    if not failures:
        return None
    refused = any(each.exit_code == EXIT_CREDENTIALS for each in failures)
    found = [diagnostic for each in failures for diagnostic in each.diagnostics]
    return Problems(found, exit_code=EXIT_CREDENTIALS if refused else EXIT_FAILED)


async def _delete(
    removal: Removal,
    name: str,
    provider: Provider,
    journal: Journal,
    records: Mapping[str, Sequence[Render]],
) -> None:
    project = removal.workspace.lock.project
    for video_id in removal.deletes[name]:
        await provider.delete(video_id)  # one that is not there any more is deleted
        journal.bury(*(grave_of(project, each, "deleted") for each in records[video_id]))


def _records(workspace: Workspace) -> dict[str, list[Render]]:
    """By video each record's own: one may say whose it is, and another one not."""
    found: dict[str, dict[tuple[str | None, str], Render]] = {}
    for entry in workspace.lock.videos.values():
        for render in (entry.render, *entry.history):
            own = found.setdefault(render.video_id or "", {})
            own[render.account, render.fingerprint] = render
    return {video_id: list(own.values()) for video_id, own in found.items()}


def _refuse_strangers(removal: Removal, account: Account | None) -> None:
    """Raises `Problems` (5) where a video to be deleted is of another account than the key's."""
    mine = account.hash if account else None
    for name, ids in removal.deletes.items():
        entry = removal.entries[name]
        for render in (entry.render, *entry.history):
            if render.video_id in ids and render.account not in (None, mine):
                raise problem(
                    "VB515",
                    f"{name}: its video {render.video_id} is in another account than the key's",
                    hint="use the key of the account that rendered it, or leave out "
                    "--delete-remote",
                    exit_code=EXIT_REFUSED,
                )


def _named(name: str, problems: Problems) -> Problems:
    found: list[Diagnostic] = [
        replace(d, message=f"{name} is not deleted: {d.message}", video=name)
        for d in problems.diagnostics
    ]
    return Problems(found, exit_code=problems.exit_code)
