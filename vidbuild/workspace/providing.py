"""The provider that a project names, ready to be asked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vidbuild.diagnostics import EXIT_REFUSED, Diagnostic, Problems, problem
from vidbuild.plan.model import Plan
from vidbuild.provider.model import Account
from vidbuild.workspace.opened import Workspace, shown
from vidbuild.workspace.places import STATE

if TYPE_CHECKING:
    from vidbuild.provider.client import HeyGen


@asynccontextmanager
async def open_provider(
    workspace: Workspace, *, remark: Callable[[Diagnostic], None] = lambda _: None
) -> AsyncIterator[HeyGen]:
    """The provider that the project names, ready to be asked; closed at the end.

    `remark` hears what an embedded studio has to say of its drafts and its folder, and at once
    that a login pays instead of a key.
    """
    settings = workspace.loaded.project.provider
    api = workspace.loaded.api
    if settings.name == "studio":
        import httpx

        from vidbuild.provider.client import HeyGen
        from vidbuild.provider.credentials import Credential
        from vidbuild.studio.server import Studio

        folder = workspace.root / STATE / "studio"
        async with Studio(data=folder, api=api, on_trouble=remark) as studio:
            client = HeyGen(
                base="http://studio.localhost",
                credential=Credential(secret="studio", origin="the embedded studio"),  # noqa: S106 - in-process, any key will do
                api=api,
                name="studio",
                transport=httpx.ASGITransport(app=studio.app),
            )
            try:
                yield client
            finally:
                await client.close()
        return
    from vidbuild.provider.client import HeyGen
    from vidbuild.provider.credentials import api_base, find_credential, login_warning

    base = api_base(os.environ)
    credential = find_credential(os.environ, key_env=settings.key_env)
    warning = login_warning(credential)
    if warning is not None:
        remark(warning)
    client = HeyGen(base=base, credential=credential, api=api)
    try:
        yield client
    finally:
        await client.close()


def guard_wallet(plan: Plan, account: Account | None) -> Diagnostic | None:
    """What is to be said of the wallet before anybody agrees to the plan. Raises `Problems` (exit
    code 5) where it cannot hold it.
    """
    from vidbuild.plan.wallet import short_of

    if account is None:
        return None
    found = short_of(plan, balance_usd=account.balance_usd, reloads=account.reloads)
    if found is not None and found.severity == "error":
        raise Problems([found], exit_code=EXIT_REFUSED)
    return found


def guard_account(workspace: Workspace, account: Account | None) -> None:
    """Refuses (5) a key of another account than the project's or the lock's, before anybody
    is asked anything else. Where nobody can tell whose key it is, only an account written in the
    project refuses.
    """
    from vidbuild.apply.start import refuse_other_account

    settings = workspace.loaded.project.provider
    wanted = settings.account
    if wanted is not None and (account is None or account.username != wanted):
        whose = f"the account {account.username}" if account else "an account that cannot be told"
        raise problem(
            "VB716",
            f"the key is of {whose}, the project wants the account {wanted}",
            hint="use the key of the right account, or change `account`",
            exit_code=EXIT_REFUSED,
        )
    refuse_other_account(
        account,
        workspace.lock,
        provider=settings.name,
        shown=shown(workspace.root, workspace.lock_path),
        journal=workspace.journal,
    )
