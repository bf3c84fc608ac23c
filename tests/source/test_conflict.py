"""Texts with conflict markers are refused, texts that only look a little like it are not."""

from __future__ import annotations

import pytest

from vidbuild.diagnostics import Problems
from vidbuild.source.conflict import refuse_conflict

BOTH = "Hello.\n<<<<<<< HEAD\nOurs.\n=======\nTheirs.\n>>>>>>> other\nBye.\n"


@pytest.mark.parametrize("text", [BOTH, BOTH.replace("Ours.", "Ours.\n||||||| base\nBase.")])
def test_a_conflict_is_refused_at_its_first_line(text: str) -> None:
    with pytest.raises(Problems) as raised:
        refuse_conflict(text, file="a.j2")
    (found,) = raised.value.diagnostics
    assert found.code == "VB106"
    assert found.span is not None
    assert (found.span.file, found.span.line) == ("a.j2", 2)


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\nText.\n",
        "<<<<<<< HEAD\nOurs.\n",
        BOTH.replace("=======", "======="[:6]),
        BOTH.replace("<<<<<<< HEAD", " <<<<<<< HEAD"),
        BOTH.replace(">>>>>>> other", "Their end."),
    ],
)
def test_what_is_no_conflict_is_read(text: str) -> None:
    refuse_conflict(text, file="a.j2")
