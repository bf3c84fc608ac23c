"""The key goes to the API's own host and nowhere else: not by any path that was thought of."""

from __future__ import annotations

import logging
import socket
import traceback
from pathlib import Path

import pytest

from tests.provider.provider_kit import (
    AVATAR,
    KEY,
    TAKEN,
    answer,
    client,
    detail,
    run,
    trouble,
    wire,
)
from vidbuild.diagnostics import Problems
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.provider.model import Refused, Unknown

MOVIE = answer(200, b"movie", kind="video/mp4")
BEARER = Credential(secret=KEY, origin="the test", bearer=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_api_is_not_followed(status: int) -> None:
    async def scene() -> None:
        async with wire(TAKEN) as thief:
            away = answer(status, None, [("location", f"{thief.url}/v3/videos")])
            async with wire(away) as server, client(server.url) as heygen:
                assert isinstance(await heygen.create(AVATAR, key="k1"), Unknown)
                with pytest.raises(Problems):
                    await heygen.video("v_1")
                assert KEY.encode() in server.received[0]
            assert thief.received == []

    run(scene())


@pytest.mark.parametrize("credential", [Credential(secret=KEY, origin="x"), BEARER])
def test_no_download_carries_the_key(tmp_path: Path, credential: Credential) -> None:
    async def scene() -> None:
        async with wire(MOVIE) as store:
            away = answer(302, b"", [("location", f"{store.url}/moved")])
            async with (
                wire(answer(200, detail()), MOVIE, away, MOVIE) as server,
                client(server.url, credential=credential) as heygen,
            ):
                await heygen.video("v_1")
                for url in (f"{server.url}/own", f"{server.url}/away", f"{store.url}/other"):
                    await heygen.download(url, tmp_path / "v.mp4")
                assert KEY.encode() in server.received[0]
                assert len(server.received) == 3
                assert len(store.received) == 2
                for data in (*server.received[1:], *store.received):
                    assert KEY.encode() not in data
                    assert b"authorization" not in data.lower()
                    assert b"cookie" not in data.lower()

    run(scene())


def test_no_cookie_of_the_api_reaches_another_place(tmp_path: Path) -> None:
    async def scene() -> None:
        cookie = [("set-cookie", f"session={KEY}; Path=/")]
        async with (
            wire(answer(200, detail(), cookie), MOVIE) as server,
            client(server.url) as heygen,
        ):
            await heygen.video("v_1")
            await heygen.download(f"{server.url}/own", tmp_path / "v.mp4")
            assert b"cookie" not in server.received[1].lower()

    run(scene())


def test_no_proxy_sees_what_is_meant_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with wire(TAKEN) as proxy, wire(TAKEN) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            async with client(server.url) as heygen:
                await heygen.create(AVATAR, key="k1")
            assert proxy.received == []
            assert len(server.received) == 1

    run(scene())


@pytest.mark.parametrize("past", ["", "api.test"])
def test_a_proxy_stands_between_but_for_the_hosts_that_go_past_it(
    monkeypatch: pytest.MonkeyPatch, past: str
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def scene() -> None:
        async with wire(TAKEN) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", past)
            monkeypatch.setattr("socket.getaddrinfo", nowhere)
            async with client("http://api.test") as heygen:
                await heygen.create(AVATAR, key="k1")
            asked = [each.split(b"/v3")[0] for each in proxy.received]
            assert asked == ([] if past else [b"POST http://api.test"])

    run(scene())


ECHOES = [
    trouble(401, "unauthorized", f"the key {KEY} is not known"),
    trouble(400, KEY, KEY, param=KEY),
    answer(500, {"error": f"x-api-key: {KEY}"}),
    answer(200, {"error": {"code": KEY, "message": KEY}}),
    answer(403, {"detail": KEY}, [("x-request-id", KEY)]),
    answer(302, None, [("location", f"https://x.test/{KEY}")]),
    answer(200, f'{{"data": "{KEY}'.encode()),
    f"HTTP/1.1 200 {KEY}\r\nbroken {KEY}\r\n\r\n".encode(),
    None,
]


@pytest.mark.parametrize("reply", ECHOES, ids=range(len(ECHOES)))
def test_no_message_log_or_traceback_shows_the_key(
    reply: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene() -> str:
        async with wire(reply) as server, client(server.url) as heygen:
            said = repr(await heygen.create(AVATAR, key="k1")) + repr(heygen) + str(heygen)
            for call in (heygen.video("v_1"), heygen.account(), heygen.statuses(["v"])):
                try:
                    said += repr(await call)
                except Problems as problems:
                    said += repr(problems.diagnostics)
                    said += "".join(traceback.format_exception(problems))
            return said

    assert KEY not in run(scene())
    # What a server says in its headers is in httpcore's log; what we say is not.
    sent = [line for line in caplog.text.splitlines() if "receive_response" not in line]
    assert sent
    assert KEY not in "".join(sent)


def test_a_key_that_no_header_can_hold_is_never_sent() -> None:
    """Credentials refuse such a key; should one get here, its text stays unsaid."""

    async def scene() -> None:
        bad = Credential(secret=f"{KEY}\r\nx: y", origin="x")
        async with wire(TAKEN) as server, client(server.url, credential=bad) as heygen:
            found = await heygen.create(AVATAR, key="k1")
            assert isinstance(found, Unknown | Refused)
            assert KEY not in repr(found)
            assert server.received == []

    run(scene())


def test_a_client_shows_its_host_alone() -> None:
    heygen = HeyGen(base="https://api.heygen.com/", credential=BEARER)
    assert repr(heygen) == "HeyGen(name='heygen', base='https://api.heygen.com')"
