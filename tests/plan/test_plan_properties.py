"""Properties of whole plans over made-up projects and locks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plan.worlds import api, applied, entry, lock, plan, render, request
from vidbuild.plan.build import plan_pool
from vidbuild.plan.model import Action, Plan
from vidbuild.request.model import Request
from vidbuild.state.recorded import Recorded
from vidbuild.state.records import Entry, Status

NAMES = ["a", "b", "c", "d/e", "d/f"]
SCRIPTS = ["One.", "Two.", "Three."]


# Made once: a strategy that is made for each draw is looked through for each.
_names = st.lists(st.sampled_from(NAMES), unique=True)
_scripts = st.sampled_from(SCRIPTS)
_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"script": _scripts, "title": st.sampled_from(["T", "U"]), "protect": st.booleans()}
)
_statuses = st.sampled_from(list(Status))
_attempts = st.integers(1, 3)
_pasts = st.lists(_scripts, max_size=2, unique=True)
_endings = st.sampled_from([Status.completed, Status.submitted])


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Request]:
    return {name: request(name, **draw(_fields)) for name in draw(_names)}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Entry]:
    return {name: _entry(draw, name) for name in draw(_names)}


def _entry(draw: st.DrawFn, name: str) -> Entry:
    of = request(name, draw(_scripts), title="T")
    status = draw(_statuses)
    attempt = draw(_attempts)
    past = draw(_pasts)
    history = tuple(
        render(request(name, script), draw(_endings))
        for script in past
        if script != of.body["script"]
    )
    return entry(of, status, made={"attempt": attempt}, history=history)


def alive(world: dict[str, Entry], of: Request) -> bool:
    pool = plan_pool(api(), {of.name: of}, lock(world), provider=of.provider)
    return any(member.finished or member.in_flight for member in pool.of(of.fingerprint))


def digest_free(result: Plan) -> Any:
    return (result.changes, result.summary, result.digest)


@given(requests(), entries(), st.booleans())
def test_every_name_has_one_row_or_moves(
    wanted: dict[str, Request], world: dict[str, Entry], prune: bool
) -> None:
    result = plan(wanted.values(), world, prune=prune)
    moved = [old for change in result.changes for old in change.moves]
    named = [change.name for change in result.changes]
    assert sorted(named + moved) == sorted({*wanted, *world})


@given(requests(), entries(), st.randoms(use_true_random=False))
def test_the_order_of_files_and_records_is_nothing(
    wanted: dict[str, Request], world: dict[str, Entry], random: Any
) -> None:
    shuffled, other = list(wanted.values()), list(world.items())
    random.shuffle(shuffled)
    random.shuffle(other)
    assert digest_free(plan(shuffled, dict(other))) == digest_free(plan(wanted.values(), world))


@given(requests(), entries())
def test_nothing_pays_while_its_content_is_alive_and_none_pays_twice(
    wanted: dict[str, Request], world: dict[str, Entry]
) -> None:
    result = plan(wanted.values(), world)
    paid = [change for change in result.changes if change.pays]
    for change in paid:
        assert change.request is not None
        assert not alive(world, change.request)
    contents = [change.request.fingerprint for change in paid if change.request is not None]
    assert len(contents) == len(set(contents))


@given(requests(), entries(), st.booleans())
def test_nothing_is_left_to_do_after_an_apply(
    wanted: dict[str, Request], world: dict[str, Entry], prune: bool
) -> None:
    # The lock forgets the failures of a name whose content changed; the journal does not.
    known = [render for each in world.values() for render in (each.render, *each.history)]
    journal = Recorded(renders=tuple(r for r in known if r.status is Status.failed))
    first = plan(wanted.values(), world, prune=prune, journal=journal)
    second = plan(wanted.values(), applied(first), prune=prune, journal=journal)
    idle = {Action.unchanged, Action.orphan, Action.hold}
    # What was in flight under an old name has ended by now: only then can it be pruned.
    busy = {c.name for c in first.changes if c.reason == "in_flight_orphan"}
    for change in second.changes:
        assert change.action in idle or change.reason == "gave_up" or change.name in busy


@given(requests(), st.permutations(NAMES))
def test_a_permutation_of_names_renders_and_deletes_nothing(
    wanted: dict[str, Request], order: list[str]
) -> None:
    world = {name: entry(each) for name, each in wanted.items()}
    renamed = dict(zip(NAMES, order, strict=True))
    moved = [replace(each, name=renamed[name]) for name, each in wanted.items()]
    result = plan(moved, world, prune=True)
    assert {c.action for c in result.changes} <= {
        Action.reuse,
        Action.update,
        Action.unchanged,
    }
    assert result.summary.renders == 0


@given(requests(), entries(), st.sets(st.sampled_from(NAMES), min_size=1))
def test_what_is_not_selected_is_only_read(
    wanted: dict[str, Request], world: dict[str, Entry], chosen: set[str]
) -> None:
    if not chosen & {*wanted, *world}:
        return
    result = plan(wanted.values(), world, select=tuple(sorted(chosen)), prune=True)
    for change in result.changes:
        assert change.name in chosen
        assert set(change.moves) <= chosen


@given(requests(), entries())
@settings(max_examples=50)
def test_the_digest_holds_what_is_paid_recorded_or_deleted_and_nothing_else(
    wanted: dict[str, Request], world: dict[str, Entry]
) -> None:
    first = plan(wanted.values(), world)
    tagged = [replace(each, tags=frozenset({"x"}), depends_on=("f",)) for each in wanted.values()]
    assert plan(tagged, world).digest == first.digest
    paying = [change for change in first.changes if change.pays]
    if paying:
        name = paying[0].name
        other = {**wanted, name: replace(wanted[name], body={**wanted[name].body, "title": "V"})}
        assert plan(other.values(), world).digest != first.digest
