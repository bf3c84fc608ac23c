"""Whatever happens to applies and to their machines, a content is paid for once.

Sequences of applies, kills, lost journals and locks, joins and pauses, on up to three machines,
against a provider that loses, delays, refuses and fails; its ledger is the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from tests.apply.fleet import Fleet, fleet
from tests.apply.world import PROJECT
from vidbuild.state.identity import identity, key_of, same_key
from vidbuild.state.records import Lock, Render, Status

SCRIPTS = ["One.", "Two.", "Three."]
NAMES = ["a", "b", "c"]
FAULTS = ["before", "after", "late", "progress", "refused", "quota", "fails"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """On one machine, or on several at once; `kills` says which die, and at which step, `pulls`
    at which step somebody merges another machine's lock into theirs."""

    on: tuple[int, ...]
    kills: Mapping[int, int] = field(default_factory=dict)
    pulls: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lose:
    what: str
    on: int


@dataclass(frozen=True, slots=True)
class Share:
    giver: int
    taker: int


@dataclass(frozen=True, slots=True)
class Pass:
    seconds: float


@dataclass(frozen=True, slots=True)
class Edit:
    scripts: Mapping[str, str]


Act = Apply | Lose | Share | Pass | Edit

scripts = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(SCRIPTS), min_size=1)
OPTIONS: list[dict[str, Any]] = [
    {}, {}, {"wait": False}, {"timeout": 1.0}, {"timeout": 20.0}, {"jobs": 1}, {"fail_fast": True},
    {"download": False}, {"stop": 0.0}, {"stop": 3.0},
]  # fmt: skip


passes = st.builds(Pass, st.sampled_from([1.0, 70.0, 700.0, 5e3]))


def acts(machines: int, *, edits: bool, loses: bool = True) -> st.SearchStrategy[Act]:
    numbers = st.integers(0, machines - 1)
    kills = st.integers(1, 90)
    applies = st.builds(
        Apply,
        on=st.lists(numbers, min_size=1, max_size=2, unique=True).map(tuple),
        kills=st.dictionaries(numbers, kills, max_size=2),
        pulls=st.dictionaries(numbers, st.tuples(kills, numbers), max_size=1),
        options=st.sampled_from(OPTIONS),
    )
    others: list[st.SearchStrategy[Act]] = [
        st.builds(Pass, st.sampled_from([1.0, 70.0, 700.0, 5e3]))
    ]
    if machines > 1:
        others.append(st.builds(Share, numbers, numbers))
    if loses:
        others.append(st.builds(Lose, st.sampled_from(["journal", "lock"]), numbers))
    if edits:
        others.append(st.builds(Edit, scripts))
    return st.one_of(applies, applies, *others)


def renders(lock: Lock) -> list[Render]:
    entries = lock.videos.values()
    return [render for entry in entries for render in (entry.render, *entry.history)]


faults = st.dictionaries(st.integers(1, 12), st.sampled_from(FAULTS), max_size=6)


def carry_out(act: Act, on: Fleet) -> None:
    match act:
        case Apply():
            done = on.apply(*act.on, kills=act.kills, pulls=act.pulls, **act.options)
            event("killed" if done is None else "applied")
        case Lose():
            on.machines[act.on].wipe(act.what)
        case Share():
            on.share(act.giver, act.taker)
        case Pass():
            on.clock.time += act.seconds
        case Edit():
            on.write(act.scripts)


@given(
    size=st.integers(1, 3),
    wanted=scripts,
    script=st.data(),
    wrong=faults,
    replayed=st.booleans(),
)
def test_no_content_has_two_jobs_that_did_not_fail(
    size: int, wanted: dict[str, str], script: st.DataObject, wrong: dict[int, str], replayed: bool
) -> None:
    """For any kills, faults and lost answers, on any machines with or without their locks and
    journals, while the provider remembers its keys; whether it repeats refusals or not. Nothing
    is sent but what was accepted, or was open before; an attempt follows on a failed one. In the
    end every machine has every video."""
    sequence = script.draw(st.lists(acts(size, edits=True), min_size=1, max_size=7))
    with fleet(size) as ours:
        ours.ledger.faults, ours.ledger.replay_errors = wrong, replayed
        ours.write(wanted)
        for act in sequence:
            carry_out(act, ours)
            assert ours.ledger.most() <= 1
            assert ours.ledger.strays == []
        refused = {"refused", "quota"} & set(wrong.values())
        if not (replayed and refused):
            ours.finish()
        assert ours.ledger.most() <= 1
        assert ours.ledger.strays == []
        assert ours.clock.time - ours.begun < 20 * 3600


@given(wanted=scripts, script=st.data(), wrong=faults, keep=st.integers(0, 2))
def test_no_render_leaves_the_pool_and_no_status_falls(
    wanted: dict[str, str], script: st.DataObject, wrong: dict[int, str], keep: int
) -> None:
    """Over lock and journal, after every step of a sequence of edits and applies, killed or not.
    The lock alone keeps all that is in flight, and lets go of finished renders only where its
    histories are full."""
    sequence = script.draw(st.lists(acts(1, edits=True, loses=False), min_size=2, max_size=6))
    with fleet() as ours:
        ours.ledger.faults = wrong
        ours.write(wanted)
        machine = ours.machines[0]
        known, written = machine.pool(), machine.lock()
        for act in sequence:
            if isinstance(act, Apply):
                ours.apply(0, kills=act.kills, keep_history=keep, **act.options)
            else:
                carry_out(act, ours)
            now, lock = machine.pool(), machine.lock()
            _has_not_shrunk(ours, known, now)
            _has_let_go_of_nothing_in_flight(written, lock, now, keep)
            known, written = now, lock


def _has_let_go_of_nothing_in_flight(
    before: Lock, after: Lock, pool: Mapping[str, Status], keep: int
) -> None:
    """Failed renders are kept as an entry's own alone; of finished ones `keep` beside it."""
    full = any(
        sum(not r.status.in_flight for r in entry.history) >= keep
        for entry in after.videos.values()
    )
    there = {f(PROJECT, r) for r in renders(after) for f in (identity, same_key)}
    for render in renders(before):
        name = render.video_id or key_of(PROJECT, render)
        status = pool.get(name)
        if identity(PROJECT, render) in there or status in (None, Status.failed):
            continue  # None: refused, or answered in the meantime
        assert status is Status.completed, render
        assert full, render


def _has_not_shrunk(ours: Fleet, before: Mapping[str, Status], after: Mapping[str, Status]) -> None:
    for name, status in before.items():
        if name.startswith("vb1:") and name not in after:  # answered by a video, or refused
            jobs = [job for job in ours.ledger.jobs.values() if job.key == name]
            assert all(job.video_id in after for job in jobs), name
        else:
            assert after.get(name, Status.intent) >= status, name
            assert name in after
