"""How busy an apply keeps what it may use: turns, the pace of creates, and when it looks."""

from __future__ import annotations

import asyncio
import gc
import heapq
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apply.cloud import Cloud
from tests.apply.wire import wired
from tests.apply.world import World
from vidbuild.apply.events import Event
from vidbuild.apply.forecast import Forecast
from vidbuild.apply.looking import SHORTEST, Seen, next_look, price
from vidbuild.apply.pace import Pace
from vidbuild.apply.slots import Slots
from vidbuild.apply.watch import Watch
from vidbuild.clock import Clock, Steady, VirtualClock
from vidbuild.diagnostics import EXIT_FAILED, EXIT_REFUSED, problem
from vidbuild.plan.budget import Room
from vidbuild.plan.model import Plan
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.provider.model import CreateAnswer, Unknown
from vidbuild.report.progress import Progress
from vidbuild.studio.server import Studio

HOUR = 3600.0


@dataclass
class Farm:
    """What a watch and slots work against: renders that take what they take."""

    clock: Clock
    seconds: Sequence[float]
    lengths: Sequence[float | None]
    ends: dict[str, float] = field(default_factory=dict)
    calls: int = 0
    in_flight: int = 0

    async def statuses(self, video_ids: Sequence[str]) -> Mapping[str, str]:
        self.calls += -(-len(video_ids) // 100)
        now = self.clock.now()
        return {v: "completed" if self.ends[v] <= now else "submitted" for v in video_ids}

    async def work(self, at_once: int) -> None:
        watch = Watch(self, self.clock, lambda _: None)  # type: ignore[arg-type]  # all it asks
        slots = Slots(at_once, self.clock)

        async def one(n: int) -> None:
            async with slots.taken():
                self.ends[str(n)] = self.clock.now() + self.seconds[n]
                assert await watch.status(str(n), length=self.lengths[n]) == "completed"
                watch.learn(self.lengths[n], self.seconds[n])

        looking = asyncio.create_task(watch.run())
        async with asyncio.TaskGroup() as group:
            for n in sorted(range(len(self.seconds)), key=lambda n: -(self.lengths[n] or 0.0)):
                group.create_task(one(n))
        looking.cancel()


def farmed(
    jobs: int, at_once: int, *, usual: float, lengths: float, noise: float, told: bool = True
) -> tuple[float, float]:
    """Time against the least that could be had in this order, and status calls a job."""
    draw = random.Random(jobs)  # noqa: S311 - no secret
    long = [60.0 * math.exp(draw.gauss(0, lengths)) for _ in range(jobs)]
    took = [usual * each / 60.0 * math.exp(draw.gauss(0, noise)) for each in long]
    clock = VirtualClock()
    farm = Farm(clock, took, long if told else [None] * jobs)
    began = clock.now()
    clock.run(farm.work(at_once))
    ends = [0.0] * at_once
    for n in sorted(range(jobs), key=lambda n: -long[n]) if told else range(jobs):
        heapq.heappush(ends, heapq.heappop(ends) + took[n])
    return (clock.now() - began) / max(ends), farm.calls / jobs


@pytest.mark.parametrize(
    ("lengths", "noise", "told"),
    [(0.6, 0.3, True), (0.6, 0.02, True), (1.0, 0.5, True), (0.0, 0.5, False), (0.6, 0.2, False)],
)
def test_two_thousand_jobs_ten_at_once(lengths: float, noise: float, told: bool) -> None:
    time, calls = farmed(2000, 10, usual=180.0, lengths=lengths, noise=noise, told=told)
    assert time <= 1.05
    assert calls <= 1.2


@pytest.mark.parametrize("usual", [20.0, 180.0, 3 * HOUR])
@pytest.mark.parametrize(("jobs", "most"), [(1, 170), (12, 15), (300, 4.5)])
def test_few_jobs_and_long_ones_are_seen_soon_with_few_calls(
    usual: float, jobs: int, most: float
) -> None:
    time, calls = farmed(jobs, 10, usual=usual, lengths=0.5, noise=0.3)
    assert time <= (1.25 if jobs == 1 else 1.1)
    assert calls <= most


def test_hundreds_at_once_take_a_call_for_each_hundred() -> None:
    time, calls = farmed(1500, 300, usual=180.0, lengths=0.5, noise=0.3)
    assert time <= 1.1
    assert calls <= 0.3


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(1, 1e5) | st.none()), min_size=1),
    st.lists(st.tuples(st.floats(1, 1e5) | st.none(), st.floats(0, 1e6)), max_size=20),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)
@settings(max_examples=200)
def test_the_next_look_is_never_at_once_and_never_far(
    jobs: list[tuple[float, float | None]],
    known: list[tuple[float | None, float]],
    calls: int,
    found: int,
) -> None:
    forecast = Forecast()
    for length, took in known:
        forecast.learn(length, took)
    seen = [Seen(began, length, max(began, 0.0)) for began, length in jobs]
    assert SHORTEST <= next_look(seen, 1e6, forecast, price(calls, found)) <= 900.0


@given(st.floats(1, 1e4), st.lists(st.floats(0.1, 1e5), min_size=3, max_size=40))
def test_fewer_and_fewer_renders_take_longer_and_longer(length: float, took: list[float]) -> None:
    forecast = Forecast()
    for each in took:
        forecast.learn(length, each)
    ages = [0.0, 0.1, 1.0, 10.0, 100.0, 1e3, 1e5, 1e9]
    late = [forecast.late(length, age) for age in ages]
    assert late == sorted(late, reverse=True)
    assert all(0 < share <= 1 for share in late)
    assert min(took) * 0.5 <= forecast.expected(length) <= max(took) * 2


class Jumping:
    """A clock that somebody sets while its sleepers sleep as long as they asked."""

    def __init__(self, jumps: Sequence[float]) -> None:
        self.inner = VirtualClock()
        self.jumps, self.off, self.asked = jumps, 0.0, 0

    def now(self) -> float:
        self.asked += 1
        self.off += self.jumps[self.asked % len(self.jumps)]
        return self.inner.now() + self.off

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)


@pytest.mark.parametrize("jumps", [[-HOUR], [-0.5], [HOUR, -HOUR], [0, 0, 0, 1e7], [-1e9, 1e9, 0]])
def test_a_clock_that_jumps_neither_hangs_nor_spins(jumps: list[float]) -> None:
    clock = Jumping(jumps)
    real = clock.inner
    farm = Farm(real, [100.0] * 30, [60.0] * 30)
    farm.clock = real

    async def scene() -> None:
        watched = Farm(real, farm.seconds, farm.lengths)
        watch = Watch(watched, clock, lambda _: None)  # type: ignore[arg-type]  # all it asks
        looking = asyncio.create_task(watch.run())
        for n in range(30):
            watched.ends[str(n)] = real.now() + 100.0
        await asyncio.gather(*(watch.status(str(n), length=60.0) for n in range(30)))
        looking.cancel()
        farm.calls = watched.calls

    began = real.now()
    real.run(scene())
    assert real.now() - began < 2000
    assert farm.calls < 200


def test_steady_time_never_runs_back() -> None:
    clock = Jumping([3.0, -7.0, 0.0, 2.0])
    steady = Steady(clock)
    times = [steady.now() for _ in range(50)]
    assert times == sorted(times)
    assert times[-1] > 0


# ---- the pace of creates


@given(st.integers(1, 50), st.lists(st.sampled_from(["take", "leave", "turn away"]), max_size=200))
def test_the_pace_stays_between_one_and_the_limit(limit: int, events: list[str]) -> None:
    pace = Pace(limit)
    for event in events:
        before = pace.allowed
        if event == "take":
            pace.accept()
            assert pace.allowed >= before
        elif event == "leave" and pace.accepted:
            pace.leave()
            assert pace.allowed == before
        elif event == "turn away":
            pace.too_many(pace.rounds)
            assert pace.allowed <= max(before * 0.75, 1) + 1
        assert 1 <= pace.allowed <= limit


def test_what_went_out_before_the_provider_spoke_says_nothing_new() -> None:
    pace = Pace(20)
    for _ in range(10):
        pace.accept()
    for _ in range(10):
        pace.too_many(0)
    assert pace.allowed == 10
    pace.too_many(1)
    assert pace.allowed == 7


@dataclass(slots=True, kw_only=True)
class Busy(Cloud):
    """A provider that takes `room` jobs at once, and writes down when it was asked."""

    room: int = 4
    retry_after: float | None = 20.0
    turned_away: list[float] = field(default_factory=list)
    taken_at: list[float] = field(default_factory=list)

    gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    tasks: int = 0
    broke: bool = False
    uploaded: int = 0

    def _has(self, key: str) -> bool:
        return any(job.key == key for job in self.jobs.values())

    async def upload(self, path: Path, *, mime: str, sha256: str) -> str:
        self.uploaded += 1
        if self.broke:
            raise problem("VB614", "refused: no credit")
        return await super(Busy, self).upload(path, mime=mime, sha256=sha256)

    async def create(self, body: Mapping[str, Any], *, key: str) -> CreateAnswer:
        now = self.clock.now()
        self.tasks = max(self.tasks, len(asyncio.all_tasks()))
        async with self.gate:
            return await self._one(body, key, now)

    async def _one(self, body: Mapping[str, Any], key: str, now: float) -> CreateAnswer:
        if not self._has(key) and len(self._in_flight()) >= self.room:
            self.turned_away.append(now)
            return Unknown(
                message="too many", code="rate_limit_exceeded", limited=True,
                retry_after=self.retry_after,
            )  # fmt: skip
        self.taken_at.append(now)
        return await super(Busy, self).create(body, key=key)


def crowded(tmp_path: Path, jobs: int, **options: Any) -> tuple[World, Busy]:
    world = World(root=tmp_path)
    world.clock = VirtualClock()  # type: ignore[assignment]  # keeps asyncio's time as well
    busy = Busy(clock=world.clock, render_seconds=300.0, **options)
    world.cloud = busy
    world.write(**{f"v{n:02}": f"Text {n}." for n in range(jobs)})
    return world, busy


def carried_out(world: World, **options: Any) -> Any:
    clock: Any = world.clock
    return clock.run(world.carry_out(world.plan(download=False), download=False, **options))


def test_turned_away_for_too_many_everything_is_still_rendered_in_full_swing(
    tmp_path: Path,
) -> None:
    world, busy = crowded(tmp_path, 40)
    began = world.clock.now()
    result = carried_out(world, jobs=10)
    assert (result.exit_code, len(busy.jobs)) == (0, 40)
    assert busy.in_flight_peak == 4
    # Ten rounds of four, each seen a little late and begun after a pause at most.
    assert world.clock.now() - began <= 10 * 300 * 1.15
    assert len(busy.turned_away) <= 30


class Foreseen(list[Event]):
    """What a terminal would say is left, at each event from which on `room` stays what it is:
    `then` it changes once so many are finished."""

    def __init__(self, plan: Plan, busy: Busy, then: tuple[int, int] | None) -> None:
        super().__init__()
        self.progress, self.busy = Progress(plan, start=busy.clock.now()), busy
        self.since, self.room = then or (0, busy.room)
        self.said: list[tuple[float, float]] = []

    def append(self, event: Event) -> None:
        self.progress.feed(event)
        super().append(event)
        finished = sum(each.kind == "completed" for each in self)
        left = self.progress.remaining(event.at)
        if finished >= self.since:
            self.busy.room = self.room
        # What was in progress by then ends, and a 429 tells of it.
        if left is not None and finished > self.since + 10:
            self.said.append((event.at, left))


@pytest.mark.parametrize("retry_after", [None, 20.0])
@pytest.mark.parametrize(
    ("room", "then"), [(10, None), (4, None), (2, None), (10, (12, 3)), (10, (1, 2))], ids=str
)
def test_the_time_that_is_left_is_told_by_what_the_provider_takes(
    tmp_path: Path, room: int, then: tuple[int, int] | None, retry_after: float | None
) -> None:
    world, busy = crowded(tmp_path, 60, room=room, retry_after=retry_after)
    plan = world.plan(download=False)
    alike = tuple(replace(c, estimate=replace(c.estimate, seconds=20.0)) for c in plan.changes)
    plan = replace(plan, changes=alike)
    world.events = foreseen = Foreseen(plan, busy, then)
    clock: Any = world.clock
    assert clock.run(world.carry_out(plan, download=False, jobs=10)).exit_code == 0
    end = clock.now()
    assert len(foreseen.said) > 100
    for at, left in foreseen.said:
        assert left == pytest.approx(end - at, rel=0.2, abs=30.0)


def test_a_pause_that_is_asked_for_holds_for_every_create(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 12, retry_after=50.0)
    assert carried_out(world, jobs=6).exit_code == 0
    for refused in sorted(set(busy.turned_away)):
        assert not [at for at in busy.taken_at if refused < at < refused + 50]


def test_waiting_for_a_turn_is_no_failure_however_long_renders_take(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 12, room=2, retry_after=None)
    busy.render_seconds = 3 * HOUR
    result = carried_out(world, jobs=12)
    assert (result.exit_code, len(busy.jobs)) == (0, 12)


@pytest.mark.parametrize("retry_after", [None, 5.0, 7200.0])
def test_a_provider_that_takes_nothing_is_given_up_for_all_at_once(
    tmp_path: Path, retry_after: float | None
) -> None:
    world, busy = crowded(tmp_path, 60, room=0, retry_after=retry_after)
    began = world.clock.now()
    result = carried_out(world, jobs=10)
    assert result.exit_code == EXIT_FAILED
    assert len(result.failures) == 60
    assert world.clock.now() - began < 1000
    assert {failure.code for failure in result.failures} == {"VB551", "VB561"}
    assert busy.jobs == {}


def test_credit_that_is_gone_for_uploads_stops_what_is_new(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 1, room=50)
    for n in range(30):
        media = world.media(f"media/{n}.png", b"\x89PNG\r\n\x1a\n" + bytes([n]) * 64)
        background = {"type": "image", "asset_id": {"sha256": media.sha256}}
        world.put(
            f"w{n:02}", f"More {n}.", background=background, media={"background.asset_id": media}
        )
    busy.broke = True
    result = carried_out(world, jobs=4)
    assert result.exit_code == EXIT_FAILED
    assert busy.uploaded <= 10
    assert {f.code for f in result.failures} == {"VB614", "VB561"}
    assert result.counts.get("completed", 0) == len(busy.jobs) <= 1


def test_against_the_studio_time_and_calls_hold_too(tmp_path: Path) -> None:
    world, clock = World(root=tmp_path), VirtualClock()
    world.write(**{f"v{n:03}": f"Text {n} of many." for n in range(100)})
    world.clock = clock  # type: ignore[assignment]

    async def scene() -> tuple[Any, dict[str, Any]]:
        studio = Studio(
            data=tmp_path / "studio", render="simulated", render_seconds=240.0,
            render_spread=0.5, clock=clock, seed=3, concurrency=10,
        )  # fmt: skip
        async with studio:
            transport = httpx.ASGITransport(app=studio.app)
            client = HeyGen(
                base="http://studio.localhost", clock=clock, transport=transport,
                credential=Credential(secret="studio-key", origin="test"),
            )  # fmt: skip
            world.cloud = client  # type: ignore[assignment]
            result = await world.carry_out(world.plan(download=False), download=False, jobs=16)
            asking = httpx.AsyncClient(transport=transport, base_url="http://studio.localhost")
            ledger = await asking.get("/_studio/ledger", headers={"x-api-key": "studio-key"})
            await client.close()
            return result, ledger.json()

    began = clock.now()
    result, ledger = clock.run(scene())
    assert (result.exit_code, len(ledger["jobs"])) == (0, 100)
    # Ten at once, though sixteen were asked for: the last ones end alone.
    assert clock.now() - began <= 240 * 10 * 1.35
    assert ledger["requests"]["GET /v3/videos/statuses"] <= 1.6 * 100
    assert ledger["requests"]["POST /v3/videos"] <= 1.5 * 100


def test_new_jobs_begin_when_their_turn_is_near(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 200, room=1000)
    assert carried_out(world, jobs=5).exit_code == 0
    assert busy.tasks < 60


def test_longest_first(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 20, room=1000)
    plan = world.plan(download=False)
    lengths = [10 + (37 * n) % 101 for n in range(20)]
    changes = tuple(
        replace(change, estimate=replace(change.estimate, seconds=float(length)))
        for change, length in zip(plan.changes, lengths, strict=True)
    )
    clock: Any = world.clock
    clock.run(world.carry_out(replace(plan, changes=changes), download=False, jobs=1))
    by_title = {f"Title of {c.name}": c.estimate.seconds or 0.0 for c in changes}
    sent = [by_title[job.body["title"]] for job in busy.jobs.values()]
    assert sent == sorted(sent, reverse=True)


# ---- limits on cost


@pytest.mark.parametrize(("name", "code"), [("max_cost", "VB710"), ("max_cost_day", "VB711")])
def test_dearer_than_estimated_nothing_more_is_submitted_over_the_limit(
    tmp_path: Path, name: str, code: str
) -> None:
    world, busy = crowded(tmp_path, 5, room=10)
    high = sum(c.estimate.cost_high_usd or 0.0 for c in world.plan(download=False).changes)
    result = carried_out(world, jobs=1, rooms=[Room(name=name, limit_usd=9.0, left_usd=high * 2)])
    assert result.exit_code == EXIT_REFUSED
    assert 1 <= len(busy.jobs) < 5
    assert {failure.code for failure in result.failures} == {code}
    assert result.counts["completed"] == len(busy.jobs)
    assert "$9.00" in result.failures[0].message


def test_what_is_on_its_way_counts_by_its_high_estimate(tmp_path: Path) -> None:
    world, busy = crowded(tmp_path, 6, room=10)
    highs = [c.estimate.cost_high_usd or 0.0 for c in world.plan(download=False).changes]
    left = sum(sorted(highs)[:3]) + 1e-6
    result = carried_out(world, jobs=6, rooms=[Room(name="max_cost", limit_usd=1, left_usd=left)])
    assert (result.exit_code, len(busy.jobs)) == (EXIT_REFUSED, 3)


# ---- memory


class Census(list[Event]):
    """Counts what there is of each type at the first and the last of the finished videos."""

    def __init__(self, at: Sequence[int]) -> None:
        super().__init__()
        self.at = list(at)
        self.fetched = 0
        self.counted: list[Counter[str]] = []

    def append(self, event: Event) -> None:
        self.fetched += event.kind == "fetched"
        if self.fetched in self.at:
            self.at.remove(self.fetched)
            gc.collect()
            self.counted.append(Counter(type(each).__name__ for each in gc.get_objects()))


def test_of_a_finished_video_its_records_are_all_that_stays(tmp_path: Path) -> None:
    world = World(root=tmp_path)
    world.write(**{f"v{n:03}": f"Text {n}." for n in range(120)})
    wired(world)
    world.events = census = Census([60, 110])
    assert world.apply(jobs=5).exit_code == 0
    grown = census.counted[1] - census.counted[0]
    records = {"Entry": 1, "Render": 1, "Receipt": 3, "Output": 3}
    for name, each in records.items():
        assert grown.pop(name) == pytest.approx(50 * each, abs=10 * each)
    assert grown.pop("Job") <= 60  # the provider's own
    assert grown.pop("dict") <= 50 * 6
    assert grown.pop("list") <= 60  # where its files are
    assert not {name: more for name, more in grown.items() if more > 25}
