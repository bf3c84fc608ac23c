"""What was accepted is what is done: by digest, by saved plan, by budget, by account, and without
a word that nobody else should read. Through the commands' own way from a project folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.apply.fleet import mortal
from tests.apply.site import Mismatch, Over, Site
from tests.apply.wire import SECRET, says
from tests.examples import one_in
from vidbuild.plan.model import Action

NAMES = ["a", "b", "c"]
SCRIPTS = ["One.", "Two.", "Three, which takes a little longer to say.", "Same."]
DONE = {Action.unchanged, Action.orphan}

projects = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(SCRIPTS), min_size=1)
kills = st.lists(st.integers(1, 70), min_size=1, max_size=3)
faults = st.dictionaries(
    st.integers(1, 8), st.sampled_from(["before", "after", "late", "progress", "refused", "fails"])
)


@contextmanager
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, mortal():
        yield Site(root=Path(folder).resolve())


def finished(ours: Site) -> bool:
    plan = ours.propose().plan
    return all(change.action in DONE for change in plan.changes)


@one_in(4)
@given(projects, projects, kills, faults, st.booleans(), st.booleans())
def test_a_killed_apply_finishes_under_what_was_accepted(
    before: dict[str, str], after: dict[str, str], dies: list[int], wrong: dict[int, str],
    saved: bool, prune: bool,
) -> None:  # fmt: skip
    """Killed anywhere, more than once, with answers lost and renders failing: the same digest or
    the same saved plan goes on where it was, until all is done and nothing was paid twice."""
    options = {"prune": prune, "delete_remote": prune}
    with site() as ours:
        ours.write(before)
        assert ours.apply(ours.propose())
        ours.write(after)
        digest = ours.save(**options)
        ours.ledger.faults = {ours.ledger.creates + n: fault for n, fault in wrong.items()}
        for kill in [*dies, *[None] * 5]:
            try:
                again = ours.saved() if saved else ours.expected(digest, **options)
            except Mismatch:  # it was killed when all was done and written
                assert finished(ours)
                break
            result = ours.apply(again, kill=kill)
            if result is not None and result.exit_code == 0:
                break
        else:
            pytest.fail("it never finishes")
        assert finished(ours)
        assert ours.ledger.most() <= 1


@one_in(4)
@given(projects, projects, kills, faults, st.floats(0, 0.3), st.booleans())
def test_no_apply_accepts_more_than_max_cost(
    before: dict[str, str], after: dict[str, str], dies: list[int], wrong: dict[int, str],
    limit: float, in_policy: bool,
) -> None:  # fmt: skip
    """By its high estimates, requests without an answer included: what one run may send comes
    to no more than the limit, or nothing is sent at all."""
    head: dict[str, Any] = {"policy": {"max_cost": limit}} if in_policy else {}
    with site() as ours:
        ours.ledger.faults = wrong
        for kill, videos in zip(
            [*dies, None, None], [before, after, after, after, after], strict=False
        ):
            ours.write(videos, **head)
            sent = len(ours.ledger.calls)
            proposal = ours.propose()
            prices = {
                change.request.fingerprint.removeprefix("sha256:"): change.estimate.cost_high_usd
                for change in proposal.plan.changes
                if change.request
            }
            try:
                ours.apply(proposal, kill=kill, max_cost=None if in_policy else limit)
                event("within the limit")
            except Over:
                event("refused")
                assert len(ours.ledger.calls) == sent
            creates = {c for c in ours.ledger.calls[sent:] if c.startswith("create ")}
            contents = {call.split(":")[2] for call in creates}
            assert sum(prices[content] or 0.0 for content in contents) <= limit + 1e-6


@one_in(4)
@given(projects, projects, kills, st.booleans())
def test_another_accounts_key_is_used_for_nothing(
    before: dict[str, str], after: dict[str, str], dies: list[int], lock: bool
) -> None:
    """Whatever an earlier apply left behind, finished, in flight or unanswered, in lock and journal
    or in the journal alone: with the key of another account nothing of it is asked for,
    fetched, deleted, sent or called gone."""
    with site() as ours:
        ours.write(before)
        ours.ledger.faults = {1: "after"}
        ours.apply(ours.propose(), kill=dies[0], wait=False)
        old = set(ours.ledger.jobs)
        for path in ours.root.glob("build/*.mp4"):
            path.unlink()
        if not lock:
            (ours.root / "vidbuild.lock").unlink(missing_ok=True)
        records = ours.open()
        known = {r.fingerprint for r in records.journal.renders}
        known |= {i.fingerprint for i in records.journal.intents}
        ours.ledger.account_hash = "acc2"
        ours.ledger.calls.clear()
        ours.write(after)
        try:
            proposal = ours.propose(prune=True, delete_remote=True)
            ours.apply(proposal)
            event("not refused")
        except Over:
            event("refused")
            assert set(ours.ledger.calls) <= {"account"}
        new = set(ours.ledger.jobs) - old
        assert {ours.ledger.jobs[v].account for v in new} <= {"acc2"}
        assert not any("sha256:" + ours.ledger.jobs[v].content in known for v in new)
        for call in ours.ledger.calls:
            word, _, rest = call.partition(" ")
            assert word not in ("recent", "delete")
            assert word != "video" or rest not in old
            assert word != "download" or rest.split("/")[-2] not in old
        after_all = ours.open()
        statuses = [r.status.name for r in after_all.journal.renders]
        assert "gone" not in statuses


@one_in(4)
@given(projects, kills, faults, st.sampled_from([400, 401, 500]))
def test_no_key_is_written_down_and_no_callback_into_the_lock(
    videos: dict[str, str], dies: list[int], wrong: dict[int, str], status: int
) -> None:
    """In no file that planning and applying leave, killed or not, by a provider that repeats the
    key in its errors; what the journal has of an open request is gone once it is answered."""
    with site() as ours:
        echo = says(status, "no_good", f"{SECRET} is no good", **{"x-request-id": SECRET})
        ours.over_the_wire().replies = dict.fromkeys(range(1, 400), echo)
        ours.ledger.faults = wrong
        hooks = {"callback_url": "https://hooks.test/in?token=h00k", "callback_id": "c4llb4ck"}
        ours.write({name: {"script": script, **hooks} for name, script in videos.items()})
        ours.save()
        for kill in [*dies, None]:
            ours.apply(ours.propose(), kill=kill)
            for path in ours.root.rglob("*"):
                data = path.read_bytes() if path.is_file() else b""
                assert SECRET.encode() not in data, path
                if path.suffix == ".lock":
                    assert b"h00k" not in data
                    assert b"c4llb4ck" not in data
        assert not any(SECRET in repr(event) for event in ours.events)
        if finished(ours):
            state = ours.root / ".vidbuild" / "state"
            assert not any(b"h00k" in path.read_bytes() for path in state.iterdir())
