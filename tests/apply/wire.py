"""The model provider behind its HTTP API, asked by the real client: no socket, every answer.

What a create is answered with is given by its number; the model says what has become of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import httpx

from tests.apply.cloud import Cloud, content_of
from tests.apply.world import World
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.provider.model import InProgress, Remote, Taken

SECRET = "hg_Th1sM4yB3NoWh3r3"
BASE = "https://api.test"

Reply = Callable[[httpx.Request], httpx.Response]


def says(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    """An error in the API's own form."""
    body = {"error": {"code": code, "message": message}}
    return lambda _: httpx.Response(status, json=body, headers=headers)


def answers(status: int, body: bytes, kind: str = "application/json") -> Reply:
    return lambda _: httpx.Response(status, content=body, headers={"content-type": kind})


def breaks(error: type[httpx.TransportError]) -> Reply:
    def broken(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return broken


class _Body(httpx.AsyncByteStream):
    """A body that has not been read yet, as off a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data


@dataclass(kw_only=True)
class Wire(httpx.AsyncBaseTransport):
    """`replies` are the words for creates that the model does not take, by their number;
    `dated` is whether answers have a date."""

    cloud: Cloud
    replies: Mapping[int, Reply] = field(default_factory=dict)
    dated: bool = True
    keys: list[str] = field(default_factory=list)
    _latest: dict[str, Reply] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self._answer(request)
        headers = httpx.Headers(response.headers)
        if self.dated:
            headers["date"] = formatdate(self.cloud.server_now, usegmt=True)
        return httpx.Response(response.status_code, headers=headers, stream=_Body(response.content))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        if path.startswith("/files/"):
            return httpx.Response(200, content=content_of("https:/" + path))
        assert request.headers["x-api-key"] == SECRET
        if (method, path) == ("POST", "/v3/videos"):
            return await self._create(request)
        if path == "/v3/users/me":
            account = await self.cloud.account()
            return httpx.Response(200, json={"data": {"username": account and account.hash}})
        if path == "/v3/videos/statuses":
            ids = request.url.params["video_ids"].split(",")
            found = await self.cloud.statuses(ids)
            return httpx.Response(
                200, json={"data": [{"video_id": i, "status": found[i]} for i in ids]}
            )
        if path == "/v3/videos":
            title = request.url.params["title"]
            listed = await self.cloud.recent(title=title, since=0.0, until=1e12)
            return httpx.Response(200, json={"data": [_detail(each) for each in listed]})
        assert method == "GET", (method, path)
        remote = await self.cloud.video(path.rpartition("/")[2])
        if remote is None:
            return says(404, "video_not_found")(request)
        return httpx.Response(200, json={"data": _detail(remote)})

    async def _create(self, request: httpx.Request) -> httpx.Response:
        key = request.headers["idempotency-key"]
        self.keys.append(key)
        number = self.cloud.creates + 1
        if number in self.replies:
            self._latest[key] = self.replies[number]
        found = await self.cloud.create(json.loads(request.content), key=key)
        if isinstance(found, Taken):
            return httpx.Response(201, json={"data": {"video_id": found.video_id}})
        if isinstance(found, InProgress):
            return says(409, "request_in_progress")(request)
        return self._latest[key](request)  # perhaps once more


def _detail(remote: Remote) -> dict[str, Any]:
    links = ("video_url", "subtitle_url", "thumbnail_url")
    return {
        "id": remote.video_id,
        "status": {"submitted": "processing"}.get(remote.status, remote.status),
        "title": remote.title,
        "created_at": remote.created_at,
        "completed_at": remote.completed_at,
        "duration": remote.duration,
        "failure_code": remote.failure_code,
        "failure_message": remote.failure_message,
        **{
            name: url.replace("https://", f"{BASE}/")
            for name in links
            if (url := getattr(remote, name)) is not None
        },
    }


def wired(world: World) -> Wire:
    """Makes the world ask its provider over the wire."""
    wire = Wire(cloud=world.cloud)

    def dial() -> HeyGen:
        return HeyGen(
            base=BASE,
            credential=Credential(secret=SECRET, origin="the test"),
            api=world.api,
            transport=wire,
            clock=world.own_clock or world.clock,
            jitter=random.Random(1),  # noqa: S311 - to repeat, not to hide
        )

    world.dial = dial
    return wire
