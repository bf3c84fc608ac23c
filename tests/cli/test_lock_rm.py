"""`vidbuild lock rm`: what is asked, what is refused, what is forgotten, what is deleted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import vidbuild
from tests.cli.served import serve
from tests.cli.shop import KEY, Shop
from vidbuild.state.hold import hold
from vidbuild.state.journal import read_journal

VIDEOS = {"one": "First.", "two": "Second.", "three": "Third."}


@pytest.fixture
def rendered(shop: Shop) -> Shop:
    """Three videos, rendered."""
    shop.write(**VIDEOS)
    shop.apply()
    return shop


def answered(shop: Shop, answers: str, *arguments: str) -> tuple[int, str]:
    """`vidbuild lock rm` at a terminal where somebody has typed the answers ahead."""
    command = ("lock", "rm", "--color", "never", *arguments)
    done = vidbuild(*command, cwd=shop.folder, env=shop.env(), typed=answers)
    return done.returncode, done.stderr


def digest(shop: Shop, *arguments: str) -> str:
    said = shop.run("lock", "rm", *arguments, "--delete-remote").stdout
    return next(line.split()[1] for line in said.splitlines() if line.startswith("Digest: "))


def files(shop: Shop) -> dict[str, bytes]:
    return {k: v for k, v in shop.state().items() if k.endswith(".mp4")}


def test_what_is_forgotten_would_be_paid_for_anew(rendered: Shop) -> None:
    before = files(rendered)
    done = rendered.run("lock", "rm", "t*", "-y")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "forgot 2 videos"
    assert "renders 2 videos anew, about $0." in done.stderr
    assert files(rendered) == before
    assert rendered.actions() == {"one": "unchanged", "three": "create", "two": "create"}
    # Within a day the same key brings the same videos back: nothing is rendered twice.
    rendered.apply()
    assert len(rendered.jobs()) == 3
    assert files(rendered) == before
    assert set(rendered.actions().values()) == {"unchanged"}


def test_an_orphan_costs_nothing(rendered: Shop) -> None:
    rendered.write(one="First.")
    done = rendered.run("lock", "rm", "action:orphan", "-y")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "forgot 2 videos"), done.stderr
    assert "anew" not in done.stderr
    assert set(rendered.lock()["videos"]) == {"one"}
    rendered.write(**VIDEOS)
    assert rendered.actions() == {"one": "unchanged", "three": "create", "two": "create"}


def test_a_twin_keeps_the_render(rendered: Shop) -> None:
    rendered.write(**VIDEOS, twin="First.")
    rendered.apply()
    done = rendered.run("lock", "rm", "one", "-y", "--delete-remote")
    assert done.returncode == 0, done.stderr  # there is nothing to delete, so nothing to ask
    assert "anew" not in done.stderr
    assert rendered.actions()["one"] == "reuse"
    assert rendered.deleted() == []


def test_the_whole_history_is_forgotten(rendered: Shop) -> None:
    rendered.write(**{**VIDEOS, "one": "First, changed."})
    rendered.apply()
    assert rendered.run("lock", "rm", "one", "-y").returncode == 0
    assert rendered.actions()["one"] == "create"
    rendered.write(**VIDEOS)
    assert rendered.actions()["one"] == "create"


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "gone", "deleted"),
    [
        ("yes\n", ["two"], 0, {"two"}, []),
        ("y\n", ["two"], 5, set(), []),
        ("yes\nyes\n", ["two", "--delete-remote"], 0, {"two"}, ["Second."]),
        ("yes\nno\n", ["two", "--delete-remote"], 5, set(), []),
        ("no\n", ["two", "--delete-remote"], 5, set(), []),
        ("yes\n", ["two", "--delete-remote", "-y"], 0, {"two"}, ["Second."]),
        ("no\n", ["two", "--delete-remote", "-y"], 5, set(), []),
    ],
)
def test_at_a_terminal(
    answers: str, arguments: list[str], code: int, gone: set[str], deleted: list[str],
    rendered: Shop,
) -> None:  # fmt: skip
    found, said = answered(rendered, answers, *arguments)
    assert found == code, said
    assert set(VIDEOS) - set(rendered.lock()["videos"]) == gone
    assert rendered.deleted() == deleted


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["two"], 64, "VB721"),
        (["two", "--delete-remote"], 64, "VB721"),
        (["two", "--delete-remote", "-y"], 64, "--expect"),
        (["two", "--delete-remote", "-y", "--expect", "0"], 7, "VB722"),
        (["one", "--delete-remote", "-y", "--expect", "DIGEST"], 7, "VB722"),
        (["two", "--delete-remote", "--expect", "DIGEST"], 64, "VB721"),
        (["four", "-y"], 1, "VB701"),
        (["two", "four", "-y"], 1, "VB703"),
        (["tw", "-y"], 1, "two"),
        (["tag:", "-y"], 64, "VB702"),
        (["action:delet", "-y"], 64, "VB702"),
        (["action:create", "-y"], 1, "VB701"),
        ([], 64, "PATTERN"),
        (["two", "-y", "--allow", "nothing=1"], 64, "VB715"),
    ],
)
def test_without_a_terminal(arguments: list[str], code: int, said: str, rendered: Shop) -> None:
    before, known = rendered.state(), digest(rendered, "two")
    done = rendered.run("lock", "rm", *(known if a == "DIGEST" else a for a in arguments))
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert rendered.state() == before
    assert rendered.deleted() == []


def test_deleted_at_the_provider_by_a_digest(rendered: Shop) -> None:
    arguments = ["two", "--delete-remote", "-y", "--expect", digest(rendered, "two")]
    done = rendered.run("lock", "rm", *arguments)
    assert done.returncode == 0, done.stderr
    assert rendered.deleted() == ["Second."]
    assert set(rendered.lock()["videos"]) == {"one", "three"}
    # Deleted is not forgotten: its key is spent, so that the next one is another video.
    rendered.apply()
    assert rendered.scripts() == ["First.", "Second.", "Second.", "Third."]


def test_what_others_refer_to_is_never_deleted(rendered: Shop) -> None:
    rendered.write(**VIDEOS, twin="Second.")
    rendered.apply()
    rendered.write(**{**VIDEOS, "twin": "Something else."})  # the twin's history has it
    rendered.apply()
    shutil.copy(rendered.folder / "vidbuild.lock", rendered.folder / "vidbuild.other.lock")
    done = rendered.run("lock", "rm", "two", "twin", "--delete-remote")
    assert "Digest" not in done.stdout  # the other profile's lock has all of them
    (rendered.folder / "vidbuild.other.lock").unlink()
    said = rendered.run("lock", "rm", "two", "--delete-remote").stdout
    assert "Digest" not in said
    both = ["two", "twin", "--delete-remote", "-y", "--expect", digest(rendered, "two", "twin")]
    assert rendered.run("lock", "rm", *both).returncode == 0
    assert rendered.deleted() == ["Second.", "Something else."]


@pytest.mark.parametrize("where", ["lock", "project"])
def test_protected(where: str, rendered: Shop) -> None:
    rendered.write(**{**VIDEOS, "two": {"script": "Second.", "protect": True}})
    if where == "lock":
        rendered.apply()
        rendered.write(one="First.")
    before = rendered.state()
    done = rendered.run("lock", "rm", "t*", "-y")
    assert (done.returncode, "VB714" in done.stderr) == (5, True), done.stderr
    assert rendered.state() == before


def test_a_limit_on_deletions(rendered: Shop) -> None:
    rendered.more = "policy: {max_deletes: 1}\n"
    rendered.write(**VIDEOS)
    done = rendered.run("lock", "rm", "t*", "--delete-remote", "-y")
    assert (done.returncode, "VB713" in done.stderr) == (5, True)
    allow = ["--allow", "max_deletes=2"]
    assert rendered.run("lock", "rm", "t*", "--delete-remote", "-y", *allow).returncode == 64
    assert rendered.run("lock", "rm", "t*", "-y").returncode == 0


def test_in_flight(slow: Shop) -> None:
    slow.write(one="First.")
    assert slow.run("apply", "-y", "--no-wait").returncode == 0
    before = slow.state()
    done = slow.run("lock", "rm", "one", "-y", "--delete-remote")
    assert (done.returncode, "VB524" in done.stderr) == (5, True), done.stderr
    assert slow.state() == before
    done = slow.run("lock", "rm", "one", "-y", "--delete-remote", "--in-flight")
    assert done.returncode == 0, done.stderr
    assert slow.lock()["videos"] == {}
    assert slow.actions() == {"one": "create"}
    assert slow.run("apply", "-y", "--no-wait").returncode == 0
    assert len(slow.jobs()) == 1  # the same key: the same job


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose studio does not finish anything."""
    arguments = ("--render", "simulated", "--render-seconds", "3600", "--key", KEY)
    with serve(tmp_path / "studio", *arguments) as studio:
        yield Shop(tmp_path / "slow", studio, "slow")


def test_another_account_is_refused(rendered: Shop) -> None:
    path = rendered.folder / "vidbuild.lock"
    text = path.read_text("utf-8")
    lock = json.loads(text)
    for entry in lock["videos"].values():
        entry.pop("check")
    lock["videos"]["two"]["render"]["account"] = "someone-else"
    path.write_text(json.dumps(lock), "utf-8")
    shutil.rmtree(rendered.folder / ".vidbuild")
    known = digest(rendered, "two")
    done = rendered.run("lock", "rm", "two", "--delete-remote", "-y", "--expect", known)
    assert (done.returncode, "VB515" in done.stderr) == (5, True), done.stderr
    assert rendered.deleted() == []
    assert "two" in rendered.lock()["videos"]


def test_a_key_that_is_refused(rendered: Shop) -> None:
    arguments = ["two", "--delete-remote", "-y", "--expect", digest(rendered, "two")]
    before = rendered.state()
    done = rendered.run("lock", "rm", *arguments, key="sk-wrong")
    assert done.returncode == 3, done.stderr
    assert rendered.state() == before
    assert not read_journal(rendered.folder / ".vidbuild/state/journal.db",
                            project=rendered.name).tombstones  # fmt: skip


def test_a_held_project(rendered: Shop) -> None:
    (rendered.folder / "m.csv").write_text("old,new\none,x\n", "utf-8")
    with hold(rendered.folder / ".vidbuild/state/apply.lock", now=0.0):
        for arguments in (["rm", "one", "-y"], ["mv", "one", "x"], ["mv", "--from", "m.csv"],
                          ["adopt", "one", "v1"], ["merge"]):  # fmt: skip
            assert rendered.run("lock", *arguments).returncode == 8, arguments


def test_a_plan_that_remembers_the_last_one_sees_the_lock_s_care(rendered: Shop) -> None:
    def last() -> str:
        return rendered.run("plan").stdout.splitlines()[-1]

    assert last() == last() == "Nothing to do: 3 videos are up to date."
    video_id = rendered.lock()["videos"]["one"]["render"]["video_id"]
    assert rendered.run("lock", "rm", "one", "-y").returncode == 0
    assert last().startswith("Plan: 1 to create, 2 unchanged.")
    assert rendered.run("lock", "adopt", "one", video_id).returncode == 0
    assert last() == "Nothing to do: 2 videos are up to date; 1 to fetch."
    rendered.apply()
    assert rendered.run("lock", "mv", "one", "four").returncode == 0
    assert last().startswith("Plan: 1 to reuse, 2 unchanged.")
