"""Blocks in pages: whatever came and went, the text is that of the names in order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from vidbuild.state.pages import Pages

names = st.text("ab\U0001f600\uffff/", max_size=3)
blocks = st.none() | st.binary(max_size=6)


@given(st.lists(st.tuples(names, blocks), max_size=40))
def test_like_a_dict(steps: list[tuple[str, bytes | None]]) -> None:
    assert_alike(steps)


def test_many_of_them_come_in_any_order_change_and_go() -> None:
    draw = random.Random(7)  # noqa: S311 - no secret
    steps: list[tuple[str, bytes | None]] = []
    for _ in range(3000):
        name = f"{draw.randrange(500):03}"
        steps.append((name, None if draw.random() < 0.3 else name.encode() * draw.randrange(4)))
    pages = assert_alike(steps)
    for number in range(500):
        pages.drop(f"{number:03}")
    assert b"".join(pages) == b""
    pages.put("250", b"again")
    assert b"".join(pages) == b"again"


def test_a_change_among_thousands_leaves_nearly_all_pieces_alone() -> None:
    pages = Pages()
    for number in range(5000):
        pages.put(f"{number:05}", b"x" * 100)
    before = list(map(bytes, pages))
    assert len(before) > 50
    pages.put("02500", b"another")
    pages.drop("04000")
    after = list(map(bytes, pages))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 2


def assert_alike(steps: list[tuple[str, bytes | None]]) -> Pages:
    pages, known = Pages(), dict[str, bytes]()
    for name, block in steps:
        if block is None:
            pages.drop(name)
            known.pop(name, None)
        else:
            pages.put(name, block)
            known[name] = block
        assert b"".join(pages) == b"".join(known[each] for each in sorted(known))
    return pages
