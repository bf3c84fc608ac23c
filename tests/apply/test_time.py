"""Hours, days and clocks that are wrong: no key goes out that the provider may have forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apply.cloud import Cloud, Shifted
from tests.apply.fleet import fleet
from tests.apply.test_engine import quiet
from tests.apply.wire import breaks, says, wired
from tests.apply.world import PROJECT, World, make_request
from tests.examples import one_in
from vidbuild.apply.events import Event
from vidbuild.apply.submit import is_fresh
from vidbuild.state.identity import make_key
from vidbuild.state.recorded import Intent
from vidbuild.state.records import Status

HOUR = 3600.0
ALWAYS = range(1, 400)
TOO_MANY = says(429, "rate_limit_exceeded", **{"retry-after": "7"})
LOST = breaks(httpx.ReadError)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(root=tmp_path, kinds=("video",))
    made.own_clock = Shifted(made.clock)
    made.write(tour="One.")
    return made


def refuse_to_answer(world: World, fault: str = "after") -> None:
    """An apply whose create is never answered."""
    first = world.cloud.creates + 1
    world.cloud.faults = dict.fromkeys(range(first, first + 400), fault)
    world.apply()
    world.cloud.faults = {}


# ── Between the sends of one apply


class Sleeper(Shifted):
    """A machine that is put to sleep in its first pause."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.clock.time += self.jump_of_all
        self.jump_of_all = 0.0

    jump_of_all = 0.0


@pytest.mark.parametrize("hours", [1, 19, 21, 30, 500])
@pytest.mark.parametrize("reply", [TOO_MANY, LOST], ids=["429", "lost"])
@pytest.mark.parametrize("taken", ["before", "after"])
def test_a_machine_that_slept_through_a_pause_sends_no_forgotten_key(
    world: World, hours: float, reply: Any, taken: str
) -> None:
    """The lid is closed while a create is asked for again, and opened hours later."""
    sleeper = Sleeper(world.clock)
    world.own_clock = sleeper
    wire = wired(world)
    wire.replies, world.cloud.faults = {1: reply}, {1: taken}

    def step(call: str) -> None:
        if call.startswith("created"):
            sleeper.jump_of_all, world.cloud.step = hours * HOUR, lambda _: None

    world.cloud.step = step
    result = world.apply()
    assert len(world.cloud.jobs) <= 1
    if hours < 20:
        assert result.exit_code == 0
    else:
        assert [f.code for f in result.failures] == ["VB551"]
        found = world.apply()
        assert [f.code for f in found.failures] == (["VB552"] if taken == "before" else [])
        assert len(world.cloud.jobs) == (0 if taken == "before" else 1)


class Listener(list[Event]):
    """Does something with the first event."""

    def __init__(self, do: Callable[[], None]) -> None:
        super().__init__()
        self._do = do

    def append(self, event: Event) -> None:
        if not self:
            self._do()
        super().append(event)


@pytest.mark.parametrize("jump", [-26 * HOUR, 26 * HOUR])
@pytest.mark.parametrize("when", ["planned", "create", "created"])
@pytest.mark.parametrize("later", [0.0, 21.0, 26.0, 40.0])
def test_a_machine_whose_clock_jumps_pays_once_at_any_later_time(
    world: World, jump: float, when: str, later: float
) -> None:
    """Whenever the jump comes: before a create is noted, before it is sent, before it is not
    answered; and whenever the next apply runs, whose clock is right by then or still wrong."""
    wire = wired(world)
    wire.replies, world.cloud.faults = dict.fromkeys(ALWAYS, LOST), dict.fromkeys(ALWAYS, "after")
    own = world.own_clock
    assert own is not None

    def step(call: str) -> None:
        if call.startswith(f"{when} ") or call == when:
            own.offset, world.cloud.step = own.offset + jump, lambda _: None

    world.cloud.step = step
    if when == "planned":
        world.events = Listener(partial(step, when))
    result = world.apply()
    assert [f.code for f in result.failures] == ["VB551"]
    world.cloud.faults, wire.replies = {}, {}
    world.clock.time += later * HOUR
    own.offset = 0.0 if later > 2 else own.offset
    result = world.apply()
    assert len(world.cloud.jobs) == 1
    assert {f.code for f in result.failures} <= {"VB552"}
    if not result.failures:
        assert quiet(world)


JUMPS = st.sampled_from([-26 * HOUR, -HOUR, -30.0, 0.0, 0.0, 30.0, HOUR, 26 * HOUR])


@one_in(2)  # ten minutes of sends take their time
@given(
    jumps=st.lists(st.tuples(JUMPS, JUMPS), min_size=1, max_size=6),
    script=st.data(),
    wrong=st.dictionaries(st.integers(1, 12), st.sampled_from(["before", "after", "late"])),
)
def test_no_jump_of_any_clock_pays_twice(
    jumps: list[tuple[float, float]], script: st.DataObject, wrong: dict[int, str]
) -> None:
    """The machine's clock and the server's jump, back and forth, between sends and between
    applies that are killed, with and without the journal: while the provider remembers its
    keys, a content has one job; what nobody can tell any more is said, and never sent."""
    with fleet() as ours:
        ours.write({"a": "One.", "b": "Two."})
        ours.ledger.faults = wrong
        own, left = ours.machines[0].own_clock, list(jumps)
        assert own is not None

        def step(call: str, before: Any = ours.ledger.step) -> None:
            if left and call.startswith(("create", "account")):
                mine, servers = left.pop()
                own.offset += mine
                ours.ledger.skew += servers
            before(call)

        ours.ledger.step = step
        for kill in script.draw(st.lists(st.none() | st.integers(1, 60), min_size=1, max_size=4)):
            if script.draw(st.booleans()):
                ours.machines[0].wipe("journal")
            result = ours.apply(0, kills={} if kill is None else {0: kill})
            assert ours.ledger.most() <= 1
            codes = {f.code for f in result.failures} if result else set()
            assert codes <= {"VB551", "VB552", "VB553"}, codes


# ── Intents that are too old for their key


def intent_of(world: World, name: str, **more: Any) -> Intent:
    request = world.sources[name]
    now = world.clock.time
    made = Intent(
        key=make_key(PROJECT, request.fingerprint, 1),
        provider="heygen",
        account="acc1",
        fingerprint=request.fingerprint,
        attempt=1,
        names=(name,),
        title=f"Title of {name}",
        body=dict(request.body),
        first_sent=now,
        last_sent=now,
        sends=1,
    )
    return replace(made, **more)


@pytest.mark.parametrize(
    ("first", "last", "now", "fresh"),
    [
        (0, 0, 0, True),
        (0, 0, 20 * HOUR, True),
        (0, 0, 20 * HOUR + 1, False),
        (0, 0, -30, True),  # dates have whole seconds, and a service has several clocks
        (0, 0, -90, False),
        (0, 600, 570, True),
        (0, 600, 300, False),  # time ran back since the last send
        (0, 600, 20 * HOUR, True),
    ],
)
def test_a_key_is_sent_for_twenty_hours_unless_time_ran_back(
    world: World, first: float, last: float, now: float, fresh: bool
) -> None:
    start = world.clock.time
    intent = intent_of(world, "tour", first_sent=start + first, last_sent=start + last)
    assert is_fresh(intent, start + now) is fresh


def other_video(world: World, title: str, *, at: float) -> None:
    """A video that somebody made by hand."""
    number = len(world.cloud.jobs) + 1
    world.cloud._take(("acc1", f"by:hand:{number}:1"), {"title": title}, at)


# What becomes of the create; titles of videos made by hand, so many seconds after it; what an
# apply says a day later.
TAKEN: dict[str, tuple[str, dict[float, str], list[str]]] = {
    "the job alone": ("after", {}, []),
    "nothing": ("before", {}, ["VB552"]),
    "a video of another title": ("before", {0: "Title of tours"}, ["VB552"]),
    "one a quarter of an hour earlier": ("before", {-900: "Title of tour"}, ["VB552"]),
    "one an hour later": ("before", {HOUR: "Title of tour"}, ["VB552"]),
    "the job and one made by hand": ("after", {30: "Title of tour"}, ["VB552"]),
    "two made by hand": ("before", {1: "Title of tour", 2: "Title of tour"}, ["VB552"]),
}


@pytest.mark.parametrize("keeps", ["journal and lock", "journal", "lock"])
@pytest.mark.parametrize("case", TAKEN)
def test_an_intent_too_old_for_its_key_is_the_one_video_that_can_only_be_it(
    world: World, case: str, keeps: str
) -> None:
    """Zero, one or two videos of its title, made about when it was sent."""
    taken, others, codes = TAKEN[case]
    began = world.clock.time
    refuse_to_answer(world, taken)
    for seconds, title in others.items():
        other_video(world, title, at=began + seconds)
    jobs, creates = len(world.cloud.jobs), world.cloud.creates
    world.clock.time += 21 * HOUR
    forget(world, keeps)
    result = world.apply()
    assert [f.code for f in result.failures] == codes
    assert (len(world.cloud.jobs), world.cloud.creates) == (jobs, creates)
    if codes:
        assert world.actions() == {"tour": "resume"}
        assert world.lock().videos["tour"].render.status is Status.intent
    else:
        assert world.lock().videos["tour"].render.video_id == "v1"
        assert quiet(world)


def forget(world: World, keeps: str) -> None:
    if "journal" not in keeps:
        for path in world.journal_path.parent.glob("journal.db*"):
            path.unlink()
    if "lock" not in keeps:
        world.lock_path.unlink()


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("keeps", ["journal and lock", "journal", "lock"])
def test_an_old_intent_that_shares_its_title_is_nobodys(
    world: World, keeps: str, private: bool
) -> None:
    """Two intents of one title, one job: it may be either's."""
    for name, script in (("tour", "One."), ("other", "Another.")):
        world.put(name, script, title="Shared", private=private)
    world.cloud.faults = {1: "after", **dict.fromkeys(range(2, 400), "before")}
    world.apply()
    world.cloud.faults = {}
    world.clock.time += 21 * HOUR
    forget(world, keeps)
    assert [f.code for f in world.apply().failures] == ["VB552", "VB552"]
    assert len(world.cloud.jobs) == 1


@pytest.mark.parametrize("keeps", ["journal and lock", "lock"])
def test_an_old_intent_may_be_what_an_entry_left_behind(world: World, keeps: str) -> None:
    """An edit came while the first create had no answer; one job was made of the two."""
    refuse_to_answer(world)
    world.put("tour", "Two.")
    refuse_to_answer(world, "before")
    assert len(world.lock().videos["tour"].history) == 1
    world.clock.time += 21 * HOUR
    forget(world, keeps)
    assert [f.code for f in world.apply().failures] == ["VB552"]
    assert len(world.cloud.jobs) == 1


@pytest.mark.parametrize("taken", ["before", "after"])
@pytest.mark.parametrize("keeps", ["journal and lock", "lock"])
def test_an_old_intent_without_a_title_is_unsure(world: World, taken: str, keeps: str) -> None:
    world.sources = {"tour": make_request("tour", "One.", title=None)}
    refuse_to_answer(world, taken)
    world.clock.time += 21 * HOUR
    forget(world, keeps)
    assert [f.code for f in world.apply().failures] == ["VB552"]
    assert not any(call.startswith("recent") for call in world.cloud.calls)
    assert world.apply(resubmit=frozenset({"tour"})).exit_code == 0
    assert world.lock().videos["tour"].render.attempt == 2


# ── After an id


def failed_before(cloud: Cloud, world: World, attempts: int, *, age: float) -> None:
    """What another machine tried in vain, and this one knows nothing of."""
    for attempt in range(1, attempts + 1):
        key = make_key(PROJECT, world.sources["tour"].fingerprint, attempt)
        cloud._take(("acc1", key), {"script": "One."}, cloud.clock.now() - age, fails=True)


@pytest.mark.parametrize("attempts", range(8))
def test_failures_replayed_at_first_look_are_stepped_over_five_at_most(
    world: World, attempts: int
) -> None:
    failed_before(world.cloud, world, attempts, age=HOUR)
    result = world.apply()
    assert world.cloud.creates == min(attempts + 1, 5)
    assert len(world.cloud.jobs) == attempts + (attempts < 5)
    if attempts < 5:
        assert result.exit_code == 0
        assert world.lock().videos["tour"].render.attempt == attempts + 1
        assert quiet(world)
    else:
        assert [f.code for f in result.failures] == ["VB555"]
        assert world.plan().changes[0].reason == "gave_up"
        assert world.apply(resubmit=frozenset({"tour"})).exit_code == 0
        assert world.cloud.most() == 1


@pytest.mark.parametrize(("age", "jobs"), [(590.0, 1), (610.0, 2)])
def test_a_failure_of_the_last_ten_minutes_is_this_applys_own(
    world: World, age: float, jobs: int
) -> None:
    failed_before(world.cloud, world, 1, age=age)
    result = world.apply()
    assert len(world.cloud.jobs) == jobs
    assert [f.code for f in result.failures] == (["VB555"] if jobs == 1 else [])


def test_a_failure_found_when_an_old_intent_is_answered_ends_there(world: World) -> None:
    """It was first sent in an earlier apply: the next plan retries."""
    world.cloud.faults = dict.fromkeys(ALWAYS, "after")
    world.sources = {"tour": make_request("tour", "FAIL")}
    world.apply()
    world.cloud.faults = {}
    world.clock.time += HOUR
    assert [f.code for f in world.apply().failures] == ["VB555"]
    assert len(world.cloud.jobs) == 1
    assert world.actions() == {"tour": "retry"}


@pytest.mark.parametrize(
    ("hidden", "codes", "status"),
    [
        (60.0, [], Status.completed),
        (119.0, [], Status.completed),
        (HOUR, ["VB553"], Status.submitted),
        (1000 * HOUR, ["VB553"], Status.submitted),
    ],
)
def test_a_video_that_is_not_there_yet_is_waited_for(
    world: World, hidden: float, codes: list[str], status: Status
) -> None:
    """Two minutes; then it stays submitted, and a day after it was sent it is gone."""
    world.cloud.hidden = hidden
    began = world.clock.time
    result = world.apply()
    assert [f.code for f in result.failures] == codes
    assert world.lock().videos["tour"].render.status is status
    if not codes:
        return
    assert world.clock.time - began == pytest.approx(120.0)
    assert world.actions() == {"tour": "resume"}
    for hours, then in ((22.0, Status.submitted), (3.0, Status.gone)):
        world.clock.time += hours * HOUR
        result = world.apply()
        expected = Status.completed if hidden == HOUR else then
        assert world.lock().videos["tour"].render.status is expected
        assert len(world.cloud.jobs) == 1
    assert world.actions() == {"tour": "unchanged" if hidden == HOUR else "rerender"}
