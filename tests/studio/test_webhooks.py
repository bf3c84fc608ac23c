"""Webhooks: who is told, what, signed by whom, until when, and where nothing is ever sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.studio.studio_kit import AVATAR, START, Caller, assert_by_the_spec, error
from vidbuild.clock import VirtualClock
from vidbuild.studio.delivery_address import Reach, Unreachable, allowed, locate, parse
from vidbuild.studio.server import Studio

HOOKS = "/v3/webhooks/endpoints"
KINDS = 30


@dataclass
class Call:
    """One request that a receiver has had, and when."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """A server on loopback that answers with what `says` gives for each call; None hangs up."""

    clock: VirtualClock
    says: Callable[[int], int | None] = lambda _: 204
    calls: list[Call] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = [line.split(": ", 1) for line in head[1:] if line]
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            path = head[0].split()[1]
            self.calls.append(Call(self.clock.now(), path, headers, body))
            status = self.says(len(self.calls))
            if status is not None:
                location = f"location: {self.url('/elsewhere')}\r\n"
                said = f"HTTP/1.1 {status} X\r\n{location}content-length: 0\r\n\r\n"
                writer.write(said.encode())
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(clock: VirtualClock) -> AsyncIterator[Receiver]:
    receiver = Receiver(clock)
    server = await asyncio.start_server(receiver.hear, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@asynccontextmanager
async def studio(
    data: Path, clock: VirtualClock, *, url: str | None = None, **options: Any
) -> AsyncIterator[Caller]:
    opened = Studio(data=data, clock=clock, render="simulated", **options)
    if url is not None:
        opened.serve_at(url)
    async with opened:
        transport = httpx.ASGITransport(app=opened.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://studio", headers={"x-api-key": "k"}
        ) as http:
            yield Caller(http, clock)  # type: ignore[arg-type]  # it only has to tell the time


async def hook(call: Caller, url: str, **body: Any) -> dict[str, Any]:
    response = await call.http.post(HOOKS, json={"url": url, **body})
    assert response.status_code == 200, response.text
    assert_by_the_spec("createWebhookEndpoint", response.json())
    return dict(response.json()["data"])


def signed(call: Call, secret: str) -> bool:
    digest = hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(call.headers.get("heygen-signature", ""), digest)


def test_a_webhook_is_made_listed_changed_and_removed(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with studio(tmp_path, clock) as call:
            made = await hook(call, "https://hooks.test/a", events=["avatar_video.fail"])
            assert made["secret"].startswith("whsec_")
            assert (made["status"], made["url"]) == ("enabled", "https://hooks.test/a")
            assert made["created_at"] == "2027-01-15T08:00:00Z"
            more = [await hook(call, f"https://hooks.test/{n}") for n in range(3)]
            first = (await call.get(HOOKS, limit=3)).json()
            assert_by_the_spec("listWebhookEndpoints", first)
            rest = (await call.get(HOOKS, limit=3, token=first["next_token"])).json()
            listed = first["data"] + rest["data"]
            assert [each["endpoint_id"] for each in listed] == [
                each["endpoint_id"] for each in reversed([made, *more])
            ]
            assert {each["secret"] for each in listed} == {None}
            assert not rest["has_more"]
            path = f"{HOOKS}/{made['endpoint_id']}"
            changed = await call.http.patch(path, json={"events": ["batch.finished"]})
            assert_by_the_spec("updateWebhookEndpoint", changed.json())
            assert changed.json()["data"]["events"] == ["batch.finished"]
            moved = (await call.http.patch(path, json={"url": "https://b.test/"})).json()["data"]
            assert (moved["url"], moved["events"]) == ("https://b.test/", ["batch.finished"])
            turned = (await call.http.post(f"{path}/rotate-secret")).json()
            assert_by_the_spec("rotateWebhookSecret", turned)
            assert turned["data"]["secret"] != made["secret"]
            assert (await call.http.delete(path)).status_code == 200
            for gone in (
                await call.http.delete(path),
                await call.http.patch(path, json={}),
                await call.http.post(f"{path}/rotate-secret"),
            ):
                assert error(gone) == (404, "webhook_not_found")

    clock.run(scene())


def test_a_key_makes_one_webhook_and_rotates_one_secret(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with studio(tmp_path, clock) as call:
            headers, body = {"Idempotency-Key": "k"}, {"url": "https://hooks.test/a"}
            one, two = [await call.http.post(HOOKS, json=body, headers=headers) for _ in "ab"]
            assert one.json() == two.json()
            paths = [f"{HOOKS}/{one.json()['data']['endpoint_id']}/rotate-secret"]
            paths.append(
                f"{HOOKS}/{(await hook(call, 'https://c.test/'))['endpoint_id']}/rotate-secret"
            )
            # A key is good for one resource: the second endpoint's secret is its own.
            turned = [await call.http.post(path, headers=headers) for path in paths * 2]
            secrets = [each.json()["data"]["secret"] for each in turned]
            assert secrets[:2] == secrets[2:]
            assert len({one.json()["data"]["secret"], *secrets}) == 3

    clock.run(scene())


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 1},
        {"url": ""},
        {"url": "hooks.test"},
        {"url": "ftp://hooks.test/"},
        {"url": "http://hooks.test/"},
        {"url": "https:///nowhere"},
        {"url": "https://user:password@hooks.test/"},
        {"url": "https://hooks.test/\r\nX-Evil: 1"},
        {"url": "https://hooks.test:99999/"},
        {"url": "https://[::1/"},
        {"url": "https://hooks.test/" + "a" * 3000},
        {"url": "https://hooks.test/", "events": ["nonsense"]},
        {"url": "https://hooks.test/", "events": "batch.finished"},
    ],
)
def test_what_is_no_address_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with studio(tmp_path, clock) as call:
            assert error(await call.http.post(HOOKS, json=body)) == (400, "invalid_parameter")
            made = await hook(call, "https://hooks.test/")
            if body:
                path = f"{HOOKS}/{made['endpoint_id']}"
                assert error(await call.http.patch(path, json=body))[0] == 400

    clock.run(scene())


def test_the_kinds_of_events_are_those_of_the_spec(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with studio(tmp_path, clock) as call:
            said = (await call.get("/v3/webhooks/event-types")).json()
            assert_by_the_spec("listWebhookEventTypes", said)
            assert len(said["data"]) == len({each["event_type"] for each in said["data"]}) == KINDS
            assert all(each["description"] for each in said["data"])

    clock.run(scene())


def test_an_event_is_signed_and_said_to_all_who_want_to_hear(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with receiving(clock) as receiver, studio(tmp_path, clock) as call:
            every = await hook(call, receiver.url("/every"))
            await hook(call, receiver.url("/fails"), events=["avatar_video.fail"])
            await hook(call, receiver.url("/another"), entity_id="another")
            video_id = await call.made(
                {**AVATAR, "callback_url": receiver.url("/callback"), "callback_id": "order 7"}
            )
            await clock.sleep(1)
            heard = {each.path: each for each in receiver.calls}
            assert sorted(heard) == ["/callback", "/every"]
            told = heard["/every"].said
            assert told["event_type"] == "avatar_video.success"
            assert told["event_data"]["video_id"] == video_id
            assert told["event_data"]["callback_id"] == "order 7"
            assert told["event_data"]["url"].startswith("http://studio.localhost/files/")
            assert signed(heard["/every"], every["secret"])
            assert heard["/every"].headers["heygen-timestamp"] == str(int(clock.now()) - 1)
            # A callback is the same body, without a signature.
            assert heard["/callback"].body == heard["/every"].body
            assert not [name for name in heard["/callback"].headers if name.startswith("heygen")]
            assert "k" not in heard["/every"].headers.values()
            events = (await call.get("/v3/webhooks/events")).json()
            assert_by_the_spec("listWebhookEvents", events)
            [event] = events["data"]
            assert event["event_id"] == heard["/every"].headers["heygen-event-id"]
            assert event["event_data"] == told["event_data"]

    clock.run(scene())


def test_events_are_listed_by_kind_entity_and_page(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        options: dict[str, Any] = {"faults": {"render_failed": 0.5}, "seed": 2}
        async with receiving(clock) as receiver, studio(tmp_path, clock, **options) as call:
            await hook(call, receiver.url())
            ids = [await call.made() for _ in range(12)]
            await clock.sleep(1)
            first = (await call.get("/v3/webhooks/events", limit=8)).json()
            rest = (
                await call.get("/v3/webhooks/events", limit=8, token=first["next_token"])
            ).json()
            listed = [each["event_data"]["video_id"] for each in first["data"] + rest["data"]]
            assert listed == ids[::-1]
            query: dict[str, Any] = {"event_type": "avatar_video.fail", "limit": 100}
            failed = (await call.get("/v3/webhooks/events", **query)).json()["data"]
            assert 0 < len(failed) < 12
            assert all(each["event_data"]["error"] == "rendering_failed" for each in failed)
            assert all(each["event_data"]["msg"] for each in failed)
            of_one = (await call.get("/v3/webhooks/events", entity_id=ids[3])).json()["data"]
            assert [each["event_data"]["video_id"] for each in of_one] == [ids[3]]
            for query in ({"event_type": "nonsense"}, {"token": "x"}, {"limit": 0}):
                assert error(await call.get("/v3/webhooks/events", **query))[0] == 400

    clock.run(scene())


def test_a_batch_is_told_of_once_when_all_of_it_has_ended(tmp_path: Path) -> None:
    clock = VirtualClock()
    url = "http://127.0.0.1:9"

    async def scene() -> None:
        options: dict[str, Any] = {"render_seconds": 60, "render_spread": 0.5, "seed": 1}
        async with (
            receiving(clock) as receiver,
            studio(tmp_path, clock, url=url, **options) as call,
        ):
            videos = [AVATAR, {"type": "nonsense"}, AVATAR]
            body = {"videos": videos, "title": "Two", "callback_url": receiver.url("/batch")}
            made = await call.http.post("/v3/videos/batches", json=body)
            batch_id = made.json()["data"]["batch_id"]
            await clock.sleep(1)
            assert receiver.calls == []
            await clock.sleep(3600)
            [heard] = receiver.calls
            assert heard.said["event_type"] == "batch.finished"
            data = heard.said["event_data"]
            assert (data["batch_id"], data["total_items"]) == (batch_id, 3)
            assert data["counts_by_status"] == {"completed": 2, "failed": 1}
            # One of which nothing is taken has ended before it began.
            await call.http.post("/v3/videos/batches", json={**body, "videos": [videos[1]]})
            await clock.sleep(1)
            assert receiver.calls[1].said["event_data"]["status"] == "failed"

    clock.run(scene())


def test_what_is_not_heard_is_said_again_for_a_day_with_twice_the_wait_each_time(
    tmp_path: Path,
) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with receiving(clock) as receiver, studio(tmp_path, clock) as call:
            receiver.says = lambda n: None if n % 2 else 500
            made = await hook(call, receiver.url())
            await call.made()
            await clock.sleep(3 * 24 * 3600)
            waits = [round(each.at - START) for each in receiver.calls]
            assert waits == [round(30 * (2.0**n - 1)) for n in range(12)]
            assert waits[-1] <= 24 * 3600 < 30 * (2**12 - 1)
            assert len({each.body for each in receiver.calls}) == 1
            assert len({each.headers["heygen-event-id"] for each in receiver.calls}) == 1
            assert len({each.headers["heygen-timestamp"] for each in receiver.calls}) == 12
            assert all(signed(each, made["secret"]) for each in receiver.calls)

    clock.run(scene())


@pytest.mark.parametrize("status", [200, 299])
def test_what_is_heard_is_said_once(tmp_path: Path, status: int) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with receiving(clock) as receiver, studio(tmp_path, clock) as call:
            receiver.says = lambda n: 302 if n == 1 else status
            await hook(call, receiver.url())
            await call.made()
            await clock.sleep(2 * 24 * 3600)
            # A redirection is no 2xx, and is followed nowhere.
            assert [each.path for each in receiver.calls] == ["/hook", "/hook"]

    clock.run(scene())


def test_a_rotated_secret_signs_from_then_on_and_a_removed_webhook_hears_no_more(
    tmp_path: Path,
) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with receiving(clock) as receiver, studio(tmp_path, clock) as call:
            receiver.says = lambda _: 503
            made = await hook(call, receiver.url())
            path = f"{HOOKS}/{made['endpoint_id']}"
            await call.made()
            await clock.sleep(1)
            turned = (await call.http.post(f"{path}/rotate-secret")).json()["data"]
            await clock.sleep(60)
            first, second = receiver.calls
            assert signed(first, made["secret"])
            assert signed(second, turned["secret"])
            assert not signed(second, made["secret"])
            await call.http.delete(path)
            await clock.sleep(24 * 3600)
            assert len(receiver.calls) == 2

    clock.run(scene())


def test_what_was_not_delivered_when_the_studio_closed_is_when_it_is_opened_again(
    tmp_path: Path,
) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with receiving(clock) as receiver:
            receiver.says = lambda n: None if n == 1 else 200
            async with studio(tmp_path, clock) as call:
                await hook(call, receiver.url())
                await call.made()
                await clock.sleep(1)
            async with studio(tmp_path, clock) as call:
                await clock.sleep(120)
            assert len(receiver.calls) == 2

    clock.run(scene())


def test_a_receiver_that_never_answers_keeps_nobody_waiting(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        dead = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with receiving(clock) as receiver, studio(tmp_path, clock) as call:
            await hook(call, dead)
            await hook(call, receiver.url())
            for _ in range(5):
                await call.made()
            await clock.sleep(1)
            assert len(receiver.calls) == 5
        server.close()

    clock.run(scene())


def test_a_studio_with_an_address_tells_when_it_happens(tmp_path: Path) -> None:
    clock = VirtualClock()
    url = "http://127.0.0.1:8787"

    async def scene() -> None:
        async with (
            receiving(clock) as receiver,
            studio(tmp_path, clock, url=url, render_seconds=600) as call,
        ):
            await call.made({**AVATAR, "callback_url": receiver.url()})
            await clock.sleep(3600)
            [heard] = receiver.calls
            assert heard.at == START + 600
            link = heard.said["event_data"]["url"]
            assert link.startswith(f"{url}/files/")
            assert (await call.http.get(link)).content[4:8] == b"ftyp"

    clock.run(scene())


@pytest.mark.parametrize(
    "callback", ["https://hooks.test/", "nonsense", "http://169.254.169.254/latest", "file:///etc"]
)
def test_an_embedded_studio_asks_no_other_machine(
    tmp_path: Path, callback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with studio(tmp_path, clock) as call:

            def never(*_: Any, **__: Any) -> None:
                raise AssertionError("it has looked up a name or sent something")

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
            monkeypatch.setattr(httpx.AsyncClient, "build_request", httpx.AsyncClient.build_request)
            monkeypatch.setattr("vidbuild.studio.delivering.httpx.AsyncClient", never)
            await call.made({**AVATAR, "callback_url": callback})
            await clock.sleep(24 * 3600)
            assert (await call.ledger())["jobs"][0]["status"] == "completed"

    clock.run(scene())


ADDRESSES = {
    # who may be delivered to: by an embedded studio, by one on this machine, by one on the net
    "127.0.0.1": (True, True, False),
    "127.9.9.9": (True, True, False),
    "::1": (True, True, False),
    "10.1.2.3": (False, True, True),
    "192.168.0.9": (False, True, True),
    "93.184.215.14": (False, True, True),
    "2606:2800:220:1::1": (False, True, True),
    "169.254.169.254": (False, False, False),
    "fe80::1": (False, False, False),
    "0.0.0.0": (False, False, False),  # noqa: S104 - to be refused
    "::": (False, False, False),
    "224.0.0.1": (False, False, False),
    "ff02::1": (False, False, False),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_may_be_delivered_to(address: str) -> None:
    reaches = (Reach.SELF, Reach.EVERYWHERE, Reach.OUTSIDE)
    found = ipaddress.ip_address(address)
    assert tuple(allowed(found, reach) for reach in reaches) == ADDRESSES[address]


@pytest.mark.parametrize(
    ("url", "reach", "address"),
    [
        ("https://localhost/", Reach.SELF, "127.0.0.1"),
        ("https://studio.localhost/", Reach.SELF, "127.0.0.1"),
        ("https://[::ffff:127.0.0.1]/", Reach.SELF, "127.0.0.1"),
        ("https://[::ffff:169.254.169.254]/", Reach.EVERYWHERE, None),
        ("https://169.254.169.254/", Reach.EVERYWHERE, None),
        ("https://localhost/", Reach.OUTSIDE, None),
        ("https://10.0.0.1/", Reach.OUTSIDE, "10.0.0.1"),
        ("https://hooks.test/", Reach.SELF, None),
    ],
)
def test_a_name_is_judged_by_what_it_means(url: str, reach: Reach, address: str | None) -> None:
    async def scene() -> str:
        return await locate(parse(url), reach)

    if address is None:
        with pytest.raises(Unreachable):
            asyncio.run(scene())
    else:
        assert asyncio.run(scene()) == address
