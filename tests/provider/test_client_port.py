"""The client against a studio that renders for real, over a loopback port."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.provider.provider_kit import AVATAR, client, run
from tests.studio.studio_kit import served
from vidbuild.clock import SystemClock
from vidbuild.diagnostics import Problems
from vidbuild.provider.client import HeyGen
from vidbuild.provider.model import Remote, Taken


async def finished(heygen: HeyGen, video_id: str) -> Remote:
    for _ in range(1200):
        found = await heygen.video(video_id)
        assert found is not None
        if found.status != "submitted":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it is never finished")


def test_a_draft_comes_over_the_wire(tmp_path: Path) -> None:
    picture = tmp_path / "office.png"
    Image.new("RGB", (64, 36), "#204060").save(picture)
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()

    async def scene(url: str) -> None:
        async with client(url, SystemClock()) as heygen:
            asset_id = await heygen.upload(picture, mime="image/png", sha256=digest)
            background = {"type": "image", "asset_id": asset_id}
            body = {**AVATAR, "title": "Over the wire", "resolution": "720p"}
            taken = await heygen.create({**body, "background": background}, key="k1")
            assert isinstance(taken, Taken)
            done = await finished(heygen, taken.video_id)
            assert done.status == "completed"
            assert done.video_url is not None
            assert done.subtitle_url is not None
            video = await heygen.download(done.video_url, tmp_path / "v.mp4")
            assert video.bytes == (tmp_path / "v.mp4").stat().st_size
            await heygen.download(done.subtitle_url, tmp_path / "v.srt")
            account = await heygen.account()
            assert account is not None
            assert account.balance_usd is not None
            assert account.balance_usd < 100_000

    with served(tmp_path / "s") as (_, url):
        run(scene(url))
    assert "Hello" in (tmp_path / "v.srt").read_text()
    with av.open(str(tmp_path / "v.mp4")) as movie:
        assert sum(1 for _ in movie.decode(video=0)) > 1
        assert movie.streams.video[0].height == 720


def test_a_server_that_goes_away_is_said_to(tmp_path: Path) -> None:
    async def scene(url: str, end: object) -> None:
        assert callable(end)
        async with client(url) as heygen:
            assert await heygen.account() is not None
            end()
            with pytest.raises(Problems) as raised:
                await heygen.account()
            assert raised.value.diagnostics[0].code in ("VB603", "VB605")

    with served(tmp_path, "simulated") as (process, url):

        def end() -> None:
            process.kill()
            process.wait()

        run(scene(url, end))
