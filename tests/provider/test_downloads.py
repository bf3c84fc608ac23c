"""Downloads: whole, bounded, from places that may be asked, and without the key."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.provider.provider_kit import Clock, Reply, answer, client, line, run, trouble, wire
from vidbuild.diagnostics import Problems
from vidbuild.provider import download as download_module
from vidbuild.provider import saving
from vidbuild.provider.model import Downloaded, Expired

MOVIE = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 400
GOOD = answer(200, MOVIE, kind="video/mp4")
REDIRECT = [("location", "/again")]


def got(
    target: Path, *replies: Reply, path: str = "/files/v.mp4"
) -> tuple[Downloaded, list[str], Clock]:
    """What a download from the API's own host becomes."""

    async def scene() -> tuple[Downloaded, list[str], Clock]:
        clock = Clock()
        async with wire(*replies) as server, client(server.url, clock) as heygen:
            found = await heygen.download(server.url + path, target)
            return found, server.requests, clock

    return run(scene())


def fails(target: Path, *replies: Reply) -> tuple[str, str, int]:
    """The code and words of a download that cannot succeed, and how many requests it took."""

    async def scene() -> tuple[str, str, int]:
        async with wire(*replies) as server, client(server.url) as heygen:
            with pytest.raises(Problems) as raised:
                await heygen.download(f"{server.url}/v.mp4?signature=hush", target)
            [diagnostic] = raised.value.diagnostics
            assert diagnostic.hint
            return diagnostic.code, diagnostic.message, len(server.received)

    return run(scene())


def test_a_file_is_what_was_sent(tmp_path: Path) -> None:
    target = tmp_path / "v.mp4"
    target.write_bytes(b"old and longer" * 100_000)
    found, requests, _ = got(target, GOOD)
    assert target.read_bytes() == MOVIE
    assert found == Downloaded(bytes=len(MOVIE), sha256=hashlib.sha256(MOVIE).hexdigest())
    assert requests == ["GET /files/v.mp4 HTTP/1.1"]


def test_a_file_without_a_length_ends_with_the_connection(tmp_path: Path) -> None:
    bare = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\n\r\n" + MOVIE
    assert got(tmp_path / "v.mp4", bare)[0].bytes == len(MOVIE)


async def short(_scope: object, _receive: object, send: Any) -> None:
    """An app that announces more than it sends, as no server on a wire can unnoticed."""
    length = [(b"content-length", b"100")]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": b"x" * 99})


def test_a_file_that_is_shorter_than_announced_is_none(tmp_path: Path) -> None:
    async def scene() -> None:
        transport = httpx.ASGITransport(app=short)
        async with client("http://studio", transport=transport) as heygen:
            with pytest.raises(Problems) as raised:
                await heygen.download("http://studio/v.mp4", tmp_path / "v.mp4")
            assert "99 bytes came, 100 were announced" in raised.value.diagnostics[0].message

    run(scene())


BROKEN: list[Reply] = [
    None,
    GOOD[:-1],
    GOOD[: len(GOOD) // 2],
    answer(200, b"", kind="video/mp4"),
    answer(200, b"<html>Please log in</html>", kind="text/html; charset=utf-8"),
    trouble(500, "internal_error"),
    trouble(429, "rate_limit_exceeded"),
    answer(503, b"", [("retry-after", "9")]),
]


@pytest.mark.parametrize("reply", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_download_is_begun_anew(tmp_path: Path, reply: Reply) -> None:
    found, requests, clock = got(tmp_path / "v.mp4", reply, reply, GOOD)
    assert (tmp_path / "v.mp4").read_bytes() == MOVIE
    assert found.bytes == len(MOVIE)
    assert (len(requests), len(clock.sleeps)) == (3, 2)
    code, _, sends = fails(tmp_path / "w.mp4", reply)
    assert (code in ("VB605", "VB606"), sends) == (True, 5)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_for_the_caller(tmp_path: Path, status: int) -> None:
    with pytest.raises(Expired):
        got(tmp_path / "v.mp4", answer(status, b"<xml/>", kind="application/xml"))
    assert not (tmp_path / "v.mp4").exists()


@pytest.mark.parametrize("status", [204, 206, 304, 400, 402, 405, 416, 418])
def test_a_status_that_makes_no_file_is_not_tried_again(tmp_path: Path, status: int) -> None:
    body = b"" if status in (204, 304) else MOVIE
    code, message, sends = fails(tmp_path / "v.mp4", answer(status, body))
    assert (code, sends) == ("VB608", 1)
    assert str(status) in message


def test_ten_gigabytes_are_refused_before_they_come(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n"
    code, message, sends = fails(tmp_path / "v.mp4", (head, b"x"))
    assert (code, sends) == ("VB608", 1)
    assert "8192 MB" in message
    assert not (tmp_path / "v.mp4").exists()


def test_a_file_without_end_is_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        head = b"HTTP/1.1 200 OK\r\n\r\n"
        async with wire((head, b"x" * 65536)) as server, line() as http:
            with pytest.raises(saving.Unfit):
                await download_module.download(
                    http.send,
                    server.url + "/v",
                    tmp_path / "v",
                    base=server.url,
                    max_bytes=200_000,
                )

    run(scene())
    assert list(tmp_path.iterdir()) == []


def test_a_drip_is_stopped_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "_SECONDS", 0.05)
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
    code, message, _ = fails(tmp_path / "v.mp4", (head, b"x"))
    assert code == "VB605"
    assert "too long" in message


def test_redirects_are_followed_a_few_times(tmp_path: Path) -> None:
    step = answer(302, b"", REDIRECT)
    found, requests, _ = got(tmp_path / "v.mp4", step, step, GOOD)
    assert found.bytes == len(MOVIE)
    assert requests[1:] == ["GET /again HTTP/1.1"] * 2
    code, message, sends = fails(tmp_path / "v.mp4", step)
    assert (code, sends) == ("VB608", 6)
    assert "redirected" in message


LINKS = [
    "file:///etc/passwd",
    "ftp://host/v.mp4",
    "//host/v.mp4",
    "v.mp4",
    "",
    "https://",
    "https://user:pass@host/v.mp4",
    "https://user@host/v.mp4",
    "http://192.0.2.1/v.mp4",
    "http://host.test/v.mp4",
    "https://[::1/v.mp4",
    "https://host:port/v.mp4",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "http://exa mple/",
]


@pytest.mark.parametrize("url", LINKS)
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, url: str) -> None:
    async def scene() -> None:
        async with client("http://127.0.0.1:1") as heygen:
            with pytest.raises(Problems) as raised:
                await heygen.download(url, tmp_path / "v.mp4")
            [diagnostic] = raised.value.diagnostics
            assert diagnostic.code == "VB608"
            assert "pass" not in diagnostic.message.replace("passwd", "")

    run(scene())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", [link for link in LINKS if link and ":" in link])
def test_a_redirect_to_elsewhere_is_not_followed(tmp_path: Path, url: str) -> None:
    code, _, _ = fails(tmp_path / "v.mp4", answer(302, b"", [("location", url)]))
    assert code == "VB608"


def test_plain_http_is_for_a_studio_only(tmp_path: Path) -> None:
    async def scene() -> None:
        async with wire(GOOD) as server, client("https://api.heygen.com") as heygen:
            with pytest.raises(Problems) as raised:
                await heygen.download(server.url + "/v.mp4", tmp_path / "v.mp4")
            assert raised.value.diagnostics[0].code == "VB608"
            assert server.received == []

    run(scene())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, message, sends = fails(tmp_path / "no" / "v.mp4", GOOD)
    assert (code, sends) == ("VB608", 1)
    assert "cannot be written" in message


def test_a_message_shows_no_signature(tmp_path: Path) -> None:
    for reply in (answer(400, b""), None, answer(302, b"", REDIRECT)):
        assert "hush" not in fails(tmp_path / "v.mp4", reply)[1]
