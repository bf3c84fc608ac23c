"""The client on a real wire, against answers that a network or a server may give."""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.provider.provider_kit import (
    AVATAR,
    KEY,
    START,
    TAKEN,
    Clock,
    Reply,
    answer,
    client,
    detail,
    run,
    trouble,
    wire,
)
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_ERROR, Problems
from vidbuild.provider import calls as calls_module
from vidbuild.provider.model import CreateAnswer, InProgress, Refused, Taken, Unknown
from vidbuild.provider.wire import Lost, lost, trust

PACKED = gzip.compress(b'{"data": {"video_id": "v_1"}}')
PACKED_TWICE = gzip.compress(PACKED)
HTML = answer(200, b"<html>Log in</html>", kind="text/html")


def created(*replies: Reply) -> tuple[CreateAnswer, int]:
    """What a create becomes, and how many requests it took."""

    async def scene() -> tuple[CreateAnswer, int]:
        async with wire(*replies) as server, client(server.url) as heygen:
            return await heygen.create(AVATAR, key="k1"), len(server.received)

    return run(scene())


UNKNOWN: list[tuple[str, Reply, str | None]] = [
    ("429", trouble(429, "rate_limit_exceeded"), "rate_limit_exceeded"),
    ("408", trouble(408, "timeout"), "timeout"),
    ("425", trouble(425, "early"), "early"),
    ("500", trouble(500, "internal_error"), "internal_error"),
    ("502 of a proxy", answer(502, b"<html>", kind="text/html"), "http_502"),
    ("503", trouble(503, "service_unavailable"), "service_unavailable"),
    ("a reset", None, "broken"),
    ("no HTTP", b"SSH-2.0-OpenSSH\r\n\r\n", "broken"),
    ("half an answer", TAKEN[:-10], "broken"),
    ("HTML", HTML, "nonsense"),
    ("an empty body", answer(200, b""), "nonsense"),
    ("half of JSON", answer(200, b'{"data": {"video_id": "v'), "nonsense"),
    ("a list", answer(200, []), "nonsense"),
    ("null", answer(200, None), "nonsense"),
    ("data is a list", answer(200, {"data": ["v_1"]}), "nonsense"),
    ("no id", answer(200, {"data": {"status": "waiting"}}), "nonsense"),
    ("a number for an id", answer(200, {"data": {"video_id": 7}}), "nonsense"),
    ("an id that leads elsewhere", answer(200, {"data": {"video_id": "../../users/me"}}), None),
    ("an endless depth", answer(200, b"[" * 100_000), "nonsense"),
    ("an error in a 200", trouble(200, "invalid_parameter", "bad"), "invalid_parameter"),
    ("a redirect", answer(302, None, [("location", "https://evil.test/")]), "http_302"),
    ("a redirect that keeps the method", answer(307, None, [("location", "/elsewhere")]), None),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", "nonsense"),
    ("a wrong length", answer(200, b"{}").replace(b"length: 2", b"length: -2"), "broken"),
    ("packed twice", answer(200, PACKED_TWICE, [("content-encoding", "gzip, gzip")]), "nonsense"),
    ("packed by another", answer(200, b"{}", [("content-encoding", "br")]), "nonsense"),
    ("a broken encoding", answer(200, b"{}", [("content-encoding", "gzip")]), "nonsense"),
]


@pytest.mark.parametrize(("what", "reply", "code"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_a_create_that_nobody_can_tell_about_is_unknown_and_sent_once(
    what: str, reply: Reply, code: str | None
) -> None:
    found, sends = created(reply)
    assert isinstance(found, Unknown), what
    assert found.message
    assert sends == 1
    if code is not None:
        assert found.code == code


REFUSED: list[tuple[bytes, int, str]] = [
    (trouble(400, "invalid_parameter", param="script"), 400, "invalid_parameter"),
    (trouble(401, "unauthorized"), 401, "unauthorized"),
    (trouble(402, "insufficient_credit"), 402, "insufficient_credit"),
    (trouble(404, "avatar_not_found"), 404, "avatar_not_found"),
    (trouble(409, "conflict"), 409, "conflict"),
    (trouble(413, "payload_too_large"), 413, "payload_too_large"),
    (trouble(429, "quota_exceeded"), 429, "quota_exceeded"),
    (answer(400, b"<html>", kind="text/html"), 400, "http_400"),
    (answer(403, b""), 403, "http_403"),
]


@pytest.mark.parametrize(("reply", "status", "code"), REFUSED)
def test_a_create_that_is_refused_says_so(reply: bytes, status: int, code: str) -> None:
    found, sends = created(reply)
    assert isinstance(found, Refused)
    assert (found.status, found.code, sends) == (status, code, 1)


def test_a_create_that_is_taken_or_under_way() -> None:
    assert created(TAKEN)[0] == Taken(video_id="v_1")
    assert created(answer(201, {"data": {"video_id": "v_2", "new": [1]}}))[0] == Taken(
        video_id="v_2"
    )
    busy = trouble(409, "request_in_progress", headers=[("retry-after", "3")])
    assert created(busy)[0] == InProgress(retry_after=3.0)
    later = "Fri, 15 Jan 2027 08:01:00 GMT"
    limited = trouble(429, "rate_limit_exceeded", headers=[("retry-after", later)])
    found = created(limited)[0]
    assert isinstance(found, Unknown)
    assert found.retry_after == 60.0


def test_an_answer_that_is_packed_once_can_be_read() -> None:
    """Nobody asked for it, but something on the way may do it all the same."""
    packed = answer(200, PACKED, [("content-encoding", "gzip")])
    assert created(packed)[0] == Taken(video_id="v_1")


def test_a_create_is_the_specs_request_with_its_key() -> None:
    async def scene() -> bytes:
        async with wire(TAKEN) as server, client(server.url + "/prefix") as heygen:
            await heygen.create({**AVATAR, "script": "Grüße"}, key="vb1:p:f:1")
            return server.received[0]

    head, _, body = run(scene()).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /prefix/v3/videos HTTP/1.1\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers[b"idempotency-key"] == b"vb1:p:f:1"
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"x-api-key"].decode() == KEY.lower()
    assert b"authorization" not in headers
    assert "Grüße".encode() in body


def test_a_slow_answer_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "WRITE", 0.05)
    found, _ = created(2.0)
    assert isinstance(found, Unknown)
    assert found.code == "timeout"


def test_an_answer_that_drips_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "WRITE", 0.1)
    found, _ = created((b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n{", b" "))
    assert isinstance(found, Unknown)
    assert found.code == "timeout"


def test_an_answer_without_end_is_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidbuild.provider.wire.MAX_ANSWER", 1000)
    assert isinstance(
        created(answer(200, {"data": {"video_id": "v_1"}, "x": "y" * 2000}))[0], Unknown
    )


TRANSIENT: list[Reply] = [
    None,
    trouble(429, "rate_limit_exceeded"),
    trouble(500, "internal_error"),
    answer(502, b"<html>", kind="text/html"),
    HTML,
    answer(200, b'{"data": '),
    answer(200, []),
    trouble(200, "internal_error"),
    TAKEN[:-10],
]


def test_a_read_is_repeated_until_it_succeeds() -> None:
    async def scene() -> None:
        for reply in TRANSIENT:
            clock = Clock()
            replies = (reply, reply, answer(200, detail("v_1", duration=2.5)))
            async with wire(*replies) as server, client(server.url, clock) as heygen:
                found = await heygen.video("v_1")
                assert found is not None
                assert found.duration == 2.5
                assert server.requests == ["GET /v3/videos/v_1 HTTP/1.1"] * 3
                assert len(clock.sleeps) == 2
                assert 0.375 <= clock.sleeps[0] <= 0.625 < clock.sleeps[1] <= 1.25

    run(scene())


def test_a_servers_wish_to_wait_is_honoured_within_reason() -> None:
    async def scene() -> None:
        clock = Clock()
        replies = (
            trouble(429, "rate_limit_exceeded", headers=[("retry-after", "17")]),
            trouble(503, "x", headers=[("retry-after", "Fri, 15 Jan 2027 08:00:25 GMT")]),
            trouble(503, "x", headers=[("retry-after", "99999")]),
            answer(200, detail()),
        )
        async with wire(*replies) as server, client(server.url, clock) as heygen:
            assert await heygen.video("v_1") is not None
        assert clock.sleeps == [17.0, 25.0, 120.0]

    run(scene())


def fails(replies: Iterable[Reply], call: str = "video") -> tuple[Problems, int]:
    """The problems of a read, and how many requests it took."""

    async def scene() -> tuple[Problems, int]:
        async with wire(*replies) as server, client(server.url) as heygen:
            calls: dict[str, Any] = {
                "video": lambda: heygen.video("v_1"),
                "statuses": lambda: heygen.statuses(["v_1"]),
                "recent": lambda: heygen.recent(title="t", since=0, until=9e9),
                "delete": lambda: heygen.delete("v_1"),
                "account": heygen.account,
            }
            with pytest.raises(Problems) as raised:
                await calls[call]()
            return raised.value, len(server.received)

    return run(scene())


FAILING: list[tuple[str, Reply, str, int, int]] = [
    ("unauthorized", trouble(401, "unauthorized"), "VB602", EXIT_CREDENTIALS, 1),
    ("no credit", trouble(402, "insufficient_credit"), "VB614", EXIT_ERROR, 1),
    ("quota", trouble(429, "quota_exceeded"), "VB614", EXIT_ERROR, 1),
    ("bad request", trouble(400, "invalid_parameter"), "VB607", EXIT_ERROR, 1),
    ("always 500", trouble(500, "internal_error"), "VB607", EXIT_ERROR, 5),
    ("always reset", None, "VB605", EXIT_ERROR, 5),
    ("always HTML", HTML, "VB606", EXIT_ERROR, 5),
    ("a redirect", answer(301, None, [("location", "https://x.test")]), "VB606", EXIT_ERROR, 1),
    ("a 404 of something else", answer(404, b"<html>"), "VB607", EXIT_ERROR, 1),
]


@pytest.mark.parametrize("call", ["video", "statuses", "recent", "delete", "account"])
@pytest.mark.parametrize(("what", "reply", "code", "exit_code", "sends"), FAILING)
def test_a_call_that_cannot_succeed_is_a_problem_with_a_way_on(
    what: str, reply: Reply, code: str, exit_code: int, sends: int, call: str
) -> None:
    raised, sent = fails([reply], call)
    [diagnostic] = raised.diagnostics
    assert (diagnostic.code, raised.exit_code, sent) == (code, exit_code, sends), what
    assert "127.0.0.1" in diagnostic.message
    assert diagnostic.hint or code == "VB607"


@pytest.mark.parametrize("call", ["video", "statuses", "recent", "delete"])
def test_a_key_without_the_scope_is_a_refused_key(call: str) -> None:
    raised, sent = fails([trouble(403, "forbidden")], call)
    assert (raised.diagnostics[0].code, raised.exit_code) == ("VB602", EXIT_CREDENTIALS)
    assert sent == 1


def test_only_the_apis_own_word_makes_a_video_unknown() -> None:
    """A 404 page of a proxy or a wrong address must not make paid videos look gone."""

    async def scene() -> None:
        async with wire(trouble(404, "video_not_found")) as server, client(server.url) as heygen:
            assert await heygen.video("v_1") is None
            assert await heygen.delete("v_1") is False
            assert await heygen.account() is None

    run(scene())
    assert fails([answer(404, b"<html>Not found</html>", kind="text/html")])[1] == 1


def test_a_key_that_may_not_ask_whose_it_is_can_still_render() -> None:
    async def scene() -> None:
        async with wire(trouble(403, "forbidden")) as server, client(server.url) as heygen:
            assert await heygen.account() is None

    run(scene())


NO_LISTS: list[Any] = [{}, {"data": None}, {"data": {}}, {"data": "x"}, {"items": []}]


@pytest.mark.parametrize("body", NO_LISTS)
@pytest.mark.parametrize("call", ["statuses", "recent"])
def test_a_list_that_is_none_is_nonsense(body: Any, call: str) -> None:
    assert fails([answer(200, body)], call)[0].diagnostics[0].code == "VB606"


@pytest.mark.parametrize("body", [{}, {"data": {}}, detail("v_other"), {"data": {"id": 7}}])
def test_a_video_that_is_none_or_another_is_nonsense(body: Any) -> None:
    assert fails([answer(200, body)])[0].diagnostics[0].code == "VB606"


def test_odd_entries_of_a_list_decide_nothing() -> None:
    entries = [
        7,
        None,
        {"video_id": None, "status": "completed"},
        {"video_id": ["v_1"], "status": "completed"},
        {"video_id": "v_9", "status": "failed"},
        {"video_id": "v_2", "status": 7},
        {"video_id": "v_3", "status": "not_found", "new": 1},
        {"video_id": "v_4", "status": "failed"},
        {"video_id": "v_5", "status": "brand_new_word"},
    ]

    async def scene() -> None:
        async with wire(answer(200, {"data": entries})) as server, client(server.url) as heygen:
            found = await heygen.statuses([f"v_{n}" for n in range(1, 6)])
            words = ["submitted", "submitted", "not_found", "failed", "submitted"]
            assert list(found.values()) == words

    run(scene())


def test_a_list_that_never_ends_is_given_up() -> None:
    page = answer(200, {"data": [], "next_token": "again", "has_more": True})
    videos = [{"id": "v", "status": "completed", "created_at": START, "title": "t"}]
    full = answer(200, {"data": videos, "next_token": "again", "has_more": True})
    raised, sent = fails([full], "recent")
    assert (raised.diagnostics[0].code, sent) == ("VB606", 50)

    async def scene() -> None:
        async with wire(page) as server, client(server.url) as heygen:
            assert await heygen.recent(title="t", since=0, until=9e9) == []

    run(scene())


def test_a_token_is_passed_on_as_it_came() -> None:
    token = "a+b/c=&limit=1"
    videos = [{"id": "v", "status": "completed", "created_at": START, "title": "t"}]
    pages = (answer(200, {"data": videos, "next_token": token}), answer(200, {"data": videos}))

    async def scene() -> list[str]:
        async with wire(*pages) as server, client(server.url) as heygen:
            assert len(await heygen.recent(title="t", since=0, until=9e9)) == 2
            return server.requests

    second = run(scene())[1]
    assert "token=a%2Bb%2Fc%3D%26limit%3D1" in second


def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def unknown(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("host", ["127.0.0.1", "api.nowhere.test"])
def test_a_host_that_is_not_there_is_named_at_once(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = nobody().replace("127.0.0.1", host)
    if host != "127.0.0.1":
        monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async def scene() -> None:
        clock = Clock()
        async with client(base, clock) as heygen:
            with pytest.raises(Problems) as raised:
                await heygen.account()
            [diagnostic] = raised.value.diagnostics
            assert diagnostic.code == "VB603"
            assert f"{base.removeprefix('http://')} cannot be reached: " in diagnostic.message
            why = "it refuses the" if host == "127.0.0.1" else "Name or service not known"
            assert f" cannot be reached: {why}" in diagnostic.message
            assert 0 < sum(clock.sleeps) < 1
            found = await heygen.create(AVATAR, key="k1")
            assert isinstance(found, Unknown)
            assert found.code == "unreachable"

    run(scene())


def test_a_network_that_goes_away_later_is_waited_for() -> None:
    async def scene() -> None:
        clock = Clock()
        async with client(nobody(), clock) as heygen:
            async with wire(answer(200, {"data": []})) as server:
                heygen._calls.base = server.url
                assert await heygen.recent(title="t", since=0, until=9e9) == []
            heygen._calls.base = nobody()
            with pytest.raises(Problems, match="cannot be reached"):
                await heygen.account()
        assert 5 < sum(clock.sleeps) < 15
        assert len(clock.sleeps) == 4

    run(scene())


def test_a_connection_that_does_not_come_about_is_no_slow_answer() -> None:
    assert lost(httpx.ConnectTimeout("")).loss == "unreachable"
    assert lost(httpx.ReadTimeout("")).loss == "timeout"


def test_certificates_are_read_once_and_the_environments_where_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    usual = trust(environment=True)
    assert usual.verify_mode is ssl.CERT_REQUIRED
    assert usual.check_hostname
    assert usual.get_ca_certs()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert trust(environment=False) is usual
    assert trust(environment=True).get_ca_certs() == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(FileNotFoundError):
        trust(environment=True)


def test_a_connection_that_is_not_secure_is_not_tried_again() -> None:
    async def scene() -> None:
        async with wire(None, greeting=b"220 mail.test ready\r\n") as server:
            clock = Clock()
            async with client(server.url.replace("http://", "https://"), clock) as heygen:
                with pytest.raises(Problems) as raised:
                    await heygen.account()
                [diagnostic] = raised.value.diagnostics
                assert diagnostic.code == "VB604"
                assert "SSL_CERT_FILE" in str(diagnostic.hint)
                assert (len(server.received), clock.sleeps) == (1, [])
                found = await heygen.create(AVATAR, key="k1")
                assert isinstance(found, Unknown)
                assert found.code == "tls"

    run(scene())


def test_the_account_of_an_odd_answer_is_unknown_or_has_no_balance() -> None:
    bodies: list[tuple[Any, str | None, float | None]] = [
        ({"data": {}}, None, None),
        ({"data": {"username": ""}}, None, None),
        ({"data": {"username": 7}}, None, None),
        ({"data": {"username": "u"}}, "u", None),
        ({"data": {"username": "u", "wallet": None}}, "u", None),
        (_wallet("credits", 5), "u", None),
        (_wallet("usd", "5"), "u", None),
        (_wallet("usd", 5), "u", 5.0),
    ]

    async def scene() -> None:
        for body, username, balance in bodies:
            async with wire(answer(200, body)) as server, client(server.url) as heygen:
                found = await heygen.account()
                assert (found and found.username) == username
                assert (found and found.balance_usd) == balance
                assert found is None or len(found.hash) == 12

    run(scene())


def _wallet(currency: str, balance: Any) -> Any:
    wallet = {"currency": currency, "remaining_balance": balance}
    return {"data": {"username": "u", "wallet": wallet}}


def test_the_servers_time_goes_on_and_never_back() -> None:
    async def scene() -> None:
        clock = Clock(START + 500)
        async with wire(answer(200, detail())) as server, client(server.url, clock) as heygen:
            await heygen.video("v_1")
            assert heygen.server_now == START
            clock.at += 7
            assert heygen.server_now == START + 7
            clock.at -= 100
            assert heygen.server_now == START

    run(scene())


def test_how_long_each_call_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A create that is given up too early is one that nobody can tell about."""
    seconds: dict[str, float] = {}

    async def lose(_client: Any, method: str, url: str, **options: Any) -> Lost:
        seconds[f"{method} {url.partition('/v3/')[2]}"] = options["seconds"]
        return Lost(loss="tls", message="no")

    monkeypatch.setattr(calls_module, "exchange", lose)
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    small.write_bytes(b"x")
    with large.open("wb") as file:
        file.truncate(64 << 20)

    async def scene() -> None:
        async with client("http://api.test") as heygen:
            await heygen.create(AVATAR, key="k")
            for call in (
                heygen.video("v"),
                heygen.statuses(["v"]),
                heygen.account(),
                heygen.delete("v"),
                heygen.upload(small, mime="image/png", sha256="0" * 64),
                heygen.upload(large, mime="image/png", sha256="0" * 64),
            ):
                with pytest.raises(Problems):
                    await call

    run(scene())
    assert seconds["POST videos"] >= 120
    assert seconds["DELETE videos/v"] == 120
    assert (
        seconds["GET videos/v"] == seconds["GET videos/statuses"] == seconds["GET users/me"] == 30
    )
    assert 600 <= seconds["POST assets"] < 601
    assert seconds["POST assets/direct-uploads"] == 120


@pytest.mark.parametrize("base", ["http://studio", "http://studio:8787", "http://studio:1/v"])
def test_an_account_is_known_by_host_and_user_whatever_the_port(base: str) -> None:
    def told(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/v3/users/me")
        body = httpx.ByteStream(b'{"data": {"username": "acme"}}')
        return httpx.Response(200, stream=body)

    async def scene() -> None:
        async with client(base, transport=httpx.MockTransport(told)) as heygen:
            found = await heygen.account()
        assert found is not None
        # Locks hold it for ever: another way to make it would make strangers of all accounts.
        assert found.hash == hashlib.sha256(b"studio\nacme").hexdigest()[:12]

    run(scene())
