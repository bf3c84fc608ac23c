"""What the studio's tests share: an open studio, an HTTP client to it, a clock to turn."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from jsonschema import Draft202012Validator

from tests.forks import Forked
from vidbuild.schema.api import load_api
from vidbuild.studio.server import Studio

T = TypeVar("T")

START = 1_800_000_000.0
KEY = "studio-test-key"
AVATAR = {"type": "avatar", "avatar_id": "anna", "voice_id": "v1", "script": "Hello there."}


SERVER = """
import asyncio, sys
from pathlib import Path
from vidbuild.studio.serve import serve
from vidbuild.studio.server import Studio
studio = Studio(data=Path(sys.argv[1]), render=sys.argv[2], key=sys.argv[3] or None, workers=1)
asyncio.run(serve(studio, on_ready=lambda url: print(url, flush=True), port=0))
print("closed", flush=True)
"""


class Clock:
    """Time that passes only when told to, or by sleeping."""

    def __init__(self, at: float = START) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


class Caller:
    """Calls to one studio, as any HTTP client would make them."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self.http = http
        self.clock = clock

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def create(self, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post("/v3/videos", json=body or AVATAR, headers=headers)

    async def made(self, body: Any = None, key: str | None = None) -> str:
        """The id of a video that was taken."""
        response = await self.create(body, key)
        assert response.status_code == 200, response.text
        return str(response.json()["data"]["video_id"])

    async def ledger(self) -> dict[str, Any]:
        return dict((await self.get("/_studio/ledger")).json())


@asynccontextmanager
async def studio(data: Path, clock: Clock | None = None, **options: Any) -> AsyncIterator[Caller]:
    """A simulated studio and a caller with a key."""
    turned = clock or Clock()
    settings: dict[str, Any] = {"render": "simulated", "key": KEY, **options}
    async with Studio(data=data, clock=turned, **settings) as opened:
        transport = httpx.ASGITransport(app=opened.app)
        headers = {"x-api-key": KEY}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://studio", headers=headers
        ) as http:
            yield Caller(http, turned)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def error(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an error answer, which has the API's envelope."""
    said = response.json()["error"]
    assert said.keys() >= {"code", "message", "param", "doc_url"}
    assert said["message"]
    return response.status_code, said["code"]


def assert_by_the_spec(operation: str, body: Any, status: int = 200) -> None:
    """An answer has the form that the spec gives the operation, and no member more."""
    document = load_api().document
    details = next(
        found
        for item in document["paths"].values()
        for found in item.values()
        if isinstance(found, dict) and found.get("operationId") == operation
    )
    answer = details["responses"][str(status)]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    problems = [found.message for found in Draft202012Validator(whole).iter_errors(body)]
    assert problems == []
    assert set(body) <= _members(document, schema)


def _members(document: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    inner = [_members(document, part) for part in schema.get("allOf", ())]
    return set(schema.get("properties", {})).union(*inner)


@contextmanager
def served(data: Path, render: str = "draft", *, key: str = "") -> Iterator[tuple[Forked, str]]:
    """A process that serves, and its URL; killed at the end, however the test went."""
    process = Forked(
        [sys.executable, "-c", SERVER, str(data), render, key],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def http_to(url: str, *, key: str = "any") -> httpx.Client:
    return httpx.Client(base_url=url, headers={"x-api-key": key}, trust_env=False)
