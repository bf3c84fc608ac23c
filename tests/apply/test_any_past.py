"""A disk of any earlier day: whatever is left of journal and lock, the next apply gets there."""

from __future__ import annotations

import shutil

from hypothesis import given
from hypothesis import strategies as st

from tests.apply.fleet import fleet
from tests.apply.test_pay_once import acts, carry_out, faults, scripts


@given(wanted=scripts, script=st.data(), wrong=faults)
def test_any_beginning_of_a_journal_with_any_lock_leads_to_the_same_videos(
    wanted: dict[str, str], script: st.DataObject, wrong: dict[int, str]
) -> None:
    """The journal as it was after any of its transactions, or none, beside the lock as it was
    at any other time, or none, with or without the files: every video is there in the end, and
    no content has two jobs that did not fail."""
    sequence = script.draw(st.lists(acts(1, edits=True), min_size=1, max_size=5))
    with fleet(remembers=True) as ours:
        machine = ours.machines[0]
        ours.ledger.faults = wrong
        ours.write(wanted)
        for act in sequence:
            carry_out(act, ours)
        past = machine.past or {}
        machine.past = None
        if script.draw(st.booleans()):
            ours.write(script.draw(scripts))
        for _ in range(2):
            journal, lock = (
                script.draw(st.sampled_from([None, *past[kind]])) for kind in ("journal", "lock")
            )
            machine.restore(journal=journal, lock=lock)
            if script.draw(st.booleans()):
                shutil.rmtree(machine.output_dir, ignore_errors=True)
            ours.finish()
            assert ours.ledger.most() <= 1
            assert ours.ledger.strays == []
