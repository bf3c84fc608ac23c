"""Uploads and results: what is taken, and who may fetch what for how long."""

from __future__ import annotations

import io
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from tests.studio.studio_kit import AVATAR, START, Caller, assert_by_the_spec, error, run, studio
from vidbuild.studio import links, sample
from vidbuild.studio.assets import kind

WEEK = 7 * 24 * 3600
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(64),
    "video/mp4": b"\0\0\0\x18ftypisom" + bytes(64),
    "video/webm": b"\x1a\x45\xdf\xa3" + bytes(64),
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(64),
    "audio/mpeg": b"ID3\x03" + bytes(64),
    "application/pdf": b"%PDF-1.7\n" + bytes(64),
    "application/x-subrip": b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHi\r\n",
}


async def upload(
    call: Caller, data: bytes, mime: str | None = None, key: str | None = None
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    files = {"file": ("office.bin", data, mime)}
    return await call.http.post("/v3/assets", files=files, headers=headers)


@pytest.mark.parametrize("mime", KINDS)
def test_every_kind_of_file_is_known_by_its_bytes(tmp_path: Path, mime: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            for declared in (mime, None, "application/octet-stream"):
                response = await upload(call, KINDS[mime], declared)
                assert_by_the_spec("uploadAsset", response.json())
                stored = response.json()["data"]
                assert (stored["mime_type"], stored["size_bytes"]) == (mime, len(KINDS[mime]))
            found = await call.get(f"/v3/assets/{stored['asset_id']}")
            assert_by_the_spec("getAsset", found.json())
            assert found.json()["data"]["name"] == "office.bin"
            assert found.json()["data"]["uploaded_at"] == START
            assert (await call.http.get(stored["url"])).content == KINDS[mime]

    run(scene())


def test_bare_mpeg_frames_are_sound_and_a_byte_order_mark_is_not() -> None:
    assert kind(b"\xff\xfb\x90\x64") == "audio/mpeg"
    assert kind(b"\xff\xd8\xff\xdb") == "image/jpeg"
    assert kind(b"\xff\xfeh\x00i\x00") is None
    assert kind(b"\xff") is None
    assert kind(b"") is None


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (b"<html>", "text/html"),
        (b"\xff\xfeh\x00i\x00", "text/plain"),
        (b"PK\x03\x04" + bytes(64), "application/zip"),
        (PNG, "image/jpeg"),
        (KINDS["audio/wav"], "audio/mpeg"),
        (b"", "image/png"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, data: bytes, declared: str
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            assert error(await upload(call, data, declared)) == (400, "invalid_parameter")
            assert not (tmp_path / "assets").exists()

    run(scene())


BROKEN = [
    ({"content-type": "application/json"}, b"{}"),
    ({"content-type": "multipart/form-data"}, b"no boundary"),
    ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nnonsense"),
    ({"content-type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    (
        {"content-type": "multipart/form-data; boundary=x"},
        b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
    ),
    ({}, b""),
]


@pytest.mark.parametrize(("headers", "body"), BROKEN, ids=range(len(BROKEN)))
def test_a_form_without_a_file_is_refused(
    tmp_path: Path, headers: dict[str, str], body: bytes
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.http.post("/v3/assets", content=body, headers=headers)
            assert error(response) == (400, "invalid_parameter")

    run(scene())


@pytest.mark.parametrize("size", [(32 << 20) + 1, 40 << 20])
def test_a_file_of_more_than_32_mb_is_too_large(tmp_path: Path, size: int) -> None:
    async def form() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        yield PNG
        for start in range(0, size - len(PNG), 1 << 20):
            yield bytes(min(1 << 20, size - len(PNG) - start))
        yield b"\r\n--x--\r\n"

    async def scene() -> None:
        async with studio(tmp_path) as call:
            headers = {"content-type": "multipart/form-data; boundary=x"}
            response = await call.http.post("/v3/assets", content=form(), headers=headers)
            assert error(response) == (413, "payload_too_large")

    run(scene())


def test_an_upload_under_a_key_happens_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            first = await upload(call, PNG, key="k1")
            again = await upload(call, PNG + b"other", key="k1")
            assert again.text == first.text
            assert len(list((tmp_path / "assets").iterdir())) == 1
            # One key, another call: a video, not the asset's answer.
            assert "video_id" in (await call.create(AVATAR, "k1")).json()["data"]

    run(scene())


def test_an_uploaded_file_can_stand_in_a_request_and_so_can_anybody_elses(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            mine = (await upload(call, PNG)).json()["data"]["asset_id"]
            for asset_id in (mine, "0123456789abcdef"):
                body = {**AVATAR, "background": {"type": "image", "asset_id": asset_id}}
                assert (await call.create(body)).status_code == 200

    run(scene())


async def results(call: Caller, body: dict[str, object] | None = None) -> dict[str, Any]:
    video_id = await call.made(body)
    return dict((await call.get(f"/v3/videos/{video_id}")).json()["data"])


def test_results_are_whole_and_need_no_key(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            found = await results(call)
            call.http.headers.pop("x-api-key")
            movie = await call.http.get(found["video_url"])
            assert movie.headers["content-type"] == "video/mp4"
            assert int(movie.headers["content-length"]) == len(movie.content)
            assert movie.content == (sample._FOLDER / "video.mp4").read_bytes()
            assert "-->" in (await call.http.get(found["subtitle_url"])).text
            picture = await call.http.get(found["thumbnail_url"])
            assert Image.open(io.BytesIO(picture.content)).size == (320, 180)

    run(scene())


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=999999999-", 416, 0, 0),
    ],
)
def test_a_part_of_a_result_can_be_asked_for(
    tmp_path: Path, asked: str, status: int, start: int, stop: int | None
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            url = (await results(call))["video_url"]
            whole = (await call.http.get(url)).content
            part = await call.http.get(url, headers={"range": asked})
            assert part.status_code == status
            if status == 206:
                assert part.content == whole[start:stop]

    run(scene())


def test_webm_is_webm_and_burned_in_captions_have_a_link(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            found = await results(call, {**AVATAR, "output_format": "webm"})
            movie = await call.http.get(found["video_url"])
            assert movie.headers["content-type"] == "video/webm"
            assert movie.content[:4] == b"\x1a\x45\xdf\xa3"
            assert found["captioned_video_url"] is None
            caption = {"file_format": "srt", "style": "default"}
            assert (await results(call, {**AVATAR, "caption": caption}))["captioned_video_url"]

    run(scene())


def test_links_expire_and_a_new_look_mints_new_ones(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            found = await results(call)
            call.clock.at += WEEK - 1
            assert (await call.http.get(found["video_url"])).status_code == 200
            call.clock.at += 1
            assert error(await call.http.get(found["video_url"])) == (403, "forbidden")
            fresh = (await call.get(f"/v3/videos/{found['id']}")).json()["data"]["video_url"]
            assert (await call.http.get(fresh)).status_code == 200

    run(scene())


def test_a_link_opens_one_file_only(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            one, two = await results(call), await results(call)
            query = one["video_url"].partition("?")[2]
            base = "http://studio/files"
            for path in (
                f"{base}/{two['id']}/video.mp4?{query}",
                f"{base}/{one['id']}/subtitle.srt?{query}",
                f"{base}/{one['id']}/..%2f..%2fstudio.db?{query}",
                one["video_url"].replace("expires=1", "expires=2"),
                one["video_url"][:-1],
                one["video_url"].partition("?")[0],
            ):
                assert error(await call.http.get(path)) in ((403, "forbidden"), (404, "not_found"))

    run(scene())


@pytest.mark.parametrize("expires", ["", "x", "-1", "1e9", "²", "9" * 30])
def test_a_nonsense_expiry_opens_nothing(expires: str) -> None:
    signature = links.sign(b"s", "/p", 100).partition("signature=")[2]
    assert not links.opens(b"s", "/p", expires=expires, signature=signature, now=0.0)
    assert links.opens(b"s", "/p", expires="100", signature=signature, now=99.0)
    assert not links.opens(b"s", "/p", expires="100", signature="ä", now=99.0)


@pytest.mark.parametrize("name", ["video.mp4", "video.webm"])
def test_the_sample_decodes_from_end_to_end_and_is_not_silent(name: str) -> None:
    path = sample.path(name)
    assert path is not None
    with av.open(str(path)) as movie:
        frames = sum(1 for _ in movie.decode(video=0))
    with av.open(str(path)) as movie:
        loudest = max(max(bytes(frame.planes[0])) for frame in movie.decode(audio=0))
    assert frames == 10
    assert loudest > 0
    assert sample.path("studio.db") is None


def test_what_a_killed_studio_left_half_uploaded_goes_a_day_later(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    old, new = incoming / "old", incoming / "new"
    for file in (old, new):
        file.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))

    async def scene() -> None:
        async with studio(tmp_path):
            assert [file.name for file in incoming.iterdir()] == ["new"]

    run(scene())
