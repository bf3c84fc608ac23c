"""Edits of a real project's files: those that pay nothing, and those that must pay.

Each goes the whole way: files to requests to a plan against the lock of a finished apply.
After one more apply nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plan.edited import Edit, write_project
from tests.plan.edits import FREE, MOVING, PAID
from tests.plan.office import Office, Sources, copied, read
from vidbuild.plan.model import Action, Plan

IDLE = {Action.unchanged, Action.orphan, Action.hold}
After = Callable[[Edit], tuple[Plan, Office, Sources]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Office]:
    """The project and what a full apply of it leaves behind."""
    folder = write_project(tmp_path_factory.mktemp("edits"))
    office = Office()
    office.apply(read(folder))
    assert said(office.plan(read(folder))) == {}
    return folder, office


@pytest.fixture
def after(finished: tuple[Path, Office], tmp_path: Path) -> After:
    """The plan after an edit, with a state of its own to carry it out on."""
    folder, office = finished

    def plan(edit: Edit) -> tuple[Plan, Office, Sources]:
        copy = copied(folder, tmp_path / "edited")
        edit(copy)
        sources = read(copy)
        return office.plan(sources), office.copy(), sources

    return plan


def said(plan: Plan) -> dict[str, str]:
    """Every name that something happens to."""
    return {c.name: c.action.value for c in plan.changes if c.action is not Action.unchanged}


def quiet(office: Office, sources: Sources) -> bool:
    return all(c.action in IDLE for c in office.plan(sources).changes)


@pytest.mark.parametrize("edit", FREE)
def test_nothing_happens(edit: str, after: After) -> None:
    plan, _, _ = after(FREE[edit])
    assert said(plan) == {}
    assert (plan.pending, plan.summary.renders) == (False, 0)


@pytest.mark.parametrize("edit", MOVING)
def test_nothing_is_rendered(edit: str, after: After) -> None:
    make, expected = MOVING[edit]
    plan, office, sources = after(make)
    assert said(plan) == expected
    assert plan.summary.renders == 0
    jobs = len(office.jobs)
    office.apply(sources, plan)
    assert quiet(office, sources)
    assert len(office.jobs) == jobs


@pytest.mark.parametrize("edit", PAID)
def test_exactly_what_changed_is_rendered(edit: str, after: After) -> None:
    make, expected = PAID[edit]
    plan, office, sources = after(make)
    assert [change.name for change in plan.changes if change.pays] == sorted(expected)
    assert plan.summary.renders == len(expected)
    jobs = len(office.jobs)
    office.apply(sources, plan)
    assert quiet(office, sources)
    assert len(office.jobs) == jobs + len(expected)


def test_the_tables_are_long() -> None:
    assert len(FREE) + len(MOVING) >= 90
    assert len(PAID) >= 60
