"""Records of a render brought up to date: a status only climbs, and no name points elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from tests.state.strategies import PROJECT, entries, renders
from vidbuild.state.advance import advanced, is_record
from vidbuild.state.identity import key_of
from vidbuild.state.records import Entry, Render, Status

SENT = Render(
    provider="heygen", fingerprint="sha256:" + "0" * 64, status=Status.submitted, video_id="v"
)
OVER = {Status.completed, Status.failed, Status.gone}


@given(entries(), renders())
def test_an_entry_keeps_its_renders_and_what_it_points_at(entry: Entry, render: Render) -> None:
    after = advanced(PROJECT, entry, render)
    assert advanced(PROJECT, after, render) == after
    assert replace(after, render=entry.render, history=entry.history) == entry
    assert is_record(PROJECT, entry.render, after.render)
    assert after.render.status >= entry.render.status
    for record in entry.history:
        kept = [r for r in after.history if is_record(PROJECT, record, r)]
        assert kept or render.status is Status.failed
    if not any(is_record(PROJECT, r, render) for r in (entry.render, *entry.history)):
        assert after is entry


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("now", Status)
def test_every_step_of_a_status(before: Status, now: Status) -> None:
    record = replace(SENT, status=before)
    entry = Entry(fingerprint=SENT.fingerprint, request={}, render=record)
    after = advanced(PROJECT, entry, replace(SENT, status=now)).render.status
    climbs = now > before and (before.in_flight or now is Status.gone)
    assert after is (now if climbs else before)


def test_an_answered_intent_is_its_video() -> None:
    waiting = replace(SENT, status=Status.intent, video_id=None)
    entry = Entry(fingerprint=SENT.fingerprint, request={}, render=waiting)
    answered = replace(SENT, key=key_of(PROJECT, waiting), sent_at="2026-11-22T10:00:00Z")
    assert advanced(PROJECT, entry, answered).render == answered
    elsewhere = replace(answered, account="other")
    assert advanced(PROJECT, entry, elsewhere) is entry


def test_a_failed_render_leaves_the_history_alone_where_it_was_known() -> None:
    other = replace(SENT, video_id="w", status=Status.completed)
    entry = Entry(fingerprint=SENT.fingerprint, request={}, render=other, history=(SENT,))
    assert advanced(PROJECT, entry, replace(SENT, status=Status.failed)).history == ()
    assert advanced(PROJECT, entry, replace(SENT, status=Status.gone)).history[0].status in OVER
