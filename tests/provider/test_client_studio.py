"""The client against the studio, in one process: the two halves of one API."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import httpx
import pytest

from tests.provider.provider_kit import AVATAR, START, Clock, client, run, studio_client
from vidbuild.diagnostics import EXIT_CREDENTIALS, Problems
from vidbuild.provider.client import HeyGen
from vidbuild.provider.model import Expired, Provider, Refused, Taken, Unknown
from vidbuild.schema.api import Api, load_api
from vidbuild.studio.hosts import loopback
from vidbuild.studio.serve import listen

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
WEEK = 7 * 24 * 3600


async def taken(heygen: HeyGen, key: str, **fields: str) -> str:
    found = await heygen.create({**AVATAR, **fields}, key=key)
    assert isinstance(found, Taken), found
    return found.video_id


def test_a_video_from_create_to_delete(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio_client(tmp_path / "s", clock, render_seconds=40) as heygen:
            seam: Provider = heygen
            unheard = seam.server_now
            assert unheard is None
            video_id = await taken(heygen, "k1", title="Tour")
            assert await taken(heygen, "k1", title="Tour") == video_id
            assert seam.server_now == START
            waiting = await seam.video(video_id)
            assert waiting is not None
            assert (waiting.status, waiting.video_url) == ("submitted", None)
            clock.at += 40
            assert seam.server_now == START + 40
            done = await seam.video(video_id)
            assert done is not None
            assert (done.status, done.title, done.created_at) == ("completed", "Tour", START)
            assert done.completed_at == START + 40
            assert done.video_url is not None
            target = tmp_path / "tour.mp4"
            got = await seam.download(done.video_url, target)
            assert got.bytes == target.stat().st_size > 1000
            assert got.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
            assert await seam.delete(video_id) is True
            assert await seam.delete(video_id) is False
            assert await seam.video(video_id) is None
            with pytest.raises(Expired):
                await seam.download(done.video_url, target)

    run(scene())


def test_a_link_that_has_expired_is_told_apart(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio_client(tmp_path / "s", clock) as heygen:
            done = await heygen.video(await taken(heygen, "k1"))
            assert done is not None
            assert done.video_url is not None
            clock.at += WEEK
            with pytest.raises(Expired):
                await heygen.download(done.video_url, tmp_path / "x.mp4")
            assert not (tmp_path / "x.mp4").exists()

    run(scene())


def test_statuses_of_any_number_of_ids_in_hundreds(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio_client(tmp_path, clock, concurrency=300, render_seconds=40) as heygen:
            ids = [await taken(heygen, f"k{n}") for n in range(205)]
            clock.at += 40
            late = await taken(heygen, "late")
            odd = ["unknown", "a,b", "../x", ""]
            found = await heygen.statuses([*ids, late, *odd])
            assert [found[i] for i in ids] == ["completed"] * 205
            assert found[late] == "submitted"
            assert [found[i] for i in odd] == ["not_found"] * 4
            assert await heygen.statuses([]) == {}

    run(scene())


def test_recent_videos_of_exactly_one_title_and_time(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio_client(tmp_path, clock, concurrency=1000) as heygen:
            for n in range(120):
                await taken(heygen, f"old{n}", title="Tour")
            clock.at += 1000
            mine = await taken(heygen, "mine", title="Tour")
            await taken(heygen, "longer", title="Tour 2")
            await taken(heygen, "none")
            clock.at += 1000
            await taken(heygen, "later", title="Tour")
            found = await heygen.recent(title="Tour", since=START + 500, until=START + 1500)
            assert [video.video_id for video in found] == [mine]
            everything = await heygen.recent(title="Tour", since=0, until=START + 5000)
            assert len(everything) == 122
            assert await heygen.recent(title="", since=0, until=START + 5000) == []

    run(scene())


def test_a_refusal_names_the_field_and_the_way_on(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio_client(tmp_path, Clock(), concurrency=1, render_seconds=9) as heygen:
            wrong = await heygen.create({**AVATAR, "resolution": "9p"}, key="k1")
            assert isinstance(wrong, Refused)
            assert (wrong.status, wrong.code) == (400, "invalid_parameter")
            assert wrong.param == "resolution"
            assert wrong.hint
            assert wrong.request_id
            assert not wrong.stops
            absent = await heygen.create({**AVATAR, "avatar_id": "missing_x"}, key="k1")
            assert isinstance(absent, Refused)
            assert absent.code == "avatar_not_found"
            await taken(heygen, "k1")
            full = await heygen.create(AVATAR, key="k2")
            assert isinstance(full, Unknown)
            assert (full.code, full.retry_after) == ("rate_limit_exceeded", 9)

    run(scene())


def test_a_wrong_key_is_said_to_be_one(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio_client(tmp_path, Clock(), key="another") as heygen:
            refused = await heygen.create(AVATAR, key="k1")
            assert isinstance(refused, Refused)
            assert (refused.credentials, refused.stops) == (True, True)
            for call in (heygen.video("v"), heygen.statuses(["v"]), heygen.account()):
                with pytest.raises(Problems) as raised:
                    await call
                assert raised.value.exit_code == EXIT_CREDENTIALS
                assert raised.value.diagnostics[0].code == "VB602"

    run(scene())


def test_an_upload_becomes_a_background(tmp_path: Path) -> None:
    office = tmp_path / "office büro.png"
    office.write_bytes(PNG)
    digest = hashlib.sha256(PNG).hexdigest()

    async def scene() -> None:
        async with studio_client(tmp_path / "s", Clock()) as heygen:
            asset_id = await heygen.upload(office, mime="image/png", sha256=digest)
            await taken(heygen, "k1", background={"type": "image", "asset_id": asset_id})  # type: ignore[arg-type]  # one field is no text
            again = await heygen.upload(office, mime="image/png", sha256=digest)
            assert again != asset_id

    run(scene())


def test_the_account_is_a_short_hash_of_host_and_user(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio_client(tmp_path, Clock(), wallet=12.5) as heygen:
            account = await heygen.account()
            assert account is not None
            expected = hashlib.sha256(b"studio\nstudio").hexdigest()[:12]
            assert (account.hash, account.username) == (expected, "studio")
            assert account.balance_usd == 12.5

    run(scene())


@pytest.mark.parametrize("base", ["host.test", "HOST.test", "host.test:443", "host.test:8765"])
def test_an_account_is_the_same_by_whatever_port_and_spelling_of_its_host(base: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b'{"data": {"username": "someone"}}'))

    async def scene() -> str:
        transport = httpx.MockTransport(answer)
        async with client(f"https://{base}", transport=transport) as heygen:
            account = await heygen.account()
            assert account is not None
            return account.hash

    assert run(scene()) == hashlib.sha256(b"host.test\nsomeone").hexdigest()[:12]


def test_many_calls_at_once_share_ten_connections(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio_client(tmp_path, Clock(), concurrency=100) as heygen:
            ids = await asyncio.gather(*(taken(heygen, f"k{n % 25}") for n in range(25)))
            assert len(set(ids)) == 25

    run(scene())


def test_a_spec_that_only_creates_is_enough(tmp_path: Path) -> None:
    """Paths that a project's own spec does not have come from the bundled one."""
    whole = load_api()
    alone = Api(
        document={"paths": {whole.path: {"post": whole.document["paths"][whole.path]["post"]}}},
        edition="mine",
        operation=whole.operation,
        path=whole.path,
        request=whole.request,
        metadata=whole.metadata,
        callbacks=whole.callbacks,
        title=whole.title,
    )

    async def scene() -> None:
        clock = Clock()
        async with studio_client(tmp_path, clock) as usual:
            transport = usual._calls._transport
            async with client("http://studio", clock, api=alone, transport=transport) as heygen:
                video_id = await taken(heygen, "k1")
                assert await heygen.statuses([video_id]) == {video_id: "completed"}

    run(scene())


def test_listening_is_for_this_machine(tmp_path: Path) -> None:
    assert all(map(loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.test", "")))  # noqa: S104 - to be refused
    with listen("127.0.0.1", 0) as sock:
        assert sock.getsockname()[1] > 0
