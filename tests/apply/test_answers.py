"""What follows from each answer to a create: the wire's own words, through the real client.

Every kind of answer, given once, for ever, or just before the process dies; by providers that
repeat a refusal under its key and by others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.apply.fleet import Killed
from tests.apply.test_engine import quiet
from tests.apply.wire import Reply, Wire, answers, breaks, says, wired
from tests.apply.world import World
from vidbuild.apply.work import Result
from vidbuild.diagnostics import EXIT_CREDENTIALS, EXIT_FAILED
from vidbuild.state.records import Status

DAY = 24 * 3600.0 + 60
ALWAYS = range(1, 400)

# Nobody can tell whether there is a job: the same key again.
UNKNOWN: dict[str, Reply] = {
    "429": says(429, "rate_limit_exceeded", **{"retry-after": "7"}),
    "429 of a proxy": answers(429, b"<html>slow down", "text/html"),
    "408": says(408, "request_timeout"),
    "425": says(425, "too_early"),
    "500": says(500, "internal_error"),
    "502 of a proxy": answers(502, b"<html>Bad Gateway", "text/html"),
    "503": says(503, "service_unavailable", **{"retry-after": "1"}),
    "time-out": breaks(httpx.ReadTimeout),
    "reset": breaks(httpx.ReadError),
    "nobody there": breaks(httpx.ConnectError),
    "no HTTP": breaks(httpx.RemoteProtocolError),
    "cut JSON": answers(200, b'{"data": {"video_id": "v'),
    "a page": answers(200, b"<html>welcome", "text/html"),
    "empty": answers(200, b""),
    "no id": answers(201, b'{"data": {}}'),
    "an id that is none": answers(201, b'{"data": {"video_id": "../../etc"}}'),
    "an id of another type": answers(200, b'{"data": {"video_id": 7}}'),
    "a redirect": lambda _: httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
}
# There is no job: the attempt stays.
REFUSED: dict[str, tuple[str, Reply]] = {
    "400": ("refused", says(400, "invalid_parameter")),
    "402": ("quota", says(402, "insufficient_credit")),
    "404": ("refused", says(404, "avatar_not_found")),
    "422": ("refused", says(422, "validation_error")),
    "403": ("key", says(403, "forbidden")),
    "409 of something else": ("refused", says(409, "conflict")),
    "quota": ("quota", says(429, "quota_exceeded")),
    "401": ("key", says(401, "unauthorized")),
}


REPLAYED = pytest.mark.parametrize("world", [False, True], indirect=True)


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """Its parameter is whether refusals are repeated under their key."""
    made = World(root=tmp_path, kinds=("video",))
    made.cloud.replay_errors = getattr(request, "param", False)
    made.write(tour="One.")
    yield made
    # Whatever happened, it was one key, and one job at most.
    assert len({key for key in made.cloud.calls if key.startswith("create ")}) == 1
    assert len(made.cloud.jobs) <= 1


def kill_after_the_answer(world: World) -> None:
    """The process dies when the first create is answered, before it can write that down."""

    def step(call: str) -> None:
        if call.startswith("created"):
            raise Killed

    world.killed = True
    world.cloud.step = step
    with pytest.raises((Killed, BaseExceptionGroup)):
        world.apply()
    world.cloud.step = lambda _: None


def assert_done(world: World, result: Result) -> None:
    assert (result.exit_code, result.failures) == (0, ())
    assert world.cloud.charged() == {"One.": 1}
    assert quiet(world)


def wire_of(world: World, fault: str, reply: Reply, numbers: range) -> Wire:
    wire = wired(world)
    wire.replies = dict.fromkeys(numbers, reply)
    world.cloud.faults = dict.fromkeys(numbers, fault)
    return wire


@pytest.mark.parametrize("taken", ["before", "after", "late"])
@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_answer_that_says_nothing_is_asked_for_again_under_its_key(
    world: World, kind: str, taken: str
) -> None:
    wire_of(world, taken, UNKNOWN[kind], range(1, 3))
    assert_done(world, world.apply())


@pytest.mark.parametrize("taken", ["before", "after"])
@pytest.mark.parametrize("kind", ["429", "502 of a proxy", "reset", "no id"])
def test_ten_minutes_of_it_leave_an_intent(world: World, kind: str, taken: str) -> None:
    wire_of(world, taken, UNKNOWN[kind], ALWAYS)
    began = world.clock.time
    result = world.apply()
    assert (result.exit_code, [f.code for f in result.failures]) == (EXIT_FAILED, ["VB551"])
    assert 500 < world.clock.time - began <= 600 + 130
    assert world.lock().videos["tour"].render.status is Status.intent
    assert len(world.journal().intents) == 1
    assert world.actions() == {"tour": "resume"}
    world.cloud.faults = {}
    assert_done(world, world.apply())


@pytest.mark.parametrize("taken", ["before", "after", "late"])
@pytest.mark.parametrize("kind", ["500", "cut JSON"])
def test_killed_with_it_unread_the_next_apply_sends_the_same_key(
    world: World, kind: str, taken: str
) -> None:
    wire_of(world, taken, UNKNOWN[kind], range(1, 2))
    kill_after_the_answer(world)
    assert world.actions() == {"tour": "resume"}
    assert_done(world, world.apply())


def test_in_progress_is_asked_for_again_after_a_pause(world: World) -> None:
    wired(world)
    world.cloud.faults = dict.fromkeys(range(1, 4), "progress")
    assert_done(world, world.apply())
    assert world.cloud.creates == 4


def test_in_progress_for_ten_minutes_is_left_as_an_intent(world: World) -> None:
    wired(world)
    world.cloud.faults = dict.fromkeys(ALWAYS, "progress")
    assert [f.code for f in world.apply().failures] == ["VB551"]
    assert world.lock().videos["tour"].render.status is Status.intent
    world.cloud.faults = {}
    assert_done(world, world.apply())


@REPLAYED
@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_closes_the_intent_and_keeps_the_attempt(world: World, kind: str) -> None:
    wire_of(world, *REFUSED[kind], range(1, 2))
    result = world.apply()
    code = EXIT_CREDENTIALS if REFUSED[kind][0] == "key" else EXIT_FAILED
    assert (result.exit_code, [f.code for f in result.failures]) == (code, ["VB556"])
    assert (world.cloud.creates, world.lock().videos, world.journal().intents) == (1, {}, ())
    assert [(c.action.value, c.attempt) for c in world.plan().changes] == [("create", 1)]
    if world.cloud.replay_errors:
        assert [f.code for f in world.apply().failures] == ["VB556"]
        world.clock.time += DAY
    assert_done(world, world.apply())


@REPLAYED
@pytest.mark.parametrize("kind", REFUSED)
def test_killed_with_a_refusal_unread_the_intent_stays_open(world: World, kind: str) -> None:
    """Nobody knows that its first send was refused: a later refusal does not close it."""
    wire_of(world, *REFUSED[kind], range(1, 2))
    kill_after_the_answer(world)
    assert world.actions() == {"tour": "resume"}
    if not world.cloud.replay_errors:
        assert_done(world, world.apply())
        return
    result = world.apply()
    assert [f.code for f in result.failures] == ["VB556"]
    assert "an earlier send of it has no answer" in (result.failures[0].hint or "")
    world.clock.time += DAY
    assert [f.code for f in world.apply().failures] == ["VB552"]  # too old to be sent again
    assert world.cloud.jobs == {}


@REPLAYED
@pytest.mark.parametrize("first", ["before", "after", "late"])
@pytest.mark.parametrize("kind", ["400", "quota", "401"])
def test_a_refusal_after_an_unclear_answer_closes_nothing(
    world: World, kind: str, first: str
) -> None:
    fault, reply = REFUSED[kind]
    wire = wired(world)
    wire.replies = {1: UNKNOWN["500"], 2: reply}
    world.cloud.faults = {1: first, 2: fault}
    world.apply()
    if first == "before":
        assert len(world.journal().intents) == 1
        assert world.lock().videos["tour"].render.status is Status.intent
        world.clock.time += DAY if world.cloud.replay_errors else 0
        result = world.apply()
        assert [f.code for f in result.failures] == (["VB552"] if world.cloud.replay_errors else [])
    else:
        assert_done(world, world.apply())


def test_an_id_is_on_the_disk_before_anything_is_asked_about_it(world: World) -> None:
    wired(world)
    world.killed = True

    def step(call: str) -> None:
        if call.startswith("video"):
            raise Killed

    world.cloud.step = step
    with pytest.raises(BaseExceptionGroup):
        world.apply()
    world.cloud.step = lambda _: None
    assert [(r.video_id, r.status) for r in world.journal().renders] == [("v1", Status.submitted)]
    creates = world.cloud.creates
    assert_done(world, world.apply())
    assert world.cloud.creates == creates
