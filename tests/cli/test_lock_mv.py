"""`vidbuild lock mv`: names move; nothing is rendered, downloaded or lost."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.shop import Shop
from vidbuild.diagnostics import Problems
from vidbuild.project.names import folded
from vidbuild.workspace.locking import Pair
from vidbuild.workspace.locking_moves import find_moves

FIRST = {"old/a": "First.", "old/b": "Second.", "c": "Third."}


@pytest.fixture
def moved(shop: Shop) -> Shop:
    """Three videos, rendered."""
    shop.write(**FIRST)
    shop.apply()
    return shop


def files(shop: Shop) -> dict[str, bytes]:
    return {k: v for k, v in shop.state().items() if k.endswith(".mp4")}


def downloads(shop: Shop) -> int:
    """Every request that was ever made but for asking who the key is of."""
    return sum(n for what, n in shop.studio.ledger("sk-heygen-test-1234567890")["requests"].items()
               if "users/me" not in what and "_studio" not in what)  # fmt: skip


def test_one_name(moved: Shop) -> None:
    before = files(moved)
    done = moved.run("lock", "mv", "c", "d")
    assert (done.returncode, done.stdout) == (0, "moved c to d\n"), done.stderr
    assert done.stderr == "note: the project does not have this name\n"
    assert set(moved.lock()["videos"]) == {"d", "old/a", "old/b"}
    assert files(moved) == before
    moved.write(**{"old/a": "First.", "old/b": "Second.", "d": "Third."})
    assert moved.actions()["d"] == "fetch"
    asked = downloads(moved)
    moved.apply()
    assert downloads(moved) == asked  # copied, not fetched
    after = {k.replace("build/c.", "build/d."): v for k, v in before.items()}
    assert files(moved) == after
    assert set(moved.actions().values()) == {"unchanged"}
    assert len(moved.jobs()) == 3


def test_names_are_composed_however_they_are_typed(shop: Shop) -> None:
    shop.write(España="First.", b="Second.")
    shop.apply()
    typed = {name: normalize("NFD", name) for name in ("España", "Ärger")}
    assert typed["España"] != "España"
    done = shop.run("lock", "mv", typed["España"], typed["Ärger"])
    assert done.returncode == 0, done.stderr
    assert set(shop.lock()["videos"]) == {"Ärger", "b"}
    shop.write(Ärger="First.", b="Second.")
    assert shop.actions("-s", normalize("NFD", "Är*")) == {"Ärger": "fetch"}
    video_id = shop.lock()["videos"]["Ärger"]["render"]["video_id"]
    (shop.folder / "a.csv").write_text(f"name,video_id\n{typed['Ärger']},{video_id}\n", "utf-8")
    assert shop.run("lock", "adopt", "--from", "a.csv").returncode == 0
    assert set(shop.lock()["videos"]) == {"Ärger", "b"}


@pytest.mark.parametrize("arguments", [("mv", "a", "b"), ("rm", "a", "-y")])
def test_a_project_without_a_lock_is_told_so(shop: Shop, arguments: tuple[str, ...]) -> None:
    shop.write(a="First.")
    done = shop.run("lock", *arguments)
    assert (done.returncode, "hint: the lock has no videos yet" in done.stderr) == (1, True)


def test_a_move_that_the_project_does_not_make_is_taken_back_for_free(moved: Shop) -> None:
    assert moved.run("lock", "mv", "c", "d").returncode == 0
    assert moved.actions() == {"c": "reuse", "old/a": "unchanged", "old/b": "unchanged"}
    moved.apply()
    assert set(moved.lock()["videos"]) == set(FIRST)
    assert len(moved.jobs()) == 3


def test_a_pattern_moves_a_folder(moved: Shop) -> None:
    done = moved.run("lock", "mv", "old/*", "new/*-x")
    assert done.stdout == "moved old/a to new/a-x\nmoved old/b to new/b-x\n", done.stderr
    moved.write(**{"new/a-x": "First.", "new/b-x": "Second.", "c": "Third."})
    assert set(moved.actions().values()) == {"fetch", "unchanged"}
    moved.apply()
    assert sorted(files(moved)) == ["build/c.mp4", "build/new/a-x.mp4", "build/new/b-x.mp4"]
    assert len(moved.jobs()) == 3


def test_names_that_change_places_by_a_table(moved: Shop) -> None:
    (moved.folder / "moves.csv").write_text("old,new\nold/a,c\nc,old/a\n", "utf-8")
    before = files(moved)
    assert moved.run("lock", "mv", "--from", "moves.csv").returncode == 0
    moved.write(**{"old/a": "Third.", "old/b": "Second.", "c": "First."})
    assert moved.actions() == {"c": "fetch", "old/a": "fetch", "old/b": "unchanged"}
    asked = downloads(moved)
    moved.apply()
    assert downloads(moved) == asked
    assert files(moved) == {
        "build/c.mp4": before["build/old/a.mp4"],
        "build/old/a.mp4": before["build/c.mp4"],
        "build/old/b.mp4": before["build/old/b.mp4"],
    }
    assert len(moved.jobs()) == 3


def test_a_moved_entry_whose_content_changes_leaves_no_file_behind(moved: Shop) -> None:
    assert moved.run("lock", "mv", "c", "d").returncode == 0
    moved.write(**{"old/a": "First.", "old/b": "Second.", "d": "Third, changed."})
    moved.apply()
    assert sorted(files(moved)) == ["build/d.mp4", "build/old/a.mp4", "build/old/b.mp4"]


def test_a_file_that_was_edited_stays(moved: Shop) -> None:
    (moved.folder / "build/c.mp4").write_bytes(b"mine")
    assert moved.run("lock", "mv", "c", "d").returncode == 0
    moved.write(**{"old/a": "First.", "old/b": "Second.", "d": "Third."})
    moved.apply()
    assert files(moved)["build/c.mp4"] == b"mine"
    assert "build/d.mp4" in files(moved)


@pytest.mark.parametrize(
    ("arguments", "table", "code", "said"),
    [
        (["x", "y"], "", 1, ["VB521"]),
        (["cc", "y"], "", 1, ["did you mean c?"]),
        (["c", "old/a"], "", 1, ["VB522", "the lock has old/a already"]),
        (["c", "OLD/A"], "", 1, ["VB522", "the lock has old/a already"]),
        (["c", "../c"], "", 1, ["VB522"]),
        (["c", ""], "", 1, ["VB522"]),
        (["c", "con"], "", 1, ["VB522", "Windows"]),
        (["old/*", "new"], "", 64, ["VB523"]),
        (["old/*", "**/new"], "", 64, ["VB523"]),
        (["c", "new/*"], "", 64, ["VB523"]),
        (["none/*", "new/*"], "", 1, ["VB521"]),
        (["c"], "", 64, ["Name OLD and NEW"]),
        ([], "", 64, ["Name OLD and NEW"]),
        (["c", "d", "e"], "", 64, ["Name OLD and NEW"]),
        (["c", "d", "--from", "moves.csv"], "old,new\nc,d\n", 64, ["Name OLD and NEW"]),
        (["--from", "none.csv"], "", 1, ["VB101"]),
        (["--from", "moves.csv"], "", 1, ["VB404"]),
        (["--from", "moves.csv"], "old,new\n", 1, ["VB527", "no rows"]),
        (["--from", "moves.csv"], "old,to\nc,d\n", 1, ["VB414", "'new'"]),
        (["--from", "moves.csv"], "old,new\nc,\n", 1, ["moves.csv:2:1", "VB527"]),
        (["--from", "moves.csv"], "old,new\nc,d\nc,e\n", 1, ["moves.csv:3:1", "VB527", "twice"]),
        (["--from", "moves.csv"], "old,new\nc,d\nx,e\nold/a,D\nold/b,..\n", 1,
         ["moves.csv:3:1", "moves.csv:4:1", "moves.csv:5:1", "c is to have that name"]),
    ],
)  # fmt: skip
def test_all_or_nothing(
    arguments: list[str], table: str, code: int, said: list[str], moved: Shop
) -> None:
    (moved.folder / "moves.csv").write_text(table, "utf-8")
    before = moved.state()
    done = moved.run("lock", "mv", *arguments)
    assert done.returncode == code, done.stderr
    assert all(words in done.stderr for words in said), done.stderr
    assert done.stdout == ""
    assert moved.state() == before


def test_a_move_to_its_own_name(moved: Shop) -> None:
    before = moved.state()
    done = moved.run("lock", "mv", "**", "**")
    assert (done.returncode, "nothing to move" in done.stderr) == (0, True)
    assert moved.state() == before


def test_only_the_letters_change(moved: Shop) -> None:
    assert moved.run("lock", "mv", "c", "C").stdout == "moved c to C\n"
    moved.write(**{"old/a": "First.", "old/b": "Second.", "C": "Third."})
    moved.apply()
    assert set(moved.actions().values()) == {"unchanged"}


NAMES = ["a", "b", "a/x", "a/y", "b/x", "A", "a/x/y"]
pairs = st.builds(Pair, first=st.sampled_from(NAMES), second=st.sampled_from([*NAMES, "z", "../z"]))
patterns = st.sampled_from([("a/*", "b/*"), ("*", "n/*"), ("**", "n/**"), ("**/x", "**/q")])
some = pairs | patterns.map(lambda each: Pair(first=each[0], second=each[1]))


@given(st.sets(st.sampled_from(NAMES)), st.lists(some, min_size=1, max_size=4))
def test_no_entry_is_ever_lost_or_doubled(there: set[str], wanted: list[Pair]) -> None:
    videos: dict[str, Any] = {name: object() for name in sorted(there)}
    try:
        moves = find_moves(videos, wanted)
    except Problems:
        return
    after = [moves.get(name, name) for name in videos]
    assert len({folded(name) for name in after}) >= len({folded(name) for name in videos})
    assert len(set(after)) == len(videos)
    assert moves.keys() <= videos.keys()
