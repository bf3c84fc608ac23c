"""The studio's ASGI app: the API's paths, taken from the spec, and who may call them.

Not for what a call does: each resource's own `..._calls` say that.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vidbuild.studio import (
    asset_calls,
    catalogue_calls,
    slot_calls,
    store,
    video_batches,
    video_calls,
    webhook_calls,
)
from vidbuild.studio.account_calls import get_ledger, get_user
from vidbuild.studio.answers import ApiError, dated, say_error
from vidbuild.studio.desk import Desk
from vidbuild.studio.fault_calls import Spoil, spoil_call, spoil_file
from vidbuild.studio.keys import admit
from vidbuild.studio.operations import Operation, operations
from vidbuild.studio.page import page_routes
from vidbuild.studio.speech_calls import create_speech
from vidbuild.studio.store import reason_of

Call = Callable[[Desk, Request], Awaitable[Response]]


CALLS: dict[str, Call] = {
    "createVideo": video_calls.create_video,
    "getVideo": video_calls.get_video,
    "listVideos": video_calls.list_videos,
    "listVideoStatuses": video_calls.list_statuses,
    "deleteVideo": video_calls.delete_video,
    "createVideoBatch": video_batches.create_video_batch,
    "getVideoBatch": video_batches.get_video_batch,
    "uploadAsset": asset_calls.upload_asset,
    "getAsset": asset_calls.get_asset,
    "listAssets": asset_calls.list_assets,
    "deleteAsset": asset_calls.delete_asset,
    "createAssetUpload": slot_calls.create_slot,
    "completeAssetUpload": slot_calls.complete_slot,
    "createAssetUploadBatch": slot_calls.create_slot_batch,
    "completeAssetBatch": slot_calls.complete_slot_batch,
    "getAssetBatch": slot_calls.get_slot_batch,
    "listAssetStatuses": slot_calls.list_slot_statuses,
    "listAvatarGroups": catalogue_calls.list_groups,
    "getAvatarGroup": catalogue_calls.get_group,
    "listAvatarLooks": catalogue_calls.list_looks,
    "getAvatarLook": catalogue_calls.get_look,
    "listVoices": catalogue_calls.list_voices,
    "getVoice": catalogue_calls.get_voice,
    "createSpeech": create_speech,
    "getCurrentUser": get_user,
    "createWebhookEndpoint": webhook_calls.create_endpoint,
    "listWebhookEndpoints": webhook_calls.list_endpoints,
    "updateWebhookEndpoint": webhook_calls.update_endpoint,
    "deleteWebhookEndpoint": webhook_calls.delete_endpoint,
    "rotateWebhookSecret": webhook_calls.rotate_secret,
    "listWebhookEventTypes": webhook_calls.list_event_types,
    "listWebhookEvents": webhook_calls.list_events,
    "listBrandGlossaries": catalogue_calls.list_glossaries,
}


class Resource:
    """One path of the API and all that can be done with it; any other method is refused."""

    def __init__(self, calls: Mapping[str, Callable[[Request], Awaitable[Response]]]) -> None:
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        call = self._calls.get("GET" if request.method == "HEAD" else request.method)
        if call is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self._calls))})
        response = await call(request)
        await response(scope, receive, send)


def make_app(desk: Desk) -> ASGIApp:
    """The app over an open desk."""
    routes = [
        *_resources(desk),
        Route("/_studio/ledger", _endpoint(desk, "GET /_studio/ledger", get_ledger)),
        Route(
            "/files/{owner_id}/{name}",
            _endpoint(desk, "GET /files", asset_calls.get_file, spoil=spoil_file, open_to_all=True),
        ),
        Route(
            "/uploads/{asset_id}",
            _endpoint(desk, "PUT /uploads", slot_calls.put_bytes, open_to_all=True),
            methods=["PUT"],
        ),
    ]
    routes += page_routes(desk)

    async def say_trouble(_request: Request, error: Exception) -> Response:
        if isinstance(error, ConnectionError):
            raise error  # the caller's connection, and no business of the folder's
        said = desk.trouble(error)
        message = f"The studio's folder cannot be used: {reason_of(error)} ({said.code})."
        return await say_error(_request, ApiError(500, "internal_error", message))

    errors = (ApiError, HTTPException, ClientDisconnect, Exception)
    handlers = dict.fromkeys(errors, say_error)
    handlers |= dict.fromkeys((OSError, sqlite3.Error), say_trouble)
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return dated(app, lambda: desk.now, lambda: secrets.token_hex(12))


def _resources(desk: Desk) -> list[Route]:
    """The paths of all operations that the studio has; static paths first."""
    found: dict[str, dict[str, Callable[[Request], Awaitable[Response]]]] = {}
    for name, operation in operations(desk.api, CALLS).items():
        label = f"{operation.method} {operation.path}"
        endpoint = _endpoint(desk, label, CALLS[name], spoil=spoil_call, operation=operation)
        found.setdefault(operation.path, {})[operation.method] = endpoint
    return [
        Route(path, Resource(found[path]))
        for path in sorted(found, key=lambda path: (path.count("{"), path))
    ]


def _endpoint(
    desk: Desk,
    route: str,
    call: Call,
    *,
    spoil: Spoil | None = None,
    operation: Operation | None = None,
    open_to_all: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        async def answered() -> Response:
            if not open_to_all:
                admit(desk.key, request, operation.scope if operation else None)
            desk.settle()
            return await call(desk, request)

        request.state.operation = operation
        number = store.count_request(desk.db, route)
        if spoil is None:
            return await answered()
        return await spoil(desk, request, route, number, answered)

    return endpoint
