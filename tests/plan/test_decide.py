"""What a plan says of real records: action, reason, source and all that rides along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.plan.worlds import entry, plan, render, request, video_id
from vidbuild.diagnostics import EXIT_USAGE, Problems
from vidbuild.plan.model import Action, Change, FileState, Plan
from vidbuild.state.identity import make_key
from vidbuild.state.recorded import Intent, Recorded, Tombstone
from vidbuild.state.records import Entry, Render, Status

A, B, C = request("a", "One."), request("b", "Two."), request("c", "Three.")


def only(result: Plan) -> Change:
    (change,) = result.changes
    return change


def said(result: Plan) -> dict[str, tuple[int, str, str]]:
    return {c.name: (c.row, c.action.value, c.reason) for c in result.changes}


def journal_of(*renders: Render) -> Recorded:
    return Recorded(renders=renders)


def intent_of(of: Any, attempt: int = 1) -> Recorded:
    return Recorded(
        intents=(
            Intent(
                key=make_key("demo", of.fingerprint, attempt),
                provider=of.provider,
                account=None,
                fingerprint=of.fingerprint,
                attempt=attempt,
                names=(of.name,),
                title=None,
                body=of.body,
                first_sent=1_700_000_000.0,
                last_sent=1_700_000_000.0,
                sends=1,
            ),
        )
    )


def missing(_name: str, _render: Render) -> FileState:
    return FileState.missing


A2 = request("a", "One, again.")
TITLED = request("a", "One.", title="New")

CASES: dict[str, tuple[Callable[[], Plan], dict[str, tuple[int, str, str]]]] = {
    "new": (lambda: plan([A]), {"a": (9, "create", "new")}),
    "two new twins": (
        lambda: plan([A, replace(A, name="z")]),
        {"a": (9, "create", "new"), "z": (8, "reuse", "twin")},
    ),
    "unchanged": (lambda: plan([A], {"a": entry(A)}), {"a": (4, "unchanged", "up_to_date")}),
    "title": (
        lambda: plan([TITLED], {"a": entry(A)}),
        {"a": (4, "update", "title_changed")},
    ),
    "protect": (
        lambda: plan([replace(A, protect=True)], {"a": entry(A)}),
        {"a": (4, "update", "protect_changed")},
    ),
    "title and protect": (
        lambda: plan([replace(TITLED, protect=True)], {"a": entry(A)}),
        {"a": (4, "update", "metadata_changed")},
    ),
    "private": (
        lambda: plan([replace(A, private=True)], {"a": entry(A)}),
        {"a": (4, "update", "private_changed")},
    ),
    "no longer private": (
        lambda: plan([A], {"a": entry(replace(A, private=True))}),
        {"a": (4, "update", "private_changed")},
    ),
    "no longer private, but ignoring another text": (
        lambda: plan(
            [replace(A2, ignore_changes=("script",))], {"a": entry(replace(A, private=True))}
        ),
        {"a": (4, "unchanged", "up_to_date")},
    ),
    "file missing, title too": (
        lambda: plan([TITLED], {"a": entry(A)}, files=missing),
        {"a": (5, "fetch", "file_missing")},
    ),
    "file altered": (
        lambda: plan([A], {"a": entry(A)}, files=lambda _n, _r: FileState.altered),
        {"a": (5, "fetch", "file_altered")},
    ),
    "script": (
        lambda: plan([A2], {"a": entry(A)}),
        {"a": (11, "rerender", "script_changed")},
    ),
    "script and title": (
        lambda: plan([request("a", "One, again.", title="New")], {"a": entry(A)}),
        {"a": (11, "rerender", "script_changed")},
    ),
    "script and size": (
        lambda: plan([request("a", "One, again.", resolution="720p")], {"a": entry(A)}),
        {"a": (11, "rerender", "content_changed")},
    ),
    "revision": (
        lambda: plan([request("a", "One.", revision=2)], {"a": entry(A)}),
        {"a": (11, "rerender", "revision_changed")},
    ),
    "another provider": (
        lambda: plan([A], {"a": entry(request("a", "One.", provider="heygen"))}),
        {"a": (11, "rerender", "provider_changed")},
    ),
    "callbacks": (
        lambda: plan([request("a", "One.", callback_id="x")], {"a": entry(A)}),
        {"a": (4, "unchanged", "up_to_date")},
    ),
    "a default spelt out": (
        lambda: plan([request("a", "One.", aspect_ratio="16:9")], {"a": entry(A)}),
        {"a": (4, "unchanged", "up_to_date")},
    ),
    "ignored": (
        lambda: plan([replace(A2, ignore_changes=("script",))], {"a": entry(A)}),
        {"a": (4, "unchanged", "up_to_date")},
    ),
    "ignored and in flight": (
        lambda: plan([replace(A2, ignore_changes=("script",))], {"a": entry(A, Status.submitted)}),
        {"a": (7, "resume", "in_flight")},
    ),
    "in flight": (
        lambda: plan([A], {"a": entry(A, Status.intent)}),
        {"a": (7, "resume", "in_flight")},
    ),
    "changed while in flight": (
        lambda: plan([A2], {"a": entry(A, Status.submitted)}),
        {"a": (11, "rerender", "script_changed")},
    ),
    "failed": (
        lambda: plan([A], {"a": entry(A, Status.failed)}),
        {"a": (10, "retry", "failed")},
    ),
    "failed thrice": (
        lambda: plan([A], {"a": entry(A, Status.failed, made={"attempt": 3})}),
        {"a": (10, "retry", "gave_up")},
    ),
    "failed thrice, twins": (
        lambda: plan(
            [A, replace(A, name="z")], {"z": entry(A, Status.failed, made={"attempt": 3})}
        ),
        {"a": (9, "create", "gave_up"), "z": (8, "reuse", "gave_up")},
    ),
    "gone": (
        lambda: plan([A], {"a": entry(A, Status.gone)}),
        {"a": (11, "rerender", "gone")},
    ),
    "gone, file kept": (
        lambda: plan([A], {"a": entry(A, Status.gone)}, kept=lambda _: True, files=missing),
        {"a": (4, "unchanged", "up_to_date")},
    ),
    "reverted": (
        lambda: plan([A], {"a": entry(A2, history=(render(A),))}),
        {"a": (6, "reuse", "reverted")},
    ),
    "reverted, newer in flight": (
        lambda: plan([A], {"a": entry(A2, Status.submitted, history=(render(A),))}),
        {"a": (6, "reuse", "reverted")},
    ),
    "renamed": (
        lambda: plan([replace(A, name="n")], {"a": entry(A)}),
        {"n": (6, "reuse", "renamed")},
    ),
    "renamed in flight": (
        lambda: plan([replace(A, name="n")], {"a": entry(A, Status.submitted)}),
        {"n": (7, "resume", "renamed")},
    ),
    "renamed after a failure": (
        lambda: plan([replace(A, name="n")], {"a": entry(A, Status.failed)}),
        {"a": (3, "orphan", "not_in_project"), "n": (9, "create", "new")},
    ),
    "renamed twice at once": (
        lambda: plan([replace(A, name="m"), replace(A, name="n")], {"a": entry(A)}),
        {"m": (6, "reuse", "renamed"), "n": (6, "reuse", "twin")},
    ),
    "a twin of a finished one": (
        lambda: plan([A, replace(A, name="n")], {"a": entry(A)}),
        {"a": (4, "unchanged", "up_to_date"), "n": (6, "reuse", "twin")},
    ),
    "a twin of one in flight": (
        lambda: plan([A, replace(A, name="n")], {"a": entry(A, Status.submitted)}),
        {"a": (7, "resume", "in_flight"), "n": (7, "resume", "in_flight")},
    ),
    "another's past": (
        lambda: plan([B, replace(A, name="n")], {"b": entry(B, history=(render(A),))}),
        {"b": (4, "unchanged", "up_to_date"), "n": (6, "reuse", "earlier")},
    ),
    "another profile": (
        lambda: plan([A], siblings={"pilot": {"x": entry(A)}}),
        {"a": (6, "reuse", "profile")},
    ),
    "swap": (
        lambda: plan([replace(B, name="a"), replace(A, name="b")], {"a": entry(A), "b": entry(B)}),
        {"a": (6, "reuse", "renamed"), "b": (6, "reuse", "renamed")},
    ),
    "finished by the journal alone": (
        lambda: plan([A], journal=journal_of(render(A))),
        {"a": (7, "resume", "journal")},
    ),
    "an intent in the journal alone": (
        lambda: plan([A], journal=intent_of(A)),
        {"a": (7, "resume", "journal")},
    ),
    "unsure": (
        lambda: plan(
            [A], journal=intent_of(A), unsure=frozenset({make_key("demo", A.fingerprint, 1)})
        ),
        {"a": (7, "resume", "unsure")},
    ),
    "held": (
        lambda: plan([A2], {"a": entry(A)}, held={"a": "translation_stale"}),
        {"a": (0, "hold", "translation_stale")},
    ),
    "held without a request": (
        lambda: plan([], held={"a": "untranslated"}),
        {"a": (0, "hold", "untranslated")},
    ),
    "broken is no orphan": (
        lambda: plan([], {"a": entry(A)}, broken=frozenset({"a"})),
        {"a": (0, "hold", "invalid")},
    ),
    "orphan": (lambda: plan([], {"a": entry(A)}), {"a": (3, "orphan", "not_in_project")}),
    "pruned": (
        lambda: plan([], {"a": entry(A)}, prune=True),
        {"a": (2, "delete", "not_in_project")},
    ),
    "not pruned while in flight": (
        lambda: plan([], {"a": entry(A, Status.intent)}, prune=True),
        {"a": (3, "orphan", "in_flight_orphan")},
    ),
    "not pruned while its past is in flight": (
        lambda: plan([], {"a": entry(A, history=(render(B, Status.submitted),))}, prune=True),
        {"a": (3, "orphan", "in_flight_orphan")},
    ),
    "resubmitted in flight": (
        lambda: plan([A], {"a": entry(A, Status.submitted)}, resubmit=frozenset({"a"})),
        {"a": (10, "retry", "resubmitted")},
    ),
    "resubmitted after giving up": (
        lambda: plan(
            [A],
            {"a": entry(A, Status.failed, made={"attempt": 3})},
            resubmit=frozenset({"a"}),
        ),
        {"a": (10, "retry", "resubmitted")},
    ),
    "abandoned in the journal": (
        lambda: plan(
            [A],
            {"a": entry(A, Status.submitted)},
            journal=Recorded(
                tombstones=(
                    Tombstone(
                        provider="studio",
                        account=None,
                        fingerprint=A.fingerprint,
                        attempt=1,
                        reason="abandoned",
                        video_id=video_id(A),
                    ),
                )
            ),
        ),
        {"a": (10, "retry", "abandoned")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    make, expected = CASES[case]
    assert said(make()) == expected


def test_a_failed_attempt_raises_the_next() -> None:
    assert only(plan([A], {"a": entry(A, Status.failed, made={"attempt": 2})})).attempt == 3


def test_a_failure_that_is_given_up_goes_with_its_content() -> None:
    """Its old name renders something else and forgets it: the new name is told to keep it."""
    before = {"a": entry(A, Status.failed, made={"attempt": 3}), "n": entry(B)}
    moved = plan([A2, replace(A, name="n")], before)
    assert said(moved) == {
        "a": (11, "rerender", "script_changed"),
        "n": (11, "rerender", "gave_up"),
    }
    kept = moved.changes[1].render
    assert kept is not None
    assert (kept.video_id, kept.status) == (video_id(A, 3), Status.failed)
    guarded = plan([A2, replace(A, name="n", protect=True)], before).changes[1]
    assert (guarded.reason, guarded.render, guarded.replaces) == ("gave_up", None, False)


def test_a_resubmission_gives_up_what_is_in_flight_and_counts_it() -> None:
    change = only(plan([A], {"a": entry(A, Status.submitted)}, resubmit=frozenset({"a"})))
    assert [r.video_id for r in change.abandons] == [video_id(A)]
    assert change.attempt == 2


@pytest.mark.parametrize(
    "entries", [{"a": entry(A)}, {"b": entry(replace(A, name="b"))}], ids=["own", "another's"]
)
def test_a_finished_content_cannot_be_resubmitted(entries: dict[str, Entry]) -> None:
    with pytest.raises(Problems) as caught:
        plan([A], entries, resubmit=frozenset({"a"}))
    assert caught.value.exit_code == EXIT_USAGE
    assert "revision" in (caught.value.diagnostics[0].hint or "")


def test_an_unknown_name_cannot_be_resubmitted() -> None:
    with pytest.raises(Problems) as caught:
        plan([request("intro")], resubmit=frozenset({"intr"}))
    assert "intro" in (caught.value.diagnostics[0].hint or "")


def test_a_rename_moves_the_old_name_and_an_unselected_one_stays() -> None:
    change = only(plan([replace(A, name="n")], {"a": entry(A)}))
    assert (change.moves, change.source) == (("a",), "a")
    kept = only(plan([replace(A, name="n")], {"a": entry(A)}, select=("n",)))
    assert (kept.moves, kept.source, kept.action) == ((), "a", Action.reuse)


def test_a_renamed_private_video_is_found_by_its_masked_content() -> None:
    old = entry(replace(A, private=True))
    renamed = replace(A, name="n", private=True)
    assert said(plan([renamed], {"a": old})) == {"n": (6, "reuse", "renamed")}
    stale = replace(old, fingerprint="sha256:" + "0" * 64)
    stale = replace(stale, render=replace(stale.render, fingerprint=stale.fingerprint))
    assert said(plan([renamed], {"a": stale})) == {"n": (6, "reuse", "renamed")}


def test_a_content_recorded_under_another_form_is_still_found() -> None:
    """A new edition changes a default: stored fingerprints are of another canonical form."""
    old = entry(request("a", "One.", aspect_ratio="16:9"))
    stale = replace(old, fingerprint="sha256:" + "1" * 64)
    stale = replace(stale, render=replace(stale.render, fingerprint=stale.fingerprint))
    assert said(plan([A], {"a": stale}))["a"] == (4, "unchanged", "up_to_date")
    assert said(plan([replace(A, name="n")], {"a": stale}))["n"] == (6, "reuse", "renamed")


def test_a_follower_needs_its_leader_to_be_selected() -> None:
    twins = [A, replace(A, name="z")]
    assert said(plan(twins, select=("z",))) == {"z": (9, "create", "new")}


@pytest.mark.parametrize(
    ("now", "before", "replaces"),
    [
        (replace(A2, protect=True), entry(A), True),
        (replace(A2, protect=True), entry(A, Status.failed), False),
        (replace(A2, protect=True), entry(A, Status.gone), False),
        (replace(A, protect=True), entry(A), False),
        (replace(TITLED, protect=True), entry(A), False),
        (replace(A, protect=True), entry(A2, history=(render(A),)), True),
        (replace(A, protect=True), entry(A, Status.failed), False),
    ],
)
def test_what_replaces_a_finished_render(now: Any, before: Entry, replaces: bool) -> None:
    change = only(plan([now], {"a": before}))
    assert change.protected
    assert change.replaces is replaces


def test_deleting_covers_only_ids_that_nothing_else_refers_to() -> None:
    shared, own = render(B), render(A)
    entries = {
        "a": entry(A, history=(shared, render(C, Status.failed))),
        "b": entry(B),
        "x": entry(replace(C, name="x"), protect=True),
    }
    result = plan([B], entries, prune=True)
    deletes = {c.name: c.deletes for c in result.changes}
    assert deletes["a"] == (own.video_id,)
    assert shared.video_id not in deletes["a"]


def test_fields_show_what_was_written_and_only_what_differs() -> None:
    old = request("a", "One.", resolution="720p", aspect_ratio="16:9", title="T")
    new = request("a", "Two.", background={"type": "color", "value": "#000000"}, title="T")
    fields = only(plan([new], {"a": entry(old)})).fields
    assert [(f.path, f.old, f.new) for f in fields] == [
        ("background.type", None, "color"),
        ("background.value", None, "#000000"),
        ("resolution", "720p", None),
        ("script", "One.", "Two."),
    ]


def test_private_text_never_shows() -> None:
    secret = request("a", "Top secret.", title="Secret too", private=True)
    change = only(plan([secret], {"a": entry(replace(A, private=True))}))
    assert "ecret" not in repr(change.fields)
    assert "ecret" not in repr(change.shown)
    script = next(f for f in change.fields if f.path == "script")
    assert script.new["length"] == len("Top secret.")
    assert script.old["length"] == len("One.")
