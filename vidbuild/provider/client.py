"""HeyGen's v3 API over HTTP: the one client for the real service and for the studio.

Creating sends once and says what happened; every other call is repeated by the retry policy.
Not for deciding what to send.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from vidbuild.clock import Clock, SystemClock
from vidbuild.provider import answers, calls, failures, verdicts
from vidbuild.provider.answers import member, remote, safe_id, status
from vidbuild.provider.calls import Calls
from vidbuild.provider.credentials import Credential, shown
from vidbuild.provider.download import download
from vidbuild.provider.model import (
    Account,
    CreateAnswer,
    Downloaded,
    Refused,
    Remote,
    Spoken,
)
from vidbuild.provider.retry import Policy
from vidbuild.provider.routes import limit
from vidbuild.provider.saving import Broken, Unfit
from vidbuild.provider.uploads import upload
from vidbuild.schema.api import Api, load_api

_GONE = frozenset({404})
# A download that breaks off may go on as long as it gets so much further each time.
_PROGRESS = 1 << 20
# Pages of a hundred to look through for a title: enough for any project, and an end.
_PAGES = 50


class HeyGen:
    """A `Provider`. `base` is the API's address; `transport` stands in for the network.

    `name` is the provider's in lock and plan. What is on the API's own host uses the same
    transport; what is on any other, the network. Close it when done.
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
        self._calls = Calls(
            base=base,
            credential=credential,
            api=api or load_api(),
            transport=transport,
            clock=clock or SystemClock(),
            policy=policy or Policy(),
            jitter=jitter or random.Random(),  # noqa: S311 - spreads load, no secret
        )

    def __repr__(self) -> str:
        return f"HeyGen(name={self.name!r}, base={self._calls.base!r})"

    @property
    def server_now(self) -> float | None:
        return self._calls.server_now

    @property
    def server_seen(self) -> float | None:
        return self._calls.server_seen

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer:
        method, _, path = self._calls.api.operation.partition(" ")
        options = {
            "content": json.dumps(body, ensure_ascii=False, allow_nan=False).encode(),
            "headers": {"Idempotency-Key": key, "Content-Type": "application/json"},
        }
        got = await self._calls.send(method, path, seconds=calls.WRITE, place="creates", **options)
        return verdicts.created(got, self._calls.named)

    async def video(self, video_id: str) -> Remote | None:
        if safe_id(video_id) is None:
            return None
        got = await self._calls.ask("getVideo", absent=_GONE, video_id=video_id)
        if got is None:
            return None
        found = remote(member(got.body, "data"))
        if found is None or found.video_id != video_id:
            raise failures.nonsense(self._calls.named, "its answer about a video is not one")
        return found

    async def statuses(self, video_ids: Sequence[str]) -> Mapping[str, str]:
        """An id that the answer leaves out is taken to be in progress: that decides nothing."""
        found = dict.fromkeys(video_ids, "submitted")
        asked = [video_id for video_id in found if safe_id(video_id)]
        found.update(dict.fromkeys(found.keys() - set(asked), "not_found"))
        most = limit(self._calls.api, "status_videos", 100)
        for start in range(0, len(asked), most):
            ids = asked[start : start + most]
            got = await self._calls.listing("listVideoStatuses", {"video_ids": ",".join(ids)})
            for entry in got.items:
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
            page = await self._calls.listing("listVideos", query)
            seen = [video for video in map(remote, page.items) if video is not None]
            found += [v for v in seen if v.title == title and answers.between(v, since, until)]
            if all(answers.before(video, since) for video in seen):
                return found
            if page.broken:
                raise failures.nonsense(self._calls.named, "its list ends before its end")
            if page.token is None:
                return found
            query["token"] = page.token
        raise failures.nonsense(
            self._calls.named, f"it lists more than {100 * _PAGES} videos of a title"
        )

    async def delete(self, video_id: str) -> bool:
        if safe_id(video_id) is None:
            return False
        got = await self._calls.ask(
            "deleteVideo", absent=_GONE, seconds=calls.WRITE, video_id=video_id
        )
        return got is not None

    async def upload(self, path: Path, *, mime: str, sha256: str) -> str:
        return await upload(self._calls, path, mime=mime, sha256=sha256)

    async def download(self, url: str, target: Path) -> Downloaded:
        sends = 0
        while True:
            sends += 1
            try:
                line = self._calls.line("own" if self._calls.owns(url) else "other")
                return await download(line.send, url, target, base=self._calls.base)
            except Unfit as error:
                raise failures.unfit(str(error)) from None
            except OSError as error:
                raise failures.unsaved(target, error) from error
            except Broken as error:
                if error.gained >= _PROGRESS:
                    sends = 1
                if sends >= self._calls.policy.tries:
                    raise failures.lost(shown(url), error.lost) from None
                await self._calls.rest(sends, error.retry_after)

    async def account(self) -> Account | None:
        # A key may be allowed to render and not to ask whose it is.
        got = await self._calls.ask("getCurrentUser", absent=_GONE | {403})
        return answers.account(got and got.body, self._calls.host)

    async def speak(self, order: Mapping[str, Any]) -> Spoken | Refused:
        content = json.dumps(order, ensure_ascii=False, allow_nan=False).encode()
        # Of this order alone, as with an upload: who honours it does not charge a repeat.
        headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}
        options = {"content": content, "headers": headers}
        got = await self._calls.attempt("createSpeech", seconds=calls.WRITE, options=options)
        refused = verdicts.refusal_of_one(got)
        if refused is not None:
            return refused
        found = answers.spoken(self._calls.fit(got).body)
        if found is None:
            raise failures.nonsense(
                self._calls.named, "its answer about a spoken text has no length"
            )
        return found

    async def close(self) -> None:
        await self._calls.close()
