"""Many at once: batches of videos, where each stands, in pages and in bulk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.studio.studio_kit import AVATAR, START, Caller, assert_by_the_spec, error, run, studio

GOOD = {**AVATAR, "title": "One of many"}
BAD: list[tuple[Any, str, str | None]] = [
    ({**AVATAR, "scirpt": "x"}, "invalid_parameter", "scirpt"),
    ({"type": "film"}, "invalid_parameter", "type"),
    ({}, "invalid_parameter", "type"),
    ({**AVATAR, "audio_url": "https://x.test/a.mp3"}, "invalid_parameter", "audio_url"),
    ({**AVATAR, "voice_id": "missing_v"}, "voice_not_found", "voice_id"),
    ({**AVATAR, "avatar_id": "look-eve"}, "avatar_not_usable", "avatar_id"),
]


async def batch(call: Caller, videos: list[Any], key: str | None = None, **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await call.http.post(
        "/v3/videos/batches", json={"videos": videos, **more}, headers=headers
    )


async def read(call: Caller, answer: httpx.Response, **query: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    found = await call.get(f"/v3/videos/batches/{answer.json()['data']['batch_id']}", **query)
    assert_by_the_spec("getVideoBatch", found.json())
    return dict(found.json()["data"])


def test_each_video_of_a_batch_is_taken_or_fails_by_itself(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render_seconds=60) as call:
            made = await batch(call, [GOOD, *(video for video, _, _ in BAD), GOOD], title="Both")
            assert_by_the_spec("createVideoBatch", made.json(), 202)
            assert made.json()["data"]["status"] == "processing"
            found = await read(call, made)
            assert (found["title"], found["total_items"]) == ("Both", len(BAD) + 2)
            assert found["created_at"] == START
            assert found["counts_by_status"] == {"queued": 2, "failed": len(BAD)}
            first, *refused, last = found["items"]
            assert [item["item_index"] for item in found["items"]] == list(range(len(BAD) + 2))
            for item, (_, code, param) in zip(refused, BAD, strict=True):
                assert (item["status"], item["video_id"]) == ("failed", None)
                assert (item["error"]["code"], item["error"]["param"]) == (code, param)
            call.clock.at += 60
            found = await read(call, made)
            assert found["status"] == "completed"
            assert found["counts_by_status"] == {"completed": 2, "failed": len(BAD)}
            for item in (first, last):
                video = await call.get(f"/v3/videos/{item['video_id']}")
                assert video.json()["data"]["status"] == "completed"
            jobs = (await call.ledger())["jobs"]
            assert [job["video_id"] for job in jobs] == [first["video_id"], last["video_id"]]

    run(scene())


def test_a_batch_of_nothing_but_refusals_has_failed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            made = await batch(call, [{}, {}])
            assert made.json()["data"]["status"] == "failed"
            assert (await read(call, made))["status"] == "failed"

    run(scene())


def test_a_key_gives_one_batch(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            first = await batch(call, [GOOD, GOOD], "b1")
            again = await batch(call, [GOOD], "b1")
            assert (again.status_code, again.text) == (202, first.text)
            assert (await batch(call, [GOOD], "b2")).text != first.text
            jobs = (await call.ledger())["jobs"]
            assert [job["idempotency_key"] for job in jobs] == ["b1", "b1", "b2"]
            # A key is good for one path: the same one makes a video of its own.
            assert (await call.create(AVATAR, "b1")).json()["data"]["video_id"]

    run(scene())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"videos": []}, "videos"),
        ({"videos": [GOOD] * 101}, "videos"),
        ({"videos": GOOD}, "videos"),
        ({"videos": [GOOD, "a video"]}, "videos.1"),
        ({}, "videos"),
        ({"videos": [GOOD], "name": "x"}, "name"),
    ],
)
def test_what_is_no_batch_is_refused_whole(tmp_path: Path, body: Any, param: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            refused = await call.http.post("/v3/videos/batches", json=body)
            assert error(refused) == (400, "invalid_parameter")
            assert refused.json()["error"]["param"] == param
            assert (await call.ledger())["jobs"] == []

    run(scene())


def test_limits_hold_for_the_batch_as_a_whole(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, concurrency=2, render_seconds=60) as call:
            assert (await batch(call, [GOOD] * 5)).status_code == 202
            refused = await batch(call, [GOOD])
            assert error(refused) == (429, "rate_limit_exceeded")
            assert refused.headers["retry-after"] == "60"
            call.clock.at += 60
            assert (await batch(call, [GOOD])).status_code == 202
        async with studio(tmp_path / "poor", wallet=0.0) as call:
            assert error(await batch(call, [GOOD])) == (402, "insufficient_credit")

    run(scene())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 7), st.integers(1, 8))
def test_pages_of_a_batch_are_all_of_it_in_order(tmp_path: Path, many: int, limit: int) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            made = await batch(call, [GOOD] * many)
            whole = (await read(call, made))["items"]
            seen: list[Any] = []
            query: dict[str, Any] = {"limit": limit}
            while True:
                page = await read(call, made, **query)
                assert len(page["items"]) <= limit
                assert page["total_items"] == many
                seen += page["items"]
                assert page["has_more"] == (page["next_token"] is not None)
                if not page["has_more"]:
                    break
                query["token"] = page["next_token"]
            assert seen == whole

    run(scene())


def test_bulk_statuses_know_batches_and_their_members(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render_seconds=60) as call:
            made = await batch(call, [GOOD, {}])
            batch_id = made.json()["data"]["batch_id"]
            video_id = (await read(call, made))["items"][0]["video_id"]
            alone = await call.made()
            asked = {"video_ids": f"{alone},{video_id}", "batch_ids": f"{batch_id},nobody"}
            answer = (await call.get("/v3/videos/statuses", **asked)).json()
            assert_by_the_spec("listVideoStatuses", answer)
            got = [
                (e["video_id"], e["status"], e["batch_id"], e["item_index"]) for e in answer["data"]
            ]
            assert got == [
                (alone, "queued", None, None),
                (video_id, "queued", batch_id, 0),
                (video_id, "queued", batch_id, 0),
                (None, "failed", batch_id, 1),
                (None, "not_found", "nobody", None),
            ]
            assert answer["data"][3]["error"]["code"] == "invalid_parameter"
            await call.http.delete(f"/v3/videos/{video_id}")
            items = (await read(call, made))["items"]
            assert items[0]["error"]["code"] == "resource_not_found"

    run(scene())


def test_members_of_batches_count_towards_the_hundred(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            ids = [(await batch(call, [{}] * 60)).json()["data"]["batch_id"] for _ in range(2)]
            one = await call.get("/v3/videos/statuses", batch_ids=ids[0])
            assert len(one.json()["data"]) == 60
            both = await call.get("/v3/videos/statuses", batch_ids=",".join(ids))
            assert error(both) == (400, "invalid_parameter")

    run(scene())


def test_batches_of_one_kind_are_not_those_of_the_other(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            batch_id = (await batch(call, [GOOD])).json()["data"]["batch_id"]
            for path in ("/v3/assets/batches", "/v3/videos/batches"):
                assert error(await call.get(f"{path}/nobody")) == (404, "resource_not_found")
            assert error(await call.get(f"/v3/assets/batches/{batch_id}"))[0] == 404
            wrong = await call.get("/v3/assets/statuses", batch_ids=batch_id)
            assert wrong.json()["data"][0]["status"] == "not_found"
            token = (await call.get("/v3/voices", limit=1)).json()["next_token"]
            other = await call.get(f"/v3/videos/batches/{batch_id}", token=token)
            assert error(other) == (400, "invalid_parameter")

    run(scene())
