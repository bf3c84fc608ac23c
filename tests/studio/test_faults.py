"""Faults on request: drawn from a seed, each doing what it says, with a ledger that stays right."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studio.studio_kit import AVATAR, Caller, Clock, error, run, studio
from vidbuild.clock import VirtualClock
from vidbuild.studio.fault_calls import SLOW
from vidbuild.studio.faults import NAMES, Faults
from vidbuild.studio.server import Studio

CREATE = "POST /v3/videos"


@given(st.sampled_from(NAMES), st.floats(0, 1), st.integers(0, 2**32))
def test_a_fault_strikes_as_often_as_it_is_to(name: str, rate: float, seed: int) -> None:
    faults = Faults(rates={name: rate}, seed=str(seed))
    struck = sum(faults.strikes(name, "here", n) for n in range(1000)) / 1000
    assert abs(struck - rate) < 0.08
    assert (struck == 0) == (rate == 0 or struck == 0)
    assert not any(faults.strikes(other, "here", 1) for other in NAMES if other != name)


def test_never_is_never_and_always_is_always() -> None:
    never, always = (Faults(rates={"slow": rate}, seed="1") for rate in (0.0, 1.0))
    assert not any(never.strikes("slow", "here", n) for n in range(1000))
    assert all(always.strikes("slow", "here", n) for n in range(1000))


async def outcome(call: Caller, key: str) -> str:
    """What one create comes to, as a client sees it."""
    try:
        response = await call.create(AVATAR, key)
    except httpx.TransportError as failure:
        return type(failure).__name__
    return str(response.status_code)


ALL = {"rate_limit": 0.2, "error_before": 0.1, "error_after": 0.2, "drop_before": 0.1,
       "drop_after": 0.2, "slow": 0.1, "render_failed": 0.3}  # fmt: skip


async def campaign(folder: Path, seed: int, **options: Any) -> tuple[list[str], dict[str, Any]]:
    """Forty videos, each asked for until it is taken: what each try came to, and the ledger."""
    told = []
    async with studio(folder, seed=seed, faults=ALL, concurrency=99, **options) as call:
        for n in range(40):
            while (came_to := await outcome(call, f"k{n}")) != "200":
                told.append(came_to)
            told.append(came_to)
        return told, await call.ledger()


def test_the_same_seed_and_requests_meet_the_same_faults(tmp_path: Path) -> None:
    def told(name: str, seed: int) -> tuple[list[str], list[Any]]:
        tries, ledger = run(campaign(tmp_path / name, seed))
        return tries, [(job["video_id"], job["status"]) for job in ledger["jobs"]]

    first = told("a", 1)
    assert first == told("b", 1)
    assert first[0] != told("c", 2)[0]


def test_the_ledger_is_right_whatever_goes_wrong(tmp_path: Path) -> None:
    tries, ledger = run(campaign(tmp_path, 7))
    assert set(tries) == {"200", "429", "500", "RemoteProtocolError"}
    assert ledger["requests"][CREATE] == len(tries)
    keys = [job["idempotency_key"] for job in ledger["jobs"]]
    assert keys == [f"k{n}" for n in range(40)]
    assert {job["status"] for job in ledger["jobs"]} == {"completed", "failed"}
    assert all((job["charged_usd"] > 0) == (job["status"] == "completed") for job in ledger["jobs"])


@pytest.mark.parametrize(
    ("fault", "sees", "jobs"),
    [
        ("rate_limit", (429, "rate_limit_exceeded"), 0),
        ("error_before", (500, "internal_error"), 0),
        ("error_after", (500, "internal_error"), 1),
        ("drop_before", None, 0),
        ("drop_after", None, 1),
    ],
)
def test_before_and_after_the_job_is_taken(
    tmp_path: Path, fault: str, sees: tuple[int, str] | None, jobs: int
) -> None:
    async def scene() -> None:
        async with studio(tmp_path, faults={fault: 1.0}) as call:
            if sees is None:
                with pytest.raises(httpx.RemoteProtocolError):
                    await call.create(AVATAR, "k")
            else:
                refused = await call.create(AVATAR, "k")
                assert error(refused) == sees
                assert ("retry-after" in refused.headers) == (sees[0] == 429)
            ledger = await call.ledger()
            assert len(ledger["jobs"]) == jobs
            assert ledger["requests"][CREATE] == 1

    run(scene())


@pytest.mark.parametrize("fault", ["error_after", "drop_after"])
def test_what_was_refused_is_not_spoiled_on_its_way_out(tmp_path: Path, fault: str) -> None:
    async def scene() -> None:
        async with studio(tmp_path, faults={fault: 1.0}) as call:
            assert error(await call.create({"type": "avatar"})) == (400, "invalid_parameter")
            assert error(await call.get("/v3/videos/nobody")) == (404, "video_not_found")

    run(scene())


def test_a_lost_answer_is_had_again_under_its_key(tmp_path: Path) -> None:
    async def scene() -> None:
        for fault in ("error_after", "drop_after"):
            async with studio(tmp_path / fault, faults={fault: 1.0}) as call:
                assert await outcome(call, "k") != "200"
                [job] = (await call.ledger())["jobs"]
            async with studio(tmp_path / fault) as call:
                assert await call.made(AVATAR, "k") == job["video_id"]

    run(scene())


@pytest.mark.parametrize(("fault", "jobs"), [("error_before", 0), ("error_after", 1)])
def test_errors_are_replayed_where_that_is_asked_for(tmp_path: Path, fault: str, jobs: int) -> None:
    async def scene(replay: bool) -> list[tuple[int, int]]:
        folder = tmp_path / str(replay)
        options: dict[str, Any] = {"replay_errors": replay}
        async with studio(folder, faults={fault: 1.0}, **options) as call:
            assert await outcome(call, "k") == "500"
        seen = []
        async with studio(folder, **options) as call:
            for key in ("k", "other"):
                status = (await call.create(AVATAR, key)).status_code
                seen.append((status, len((await call.ledger())["jobs"])))
        return seen

    assert run(scene(replay=True)) == [(500, jobs), (200, jobs + 1)]
    assert run(scene(replay=False)) == [(200, 1), (200, 2)]


def test_a_refusal_is_replayed_too_but_not_that_it_was_busy(tmp_path: Path) -> None:
    async def scene() -> None:
        options: dict[str, Any] = {"concurrency": 1, "render_seconds": 60, "replay_errors": True}
        async with studio(tmp_path, **options) as call:
            assert error(await call.create({"type": "avatar"}, "bad"))[0] == 400
            assert error(await call.create(AVATAR, "bad"))[0] == 400
            await call.made(AVATAR, "first")
            assert error(await call.create(AVATAR, "second"))[0] == 429
            call.clock.at += 60
            await call.made(AVATAR, "second")
            # A day later the key is as good as new.
            call.clock.at += 24 * 3600
            await call.made(AVATAR, "bad")

    run(scene())


def test_an_answer_that_was_given_is_not_taken_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, replay_errors=True) as call:
            video_id = await call.made(AVATAR, "k")
        for fault in ("error_before", "error_after"):
            async with studio(tmp_path, faults={fault: 1.0}, replay_errors=True) as call:
                assert await outcome(call, "k") == "500"
        async with studio(tmp_path, replay_errors=True) as call:
            assert await call.made(AVATAR, "k") == video_id

    run(scene())


async def _links(folder: Path, *, clock: Clock | None = None, **options: Any) -> list[Any]:
    """What five downloads of a finished video come to."""
    async with studio(folder, clock, **options) as call:
        video_id = await call.made()
        url = (await call.get(f"/v3/videos/{video_id}")).json()["data"]["video_url"]
        seen: list[Any] = []
        for _ in range(5):
            try:
                response = await call.http.get(url)
            except httpx.RemoteProtocolError:
                seen.append("cut")
            else:
                seen.append(response.status_code)
        return seen


def test_downloads_break_off_and_links_expire(tmp_path: Path) -> None:
    def seen(name: str, **faults: float) -> list[Any]:
        return run(_links(tmp_path / name, seed=3, faults=faults))

    assert seen("none") == [200] * 5
    assert seen("cut", cut_download=1.0) == ["cut"] * 5
    assert seen("expired", expired_link=1.0) == [403] * 5
    some = seen("some", cut_download=0.5, expired_link=0.3)
    assert some == seen("again", cut_download=0.5, expired_link=0.3)
    assert len(set(some)) > 1


def test_a_slow_answer_comes(tmp_path: Path) -> None:
    async def scene() -> float:
        async with studio(tmp_path, faults={"slow": 1.0}) as call:
            before = call.clock.at
            await call.made()
            return call.clock.at - before

    assert run(scene()) == SLOW


def test_failed_renders_are_drawn_from_the_seed_and_free(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, seed=5, faults={"render_failed": 0.5}) as call:
            ids = [await call.made() for _ in range(30)]
            found = [(await call.get(f"/v3/videos/{i}")).json()["data"] for i in ids]
            failed = [video for video in found if video["status"] == "failed"]
            assert 5 < len(failed) < 25
            assert {video["failure_code"] for video in failed} == {"rendering_failed"}
            assert all(video["failure_message"] and video["video_url"] is None for video in failed)
            me = (await call.get("/v3/users/me")).json()["data"]["wallet"]
            charged = sum(job["charged_usd"] for job in (await call.ledger())["jobs"])
            assert charged > 0
            assert me["remaining_balance"] == pytest.approx(100_000 - charged)

    run(scene())


def test_the_oracle_is_never_spoiled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with studio(tmp_path, faults=dict.fromkeys(NAMES, 1.0)) as call:
            for _ in range(20):
                assert (await call.get("/_studio/ledger")).status_code == 200

    run(scene())


@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_simulated_renders_have_the_mean_and_the_spread_that_were_asked_for(
    tmp_path: Path, sigma: float
) -> None:
    opened = Studio(data=tmp_path, render="simulated", render_seconds=90.0, render_spread=sigma,
                    seed=11, clock=VirtualClock())  # fmt: skip

    async def scene() -> list[float]:
        async with opened:
            return [(opened._due(f"v{n}") or 0.0) - opened._clock.now() for n in range(4000)]

    times = run(scene())
    assert sum(times) / len(times) == pytest.approx(90.0, rel=0.02)
    assert (len({round(each, 3) for each in times}) > 3000) == (sigma > 0)
    assert min(times) > 0


def test_a_schedule_of_jobs_takes_a_moment_and_the_time_that_it_should(
    tmp_path: Path,
) -> None:
    """Ten at once, a minute each in the mean: the virtual clock passes while everybody waits."""
    clock = VirtualClock()

    async def worker(http: httpx.AsyncClient, work: list[int]) -> None:
        while work:
            work.pop()
            made = await http.post("/v3/videos", json=AVATAR)
            video_id = made.json()["data"]["video_id"]
            detail: dict[str, Any] = {}
            while detail.get("status") != "completed":
                await clock.sleep(5.0)
                detail = (await http.get(f"/v3/videos/{video_id}")).json()["data"]

    async def scene() -> float:
        options: dict[str, Any] = {"render_seconds": 60.0, "render_spread": 0.3, "seed": 4}
        work, start = list(range(200)), clock.now()
        async with Studio(data=tmp_path, render="simulated", clock=clock, **options) as opened:
            transport = httpx.ASGITransport(app=opened.app)
            headers = {"x-api-key": "k"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://studio", headers=headers
            ) as http:
                await asyncio.gather(*(worker(http, work) for _ in range(10)))
                me = (await http.get("/_studio/ledger")).json()
        assert [job["status"] for job in me["jobs"]] == ["completed"] * 200
        return clock.now() - start

    # Each job ends on the next look after its render: 2.5 s later in the mean.
    assert clock.run(scene()) == pytest.approx(200 / 10 * 62.5, rel=0.1)
