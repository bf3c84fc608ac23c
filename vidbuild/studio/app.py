"""The studio's ASGI app: the API's paths, taken from the spec, and who may call them.

Not for what a call does: `video_calls` and `asset_calls` say that.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from vidbuild.schema.api import Api, load_api
from vidbuild.studio import store, videos
from vidbuild.studio.answers import ApiError, answer, data, dated, encode, say_error
from vidbuild.studio.asset_calls import get_asset, get_file, upload_asset
from vidbuild.studio.desk import USERNAME, Desk
from vidbuild.studio.page import page_routes
from vidbuild.studio.video_calls import (
    create_video,
    delete_video,
    get_video,
    list_statuses,
    list_videos,
)

Call = Callable[[Desk, Request], Awaitable[Response]]


async def get_user(desk: Desk, _request: Request) -> Response:
    return data(
        {
            "username": USERNAME,
            "email": None,
            "first_name": None,
            "last_name": None,
            "billing_type": "wallet",
            "wallet": {
                "currency": "usd",
                "remaining_balance": store.balance(desk.db),
                "auto_reload": {"enabled": False},
            },
            "subscription": None,
            "usage_based": None,
        }
    )


async def get_ledger(desk: Desk, _request: Request) -> Response:
    """Every job ever taken and what it cost: not of the API, for tests and rehearsals."""
    jobs = [
        {
            "video_id": video.video_id,
            "idempotency_key": video.idempotency_key,
            "request": video.request,
            "status": "deleted" if video.deleted else video.status,
            "charged_usd": video.charged_usd,
            "created_at": int(video.created_at),
        }
        for video in videos.everything(desk.db)
    ]
    return answer(encode({"jobs": jobs, "requests": store.request_counts(desk.db)}))


CALLS: dict[str, Call] = {
    "createVideo": create_video,
    "getVideo": get_video,
    "listVideos": list_videos,
    "listVideoStatuses": list_statuses,
    "deleteVideo": delete_video,
    "uploadAsset": upload_asset,
    "getAsset": get_asset,
    "getCurrentUser": get_user,
}


def make_app(desk: Desk) -> ASGIApp:
    """The app over an open desk."""
    routes = [
        Route(path, _endpoint(desk, f"{method} {path}", call), methods=[method])
        for method, path, call in _routes(desk.api)
    ]
    routes += [
        Route("/_studio/ledger", _endpoint(desk, "GET /_studio/ledger", get_ledger)),
        Route(
            "/files/{owner_id}/{name}", _endpoint(desk, "GET /files", get_file, open_to_all=True)
        ),
    ]
    routes += page_routes(desk)
    errors = (ApiError, HTTPException, ClientDisconnect, Exception)
    app = Starlette(routes=routes, exception_handlers=dict.fromkeys(errors, say_error))
    app.router.redirect_slashes = False
    return dated(app, lambda: desk.now, lambda: secrets.token_hex(12))


def _routes(api: Api) -> list[tuple[str, str, Call]]:
    """Method, path and call of every operation that the studio has; static paths first.

    An edition may describe the creating of videos alone, by any name: the other operations
    are then where the bundled one has them.
    """
    places = {**dict(_places(load_api().document)), **dict(_places(api.document))}
    places["createVideo"] = api.operation
    found = []
    for name, place in places.items():
        method, _, path = place.partition(" ")
        found.append((method, path, CALLS[name]))
    return sorted(found, key=lambda route: (route[1].count("{"), route[1], route[0]))


def _places(document: Any) -> Iterator[tuple[str, str]]:
    """The studio's operations by id, with method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if isinstance(operation, dict) and operation.get("operationId") in CALLS:
                yield operation["operationId"], f"{method.upper()} {path}"


def _endpoint(
    desk: Desk, route: str, call: Call, *, open_to_all: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        store.count_request(desk.db, route)
        if not open_to_all and not _admitted(desk.key, request):
            raise ApiError(401, "unauthorized", "The API key is missing or wrong.")
        desk.settle()
        return await call(desk, request)

    return endpoint


def _admitted(key: str | None, request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = request.headers.get("x-api-key") or (
        token.strip() if scheme.lower() == "bearer" else ""
    )
    return bool(given) if key is None else hmac.compare_digest(given.encode(), key.encode())
