"""The pool: what is joined, what is best, which attempt is next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tests.state.strategies import FINGERPRINTS, PROJECT, locks
from tests.state.test_join import entry, lock, render
from vidbuild.state.identity import key_of, make_key
from vidbuild.state.pool import Pool
from vidbuild.state.pooling import build_pool
from vidbuild.state.recorded import Intent, Reason, Recorded, Refusal, Tombstone
from vidbuild.state.records import Entry, Lock, Render, Status
from vidbuild.state.times import seconds, stamp

SENT = "2026-11-22T09:00:00Z"


def pool_of(own: Lock, journal: Recorded | None = None, **siblings: Lock) -> Pool:
    return build_pool(
        own,
        provider="heygen",
        today=lambda each: each.fingerprint,
        siblings=siblings,
        journal=journal,
        kept=lambda each: each.video_id == "v_kept",
    )


def intent(number: int, *, attempt: int = 1) -> Intent:
    return Intent(
        key=make_key(PROJECT, FINGERPRINTS[number], attempt),
        provider="heygen",
        account=None,
        fingerprint=FINGERPRINTS[number],
        attempt=attempt,
        names=("tour",),
        title=None,
        body={},
        first_sent=seconds(SENT),
        last_sent=seconds(SENT),
        sends=1,
    )


def grave(of: Render, reason: Reason) -> Tombstone:
    return Tombstone(
        provider=of.provider,
        account=of.account,
        fingerprint=of.fingerprint,
        attempt=of.attempt,
        reason=reason,
        video_id=of.video_id,
        key=key_of(PROJECT, of),
    )


def test_higher_status_wins_wherever_it_is_recorded() -> None:
    waiting = entry(render(1, Status.submitted, key="k", sent_at=SENT))
    pool = pool_of(lock(tour=waiting), Recorded(renders=(render(1),)))
    best = pool.best(FINGERPRINTS[1], name="tour")
    assert best is not None
    assert (best.render.status, best.recorded, best.journal) == (Status.completed, False, True)
    assert best is pool.find(waiting.render)


def test_an_answered_intent_is_its_video() -> None:
    waiting = entry(render(1, Status.intent, sent_at=SENT))
    pool = pool_of(lock(tour=waiting), Recorded(renders=(render(1, Status.submitted),)))
    assert len(pool.members) == 1
    assert pool.find(waiting.render) is pool.members[0]
    assert pool.members[0].render.video_id == "v1"


ORDER = ["own entry", "own history", "this lock", "sibling", "journal"]


@pytest.mark.parametrize("best", range(len(ORDER)))
def test_the_nearest_finished_render_is_the_best(best: int) -> None:
    """All places from `best` on have one, each another video: the nearest wins."""
    each = [
        replace(render(1), video_id=f"v_{place}", attempt=n + 1) for n, place in enumerate(ORDER)
    ]
    other = render(2)
    own = entry(each[0] if best == 0 else other, *([each[1]] if best <= 1 else []))
    near = entry(each[2] if best <= 2 else other)
    far = {"draft": lock(z=entry(each[3]))} if best <= 3 else {}
    pool = pool_of(lock(tour=own, b=near), Recorded(renders=(each[4],)), **far)
    found = pool.best(FINGERPRINTS[1], name="tour")
    assert found is not None
    assert found.render.video_id == f"v_{ORDER[best]}"


def test_finished_before_in_flight_before_failed() -> None:
    failed = replace(render(1, Status.failed), video_id="v_f", attempt=1)
    waiting = replace(render(1, Status.submitted), video_id="v_w", attempt=2)
    done = replace(render(1), video_id="v_d", attempt=3)
    found = [
        pool_of(lock(tour=entry(failed)), Recorded(renders=renders)).best(
            FINGERPRINTS[1], name="tour"
        )
        for renders in ((), (waiting,), (waiting, done))
    ]
    assert [m and m.render.video_id for m in found] == ["v_f", "v_w", "v_d"]


@pytest.mark.parametrize(("video_id", "finished"), [("v_kept", True), ("v_lost", False)])
def test_a_gone_render_counts_while_its_file_is_good(video_id: str, finished: bool) -> None:
    gone = replace(render(1, Status.gone), video_id=video_id)
    pool = pool_of(lock(tour=entry(gone)))
    best = pool.best(FINGERPRINTS[1], name="tour")
    assert (best is not None and best.finished) is finished
    assert pool.attempt(FINGERPRINTS[1]) == 2


@pytest.mark.parametrize(("reason", "attempt"), [("abandoned", 3), ("deleted", 3), ("removed", 1)])
@pytest.mark.parametrize("recorded", [True, False])
def test_tombstones(reason: Reason, attempt: int, recorded: bool) -> None:
    buried = replace(render(1, Status.submitted), attempt=2)
    journal = Recorded(tombstones=(grave(buried, reason),), renders=(buried,) if recorded else ())
    pool = pool_of(lock(), journal)
    assert pool.best(FINGERPRINTS[1], name="tour") is None
    assert pool.attempt(FINGERPRINTS[1]) == attempt


@pytest.mark.parametrize(
    ("statuses", "attempt", "gave_up"),
    [
        ([], 1, False),
        ([Status.submitted], 1, False),
        ([Status.failed], 2, False),
        ([Status.failed, Status.failed], 3, False),
        ([Status.failed, Status.failed, Status.failed], 4, True),
        ([Status.failed, Status.failed, Status.gone], 4, False),
        ([Status.failed, Status.failed, Status.submitted], 3, False),
        ([Status.completed, Status.failed, Status.failed], 4, True),
    ],
)
def test_attempts_and_giving_up(statuses: list[Status], attempt: int, gave_up: bool) -> None:
    tried = tuple(
        replace(render(1, status), video_id=f"v_{n}", attempt=n + 1)
        for n, status in enumerate(statuses)
    )
    pool = pool_of(lock(), Recorded(renders=tried))
    assert pool.attempt(FINGERPRINTS[1]) == attempt
    assert pool.gave_up(FINGERPRINTS[1]) is gave_up


def test_an_abandoned_third_failure_is_not_given_up() -> None:
    third = replace(render(1, Status.failed), attempt=3)
    pool = pool_of(lock(), Recorded(renders=(third,), tombstones=(grave(third, "abandoned"),)))
    assert not pool.gave_up(FINGERPRINTS[1])
    assert pool.attempt(FINGERPRINTS[1]) == 4


@pytest.mark.parametrize(("shift", "known"), [(0, False), (-3600, True), (3600, True)])
def test_an_intent_that_this_journal_saw_refused_is_no_job(shift: int, known: bool) -> None:
    ghost = render(1, Status.intent, sent_at=stamp(seconds(SENT) + shift))
    refusal = Refusal(
        key=key_of(PROJECT, ghost),
        provider="heygen",
        account=None,
        first_sent=seconds(SENT) + 0.7,
        last_sent=seconds(SENT) + 9,
    )
    pool = pool_of(lock(tour=entry(ghost)), Recorded(refusals=(refusal,)))
    assert (pool.best(FINGERPRINTS[1], name="tour") is not None) is known


def test_a_refused_request_is_no_member_and_can_be_given_up() -> None:
    refusals = [
        Refusal(key=key, provider=provider, account="acc1", first_sent=1.0, last_sent=2.0)
        for key, provider in [
            (make_key(PROJECT, FINGERPRINTS[1], 2), "heygen"),
            (make_key(PROJECT, FINGERPRINTS[1], 3), "studio"),
            (make_key("other", FINGERPRINTS[1], 4), "heygen"),
            ("no key of ours", "heygen"),
            (f"vb1:{PROJECT}:x:\N{ARABIC-INDIC DIGIT ONE}", "heygen"),
        ]
    ]
    pool = pool_of(lock(), Recorded(refusals=tuple(refusals)))
    assert pool.members == ()
    assert pool.attempt(FINGERPRINTS[1]) == 1
    [refused] = pool.refused[FINGERPRINTS[1]]
    assert list(pool.refused) == [FINGERPRINTS[1]]
    assert (refused.attempt, refused.account, refused.status) == (2, "acc1", Status.intent)


def test_another_providers_renders_are_not_in_the_pool() -> None:
    draft = replace(render(1), provider="studio")
    assert pool_of(lock(tour=entry(draft)), Recorded(renders=(draft,))).members == ()


def test_todays_form_of_an_entry_names_its_content() -> None:
    """Stored under an older canonical form, found under today's alone."""
    pool = build_pool(
        lock(tour=entry(render(1))), provider="heygen", today=lambda _: FINGERPRINTS[2]
    )
    assert pool.best(FINGERPRINTS[2], name="tour") is not None
    assert pool.best(FINGERPRINTS[1], name="tour") is None


def test_a_private_content_is_found_under_its_masked_name() -> None:
    pool = build_pool(
        lock(tour=entry(render(1), private=True)),
        provider="heygen",
        today=lambda _: "sha256:masked",
    )
    assert pool.best(FINGERPRINTS[1], name="tour") is None
    assert pool.best(FINGERPRINTS[1], name="tour", masked="sha256:masked") is not None


@given(locks, st.lists(st.integers(0, 3), max_size=3))
def test_an_open_intent_is_always_in_flight_or_answered(own: Lock, numbers: list[int]) -> None:
    journal = Recorded(intents=tuple(intent(n) for n in set(numbers)))
    pool = pool_of(own, journal)
    for number in set(numbers):
        members = pool.of(FINGERPRINTS[number])
        keys = {key_of(PROJECT, m.render) for m in members if m.render.account is None}
        owners = [e for e in entries_of(own) if e.render.fingerprint == FINGERPRINTS[number]]
        assert intent(number).key in keys or owners


def entries_of(own: Lock) -> list[Entry]:
    return list(own.videos.values())


@one_in(2)  # locks take long to draw
@given(locks, locks)
def test_every_record_has_a_member_with_at_least_its_status(own: Lock, other: Lock) -> None:
    pool = pool_of(own, sibling=other)
    for each in (*entries_of(own), *entries_of(other)):
        for record in (each.render, *each.history):
            if record.provider == "heygen":
                member = pool.find(record)
                assert member is not None
                assert member.render.status >= record.status
                assert member in pool.members


@one_in(2)  # locks take long to draw
@given(locks, locks)
def test_the_pool_does_not_depend_on_the_order_of_names(own: Lock, other: Lock) -> None:
    def reversed_(each: Lock) -> Lock:
        return replace(each, videos=dict(reversed(list(each.videos.items()))))

    one = pool_of(own, sibling=other)
    two = pool_of(reversed_(own), sibling=reversed_(other))
    for fingerprint in FINGERPRINTS:
        first, second = (pool.best(fingerprint, name="a") for pool in (one, two))
        assert (first and first.render) == (second and second.render)
        assert one.attempt(fingerprint) == two.attempt(fingerprint)
        assert one.gave_up(fingerprint) == two.gave_up(fingerprint)
