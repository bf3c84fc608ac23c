"""The studio at its end of a connection: faults that a client sees on the wire, and clients that
are slow, that hang up, that say nonsense. After each of them it answers the next one."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from tests.cli.commands import vidbuild
from tests.studio.studio_kit import AVATAR, run
from vidbuild.cli.studio import command, once_each
from vidbuild.diagnostics import Diagnostic
from vidbuild.studio import fault_calls, sample
from vidbuild.studio.faults import NAMES
from vidbuild.studio.serve import serve
from vidbuild.studio.server import Studio

BODY = json.dumps(AVATAR).encode()


class Port:
    """A studio on a port, in this process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.host, port = url.removeprefix("http://").split(":")
        self.port = int(port)

    async def say(self, *pieces: bytes, end: bool = False, pause: float = 0.0) -> bytes:
        """All that comes back for these bytes. `end`: the client closes its half after them."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            if end:
                writer.write_eof()
            return await reader.read()
        except ConnectionError:
            return b"reset"
        finally:
            writer.close()

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"x-api-key": "k"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False) as http:
            yield http

    async def well(self) -> None:
        """It still answers."""
        async with self.http() as http:
            assert (await http.get("/_studio/ledger")).status_code == 200


@asynccontextmanager
async def serving(data: Path, **options: Any) -> AsyncIterator[Port]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    studio = Studio(data=data, **{"render": "simulated", **options})
    server = asyncio.create_task(serve(studio, on_ready=ready.set_result, port=0))
    try:
        port = Port(await ready)
        yield port
        await port.well()
    finally:
        signal.raise_signal(signal.SIGTERM)
        await server


def post(
    path: str = "/v3/videos", body: bytes = BODY, *lines: str, length: int | None = None
) -> bytes:
    head = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "X-Api-Key: k",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {length or len(body)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def parts(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_dropped_connection_closes_without_a_word(tmp_path: Path, fault: str) -> None:
    async def scene() -> None:
        async with serving(tmp_path, faults={fault: 1.0}) as port, port.http() as http:
            assert await port.say(post()) in (b"", b"reset")
            with pytest.raises(httpx.TransportError):
                await http.post("/v3/videos", json=AVATAR)
            ledger = (await http.get("/_studio/ledger")).json()
            assert len(ledger["jobs"]) == (2 if fault == "drop_after" else 0)
            assert ledger["requests"]["POST /v3/videos"] == 2

    run(scene())


def test_a_cut_download_breaks_off_in_the_middle(tmp_path: Path) -> None:
    whole = sample.path("video.mp4")
    assert whole is not None

    async def scene() -> None:
        async with serving(tmp_path, faults={"cut_download": 1.0}) as port, port.http() as http:
            made = (await http.post("/v3/videos", json=AVATAR)).json()["data"]
            detail = (await http.get(f"/v3/videos/{made['video_id']}")).json()["data"]
            path = detail["video_url"].removeprefix(port.url)
            head, _, body = (
                await port.say(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            ).partition(b"\r\n\r\n")
            size = whole.stat().st_size
            assert f"content-length: {size}".encode() in head.lower()
            assert body == whole.read_bytes()[: size // 2]
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get(detail["video_url"])

    run(scene())


def test_a_slow_answer_is_late_on_the_wire_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fault_calls, "SLOW", 0.2)

    async def scene() -> None:
        async with serving(tmp_path, faults={"slow": 1.0}) as port, port.http() as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post("/v3/videos", json=AVATAR, timeout=0.05)
            assert (await http.post("/v3/videos", json=AVATAR)).status_code == 200

    run(scene())


def test_a_client_that_has_closed_its_half_gets_its_answer_and_the_end(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as port:
            kept = post().replace(b"Connection: close\r\n", b"")
            async with asyncio.timeout(3):  # less than a kept-alive connection is kept
                status, body = parts(await port.say(kept, end=True))
            assert status == 200
            assert body["data"]["status"] == "waiting"
            # One that ends in the middle of its request gets none, and nothing is taken.
            assert await port.say(post(length=999), end=True) in (b"", b"reset")
            async with port.http() as http:
                assert len((await http.get("/_studio/ledger")).json()["jobs"]) == 1

    run(scene())


@pytest.mark.parametrize(
    "said",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
        b"POST /v3/videos HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v3/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v3/videos HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told_so_in_the_envelope(tmp_path: Path, said: bytes) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as port:
            status, body = parts(await port.say(said))
            assert (status, body["error"]["code"]) == (400, "invalid_parameter")

    run(scene())


def test_a_body_that_goes_wrong_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    chunked = post().replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Length")
    head = chunked.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    async def scene() -> None:
        async with serving(tmp_path) as port:
            answer = await port.say(head, b"5\r\n{", b"ZZZ\r\n\r\n", b"x" * 1000, pause=0.01)
            assert answer == b"reset" or parts(answer)[0] == 400
            # Two requests at once, the second of them no HTTP.
            kept = post().replace(b"Connection: close\r\n", b"")
            twice = await port.say(kept + b"NONSENSE\r\n\r\n")
            assert twice.startswith(b"HTTP/1.1 200")

    run(scene())


def test_slow_heads_and_slow_bodies_have_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        from vidbuild.studio import wire

        monkeypatch.setattr(wire, "HEAD", 0.1)
        monkeypatch.setattr(wire, "PIECE", 0.1)
        monkeypatch.setattr(wire, "LINGER", 0.1)
        async with serving(tmp_path) as port, asyncio.timeout(3):
            assert await port.say() in (b"", b"reset")
            assert await port.say(b"POST /v3/vid", pause=0.05) in (b"", b"reset")
            status, body = parts(await port.say(post(length=999), pause=0.01))
            assert (status, body["error"]["code"]) == (408, "request_timeout")
            # As long as something comes, it is waited for.
            drops = [post()[n : n + 40] for n in range(0, len(post()), 40)]
            answer = await port.say(*drops, pause=0.02, end=True)
            assert parts(answer)[0] == 200
            monkeypatch.setattr(wire, "BODY", 0.2)
            trickle = [post(length=9999), *[b" "] * 8]
            status, body = parts(await port.say(*trickle, pause=0.03))
            assert (status, body["error"]["code"]) == (408, "request_timeout")

    run(scene())


def test_who_does_not_read_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        from vidbuild.studio import wire

        monkeypatch.setattr(wire, "ANSWER", 0.1)
        async with serving(tmp_path, concurrency=10_000) as port, asyncio.timeout(10):
            async with port.http() as http:
                await asyncio.gather(
                    *(http.post("/v3/videos", json={**AVATAR, "title": "t" * 200_000})
                      for _ in range(40))
                )  # fmt: skip
            reader, writer = await asyncio.open_connection(port.host, port.port, limit=1024)
            writer.write(b"GET /_studio/ledger HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: k\r\n\r\n")
            await asyncio.sleep(0.3)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(8_000_000)
            writer.close()

    run(scene())


def test_answers_are_not_held_back(tmp_path: Path) -> None:
    """Head and body of an answer leave at once; held back, each would take 40 ms."""

    async def scene() -> float:
        async with serving(tmp_path) as port, port.http() as http:
            await http.get("/v3/users/me")
            start = asyncio.get_running_loop().time()
            for _ in range(40):
                await http.get("/v3/users/me")
            return asyncio.get_running_loop().time() - start

    assert run(scene()) < 1.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--fault", "drop_befor=0.1"], "Did you mean drop_before?"),
        (["--fault", "nonsense=1"], "'nonsense' is no fault."),
        (["--fault", "slow"], "slow=RATE with a RATE from 0 to 1"),
        (["--fault", "slow=often"], "slow=RATE"),
        (["--fault", "slow=1.5"], "slow=RATE"),
        (["--fault", "slow=-0.1"], "slow=RATE"),
        (["--fault", "slow=nan"], "slow=RATE"),
        (["--render-spread", "-1"], "--render-spread"),
        (["--render-seconds", "-1"], "--render-seconds"),
        (["--concurrency", "0"], "--concurrency"),
        (["--port", "70000"], "--port"),
        (["--render", "nonsense"], "--render"),
    ],
)
def test_a_wrong_option_is_wrong_usage(tmp_path: Path, given: list[str], says: str) -> None:
    done = vidbuild("studio", "serve", *given, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert says in done.stderr


def test_every_option_reaches_the_studio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    async def served(studio: Studio, **given: Any) -> None:
        seen.update(given, studio=studio)
        given["on_ready"]("http://here")

    monkeypatch.setattr("vidbuild.studio.serve.serve", served)
    faults = [word for name in NAMES for word in ("--fault", f"{name}=0.25")]
    done = vidbuild(
        "studio", "serve", "--host", "::1", "--port", "0", "--data", str(tmp_path),
        "--key", "secret", "--concurrency", "3", "--render", "simulated", "--render-seconds", "90",
        "--render-spread", "0.5", *faults, "--fault", "slow=0", "--replay-errors", "--seed", "7",
        cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Studio listening on http://here\n")
    studio = seen["studio"]
    assert (seen["host"], seen["port"]) == ("::1", 0)
    assert studio._faults == dict.fromkeys(NAMES, 0.25) | {"slow": 0.0}
    assert (studio._data, studio._key, studio._concurrency) == (tmp_path, "secret", 3)
    assert (studio._render, studio._lengths) == ("simulated", (90.0, 0.5))
    assert (studio._replay_errors, studio._seed) == (True, 7)


def test_a_trouble_is_said_once_and_a_remark_each_time() -> None:
    said: list[Diagnostic] = []
    speak = once_each(said.append)
    for message in ("full", "full", "gone", "full"):
        speak(Diagnostic(code="VB802", message=message))
    assert [each.message for each in said] == ["full", "gone"]
    for video in ("a", "b", "b"):
        speak(Diagnostic(code="VB805", severity="warning", message="no glyph", video=video))
    assert [each.video for each in said] == [None, None, "a", "b", "b"]


def test_every_option_and_fault_is_documented() -> None:
    docs = Path(__file__).parent.parent.parent / "docs"
    page = (docs / "studio.md").read_text(encoding="utf-8")
    short = (docs / "commands.md").read_text(encoding="utf-8").split("\n## studio serve\n")[1]
    common = {"directory", "file", "profile", "var", "var_file", "quiet", "verbose", "color"}
    assert isinstance(command, click.Group)
    for parameter in command.commands["serve"].params:
        if isinstance(parameter, click.Option) and parameter.name not in common:
            option = max(parameter.opts, key=len)
            assert f"`{option}`" in short
            assert f"`{option}" in page
    faults = page.split("\n## Faults\n")[1]
    assert all(f"`{name}`" in faults for name in NAMES)
