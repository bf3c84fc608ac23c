"""Joining records of one render: in whatever order and grouping, the result is the same."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.state.strategies import renders
from vidbuild.state.identity import merge
from vidbuild.state.records import Output, Render, Status


@st.composite
def records(draw: st.DrawFn) -> list[Render]:
    """What several locks and journals say of one render."""
    found = draw(st.lists(renders(), min_size=1, max_size=5))
    return [replace(each, video_id="v", provider="heygen", account=None) for each in found]


@given(records(), st.randoms(use_true_random=False))
def test_order_and_grouping_of_records_are_nothing(found: list[Render], random: Any) -> None:
    straight = reduce(merge, found)
    random.shuffle(found)
    cut = random.randrange(len(found))
    halves = [reduce(merge, half) for half in (found[:cut], found[cut:]) if half]
    assert reduce(merge, halves) == straight
    assert merge(straight, random.choice(found)) == straight


@given(records())
def test_the_highest_status_and_all_that_any_record_knows(found: list[Render]) -> None:
    joined = reduce(merge, found)
    assert joined.status is max(each.status for each in found)
    for each in found:
        assert each.duration is None or joined.duration is not None
        assert each.outputs.keys() <= joined.outputs.keys()
        assert all(joined.outputs[kind] for kind, output in each.outputs.items() if output)


def test_outputs_join_one_by_one() -> None:
    one, two = (Output(path=f"{name}.mp4", bytes=1, sha256=name * 64) for name in "ab")
    video = Render(provider="heygen", fingerprint="sha256:0", status=Status.completed, video_id="v")
    first = replace(video, outputs={"video": one, "subtitle": None})
    second = replace(video, outputs={"subtitle": two})
    assert merge(first, second).outputs == {"video": one, "subtitle": two}
