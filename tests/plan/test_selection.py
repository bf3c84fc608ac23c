"""Selection patterns, one line a case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import entry, plan, request
from vidbuild.diagnostics import EXIT_ERROR, EXIT_USAGE, Problems
from vidbuild.plan.model import Plan
from vidbuild.plan.selection import Selection, Subject, glob, select_names

SUBJECTS = [
    Subject(name="welcome", tags=frozenset({"intro", "team/a"}), depends_on=("vidbuild.yaml",)),
    Subject(
        name="pricing/de",
        row={"lang": "de", "seats": 5, "vip": True, "plan": {"id": "x"}},
        depends_on=("vidbuild.yaml", "scripts/de/pricing.j2"),
    ),
    Subject(name="pricing/fr", row={"lang": "fr", "seats": None}, tags=frozenset({"intro"})),
    Subject(name="pricing/fr/long"),
    Subject(name="old"),
]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("welcome", "welcome"),
        ("*", "welcome old"),
        ("**", "welcome pricing/de pricing/fr pricing/fr/long old"),
        ("pricing/*", "pricing/de pricing/fr"),
        ("pricing/**", "pricing/de pricing/fr pricing/fr/long"),
        ("**/fr", "pricing/fr"),
        ("**/fr/**", "pricing/fr/long"),
        ("**e", "welcome pricing/de"),
        ("pricing/?r", "pricing/fr"),
        ("WELCOME", ""),
        ("wel.ome", ""),
        ("tag:intro", "welcome pricing/fr"),
        ("tag:team/*", "welcome"),
        ("tag:team", ""),
        ("each.lang=de", "pricing/de"),
        ("each.seats=5", "pricing/de"),
        ("each.vip=true", "pricing/de"),
        ("each.seats=", "pricing/fr"),
        ("each.plan.id=x", "pricing/de"),
        ("each.nothing=x", ""),
        ("file:scripts/de/pricing.j2", "pricing/de"),
        ("file:./scripts/de/../de/pricing.j2", "pricing/de"),
        ("file:scripts/**", "pricing/de"),
        ("file:vidbuild.yaml", "welcome pricing/de"),
        ("tag:intro,pricing/*", "pricing/fr"),
        ("pricing/*, each.lang=fr", "pricing/fr"),
    ],
)
def test_patterns(pattern: str, names: str) -> None:
    assert select_names(Selection(select=(pattern,)), SUBJECTS) == set(names.split())


def test_patterns_repeat_as_or_and_exclude_takes_away() -> None:
    chosen = Selection(select=("welcome", "pricing/**"), exclude=("**/fr", "tag:intro"))
    assert select_names(chosen, SUBJECTS) == {"pricing/de", "pricing/fr/long"}
    assert "old" in select_names(Selection(exclude=("pricing/**",)), SUBJECTS)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("tags:x", "tag:x"),
        ("action:rerendr", "rerender"),
        ("tag:", "tag:"),
        ("", "each.COLUMN"),
        ("a,", "each.COLUMN"),
        ("lang=de", "each.COLUMN"),
        ("each.=de", "each.COLUMN"),
        ("each.lang", "each.COLUMN"),
        ("http://x", "file:PATH"),
    ],
)
def test_patterns_that_cannot_be_read(pattern: str, hint: str) -> None:
    with pytest.raises(Problems) as caught:
        select_names(Selection(select=(pattern,)), SUBJECTS)
    assert caught.value.exit_code == EXIT_USAGE
    assert hint in (caught.value.diagnostics[0].hint or "")


@given(st.text("ab/.", min_size=1, max_size=8))
def test_a_name_matches_itself_and_stars_stop_where_they_should(name: str) -> None:
    assert glob(name).match(name)
    assert glob("**").match(name)
    assert bool(glob("*").match(name)) == ("/" not in name)


def test_actions_are_selected_by_what_the_plan_says() -> None:
    videos = [request("a"), request("b", "Two."), request("c", "Three.")]
    world = {
        "a": entry(videos[0]),
        "b": entry(request("b", "Before.")),
        "gone": entry(request("g", "G")),
    }
    assert _names(plan(videos, world, select=("action:rerender",))) == ["b"]
    assert _names(plan(videos, world, select=("action:create", "action:orphan"))) == ["c", "gone"]
    assert _names(plan(videos, world, exclude=("action:create",))) == ["a", "b", "gone"]


def test_asking_for_reuses_never_turns_one_into_a_render() -> None:
    twins = [request("a"), request("b"), request("c", "Else.")]
    with pytest.raises(Problems):
        plan(twins, select=("action:reuse",))
    assert _names(
        plan(twins, exclude=("action:create",), entries={"x": entry(request("x", "X"))})
    ) == ["x"]


def test_a_rename_stays_whole_when_reuses_are_asked_for() -> None:
    result = plan([request("b")], {"a": entry(request("a"))}, select=("action:reuse",))
    assert [(c.name, c.moves) for c in result.changes] == [("b", ("a",))]


@pytest.mark.parametrize("select", [("nothing",), ("welcom",), ("tag:x",), ("action:retry",)])
def test_a_selection_of_nothing_is_an_error(select: tuple[str, ...]) -> None:
    with pytest.raises(Problems) as caught:
        plan([request("welcome")], select=select)
    assert caught.value.exit_code == EXIT_ERROR
    if select == ("welcom",):
        assert "welcome" in (caught.value.diagnostics[0].hint or "")


def test_one_idle_pattern_among_others_is_a_warning() -> None:
    result = plan([request("welcome")], select=("welcome", "welcom"))
    (warning,) = result.diagnostics
    assert (warning.code, warning.severity) == ("VB703", "warning")
    assert "welcome" in (warning.hint or "")


def test_an_empty_project_is_no_empty_selection() -> None:
    assert plan([]).changes == ()


def _names(result: Plan) -> list[str]:
    return [change.name for change in result.changes]
