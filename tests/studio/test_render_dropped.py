"""Deleted while it is rendered: the worker stops, nothing stays, the next video is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import vidbuild
from tests.studio.studio_kit import run
from vidbuild.studio.rendering import Worker
from vidbuild.studio.server import Studio

BODY = {"type": "avatar", "avatar_id": "a", "voice_id": "v", "resolution": "720p"}


def test_a_deleted_video_ends_its_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []
    start = Worker.start

    async def counted(folder: Path) -> Worker:
        starts.append(await start(folder))
        return starts[-1]

    async def scene() -> None:
        monkeypatch.setattr(Worker, "start", counted)
        async with (
            Studio(data=tmp_path, workers=1) as opened,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=opened.app),
                base_url="http://studio",
                headers={"x-api-key": "k"},
            ) as http,
        ):
            long = {**BODY, "script": "One more word. " * 300, "resolution": "4k"}
            endless = await made(http, long)
            await until(lambda: begun(tmp_path, endless))
            assert (await http.delete(f"/v3/videos/{endless}")).status_code == 200
            short = await made(http, {**BODY, "script": "Hi."})
            await until(lambda: begun(tmp_path, short))
            jobs: list[dict[str, Any]] = []
            while [job["status"] for job in jobs] != ["deleted", "completed"]:
                jobs = (await http.get("/_studio/ledger")).json()["jobs"]
                await asyncio.sleep(0.02)
            assert folders(tmp_path) == [short]
            assert [job["charged_usd"] > 0 for job in jobs] == [False, True]
        assert len(starts) == 2

    run(scene())


async def made(http: httpx.AsyncClient, body: dict[str, Any]) -> str:
    answer = (await http.post("/v3/videos", json=body)).json()
    return str(answer["data"]["video_id"])


async def until(holds: Callable[[], bool]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.01)


def begun(data: Path, video_id: str) -> bool:
    """Its pictures are being encoded, or are done."""
    return bool(list(data.glob(f"videos/{video_id}/**/*.mp4")))


def folders(data: Path) -> list[str]:
    return [folder.name for folder in (data / "videos").iterdir()]


def test_an_apply_says_what_its_drafts_lack(tmp_path: Path) -> None:
    back = {"type": "image", "url": "https://media.example.com/a/office.png?token=hush"}
    video = {"script": "Hi.", "background": back}
    videos = {"one": video, "two": {**video, "aspect_ratio": "1:1"}}
    project = {"vidbuild": 1, "project": "p", "provider": "studio", "defaults": BODY}
    (tmp_path / "vidbuild.yaml").write_text(json.dumps({**project, "videos": videos}))
    done = vidbuild("apply", "--yes", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.count("VB805") == 1
    assert "media.example.com/…/office.png is not fetched" in done.stderr
    assert "and for 1 more video" in done.stderr
    assert "hush" not in done.stderr
    assert len(list((tmp_path / ".vidbuild/studio/speech").iterdir())) == 1  # spoken once for both
