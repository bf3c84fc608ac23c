"""The studio's half of the API: answers, refusals, keys, limits and money, by the spec."""

from __future__ import annotations

import asyncio
import json
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.studio.studio_kit import (
    AVATAR,
    KEY,
    START,
    Caller,
    Clock,
    assert_by_the_spec,
    error,
    run,
    studio,
)
from vidbuild.schema.api import load_api
from vidbuild.schema.rates import price
from vidbuild.studio.answers import ApiError, parse_object
from vidbuild.studio.replays import LIFETIME as DAY

VARIANTS: list[dict[str, Any]] = [
    AVATAR,
    {"type": "image", "image": {"type": "url", "url": "https://x.test/a.png"}, "voice_id": "v"}
    | {"script": "A picture speaks."},
    {"type": "cinematic_avatar", "prompt": "a walk", "avatar_id": ["a", "b"], "duration": 5},
    {
        "type": "studio",
        "scenes": [
            {
                "type": "avatar_video",
                "input": {"type": "avatar", "avatar_id": "a", "voice_id": "v", "script": "Hi"},
            }
        ],
    },
]


@pytest.mark.parametrize("body", VARIANTS, ids=[str(body["type"]) for body in VARIANTS])
def test_every_variant_goes_from_create_to_ledger(tmp_path: Path, body: dict[str, Any]) -> None:
    async def scene() -> None:
        async with studio(tmp_path, render_seconds=60) as call:
            created = await call.create({**body, "title": "Tour"}, "k1")
            assert_by_the_spec("createVideo", created.json())
            video_id = created.json()["data"]["video_id"]
            assert created.json()["data"]["status"] == "waiting"
            waiting = (await call.get(f"/v3/videos/{video_id}")).json()
            assert waiting["data"]["status"] == "pending"
            assert waiting["data"]["video_url"] is None
            call.clock.at += 60
            done = (await call.get(f"/v3/videos/{video_id}")).json()
            assert_by_the_spec("getVideo", done)
            assert done["data"]["status"] == "completed"
            assert done["data"]["completed_at"] == START + 60
            listed = (await call.get("/v3/videos")).json()
            assert_by_the_spec("listVideos", listed)
            bulk = (await call.get("/v3/videos/statuses", video_ids=f"{video_id},other")).json()
            assert_by_the_spec("listVideoStatuses", bulk)
            assert [entry["status"] for entry in bulk["data"]] == ["completed", "not_found"]
            [job] = (await call.ledger())["jobs"]
            assert job["request"] == {**body, "title": "Tour"}
            assert job["idempotency_key"] == "k1"
            listed_price = price(load_api(), body, done["data"]["duration"])
            assert listed_price is not None
            assert job["charged_usd"] == pytest.approx(sum(listed_price) / 2, abs=1e-4)
            me = (await call.get("/v3/users/me")).json()
            assert_by_the_spec("getCurrentUser", me)
            left = me["data"]["wallet"]["remaining_balance"]
            assert left == pytest.approx(100_000 - job["charged_usd"])

    run(scene())


REFUSED: list[tuple[str, dict[str, Any], int, str, str | None]] = [
    ("an unknown field", {**AVATAR, "scirpt": "x"}, 400, "invalid_parameter", "scirpt"),
    ("a wrong type", {**AVATAR, "voice_id": 7}, 400, "invalid_parameter", "voice_id"),
    ("no type", {"avatar_id": "a"}, 400, "invalid_parameter", "type"),
    ("a wrong type", {"type": "film"}, 400, "invalid_parameter", "type"),
    (
        "a nested value",
        {**AVATAR, "voice_settings": {"speed": 9}},
        400,
        "invalid_parameter",
        "voice_settings.speed",
    ),
    (
        "two sources of sound",
        {**AVATAR, "audio_url": "https://x.test/a.mp3"},
        400,
        "invalid_parameter",
        None,
    ),
    (
        "a missing avatar",
        {**AVATAR, "avatar_id": "missing_anna"},
        404,
        "avatar_not_found",
        "avatar_id",
    ),
    ("a missing voice", {**AVATAR, "voice_id": "missing_v"}, 404, "voice_not_found", "voice_id"),
    (
        "a missing look in a list",
        {"type": "cinematic_avatar", "prompt": "p", "avatar_id": ["a", "missing_b"]},
        404,
        "avatar_not_found",
        "avatar_id.1",
    ),
    (
        "a missing asset",
        {**AVATAR, "background": {"type": "image", "asset_id": "missing_office"}},
        400,
        "asset_not_found",
        "background.asset_id",
    ),
    (
        "an asset of ours that is gone",
        {**AVATAR, "background": {"type": "image", "asset_id": "asset_" + "0" * 32}},
        400,
        "asset_not_found",
        "background.asset_id",
    ),
]


@pytest.mark.parametrize(("what", "body", "status", "code", "param"), REFUSED)
def test_a_refused_create_names_the_field_and_leaves_no_job(
    tmp_path: Path, what: str, body: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.create(body, "k1")
            assert error(response) == (status, code), what
            if status == 400:
                assert_by_the_spec("createVideo", response.json(), 400)
            if param is not None:
                assert response.json()["error"]["param"] == param
            assert (await call.ledger())["jobs"] == []
            # The key is free again: the corrected request is a first request.
            assert (await call.create(AVATAR, "k1")).status_code == 200

    run(scene())


def test_all_problems_of_a_body_are_told_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.create({**AVATAR, "a": 1, "b": 2, "resolution": "9p"})
            found = {item["path"] for item in response.json()["error"]["errors"]}
            assert found == {"a", "b", "resolution"}

    run(scene())


BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "invalid_parameter"),
    (b"{", 400, "invalid_parameter"),
    (b"[]", 400, "invalid_parameter"),
    (b'"text"', 400, "invalid_parameter"),
    (b"\xff\xfe", 400, "invalid_parameter"),
    (b'{"type": NaN}', 400, "invalid_parameter"),
    (b'{"type": 1e999}', 400, "invalid_parameter"),
    (b'{"type": "avatar", "script": "\\ud800"}', 400, "invalid_parameter"),
    (b'{"a": ' * 3000 + b"1" + b"}" * 3000, 400, "invalid_parameter"),
    (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", 400, "invalid_parameter"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "invalid_parameter"),
    (b'{"script": "' + b"a" * (33 << 20) + b'"}', 413, "payload_too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_body_that_is_no_request_gets_an_answer(
    tmp_path: Path, body: bytes, status: int, code: str
) -> None:
    async def pieces() -> Any:
        for start in range(0, len(body), 1 << 20):
            yield body[start : start + (1 << 20)]

    async def scene() -> None:
        async with studio(tmp_path) as call:
            for content in (body, pieces()):
                response = await call.http.post("/v3/videos", content=content)
                assert error(response) == (status, code)

    run(scene())


@pytest.mark.parametrize("levels", [64, 65])
def test_a_body_may_be_nested_so_deep(levels: int) -> None:
    body = b'{"a": ' * levels + b"1" + b"}" * levels
    if levels == 64:
        assert "a" in parse_object(body)
    else:
        with pytest.raises(ApiError, match="deeper than 64"):
            parse_object(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["type", "script", "avatar_id", "voice_id", "scenes", "background", "image", "engine", "title"]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(FIELDS, JSON),
    st.sampled_from(["avatar", "image", "cinematic_avatar", "studio", None]),
)
def test_no_body_breaks_the_studio(tmp_path: Path, body: dict[str, Any], kind: str | None) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            whole = body if kind is None else {**body, "type": kind}
            response = await call.http.post("/v3/videos", json=whole)
            assert response.status_code in (200, 400, 404)

    run(scene())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(min_size=1).filter(lambda text: not text.startswith("missing_")), st.text(min_size=1)
)
def test_any_avatar_and_voice_will_do(tmp_path: Path, avatar: str, voice: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            body = {**AVATAR, "avatar_id": avatar, "voice_id": "v" + voice}
            assert (await call.create(body)).status_code == 200

    run(scene())


UNAUTHORIZED: list[dict[str, str]] = [
    {},
    {"x-api-key": ""},
    {"x-api-key": "wrong"},
    {"authorization": "Bearer wrong"},
    {"authorization": KEY},
    {"authorization": f"Basic {KEY}"},
]
PATHS = ["/v3/videos", "/v3/videos/x", "/v3/users/me", "/_studio/ledger"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", UNAUTHORIZED, ids=str)
def test_a_wrong_key_is_refused_everywhere(
    tmp_path: Path, path: str, headers: dict[str, str]
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            call.http.headers.pop("x-api-key")
            assert error(await call.http.get(path, headers=headers)) == (401, "unauthorized")
            bearer = {"authorization": f"Bearer {KEY}"}
            assert (await call.http.get("/v3/users/me", headers=bearer)).status_code == 200

    run(scene())


def test_without_a_key_of_its_own_any_key_will_do_but_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, key=None) as call:
            assert (await call.get("/v3/users/me")).status_code == 200
            call.http.headers.pop("x-api-key")
            assert error(await call.get("/v3/users/me")) == (401, "unauthorized")

    run(scene())


ASTRAY = [
    ("GET", "/v3/nothing", 404, "not_found"),
    ("POST", "/", 405, "method_not_allowed"),
    ("GET", "/_studio/page", 404, "not_found"),
    ("GET", "/v3/videos/", 404, "not_found"),
    ("GET", "/v3/videos/%2e%2e", 404, "video_not_found"),
    ("GET", "/v3/videos/unknown", 404, "video_not_found"),
    ("DELETE", "/v3/videos/unknown", 404, "video_not_found"),
    ("GET", "/v3/assets/unknown", 404, "asset_not_found"),
    ("PUT", "/v3/videos", 405, "method_not_allowed"),
    ("POST", "/v3/videos/statuses", 405, "method_not_allowed"),
    ("GET", "/v3/videos/statuses", 400, "invalid_parameter"),
    ("GET", "/v3/videos?limit=0", 400, "invalid_parameter"),
    ("GET", "/v3/videos?limit=101", 400, "invalid_parameter"),
    ("GET", "/v3/videos?limit=ten", 400, "invalid_parameter"),
    ("GET", "/v3/videos?limit=%D9%A1", 400, "invalid_parameter"),
    ("GET", "/v3/videos?token=nonsense", 400, "invalid_parameter"),
    ("GET", "/v3/videos?token=djk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", 400, "invalid_parameter"),
    ("GET", "/v3/videos?title=", 400, "invalid_parameter"),
    ("GET", "/files/unknown/video.mp4", 403, "forbidden"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ASTRAY)
def test_every_error_has_the_envelope_a_date_and_an_id(
    tmp_path: Path, method: str, path: str, status: int, code: str
) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            response = await call.http.request(method, path)
            assert error(response) == (status, code)
            assert parsedate_to_datetime(response.headers["date"]).timestamp() == START
            assert response.headers["x-request-id"]

    run(scene())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 7), st.integers(1, 5), st.data())
def test_pages_are_the_whole_list_newest_first(
    tmp_path_factory: pytest.TempPathFactory, count: int, limit: int, data: st.DataObject
) -> None:
    titles = data.draw(st.lists(st.sampled_from(["Tour", "Tour 2", "Welcome"]), min_size=count))

    async def scene() -> None:
        async with studio(tmp_path_factory.mktemp("s")) as call:
            made = [await call.made({**AVATAR, "title": title}) for title in titles]
            assert await _all_ids(call, limit) == made[::-1]
            tours = [i for i, t in zip(made, titles, strict=True) if "Tour" in t]
            assert await _all_ids(call, limit, title="Tour") == tours[::-1]

    run(scene())


async def _all_ids(call: Caller, limit: int, **query: str) -> list[str]:
    ids: list[str] = []
    while True:
        page = (await call.get("/v3/videos", limit=limit, **query)).json()
        assert len(page["data"]) <= limit
        assert page["has_more"] == (page["next_token"] is not None)
        ids += [video["id"] for video in page["data"]]
        if not page["has_more"]:
            return ids
        query = {**query, "token": page["next_token"]}


@pytest.mark.parametrize(("count", "status"), [(1, 200), (100, 200), (101, 400)])
def test_bulk_statuses_take_a_hundred_ids(tmp_path: Path, count: int, status: int) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            ids = ",".join(f"v{n}" for n in range(count))
            response = await call.get("/v3/videos/statuses", video_ids=ids)
            assert response.status_code == status
            if status == 200:
                words = {entry["status"] for entry in response.json()["data"]}
                assert (len(response.json()["data"]), words) == (count, {"not_found"})

    run(scene())


def test_a_deleted_video_is_gone_but_for_the_ledger(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            video_id = await call.made()
            url = (await call.get(f"/v3/videos/{video_id}")).json()["data"]["video_url"]
            deleted = await call.http.delete(f"/v3/videos/{video_id}")
            assert_by_the_spec("deleteVideo", deleted.json())
            assert deleted.json()["data"] == {"id": video_id, "deleted": True}
            again = await call.http.delete(f"/v3/videos/{video_id}")
            assert error(again) == (404, "video_not_found")
            assert error(await call.http.get(url)) == (404, "not_found")
            bulk = (await call.get("/v3/videos/statuses", video_ids=video_id)).json()
            assert bulk["data"][0]["status"] == "not_found"
            [job] = (await call.ledger())["jobs"]
            assert (job["video_id"], job["status"]) == (video_id, "deleted")
            assert job["charged_usd"] > 0

    run(scene())


def test_more_jobs_than_allowed_wait_for_a_place(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, concurrency=2, render_seconds=90) as call:
            await call.made()
            call.clock.at += 30
            await call.made()
            refused = await call.create(AVATAR, "k1")
            assert error(refused) == (429, "rate_limit_exceeded")
            wait = int(refused.headers["retry-after"])
            assert wait == 60
            call.clock.at += wait
            assert (await call.create(AVATAR, "k1")).status_code == 200
            assert len((await call.ledger())["jobs"]) == 3

    run(scene())


def test_a_video_that_is_deleted_makes_room_and_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, concurrency=1, render_seconds=90) as call:
            video_id = await call.made()
            await call.http.delete(f"/v3/videos/{video_id}")
            await call.made()
            call.clock.at += 90
            charges = [job["charged_usd"] for job in (await call.ledger())["jobs"]]
            assert charges[0] == 0
            assert charges[1] > 0

    run(scene())


def test_an_empty_wallet_buys_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, wallet=0.01) as call:
            await call.made()
            assert error(await call.create()) == (402, "insufficient_credit")

    run(scene())


def test_a_key_gives_one_job_and_one_answer_for_a_day(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            first = await call.create(AVATAR, "k:1.a_b-c")
            answers = [
                await call.create(AVATAR, "k:1.a_b-c"),
                await call.create({**AVATAR, "script": "Something else."}, "k:1.a_b-c"),
            ]
            assert {answer.text for answer in answers} == {first.text}
            wrong = await call.create({"no": "request"}, "k:1.a_b-c")
            assert error(wrong) == (400, "invalid_parameter")
            assert (await call.create(AVATAR, "k:1.a_b-c")).text == first.text
            assert len((await call.ledger())["jobs"]) == 1
            call.clock.at += DAY
            assert (await call.create(AVATAR, "k:1.a_b-c")).text != first.text
            assert await call.made() != await call.made()

    run(scene())


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "ä", "a/b"])
def test_a_key_of_the_wrong_form_is_refused(tmp_path: Path, key: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            headers = {b"Idempotency-Key": key.encode()}
            response = await call.http.post("/v3/videos", json=AVATAR, headers=headers)
            assert error(response) == (400, "invalid_parameter")
            assert (await call.ledger())["jobs"] == []

    run(scene())


def test_a_repeat_while_the_first_is_running_is_told_to_wait(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            reading, go_on = asyncio.Event(), asyncio.Event()

            async def slowly() -> Any:
                reading.set()
                await go_on.wait()
                yield json.dumps(AVATAR).encode()

            headers = {"Idempotency-Key": "k1"}
            first = asyncio.create_task(
                call.http.post("/v3/videos", content=slowly(), headers=headers)
            )
            await reading.wait()
            busy = await call.create(AVATAR, "k1")
            assert error(busy) == (409, "request_in_progress")
            assert busy.headers["retry-after"] == "1"
            go_on.set()
            answered = await first
            assert (await call.create(AVATAR, "k1")).text == answered.text
            assert len((await call.ledger())["jobs"]) == 1

    run(scene())


def test_many_at_once_under_one_key_are_one_job(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            answers = await asyncio.gather(*(call.create(AVATAR, "k1") for _ in range(20)))
            taken = {answer.text for answer in answers if answer.status_code == 200}
            assert len(taken) == 1
            assert {answer.status_code for answer in answers} <= {200, 409}
            assert len((await call.ledger())["jobs"]) == 1

    run(scene())


def test_a_request_that_is_dropped_frees_its_key(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:

            async def broken() -> Any:
                yield b'{"type": '
                raise ConnectionResetError

            with pytest.raises(ConnectionResetError):
                await call.http.post(
                    "/v3/videos", content=broken(), headers={"Idempotency-Key": "k1"}
                )
            assert (await call.create(AVATAR, "k1")).status_code == 200

    run(scene())


def test_two_studios_on_one_folder_are_one_studio(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio(tmp_path, clock) as one, studio(tmp_path, clock) as two:
            video_id = await one.made(AVATAR, "k1")
            assert (await two.create(AVATAR, "k1")).json()["data"]["video_id"] == video_id
            detail = (await two.get(f"/v3/videos/{video_id}")).json()["data"]
            assert detail["status"] == "completed"
            assert (await one.http.get(detail["video_url"])).status_code == 200
            assert (await one.ledger())["jobs"] == (await two.ledger())["jobs"]

    run(scene())


def test_everything_survives_closing(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with studio(tmp_path, clock, render_seconds=60) as call:
            video_id = await call.made(AVATAR, "k1")
        clock.at += 60
        async with studio(tmp_path, clock) as call:
            detail = (await call.get(f"/v3/videos/{video_id}")).json()["data"]
            assert detail["status"] == "completed"
            assert (await call.create(AVATAR, "k1")).json()["data"]["video_id"] == video_id
            assert (await call.ledger())["requests"]["POST /v3/videos"] == 2

    run(scene())


def test_a_seed_repeats_ids_and_times(tmp_path: Path) -> None:
    async def story(folder: Path, seed: int) -> list[tuple[str, int]]:
        async with studio(folder, seed=seed, render_seconds=100, render_spread=0.2) as call:
            ids = [await call.made() for _ in range(5)]
            call.clock.at += 200
            found = [(await call.get(f"/v3/videos/{i}")).json()["data"] for i in ids]
            return [(video["id"], video["completed_at"]) for video in found]

    first = run(story(tmp_path / "a", 1))
    assert first == run(story(tmp_path / "b", 1))
    assert first != run(story(tmp_path / "c", 2))
    assert len({at for _, at in first}) > 1
    assert all(START + 40 <= at <= START + 200 for _, at in first)


def test_requests_are_counted_by_route(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path) as call:
            await call.create()
            await call.create({"bad": 1})
            await call.get("/v3/videos/x")
            counts = (await call.ledger())["requests"]
            assert counts["POST /v3/videos"] == 2
            assert counts["GET /v3/videos/{video_id}"] == 1

    run(scene())


def test_an_unforeseen_failure_is_an_answer_and_still_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    async def scene() -> None:
        async with studio(tmp_path) as call:
            monkeypatch.setattr("vidbuild.studio.asking.check", broken)
            with pytest.raises(RuntimeError, match="a bug"):
                await call.create(AVATAR, "k1")
            transport = call.http._transport
            assert isinstance(transport, httpx.ASGITransport)
            transport.raise_app_exceptions = False
            assert error(await call.create(AVATAR, "k1")) == (500, "internal_error")
            monkeypatch.undo()
            assert (await call.create(AVATAR, "k1")).status_code == 200

    run(scene())
