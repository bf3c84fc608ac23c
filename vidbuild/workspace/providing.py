"""The provider that a project names, ready to be asked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vidbuild.provider.model import Provider
from vidbuild.workspace.opened import STATE, Workspace


@asynccontextmanager
async def open_provider(workspace: Workspace) -> AsyncIterator[Provider]:
    """The provider that the project names, ready to be asked; closed at the end."""
    settings = workspace.loaded.project.provider
    api = workspace.loaded.api
    if settings.name == "studio":
        import httpx

        from vidbuild.provider.client import HeyGen
        from vidbuild.provider.credentials import Credential
        from vidbuild.studio.server import Studio

        async with Studio(data=workspace.root / STATE / "studio", api=api) as studio:
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
    from vidbuild.provider.credentials import api_base, find_credential

    client = HeyGen(
        base=api_base(os.environ),
        credential=find_credential(os.environ, key_env=settings.key_env),
        api=api,
    )
    try:
        yield client
    finally:
        await client.close()
