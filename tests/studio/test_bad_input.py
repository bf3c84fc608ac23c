"""What nobody should send, and what a disk may do: the API's error, a studio that stays up, and
nothing outside its folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.studio.media_kit import KINDS, broken, good, request_with
from tests.studio.studio_kit import AVATAR, KEY, Caller, Clock, error, run, studio
from tests.studio.test_serve_wire import parts, post, serving
from vidbuild.diagnostics import Diagnostic, Problems
from vidbuild.studio.answers import MAX_BODY
from vidbuild.studio.server import Studio

PNG = good("png")


def files(folder: Path) -> set[str]:
    """All files under a folder, but those of the store itself."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("studio.db") and "owners" not in path.parts
    }


def form(
    data: bytes, name: str = "a.png", *, field: str = "file", end: bytes = b"--x--\r\n"
) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n" + end


FORM = {"content-type": "multipart/form-data; boundary=x"}


@pytest.fixture
def nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's temporary folder is not the studio's to write to."""
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")


def test_an_upload_is_refused_as_soon_as_it_is_too_large(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield form(b"", end=b"")[:-2] + PNG
        while sent < 4 * MAX_BODY:
            sent += 1 << 20
            yield bytes(1 << 20)

    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.http.post("/v3/assets", content=endless(), headers=FORM)
            assert error(response) == (413, "payload_too_large")
            assert sent <= MAX_BODY + (1 << 20)
            assert files(tmp_path) == set()

    run(scene())


def test_a_body_is_refused_as_soon_as_it_is_too_large(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"script": "'
        while sent < 4 * MAX_BODY:
            sent += 1 << 20
            yield b"a" * (1 << 20)

    async def scene() -> None:
        async with studio(tmp_path) as call:
            json_type = {"content-type": "application/json"}
            response = await call.http.post("/v3/videos", content=endless(), headers=json_type)
            assert error(response) == (413, "payload_too_large")
            assert sent <= MAX_BODY + (1 << 20)
            # One that says beforehand how large it is need not even begin.
            declared = {**json_type, "content-length": str(10 * MAX_BODY)}
            response = await call.http.post("/v3/videos", content=b"{", headers=declared)
            assert error(response) == (413, "payload_too_large")

    run(scene())


def test_a_client_on_a_port_is_told_that_its_upload_is_too_large(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        yield form(b"", end=b"")[:-2] + PNG
        for _ in range(4 * MAX_BODY >> 20):
            yield bytes(1 << 20)

    async def scene() -> None:
        async with serving(tmp_path) as port:

            def ask() -> httpx.Response:
                with httpx.Client(base_url=port.url, trust_env=False) as http:
                    headers = {**FORM, "x-api-key": "k"}
                    return http.post("/v3/assets", content=endless(), headers=headers)

            response = await asyncio.to_thread(ask)
            assert error(response) == (413, "payload_too_large")
            assert response.headers["connection"] == "close"

    run(scene())


@pytest.mark.usefixtures("nowhere_else")
def test_a_large_upload_is_never_whole_in_memory_nor_outside_the_folder(tmp_path: Path) -> None:
    import tracemalloc

    size = 24 << 20

    async def pieces() -> AsyncIterator[bytes]:
        yield form(b"", end=b"")[:-2] + PNG
        for _ in range(size >> 16):
            yield bytes(1 << 16)
        yield b"\r\n--x--\r\n"

    async def scene() -> None:
        async with studio(tmp_path) as call:
            await call.http.post("/v3/assets", content=form(PNG), headers=FORM)
            tracemalloc.start()
            response = await call.http.post("/v3/assets", content=pieces(), headers=FORM)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert response.json()["data"]["size_bytes"] == size + len(PNG)
            assert peak < 4 << 20
            assert {Path(name).parent.name for name in files(tmp_path)} == {"assets"}

    run(scene())


@pytest.mark.usefixtures("nowhere_else")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--x--\r\n",
        form(b""),
        form(PNG, field="other"),
        form(PNG, end=b""),
        form(PNG, end=form(PNG)),
        form(PNG)[:60],
        form(PNG).replace(b"Content-Disposition", b"Content-Indisposition"),
        b"--x\r\n" + b"A: " + b"b" * 100_000,
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 21 + form(PNG),
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"
        + bytes(100_000)
        + b"\r\n--x--\r\n",
        form(b"MZ" + bytes(200), "a.png"),
    ],
)
def test_a_form_that_is_none_is_refused_and_leaves_nothing(tmp_path: Path, body: bytes) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.http.post("/v3/assets", content=body, headers=FORM)
            assert error(response)[0] in (400, 413)
            assert files(tmp_path) == set()

    run(scene())


@given(st.binary(max_size=300), st.sampled_from(["x", "", "--", "a" * 300, "\x7f", '"']))
@settings(max_examples=60)
def test_no_form_at_all_brings_the_studio_down(body: bytes, boundary: str) -> None:
    async def scene(folder: Path) -> None:
        async with studio(folder) as call:
            headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
            for content in (body, b"--x\r\n" + body + b"\r\n--x--\r\n"):
                response = await call.http.post("/v3/assets", content=content, headers=headers)
                assert error(response)[0] == 400
            assert files(folder) == set()

    with tempfile.TemporaryDirectory() as folder:
        run(scene(Path(folder)))


NAMES = ["../../evil.png", "..\\..\\evil.png", "/etc/passwd", "C:\\evil.png", "a\x00b.png", "..",
         "%2e%2e%2fevil", "\u202egnp.exe", "a" * 5000, "", "con.png",
         "x\r\nSet-Cookie: a=b"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_stored_under_a_name_of_ours(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "studio"

    async def scene() -> None:
        async with studio(folder) as call:
            body = form(PNG, name.replace("\r\n", "%0D%0A"))
            response = await call.http.post("/v3/assets", content=body, headers=FORM)
            if response.status_code != 200:
                assert error(response)[0] == 400
                return
            made = response.json()["data"]
            assert files(folder) == {f"assets/{made['asset_id']}.png"}
            got = await call.http.get(made["url"])
            assert got.content == PNG
            assert "set-cookie" not in got.headers

    run(scene())
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"studio"}


IDS = ["..%2f..%2fstudio.db", "%2e%2e/studio.db", "studio.db", "a%00b", "%00",
       "%ff%fe", "'; DROP TABLE videos; --", "%F0%9F%92%A9", "a" * 4000, "-1", "null",
       "{video_id}", " "]  # fmt: skip


@pytest.mark.parametrize("given_id", IDS)
def test_an_id_is_never_a_path(tmp_path: Path, given_id: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            for path in (
                f"/v3/videos/{given_id}",
                f"/v3/assets/{given_id}",
                f"/v3/videos/batches/{given_id}",
                f"/v3/webhooks/endpoints/{given_id}",
                f"/files/{given_id}/video.mp4",
                f"/files/x/{given_id}",
                f"/uploads/{given_id}",
            ):
                for method in ("GET", "DELETE"):
                    url = httpx.URL("http://studio").copy_with(raw_path=path.encode())
                    response = await call.http.request(method, url)
                    assert response.status_code in (400, 403, 404, 405), (method, path)
                    assert b"SQLite" not in response.content
            assert (await call.ledger())["jobs"] == []

    run(scene())


def test_dots_in_a_path_lead_nowhere(tmp_path: Path) -> None:
    """As bytes, for a client library would have taken them out."""
    paths = ["/files/../studio.db", "/files/x/../../studio.db", "/../../etc/passwd", "/files/x/..",
             "/v3/videos/..", "/v3/../_studio/../../etc/passwd", "/files/./x/."]  # fmt: skip

    async def scene() -> None:
        async with serving(tmp_path) as port:
            for path in paths:
                head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: k\r\n"
                answer = await port.say(f"{head}Connection: close\r\n\r\n".encode())
                assert parts(answer)[0] in (403, 404), path

    run(scene())


HOSTS = ["a b", "[::1", "a/b", "a\\b", "ex ample:99999", "", "\xff", "user@evil.test", "a" * 3000,
         "evil.test:port", "%00"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_strange_host_is_no_trouble(tmp_path: Path, host: str) -> None:
    said = host.encode("latin-1")

    async def scene() -> None:
        async with serving(tmp_path, key="k") as port:
            body = post().replace(b"Host: 127.0.0.1", b"Host: " + said)
            status, made = parts(await port.say(body))
            assert status in (200, 400, 403)
            if status == 200:
                path = f"/v3/videos/{made['data']['video_id']}"
                _, _, rest = body.partition(b"\r\n")
                asked = b"GET " + path.encode() + b" HTTP/1.1\r\n" + rest.partition(b"\r\n\r\n")[0]
                asked = asked.replace(b"Content-Length: ", b"X-Length: ") + b"\r\n\r\n"
                assert parts(await port.say(asked))[0] in (200, 400, 403)

    run(scene())


@pytest.mark.parametrize(
    "value", ["a\nb", "a b", "a" * 256, "", "ключ", "a;b", "a/b", "\x00", "k\r\nX-Evil: 1"]
)
def test_a_key_for_repeats_is_plain_or_refused(tmp_path: Path, value: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            raw = [(b"x-api-key", KEY.encode()), (b"idempotency-key", value.encode())]
            request = httpx.Request(
                "POST",
                "http://studio/v3/videos",
                json=AVATAR,
                headers=dict(raw),
            )
            assert error(await call.http.send(request)) == (400, "invalid_parameter")
            assert (await call.ledger())["jobs"] == []

    run(scene())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": "wrong"},
        {"x-api-key": ""},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": KEY + "\x00"},
        {"x-api-key": "ключ".encode()},
        {"authorization": "Basic " + KEY},
        {"authorization": "Bearer"},
        {"authorization": KEY},
    ],
)
def test_a_bad_key_opens_nothing(tmp_path: Path, headers: dict[str, Any]) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            call.http.headers.pop("x-api-key")
            for method, path in (("POST", "/v3/videos"), ("GET", "/_studio/ledger"),
                                 ("POST", "/v3/webhooks/endpoints")):  # fmt: skip
                refused = await call.http.request(method, path, headers=headers, json={})
                assert error(refused) == (401, "unauthorized")

    run(scene())


TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
         "application/xml", "application/jsonp", "", "/", "application/json/x"]  # fmt: skip


@pytest.mark.parametrize("declared", TYPES)
def test_a_body_of_another_type_is_refused(tmp_path: Path, declared: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            content = httpx.Request("POST", "http://x", json=AVATAR).content
            headers = {"content-type": declared}
            response = await call.http.post("/v3/videos", content=content, headers=headers)
            if declared:
                assert error(response) == (400, "invalid_parameter")
            else:
                assert response.status_code == 200

    run(scene())


@pytest.mark.parametrize(
    "path",
    [
        "/v1/video",
        "/v3",
        "/v3/",
        "/v3/videos/",
        "//v3/videos",
        "/V3/VIDEOS",
        "/_studio",
        "/files",
        "/v3/videos/x/y",
        "/.env",
        "/v3/nothing?x=1",
    ],
)
def test_an_unknown_route_is_not_found(tmp_path: Path, path: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
                url = httpx.URL("http://studio").copy_with(raw_path=path.encode())
                response = await call.http.request(method, url)
                assert error(response)[0] in (404, 405)

    run(scene())


def test_broken_media_fail_their_video_and_nothing_else(tmp_path: Path) -> None:
    """A fuzz of the decoders through the upload path; they run in a process of their own."""
    count = int(os.environ.get("FUZZ", "1")) * 3

    async def take(call: Caller, kind: str, data: bytes) -> str | None:
        upload = await call.http.post("/v3/assets", files={"file": (f"a.{kind}", data)})
        if upload.status_code != 200:
            assert error(upload) == (400, "invalid_parameter")
            return None
        request = request_with(kind, upload.json()["data"]["asset_id"])
        taken = await call.create(request)
        if taken.status_code != 200:
            assert error(taken) == (400, "invalid_parameter")
            return None
        return str(taken.json()["data"]["video_id"])

    async def scene() -> None:
        async with Studio(data=tmp_path / "s", concurrency=10_000, key=KEY, workers=1) as opened:
            transport = httpx.ASGITransport(app=opened.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://studio", headers={"x-api-key": KEY}
            ) as http:
                call = Caller(http, None)  # type: ignore[arg-type]  # no clock to turn
                for kind in KINDS:
                    sound = await take(call, kind, good(kind))
                    assert sound is not None
                    for data in broken(kind, count):
                        await take(call, kind, data)
                    jobs: list[Any] = []
                    while not jobs or any(
                        job["status"] in ("pending", "processing") for job in jobs
                    ):
                        await asyncio.sleep(0.05)
                        jobs = (await call.ledger())["jobs"]
                    states = {job["video_id"]: job["status"] for job in jobs}
                    assert states[sound] == "completed"

    run(scene())
    # Not one of them has taken its worker along.
    assert (tmp_path / "s" / "worker.log").read_text() == ""
    assert {path.name for path in tmp_path.iterdir()} == {"s"}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Caller, sqlite3.Connection, list[str]]]:
    """A studio, its store, and what it says when that fails."""
    said: list[str] = []

    def hear(diagnostic: Diagnostic) -> None:
        assert diagnostic.code == "VB802"
        said.append(diagnostic.message)

    options: dict[str, Any] = {"render": "simulated", "concurrency": 10_000, "on_trouble": hear}
    async with Studio(data=folder, **options) as made:
        transport = httpx.ASGITransport(app=made.app)
        headers = {"x-api-key": "k"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://studio", headers=headers
        ) as http:
            yield Caller(http, Clock()), made._desk.db, said


async def until_it_fails(call: Caller) -> tuple[int, httpx.Response]:
    """Creates videos until one is not taken: its number and the answer."""
    for n in range(5000):
        response = await call.create({**AVATAR, "title": "t" * 2000}, f"k{n}")
        if response.status_code != 200:
            return n, response
    raise AssertionError("it never failed")


def test_a_full_disk_is_said_and_nothing_is_taken_twice_or_lost(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as (call, db, said):
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages + 30}")
            number, refused = await until_it_fails(call)
            assert error(refused) == (500, "internal_error")
            assert "database or disk is full (VB802)" in refused.text
            assert said
            assert str(tmp_path) in said[0]
            for _ in range(3):
                assert (await call.create(AVATAR, f"k{number}")).status_code == 500
            assert (await call.get("/v3/videos")).status_code in (200, 500)
            db.execute("PRAGMA max_page_count = 1000000")
            for n in range(number + 1):
                await call.made({**AVATAR, "title": "t" * 2000}, f"k{n}")
            ledger = await call.ledger()
            keys = [job["idempotency_key"] for job in ledger["jobs"]]
            assert keys == [f"k{n}" for n in range(number + 1)]
            left = (await call.get("/v3/users/me")).json()["data"]["wallet"]["remaining_balance"]
            assert left == pytest.approx(100_000 - sum(j["charged_usd"] for j in ledger["jobs"]))

    run(scene())


def test_a_store_that_has_become_read_only_is_said(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as (call, db, said):
            await call.made(AVATAR, "k")
            db.execute("PRAGMA query_only = ON")
            for response in (
                await call.create(AVATAR, "k2"),
                await call.get("/v3/videos"),
                await call.http.post("/v3/assets", files={"file": ("a.png", PNG)}),
            ):
                assert error(response) == (500, "internal_error")
                assert "readonly database (VB802)" in response.text
            assert len(said) == 3
            assert files(tmp_path) == set()
            db.execute("PRAGMA query_only = OFF")
            await call.made(AVATAR, "k2")

    run(scene())


def test_a_folder_that_has_gone_is_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "s"

    async def scene() -> None:
        async with opened(folder) as (call, _, said):
            await call.made(AVATAR, "k")
            shutil.rmtree(folder)
            for n in range(3):
                response = await call.create(AVATAR, f"after{n}")
                assert response.status_code == 200 or "VB802" in response.text
                upload = await call.http.post("/v3/assets", files={"file": ("a.png", PNG)})
                assert upload.status_code == 200 or "VB802" in upload.text
            assert all(str(folder) in each for each in said)
        # Opened anew it begins empty, or with what it could still keep.
        async with opened(folder) as (call, _, _said):
            await call.made(AVATAR, "k")

    run(scene())


def test_an_event_that_cannot_be_delivered_for_want_of_a_disk_is_said(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as (call, db, said):
            callback = {"callback_url": "http://127.0.0.1:9/"}
            await call.made({**AVATAR, **callback})
            db.execute("PRAGMA query_only = ON")
            for _ in range(500):
                if not said:
                    await asyncio.sleep(0.01)
            assert "readonly" in said[0]

    run(scene())


@pytest.mark.parametrize("path", ["file/below", "file", "a" * 300])
def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Problems) as raised:
        run(studio(tmp_path / path).__aenter__())
    [said] = raised.value.diagnostics
    assert (said.code, bool(said.hint)) == ("VB802", True)
