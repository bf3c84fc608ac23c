"""Uploads straight to storage: a slot, its bytes, and what becomes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.studio.studio_kit import AVATAR, Caller, assert_by_the_spec, error, run, studio
from tests.studio.test_api_files import KINDS, PNG

HOUR = 3600


def announced(data: bytes, mime: str = "image/png", **more: Any) -> dict[str, Any]:
    return {"filename": "a.bin", "content_type": mime, "size_bytes": len(data), **more}


async def opened(call: Caller, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = await call.http.post("/v3/assets/direct-uploads", json=body, headers=headers)
    assert_by_the_spec("createAssetUpload", answer.json())
    return dict(answer.json()["data"])


async def sent(call: Caller, slot: dict[str, Any], data: bytes, **headers: str) -> httpx.Response:
    """The bytes, as a storage takes them: without a key of the API."""
    given = {**slot["upload_headers"], **headers}
    return await call.http.put(slot["upload_url"], content=data, headers={"x-api-key": "", **given})


async def completed(call: Caller, asset_id: str, **body: Any) -> httpx.Response:
    return await call.http.post(f"/v3/assets/{asset_id}/complete", json=body)


@pytest.mark.parametrize("mime", KINDS)
def test_a_file_goes_straight_to_storage(tmp_path: Path, mime: str) -> None:
    data = KINDS[mime]
    digest = hashlib.sha256(data).hexdigest()

    async def scene() -> None:
        async with studio(tmp_path) as call:
            slot = await opened(call, announced(data, mime, checksum_sha256=digest.upper()))
            assert slot["status"] == "pending_upload"
            asset_id = slot["asset_id"]
            assert error(await call.get(f"/v3/assets/{asset_id}")) == (404, "asset_not_found")
            unusable = await call.create({**AVATAR, "background": picture(asset_id)})
            assert error(unusable) == (400, "asset_not_found")
            assert error(await completed(call, asset_id)) == (409, "resource_not_ready")
            assert (await sent(call, slot, data)).status_code == 200
            done = await completed(call, asset_id, checksum_sha256=digest)
            assert_by_the_spec("completeAssetUpload", done.json())
            told = done.json()["data"]
            assert (told["mime_type"], told["size_bytes"]) == (mime, len(data))
            assert (await call.http.get(told["url"])).content == data
            again = (await completed(call, asset_id)).json()["data"]
            assert {**again, "url": ""} == {**told, "url": ""}
            kept = (await call.get(f"/v3/assets/{asset_id}")).json()["data"]
            assert kept["name"] == "a.bin"
            assert (await call.create({**AVATAR, "background": picture(asset_id)})).is_success
            assert not list((tmp_path / "uploads").iterdir())

    run(scene())


def picture(asset_id: str) -> dict[str, str]:
    return {"type": "image", "asset_id": asset_id}


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (PNG + b"!", {}, 400),
        (PNG[:-1], {}, 400),
        (b"", {}, 400),
        (b"\0" * len(PNG), {}, 400),
        (PNG, {"content-type": "image/jpeg"}, 403),
    ],
    ids=["more", "less", "nothing", "other bytes", "another type"],
)
def test_storage_takes_what_was_announced_and_leaves_no_trace_of_more(
    tmp_path: Path, data: bytes, headers: dict[str, str], status: int
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            digest = hashlib.sha256(PNG).hexdigest()
            slot = await opened(call, announced(PNG, checksum_sha256=digest))
            slot["upload_headers"] = {k.lower(): v for k, v in slot["upload_headers"].items()}
            assert error(await sent(call, slot, data, **headers))[0] == status
            folder = tmp_path / "uploads"
            assert not folder.exists() or not list(folder.iterdir())
            assert error(await completed(call, slot["asset_id"]))[0] == 409
            assert (await sent(call, slot, PNG)).is_success
            assert (await completed(call, slot["asset_id"])).is_success

    run(scene())


def test_an_address_is_for_one_file_and_one_hour(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            slot, other = await opened(call, announced(PNG)), await opened(call, announced(PNG))
            swapped = slot["upload_url"].replace(slot["asset_id"], other["asset_id"])
            assert error(await sent(call, {**slot, "upload_url": swapped}, PNG))[0] == 403
            assert error(await call.http.put(f"/uploads/{slot['asset_id']}", content=PNG))[0] == 403
            assert error(await call.http.get(slot["upload_url"])) == (405, "method_not_allowed")
            call.clock.at += HOUR
            assert error(await sent(call, slot, PNG)) == (403, "forbidden")

    run(scene())


def test_what_is_not_what_it_says_is_no_asset(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            slot = await opened(call, announced(PNG, "video/mp4"))
            assert (await sent(call, slot, PNG)).is_success
            refused = await completed(call, slot["asset_id"])
            assert error(refused) == (400, "invalid_parameter")
            assert "image/png" in refused.json()["error"]["message"]
            wrong = await completed(call, slot["asset_id"], checksum_sha256="0" * 64)
            assert wrong.json()["error"]["param"] == "checksum_sha256"
            for verb in ("GET", "DELETE"):
                answer = await call.http.request(verb, f"/v3/assets/{slot['asset_id']}")
                assert answer.status_code == (404 if verb == "GET" else 200)
            assert error(await completed(call, slot["asset_id"])) == (404, "asset_not_found")
            assert not list((tmp_path / "uploads").iterdir())

    run(scene())


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"size_bytes": 0}, "size_bytes"),
        ({"size_bytes": -1}, "size_bytes"),
        ({"size_bytes": 100 * 2**20 + 1}, "size_bytes"),
        ({"size_bytes": "7"}, "size_bytes"),
        ({"content_type": "text/html"}, "content_type"),
        ({"checksum_sha256": "abc"}, "checksum_sha256"),
        ({"filename": None}, "filename"),
        ({"folder": "x"}, "folder"),
    ],
)
def test_a_slot_is_asked_for_by_the_spec(tmp_path: Path, more: Any, param: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            body = announced(PNG, **more) if "size_bytes" not in more else announced(PNG) | more
            answer = await call.http.post("/v3/assets/direct-uploads", json=body)
            assert error(answer) == (400, "invalid_parameter")
            assert answer.json()["error"]["param"] == param

    run(scene())


def test_a_key_gives_one_slot_and_a_file_name_is_no_path(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path / "in") as call:
            body = announced(PNG) | {"filename": "../../up.png"}
            slot = await opened(call, body, "k1")
            assert slot == await opened(call, body, "k1")
            assert (await sent(call, slot, PNG)).is_success
            assert (await completed(call, slot["asset_id"])).is_success

    run(scene())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_batches_of_uploads_are_completed_file_by_file(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            files = [announced(PNG), announced(PNG, "audio/mpeg"), announced(PNG)]
            made = await call.http.post(
                "/v3/assets/direct-uploads/batches", json={"files": files, "title": "Three"}
            )
            assert_by_the_spec("createAssetUploadBatch", made.json())
            batch_id, slots = made.json()["data"]["batch_id"], made.json()["data"]["items"]
            for slot in slots[:2]:
                assert (await sent(call, slot, PNG)).is_success
            assert await words(call, batch_id) == ["processing", "processing", "queued"]
            done = await call.http.post("/v3/assets/complete/batches", json={"batch_id": batch_id})
            assert done.status_code == 202
            assert_by_the_spec("completeAssetBatch", done.json(), 202)
            assert await words(call, batch_id) == ["completed", "failed", "failed"]
            assert (await sent(call, slots[2], PNG)).is_success
            await call.http.post("/v3/assets/complete/batches", json={"batch_id": batch_id})
            assert await words(call, batch_id) == ["completed", "failed", "completed"]
            bulk = await call.get(
                "/v3/assets/statuses", asset_ids=f"{slots[1]['asset_id']},x", batch_ids=batch_id
            )
            assert_by_the_spec("listAssetStatuses", bulk.json())
            entries = bulk.json()["data"]
            assert [e["status"] for e in entries] == [
                "failed", "not_found", "completed", "failed", "completed",
            ]  # fmt: skip
            assert entries[0]["video_id"] == slots[1]["asset_id"]
            assert "content type" in entries[0]["error"]["message"]

    run(scene())


async def words(call: Caller, batch_id: str) -> list[str]:
    answer = (await call.get(f"/v3/assets/batches/{batch_id}")).json()
    assert_by_the_spec("getAssetBatch", answer)
    return [item["status"] for item in answer["data"]["items"]]


def test_an_unknown_batch_or_upload_is_not_found(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            lost = await call.http.post("/v3/assets/complete/batches", json={"batch_id": "x"})
            assert error(lost) == (404, "resource_not_found")
            assert error(await completed(call, "x")) == (404, "asset_not_found")
            bare = await call.http.post("/v3/assets/x/complete")
            assert error(bare) == (404, "asset_not_found")

    run(scene())


def test_files_are_listed_newest_first_and_deleted_for_good(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            ids = []
            for _ in range(3):
                files = {"file": ("a.png", PNG, "image/png")}
                ids.append(
                    (await call.http.post("/v3/assets", files=files)).json()["data"]["asset_id"]
                )
            owner = (await call.get("/v3/users/me")).json()["data"]["username"]
            first = (await call.get("/v3/assets", username=owner, limit=2)).json()
            assert_by_the_spec("listAssets", first)
            rest = await call.get("/v3/assets", username=owner, token=first["next_token"])
            listed = [*first["data"], *rest.json()["data"]]
            assert [asset["id"] for asset in listed] == ids[::-1]
            assert {asset["owner"] for asset in listed} == {owner}
            root = (await call.get("/v3/assets", username=owner, folder_id="")).json()
            assert len(root["data"]) == 3
            for query in ({"username": "somebody"}, {"username": owner, "folder_id": "f"}):
                assert (await call.get("/v3/assets", **query)).json()["data"] == []
            assert error(await call.get("/v3/assets")) == (400, "invalid_parameter")
            gone = await call.http.delete(f"/v3/assets/{ids[0]}")
            assert_by_the_spec("deleteAsset", gone.json())
            assert error(await call.http.get(listed[-1]["url"])) == (404, "not_found")
            again = await call.http.delete(f"/v3/assets/{ids[0]}")
            assert error(again) == (404, "asset_not_found")
            assert len(list((tmp_path / "assets").iterdir())) == 2

    run(scene())
