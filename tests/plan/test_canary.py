"""Which renders come first, and what comes along with them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.plan.worlds import api, entry, plan, request
from vidbuild.plan.canary import apart, riskiest
from vidbuild.plan.model import Action, Change, Estimate, Plan


def first(of: Plan, count: int) -> list[str]:
    return [each.change.name for each in riskiest(api(), of.changes, count)]


LONG = "A sentence of many words that takes a while to be spoken by anybody at all. "


def test_the_longest_and_the_most_unusual_are_among_the_first() -> None:
    made = plan([
        request("a", "Plain words."),
        request("b", "Plain words, more of them. " + LONG),
        request("c", "Plain 4th word: ½ ≠ Ω."),
        request("d", "Plain word."),
    ])  # fmt: skip
    assert set(first(made, 2)) == {"b", "c"}
    why = {each.change.name: each.why for each in riskiest(api(), made.changes, 2)}
    assert "the longest" in why["b"]
    assert "the most unusual characters" in why["c"]


def test_one_of_each_engine_voice_and_language_comes_before_more_of_the_same() -> None:
    rest = [request(f"x{n}", f"{LONG * 3} Number {n}.") for n in range(20)]
    special = [
        request("engine", "One.", engine={"type": "avatar_v"}),
        request("voice", "Two.", voice_id="v2"),
        request("locale", "Three.", voice_settings={"locale": "de-DE"}),
        request("row", "Four.", row={"lang": "fr"}),
        request("alphabet", "Пять."),
        request("scenes", None, type="studio", avatar_id=None, voice_id=None, scenes=[
            {"type": "avatar_video", "input": {"type": "avatar", "avatar_id": "A",
             "voice_id": "v3", "script": "Six."}},
        ]),
    ]  # fmt: skip
    names = first(plan([*rest, *special]), 8)
    assert {each.name for each in special} < set(names)
    assert len([name for name in names if name.startswith("x")]) == 2


def test_what_everything_has_is_no_reason() -> None:
    chosen = riskiest(api(), plan([request("a", "One."), request("b", "Two and more.")]).changes, 2)
    assert not [why for each in chosen for why in each.why if "voice" in why or "Latin" in why]


def test_an_unknown_length_counts_as_the_longest() -> None:
    changes = plan([request("a", LONG), request("b", "Short."), request("c", "Tiny.")]).changes
    changes = (*changes[:2], replace(changes[2], estimate=Estimate()))
    assert riskiest(api(), changes, 1)[0].why == ("the longest",)
    assert riskiest(api(), changes, 1)[0].change.name == "c"


def test_only_what_pays_is_chosen() -> None:
    done, old = request("done", "Same."), request("new", "Same.")
    made = plan([done, old, request("other", "Another.")], {"done": entry(done)})
    assert {change.name: change.action for change in made.changes}["new"] is Action.reuse
    assert first(made, 9) == ["other"]
    assert first(plan([]), 3) == []


def test_twins_come_along_and_deletes_wait() -> None:
    gone = request("gone", "Gone.")
    made = plan(
        [request("a", "Same."), request("b", "Same."), request("c", "Other. " + LONG),
         request("d", "Other. " + LONG)],
        {"gone": entry(gone)},
        prune=True,
    )  # fmt: skip
    names = first(made, 1)
    assert names == ["c"]
    early, late = apart(made.changes, names)
    assert [change.name for change in early] == ["c", "d"]
    assert [change.name for change in late] == ["a", "b", "gone"]


SCRIPTS = st.text("ab 1ßжあ", min_size=1, max_size=12)


@given(st.lists(SCRIPTS, max_size=8), st.integers(1, 10), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_first_ones(
    scripts: list[str], count: int, random: Random
) -> None:
    made = plan([request(f"v{n}", f"x{script}", voice_id=f"v{n % 3}") for n, script in
                 enumerate(scripts)])  # fmt: skip
    chosen = first(made, count)
    shuffled: list[Change] = list(made.changes)
    random.shuffle(shuffled)
    assert [each.change.name for each in riskiest(api(), shuffled, count)] == chosen
    paying = [change.name for change in made.changes if change.pays]
    assert len(chosen) == len(set(chosen)) == min(count, len(paying))
    assert set(chosen) <= set(paying)
    assert first(made, count + 1)[: len(chosen)] == chosen
    early, late = apart(made.changes, chosen)
    assert {c.name for c in early} | {c.name for c in late} == {c.name for c in made.changes}
    assert not [c for c in early if c.pays and c.name not in chosen]
