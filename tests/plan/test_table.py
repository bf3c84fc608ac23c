"""The decision table, every combination of its facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from vidbuild.plan.model import Action, FileState
from vidbuild.plan.table import Facts, Known, State, Stored, choose

ROWS: dict[int, set[Action | None]] = {
    0: {Action.hold},
    1: {None},
    2: {Action.delete},
    3: {Action.orphan},
    4: {Action.unchanged, Action.update},
    5: {Action.fetch},
    6: {Action.reuse},
    7: {Action.resume},
    8: {Action.reuse},
    9: {Action.create},
    10: {Action.retry},
    11: {Action.rerender},
}


def every() -> Iterator[Facts]:
    flags = [(False, True)] * 7
    for stored, state, known, files in product(Stored, State, Known, FileState):
        for in_project, ready, metadata, led, busy, taken, prune in product(*flags):
            yield Facts(
                in_project=in_project,
                ready=ready,
                stored=stored,
                state=state,
                known=known,
                files=files,
                metadata=metadata,
                led=led,
                busy=busy,
                taken=taken,
                prune=prune,
            )


def test_every_combination_has_one_row_and_that_row_its_action() -> None:
    seen = set()
    for facts in every():
        row, action = choose(facts)
        assert action in ROWS[row], facts
        seen.add((row, action))
    assert seen == {(row, action) for row, actions in ROWS.items() for action in actions}


def test_nothing_pays_while_the_content_is_alive() -> None:
    for facts in every():
        _, action = choose(facts)
        if action is None or not action.renders:
            continue
        assert facts.in_project
        assert facts.ready
        assert facts.known is Known.dead, facts
        assert not facts.led, facts
        if facts.stored is Stored.equal:
            assert facts.state in (State.failed, State.gone), facts


def test_what_leaves_the_lock_is_asked_for_and_idle() -> None:
    for facts in every():
        if choose(facts)[1] is Action.delete:
            assert facts.prune
            assert not facts.busy
            assert not facts.taken
            assert not facts.in_project


def test_files_and_metadata_alone_never_change_who_pays() -> None:
    for facts in every():
        _, action = choose(facts)
        pays = action is not None and action.renders
        for files, metadata in product(FileState, (False, True)):
            _, other = choose(replace(facts, files=files, metadata=metadata))
            assert pays == (other is not None and other.renders)


EQUAL = Facts(stored=Stored.equal)


@pytest.mark.parametrize(
    ("facts", "row", "action"),
    [
        (replace(EQUAL, ready=False), 0, Action.hold),
        (EQUAL, 4, Action.unchanged),
        (replace(EQUAL, metadata=True), 4, Action.update),
        (replace(EQUAL, files=FileState.missing), 5, Action.fetch),
        (replace(EQUAL, files=FileState.altered, metadata=True), 5, Action.fetch),
        (replace(EQUAL, state=State.in_flight), 7, Action.resume),
        (replace(EQUAL, state=State.in_flight, known=Known.recorded), 6, Action.reuse),
        (replace(EQUAL, state=State.failed), 10, Action.retry),
        (replace(EQUAL, state=State.failed, led=True), 8, Action.reuse),
        (replace(EQUAL, state=State.failed, known=Known.in_flight), 7, Action.resume),
        (replace(EQUAL, state=State.gone), 11, Action.rerender),
        (replace(EQUAL, state=State.gone, known=Known.journal), 7, Action.resume),
        (Facts(), 9, Action.create),
        (Facts(led=True), 8, Action.reuse),
        (Facts(known=Known.recorded, led=True), 6, Action.reuse),
        (Facts(stored=Stored.other), 11, Action.rerender),
        (Facts(stored=Stored.other, state=State.failed), 11, Action.rerender),
        (Facts(stored=Stored.other, known=Known.journal), 7, Action.resume),
        (Facts(in_project=False), 3, Action.orphan),
        (Facts(in_project=False, prune=True), 2, Action.delete),
        (Facts(in_project=False, prune=True, busy=True), 3, Action.orphan),
        (Facts(in_project=False, prune=True, taken=True), 1, None),
    ],
)
def test_rows(facts: Facts, row: int, action: Action | None) -> None:
    assert choose(facts) == (row, action)
