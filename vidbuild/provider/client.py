"""HeyGen's v3 API over HTTP: the one client for the real service and for the studio.

The key goes to the API's own host and nowhere else. Creating sends once and says what
happened; every other call is repeated by the retry policy. Not for deciding what to send.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from vidbuild.clock import Clock, SystemClock
from vidbuild.provider import answers, failures, retry, verdicts
from vidbuild.provider.answers import member, remote, safe_id, status
from vidbuild.provider.credentials import Credential, loopback, shown
from vidbuild.provider.download import Broken, Unfit, download
from vidbuild.provider.media import read_whole
from vidbuild.provider.model import (
    Account,
    CreateAnswer,
    Downloaded,
    Refused,
    Remote,
    Spoken,
)
from vidbuild.provider.retry import Policy
from vidbuild.provider.routes import limit, route
from vidbuild.provider.wire import Answer, Lost, exchange, trust
from vidbuild.schema.api import Api, load_api

CONNECTIONS = 10
_READ = 30.0
_WRITE = 120.0
_UPLOAD = 600.0
_GONE = frozenset({404})
# Pages of a hundred to look through for a title: enough for any project, and an end.
_PAGES = 50


class HeyGen:
    """A `Provider`. `base` is the API's address; `transport` stands in for the network.

    `name` is the provider's in lock and plan. Downloads from the API's own host use the same
    transport; from any other host, the network. Close it when done.
    """

    def __init__(
        self,
        *,
        base: str,
        credential: Credential,
        api: Api | None = None,
        name: str = "heygen",
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        policy: Policy | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.name = name
        self._base = base.rstrip("/")
        self._credential = credential
        self._api = api or load_api()
        self._transport = transport
        self._clock = clock or SystemClock()
        self._policy = policy or Policy()
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads load, no secret
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._dated: tuple[float, float] | None = None
        self._met = False  # whether the host has ever been reached

    def __repr__(self) -> str:
        return f"HeyGen(name={self.name!r}, base={self._base!r})"

    @property
    def server_now(self) -> float | None:
        if self._dated is None:
            return None
        date, seen = self._dated
        return date + max(0.0, self._clock.now() - seen)

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer:
        method, _, path = self._api.operation.partition(" ")
        content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        got = await self._send(method, path, seconds=_WRITE, content=content, headers=headers)
        return verdicts.created(got, self._host)

    async def video(self, video_id: str) -> Remote | None:
        if safe_id(video_id) is None:
            return None
        got = await self._ask("getVideo", absent=_GONE, video_id=video_id)
        if got is None:
            return None
        found = remote(member(got.body, "data"))
        if found is None or found.video_id != video_id:
            raise failures.nonsense(self._host, "its answer about a video is not one")
        return found

    async def statuses(self, video_ids: Sequence[str]) -> Mapping[str, str]:
        """An id that the answer leaves out is taken to be in progress: that decides nothing."""
        found = dict.fromkeys(video_ids, "submitted")
        asked = [video_id for video_id in found if safe_id(video_id)]
        found.update(dict.fromkeys(found.keys() - set(asked), "not_found"))
        most = limit(self._api, "status_videos", 100)
        for start in range(0, len(asked), most):
            ids = asked[start : start + most]
            got = await self._listing("listVideoStatuses", {"video_ids": ",".join(ids)})
            for entry in got[0]:
                word = member(entry, "status")
                if member(entry, "video_id") in ids:
                    known = "not_found" if word == "not_found" else status(word)
                    found[member(entry, "video_id")] = known
        return found

    async def recent(self, *, title: str, since: float, until: float) -> list[Remote]:
        if not title:
            return []
        found: list[Remote] = []
        query: dict[str, Any] = {"title": title, "limit": 100}
        for _ in range(_PAGES):
            items, token = await self._listing("listVideos", query)
            page = [video for video in map(remote, items) if video is not None]
            found += [v for v in page if v.title == title and answers.between(v, since, until)]
            if token is None or all(answers.before(video, since) for video in page):
                return found
            query["token"] = token
        raise failures.nonsense(self._host, f"it lists more than {100 * _PAGES} videos of a title")

    async def delete(self, video_id: str) -> bool:
        if safe_id(video_id) is None:
            return False
        got = await self._ask("deleteVideo", absent=_GONE, seconds=_WRITE, video_id=video_id)
        return got is not None

    async def upload(self, path: Path, *, mime: str, sha256: str) -> str:
        most = limit(self._api, "upload_bytes", 32 << 20)
        data = await asyncio.to_thread(read_whole, path, most, sha256)
        got = await self._ask(
            "uploadAsset",
            seconds=_UPLOAD,
            options={
                "files": {"file": (path.name, data, mime)},
                # Of this upload alone: a repeat in this call must not store the file twice.
                "headers": {"Idempotency-Key": uuid.uuid4().hex},
            },
        )
        asset_id = safe_id(member(got and got.body, "data", "asset_id"))
        if asset_id is None:
            raise failures.nonsense(self._host, "its answer to an upload has no asset id")
        return asset_id

    async def download(self, url: str, target: Path) -> Downloaded:
        sends = 0
        while True:
            sends += 1
            try:
                client = self._client("own" if self._own(url) else "other")
                return await download(client, url, target, base=self._base)
            except Unfit as error:
                raise failures.unfit(str(error)) from None
            except OSError as error:
                raise failures.unsaved(target, error) from None
            except Broken as error:
                if sends >= self._policy.tries:
                    raise failures.lost(shown(url), error.lost) from None
                await self._rest(sends, error.retry_after)

    async def account(self) -> Account | None:
        # A key may be allowed to render and not to ask whose it is.
        got = await self._ask("getCurrentUser", absent=_GONE | {403})
        return answers.account(got and got.body, self._host)

    async def speak(self, order: Mapping[str, Any]) -> Spoken | Refused:
        content = json.dumps(order, ensure_ascii=False, allow_nan=False).encode()
        # Of this order alone, as with an upload: who honours it does not charge a repeat.
        headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}
        options = {"content": content, "headers": headers}
        got = await self._try("createSpeech", seconds=_WRITE, options=options)
        refused = verdicts.refusal_of_one(got)
        if refused is not None:
            return refused
        found = answers.spoken(self._fit(got).body)
        if found is None:
            raise failures.nonsense(self._host, "its answer about a spoken text has no length")
        return found

    async def close(self) -> None:
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    @property
    def _origin(self) -> str:
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def _host(self) -> str:
        return urlsplit(self._base).hostname or self._base

    async def _listing(self, operation: str, query: Mapping[str, Any]) -> tuple[list[Any], Any]:
        got = await self._ask(operation, options={"params": dict(query)})
        items = member(got and got.body, "data")
        if not isinstance(items, list):
            raise failures.nonsense(self._host, "a list was expected")
        token = member(got and got.body, "next_token")
        return items, token if isinstance(token, str) and token else None

    async def _ask(
        self, operation: str, *, absent: frozenset[int] = frozenset(), **options: Any
    ) -> Answer | None:
        """An answer with a JSON object and no error in it, however often it has to be asked for.

        None where the API itself, not something on the way, answers one of the `absent` statuses.
        """
        got = await self._try(operation, **options)
        if isinstance(got, Answer) and got.status in absent and verdicts.says_error(got):
            return None
        return self._fit(got)

    async def _try(
        self,
        operation: str,
        *,
        seconds: float = _READ,
        options: Mapping[str, Any] | None = None,
        **values: str,
    ) -> Answer | Lost:
        """The last answer of as many sends as the policy allows; `options` are httpx's."""
        method, path = route(self._api, operation, **values)
        sends = 0
        while True:
            sends += 1
            got = await self._send(method, path, seconds=seconds, **(options or {}))
            most = self._policy.tries if self._met else self._policy.first
            if verdicts.good(got) or sends >= most or not verdicts.repeatable(got):
                return got
            await self._rest(sends, verdicts.wait(got))

    def _fit(self, got: Answer | Lost) -> Answer:
        if not verdicts.good(got):
            raise failures.failed(self._host, verdicts.told(got))
        return got

    async def _send(
        self, method: str, path: str, *, seconds: float, **options: Any
    ) -> Answer | Lost:
        url = self._base + path
        headers = {**(options.pop("headers", None) or {}), **self._credential.headers}
        got = await exchange(
            self._client("own"),
            method,
            url,
            seconds=seconds,
            scrub=self._credential.scrub,
            headers=headers,
            **options,
        )
        self._met = self._met or verdicts.reached(got)
        if isinstance(got, Answer) and got.date is not None:
            self._dated = (got.date, self._clock.now())
        return got

    async def _rest(self, sends: int, wait: float | None) -> None:
        await self._clock.sleep(retry.pause(self._policy, sends, wait, self._jitter))

    def _own(self, url: str) -> bool:
        return url.startswith((self._origin + "/", self._origin + "?"))

    def _client(self, place: str) -> httpx.AsyncClient:
        """`own` is the API's host, `other` any other; neither holds the key: `_send` adds it."""
        if place not in self._clients:
            own = place == "own"
            # A proxy is for the world outside, not for this machine.
            outside = not (own and loopback(self._host))
            transport = self._transport if own else None
            self._clients[place] = httpx.AsyncClient(
                transport=transport,
                limits=httpx.Limits(max_connections=CONNECTIONS),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                follow_redirects=False,
                verify=transport is not None or trust(environment=outside),
                trust_env=outside,
            )
        return self._clients[place]
