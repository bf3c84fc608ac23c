"""Joining locks: the algebra, and what is never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.examples import one_in
from tests.state.strategies import FINGERPRINTS, PROJECT, locks
from vidbuild.diagnostics import Problems
from vidbuild.state.identity import identity, same_key
from vidbuild.state.join import join
from vidbuild.state.lock import decode_lock, encode_lock
from vidbuild.state.records import Asset, Entry, Lock, Render, Status

EMPTY = Lock(project=PROJECT)


def render(number: int = 1, status: Status = Status.completed, **more: object) -> Render:
    """The video `v<number>`; an intent has none."""
    made = Render(
        provider="heygen",
        fingerprint=FINGERPRINTS[number],
        status=status,
        video_id=None if status is Status.intent else f"v{number}",
        completed_at="2026-11-22T10:00:00Z" if status is Status.completed else None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def entry(current: Render, *past: Render, **more: object) -> Entry:
    made = Entry(
        fingerprint=current.fingerprint,
        request={"script": current.fingerprint[-1]},
        render=current,
        history=past,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def lock(**videos: Entry) -> Lock:
    return Lock(project=PROJECT, videos=videos)


@one_in(2)  # locks take long to draw
@given(locks, locks)
def test_a_side_that_did_not_change_says_nothing(base: Lock, other: Lock) -> None:
    assert join(base, base, other) == other
    assert join(base, other, base) == other
    assert join(base, other, other) == other


@one_in(2)  # locks take long to draw
@given(locks, locks, locks)
def test_ours_and_theirs_may_be_swapped(base: Lock, ours: Lock, theirs: Lock) -> None:
    joined = join(base, ours, theirs)
    assert joined == join(base, theirs, ours)
    data = encode_lock(joined)
    assert decode_lock(data, project=PROJECT, file="vidbuild.lock") == joined


@one_in(2)  # locks take long to draw
@given(locks, locks, locks)
def test_no_name_and_no_render_in_flight_is_lost(base: Lock, ours: Lock, theirs: Lock) -> None:
    joined = join(base, ours, theirs)
    for name in ours.videos.keys() & theirs.videos.keys():
        left, right, both = ours.videos[name], theirs.videos[name], joined.videos[name]
        if base.videos.get(name) in (left, right):
            continue
        before = base.videos.get(name)
        past = (before.render, *before.history) if before else ()
        done = [r for r in past if r.status in (Status.completed, Status.gone)]
        over = {f(PROJECT, r) for r in done for f in (identity, same_key)}
        now = {}
        for each in (both.render, *both.history):
            now[identity(PROJECT, each)] = each
            now[same_key(PROJECT, each)] = each
        for each in (left.render, right.render, *left.history, *right.history):
            known = now.get(identity(PROJECT, each))
            if each.status.in_flight and identity(PROJECT, each) not in over:
                # Still there; or it has ended since, in a failure that is no entry's own.
                ended = [r for r in (left.render, right.render) if r.status is Status.failed]
                assert known is not None or any(
                    identity(PROJECT, e) in (identity(PROJECT, each), same_key(PROJECT, each))
                    or same_key(PROJECT, e) == same_key(PROJECT, each)
                    for e in ended
                )
            if known is not None:
                assert known.status >= each.status


@one_in(2)  # locks take long to draw
@given(locks, locks, locks)
def test_request_and_render_come_from_one_side(base: Lock, ours: Lock, theirs: Lock) -> None:
    joined = join(base, ours, theirs)
    for name, both in joined.videos.items():
        sides = [side.videos[name] for side in (ours, theirs) if name in side.videos]
        assert any(
            (both.request, both.fingerprint, both.revision)
            == (side.request, side.fingerprint, side.revision)
            and same_key(PROJECT, both.render) == same_key(PROJECT, side.render)
            for side in sides
        )


def test_both_sides_rendered_anew() -> None:
    base = lock(tour=entry(render(0)))
    ours = lock(tour=entry(render(1), render(0)))
    theirs = lock(tour=entry(render(2, completed_at="2026-11-22T11:00:00Z"), render(0)))
    joined = join(base, ours, theirs).videos["tour"]
    assert joined.render.video_id == "v2"
    assert [r.video_id for r in joined.history] == ["v1", "v0"]
    assert joined.request == theirs.videos["tour"].request


@pytest.mark.parametrize("status", [Status.intent, Status.submitted, Status.failed])
def test_completed_beats_everything(status: Status) -> None:
    ours = lock(tour=entry(render(1)))
    theirs = lock(tour=entry(render(2, status)))
    joined = join(EMPTY, ours, theirs).videos["tour"]
    assert joined.render.video_id == "v1"
    assert len(joined.history) == (0 if status is Status.failed else 1)


def test_an_intent_and_its_answer_are_one_render() -> None:
    waiting = render(1, Status.intent, key=None, sent_at="2026-11-22T09:00:00Z")
    joined = join(EMPTY, lock(tour=entry(waiting)), lock(tour=entry(render(1)))).videos["tour"]
    assert joined.render.video_id == "v1"
    assert joined.history == ()


def test_removed_and_changed_is_changed() -> None:
    base = lock(tour=entry(render(0)))
    changed = lock(tour=entry(render(1), render(0)))
    assert join(base, changed, EMPTY) == changed
    assert join(base, base, EMPTY) == EMPTY


def test_an_evicted_render_stays_evicted_but_a_current_one_never_goes() -> None:
    base = lock(tour=entry(render(0), render(3)))
    ours = lock(tour=entry(render(1), render(0)))  # evicted v3
    theirs = lock(tour=entry(render(2, Status.failed), render(0), render(3)))
    joined = join(base, ours, theirs).videos["tour"]
    assert {r.video_id for r in joined.history} == {"v0"}
    back = lock(tour=entry(render(3, duration=1.0), render(0)))  # went back to v3
    assert "v3" in {
        r.video_id for e in [join(base, ours, back).videos["tour"]] for r in (e.render, *e.history)
    }


def test_protection_and_assets_join() -> None:
    def with_asset(asset_id: str, **more: object) -> Entry:
        asset = Asset(asset_id=asset_id, file="m.png", sha256="a" * 64)
        return entry(render(1), assets={"background.asset_id": asset}, **more)

    ours, theirs = with_asset("a2"), with_asset("a1", protect=True)
    joined = join(EMPTY, lock(tour=ours), lock(tour=theirs)).videos["tour"]
    assert joined.protect
    assert joined.assets["background.asset_id"].asset_id == "a1"


def test_other_projects_are_refused() -> None:
    with pytest.raises(Problems):
        join(EMPTY, EMPTY, Lock(project="other"))
