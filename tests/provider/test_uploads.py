"""Local files on their way: whole and only the planned one, in one request or through a slot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.provider.provider_kit import (
    KEY,
    Clock,
    Reply,
    answer,
    client,
    run,
    studio_client,
    trouble,
    wire,
)
from vidbuild.diagnostics import EXIT_CREDENTIALS, Problems
from vidbuild.files import digest
from vidbuild.provider import media
from vidbuild.provider.client import HeyGen
from vidbuild.studio import slot_calls

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
DIGEST = hashlib.sha256(PNG).hexdigest()
DONE = answer(200, {"data": {"asset_id": "a_1"}})


def picture(folder: Path, data: bytes = PNG) -> Path:
    path = folder / "office büro.png"
    path.write_bytes(data)
    return path


async def send(heygen: HeyGen, path: Path, sha256: str = DIGEST) -> str:
    return await heygen.upload(path, mime="image/png", sha256=sha256)


def keys(received: list[bytes]) -> set[bytes]:
    lines = (line for data in received for line in data.split(b"\r\n"))
    return {line for line in lines if line.lower().startswith(b"idempotency-key")}


def test_an_upload_is_repeated_under_one_key(tmp_path: Path) -> None:
    async def scene() -> list[bytes]:
        replies = (None, trouble(409, "request_in_progress"), trouble(500, "x"), DONE)
        async with wire(*replies) as server, client(server.url) as heygen:
            assert await send(heygen, picture(tmp_path)) == "a_1"
            return server.received

    sent = run(scene())
    assert (len(sent), len(keys(sent))) == (4, 1)
    assert all(b"image/png" in data and PNG in data for data in sent)
    assert all(b"chunked" not in data for data in sent)


def test_an_upload_without_an_id_is_nonsense(tmp_path: Path) -> None:
    reply = answer(200, {"data": {"asset_id": "../x"}})
    assert refused(tmp_path, reply)[0] == "VB606"


def refused(folder: Path, *replies: Reply, small: bool = True) -> tuple[str, int]:
    """The code of an upload that fails, and the number of requests it took."""

    async def scene() -> tuple[str, int]:
        async with wire(*replies) as server, client(server.url) as heygen:
            if not small:
                narrow(heygen)
            with pytest.raises(Problems) as raised:
                await send(heygen, picture(folder))
            return raised.value.diagnostics[0].code, len(server.received)

    return run(scene())


def narrow(heygen: HeyGen) -> None:
    """Every file is too large for one request."""
    document = {**heygen._calls.api.document, "x-vidbuild-limits": {"upload_bytes": 10}}
    object.__setattr__(heygen._calls, "api", _with(heygen._calls.api, document))


def _with(api: Any, document: Any) -> Any:
    from dataclasses import replace

    return replace(api, document=document)


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("another content", lambda path: path.write_bytes(PNG[::-1])),
    ("longer", lambda path: path.write_bytes(PNG + b"x")),
    ("shorter", lambda path: path.write_bytes(PNG[:-1])),
    ("empty", lambda path: path.write_bytes(b"")),
    ("gone", lambda path: path.unlink()),
    ("a folder", lambda path: path.rename(path.with_suffix("")).with_suffix(".png").mkdir()),
]


@pytest.mark.parametrize("small", [True, False], ids=["in one", "by a slot"])
@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[row[0] for row in CHANGES])
def test_another_file_than_the_planned_one_never_arrives(
    tmp_path: Path, what: str, change: Callable[[Path], object], small: bool
) -> None:
    path = picture(tmp_path)
    change(path)

    async def scene() -> None:
        async with studio_client(tmp_path / "s", Clock()) as heygen:
            if not small:
                narrow(heygen)
            with pytest.raises(Problems) as raised:
                await send(heygen, path)
            assert raised.value.diagnostics[0].code == "VB609", what

    run(scene())
    assert not list((tmp_path / "s").rglob("asset_*"))


def test_a_file_that_shrinks_while_it_is_sent_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(200_000)
    path = picture(tmp_path, data)
    read = media.Checked.read

    def shrinking(self: media.Checked, size: int = 0) -> bytes:
        piece = read(self, 1000)
        path.write_bytes(b"")
        return piece

    monkeypatch.setattr(media.Checked, "read", shrinking)

    async def scene() -> None:
        async with wire(DONE) as server, client(server.url) as heygen:
            with pytest.raises(Problems) as raised:
                await send(heygen, path, hashlib.sha256(data).hexdigest())
            assert raised.value.diagnostics[0].code == "VB609"

    run(scene())


def test_a_large_file_goes_through_a_slot(tmp_path: Path) -> None:
    """Over the limit of one request, by the real limits, against the studio's own slots."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.write(PNG)
        file.truncate((32 << 20) + 1)
    sha256 = digest(path)[0]

    async def scene() -> None:
        async with studio_client(tmp_path / "s", Clock()) as heygen:
            asset_id = await send(heygen, path, sha256)
            [stored] = (tmp_path / "s" / "assets").iterdir()
            assert stored.stem == asset_id
            assert stored.stat().st_size == (32 << 20) + 1

    run(scene())


def slot(url: str, **more: Any) -> bytes:
    data = {
        "asset_id": "a_1",
        "upload_url": url,
        "upload_headers": {"Content-Type": "image/png", "x-store": "yes"},
        "expires_in_seconds": 3600,
        "max_bytes": 1 << 30,
        "status": "pending_upload",
        **more,
    }
    return answer(200, {"data": data})


COMPLETED = answer(200, {"data": {"asset_id": "a_1", "status": "completed"}})


def standing(word: str | None, **more: Any) -> bytes:
    return answer(200, {"data": [{"video_id": "a_1", "status": word, **more}]})


def through(
    folder: Path, api: list[Any], store: list[Reply], clock: Clock | None = None
) -> tuple[Any, list[bytes], list[bytes]]:
    """An upload by an API whose slots are in a storage elsewhere: its id or the code of its
    problem, and what each of the two was sent. A callable of `api` is given the storage's URL."""

    async def scene() -> tuple[Any, list[bytes], list[bytes]]:
        async with wire(*store) as storage:
            replies = [reply(storage.url + "/put") if callable(reply) else reply for reply in api]
            async with wire(*replies) as server, client(server.url, clock) as heygen:
                narrow(heygen)
                try:
                    found: Any = await send(heygen, picture(folder))
                except Problems as problems:
                    found = problems.diagnostics[0].code
                return found, server.received, storage.received

    return run(scene())


STORED = answer(200, b"")


def test_a_slots_host_gets_the_bytes_and_never_the_key(tmp_path: Path) -> None:
    found, asked, stored = through(tmp_path, [slot, COMPLETED], [STORED])
    assert found == "a_1"
    order = json.loads(asked[0].partition(b"\r\n\r\n")[2])
    assert order == {
        "filename": "office büro.png",
        "content_type": "image/png",
        "size_bytes": len(PNG),
        "checksum_sha256": DIGEST,
    }
    assert asked[0].startswith(b"POST /v3/assets/direct-uploads ")
    assert asked[1].startswith(b"POST /v3/assets/a_1/complete ")
    assert json.loads(asked[1].partition(b"\r\n\r\n")[2]) == {"checksum_sha256": DIGEST}
    assert all(KEY.encode() in data for data in asked)
    assert len(keys(asked)) == 1
    [put] = stored
    head, _, body = put.partition(b"\r\n\r\n")
    assert body == PNG
    assert head.startswith(b"PUT /put ")
    assert f"content-length: {len(PNG)}".encode() in head.lower()
    assert b"x-store: yes" in head
    for secret in (KEY.encode(), b"x-api-key", b"authorization", b"cookie", b"idempotency"):
        assert secret not in put.lower()


def test_bytes_are_sent_again_and_a_slot_that_expired_is_replaced(tmp_path: Path) -> None:
    clock = Clock()
    found, asked, stored = through(
        tmp_path,
        [slot, slot, COMPLETED],
        [None, answer(503, b"busy"), answer(403, b"<xml>expired</xml>"), STORED],
        clock,
    )
    assert found == "a_1"
    assert [data.partition(b"\r\n\r\n")[2] for data in stored] == [PNG] * 4
    assert len(keys(asked)) == 2  # under the same key the expired slot would come again
    assert len(clock.sleeps) == 2


def test_a_file_that_is_still_being_read_is_waited_for(tmp_path: Path) -> None:
    busy = answer(200, {"data": {"asset_id": "a_1", "status": "processing"}})
    looks = [standing("queued"), standing(None), answer(200, {"data": []}), standing("completed")]
    clock = Clock()
    found, asked, _ = through(tmp_path, [slot, busy, *looks], [STORED], clock)
    assert (found, len(asked)) == ("a_1", 6)
    assert b"asset_ids=a_1" in asked[2]
    assert clock.sleeps == [1.0, 2.0, 4.0, 8.0]
    forever, asked, _ = through(tmp_path, [slot, busy, standing("new_word")], [STORED], clock)
    assert (forever, len(asked)) == ("a_1", 9)  # a create that comes too early costs nothing
    failed, _, _ = through(tmp_path, [slot, busy, standing("failed")], [STORED])
    assert failed == "VB612"
    unseen, _, _ = through(tmp_path, [slot, busy, answer(404, b"<html>")], [STORED])
    assert unseen == "a_1"


def test_a_slot_that_is_not_visible_yet_is_completed_later(tmp_path: Path) -> None:
    early = [trouble(404, "asset_not_found"), trouble(409, "resource_not_ready")]
    clock = Clock()
    found, asked, _ = through(tmp_path, [slot, *early, COMPLETED], [STORED], clock)
    assert (found, len(asked)) == ("a_1", 4)
    assert through(tmp_path, [slot, early[0]], [STORED])[0] == "VB607"


BAD_SLOTS: list[tuple[str, dict[str, Any], str]] = [
    ("an id that leads elsewhere", {"asset_id": "../x"}, "VB606"),
    ("no id", {"asset_id": None}, "VB606"),
    ("no address", {"upload_url": None}, "VB606"),
    ("a file", {"upload_url": "file:///etc/passwd"}, "VB606"),
    ("no encryption", {"upload_url": "http://storage.test/x"}, "VB606"),
    ("a password", {"upload_url": "https://a:b@storage.test/x"}, "VB606"),
    ("a port that is none", {"upload_url": "https://storage.test:port/"}, "VB606"),
    ("half a character", {"upload_url": "https://storage.test/\ud800"}, "VB603"),
    ("a header in a header", {"upload_headers": {"x-a": "b\r\nx-c: d"}}, "VB606"),
    ("a name of a header", {"upload_headers": {"x a": "b"}}, "VB606"),
    ("a list for a header", {"upload_headers": {"x-a": ["b"]}}, "VB606"),
    ("a small storage", {"max_bytes": 3}, "VB611"),
]


@pytest.mark.parametrize(("what", "more", "code"), BAD_SLOTS, ids=[row[0] for row in BAD_SLOTS])
def test_a_slot_that_could_do_harm_is_not_used(
    tmp_path: Path, what: str, more: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    found, _, stored = (
        through(tmp_path, [lambda url: slot(url, **more)], [STORED])
        if (what != "half a character")
        else _unresolved(tmp_path, more, monkeypatch, nowhere)
    )
    assert (found in (code, "VB612"), stored) == (True, []), found


def _unresolved(
    folder: Path, more: dict[str, Any], patch: pytest.MonkeyPatch, nowhere: Callable[..., None]
) -> tuple[Any, list[bytes], list[bytes]]:
    patch.setattr("socket.getaddrinfo", nowhere)
    return through(folder, [lambda url: slot(url, **more)], [STORED])


def test_headers_that_are_ours_to_say_and_odd_extras_change_nothing(tmp_path: Path) -> None:
    headers = {"Host": "evil.test", "Content-Length": 3, "Connection": "x", "Content-Type": "a/b"}
    found, _, stored = through(
        tmp_path,
        [lambda url: slot(url, upload_headers=headers, max_bytes="many"), COMPLETED],
        [STORED],
    )
    assert found == "a_1"
    assert b"evil" not in stored[0]
    assert b"content-type: a/b" in stored[0].lower()


@pytest.mark.parametrize(
    ("reply", "sends"),
    [
        (answer(400, b"<Error>no</Error>"), 1),
        (answer(403, b"expired"), 2),
        (answer(307, b"", [("location", "https://evil.test/")]), 1),
        (answer(500, b""), 5),
        (None, 5),
    ],
)
def test_a_storage_that_does_not_take_the_file_is_a_problem(
    tmp_path: Path, reply: Reply, sends: int
) -> None:
    found, _, stored = through(tmp_path, [slot], [reply])
    assert (found, len(stored)) == ("VB612", sends)


@pytest.mark.parametrize("small", [True, False])
def test_a_key_that_may_not_upload_is_a_refused_key(tmp_path: Path, small: bool) -> None:
    async def scene() -> None:
        async with wire(trouble(403, "forbidden")) as server, client(server.url) as heygen:
            if not small:
                narrow(heygen)
            with pytest.raises(Problems) as raised:
                await send(heygen, picture(tmp_path))
            assert raised.value.exit_code == EXIT_CREDENTIALS

    run(scene())


def test_the_studios_slots_take_what_its_files_take() -> None:
    assert slot_calls.MAX_BYTES > 32 << 20
