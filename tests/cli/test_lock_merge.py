"""`vidbuild lock merge`: git merges and rebases branches that each rendered videos."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from tests.cli.commands import project, vidbuild
from tests.cli.git_kit import Clone, begin
from tests.cli.shop import Shop
from vidbuild.state.lock import encode_lock, read_lock
from vidbuild.state.records import Entry, Lock, Output, Render, Status
from vidbuild.workspace.locking_merge import merge_files

LOCK = "vidbuild.lock"


@pytest.fixture
def clone(shop: Shop) -> Clone:
    """A repository whose main branch has rendered two videos."""
    found = begin(shop)
    found.rendered("two videos", one="First.", two="Second.")
    return found


def bare(shop: Shop) -> Clone:
    """The same, in a clone where nobody has configured the driver."""
    found = begin(shop, driver=False)
    found.rendered("two videos", one="First.", two="Second.")
    return found


def nothing_renders(clone: Clone, *, jobs: int) -> None:
    """With nothing but what git has, and by the studio's ledger."""
    clone.forget()
    plan = clone.shop.run("plan", "--no-download")
    assert plan.returncode == 0, plan.stderr
    assert "to create" not in plan.stdout, plan.stdout
    clone.shop.apply()
    assert len(clone.shop.jobs()) == jobs


def sources(clone: Clone, **videos: object) -> None:
    """Resolves what is in conflict in the sources, the lock apart."""
    clone.shop.write(**videos)
    clone.git("add", "vidbuild.yaml")


def two_branches(clone: Clone) -> None:
    """Each changed the second video; one added a third, the other a fourth."""
    clone.branch("ours")
    clone.rendered("ours", one="First.", two="Second, ours.", three="Third.")
    clone.forget()
    clone.branch("theirs")
    clone.rendered("theirs", one="First.", two="Second, theirs.", four="Fourth.")
    clone.git("checkout", "-q", "ours")


MERGED = {"one": "First.", "two": "Second, theirs.", "three": "Third.", "four": "Fourth."}


def test_a_merge_of_branches_that_both_rendered(clone: Clone) -> None:
    two_branches(clone)
    done = clone.tried("merge", "-q", "-m", "merged", "theirs")
    assert "vidbuild.lock" not in clone.git("diff", "--name-only", "--diff-filter=U"), done.stdout
    sources(clone, **MERGED)
    clone.git("commit", "-q", "-m", "merged")
    nothing_renders(clone, jobs=6)
    # The side that lost is in the history: going back to it is free as well.
    clone.shop.write(**{**MERGED, "two": "Second, ours."})
    nothing_renders(clone, jobs=6)


def test_a_rebase_of_a_branch_that_rendered_twice(clone: Clone) -> None:
    clone.branch("ours")
    clone.rendered("once", one="First, once.", two="Second.")
    clone.rendered("twice", one="First, twice.", two="Second.")
    clone.forget()
    clone.branch("theirs")
    clone.rendered("theirs", one="First.", two="Second, theirs.")
    clone.git("checkout", "-q", "ours")
    done = clone.tried("rebase", "theirs")
    for first in ("First, once.", "First, twice."):
        if done.returncode:
            assert LOCK not in clone.git("diff", "--name-only", "--diff-filter=U")
            sources(clone, one=first, two="Second, theirs.")
            done = clone.tried("rebase", "--continue")
    assert done.returncode == 0, done.stdout + done.stderr
    clone.shop.write(one="First, twice.", two="Second, theirs.")
    nothing_renders(clone, jobs=5)


@pytest.mark.parametrize("driver", [True, False])
def test_a_criss_cross(driver: bool, shop: Shop) -> None:
    """Without the driver git's own merge of the two ancestors is a conflict, given as the base."""
    clone = begin(shop, driver=driver)
    clone.rendered("two videos", one="First.", two="Second.")
    two_branches(clone)
    tips = {branch: clone.git("rev-parse", branch).strip() for branch in ("ours", "theirs")}
    kept = {"ours": "Second, ours.", "theirs": "Second, theirs."}
    for branch, other in (("ours", "theirs"), ("theirs", "ours")):
        clone.git("checkout", "-q", branch)
        clone.tried("merge", "-q", "-m", "crossed", tips[other])
        join_by_hand(clone)
        sources(clone, **{**MERGED, "two": kept[branch]})
        clone.git("commit", "-q", "-m", "crossed")
    clone.git("checkout", "-q", "ours")
    clone.rendered("more", **{**MERGED, "two": kept["ours"], "five": "Fifth."})
    clone.tried("merge", "-q", "-m", "both", "theirs")
    join_by_hand(clone)
    sources(clone, **{**MERGED, "five": "Fifth."})
    clone.git("commit", "-q", "-m", "both")
    nothing_renders(clone, jobs=7)


def join_by_hand(clone: Clone) -> None:
    """What a conflict in the lock takes where git has no driver for it."""
    if LOCK in clone.git("diff", "--name-only", "--diff-filter=U"):
        assert clone.shop.run("lock", "merge").returncode == 0
        clone.git("add", LOCK)


def test_a_conflict_without_the_driver(shop: Shop) -> None:
    clone = bare(shop)
    two_branches(clone)
    clone.git("merge", "-q", "theirs", fails=True)
    marked = (clone.folder / LOCK).read_bytes()
    assert b"<<<<<<<" in marked
    sources(clone, **MERGED)
    refused = clone.shop.run("plan")
    assert (refused.returncode, "VB502" in refused.stderr) == (1, True)
    assert "`vidbuild lock merge`" in refused.stderr
    done = clone.shop.run("lock", "merge")
    assert (done.returncode, done.stdout) == (0, "joined vidbuild.lock: 4 videos\n"), done.stderr
    assert done.stderr == "next: git add vidbuild.lock\n"
    once = (clone.folder / LOCK).read_bytes()
    assert clone.shop.run("lock", "merge").returncode == 0  # nothing was staged: again
    assert (clone.folder / LOCK).read_bytes() == once
    clone.git("add", LOCK)
    clone.git("commit", "-q", "-m", "merged")
    nothing_renders(clone, jobs=6)


def test_templates_may_be_in_conflict_as_well(shop: Shop) -> None:
    clone = bare(shop)
    two_branches(clone)
    clone.git("merge", "-q", "theirs", fails=True)
    assert "<<<<<<<" in (clone.folder / "vidbuild.yaml").read_text("utf-8")
    done = clone.shop.run("lock", "merge")
    assert (done.returncode, done.stdout) == (0, "joined vidbuild.lock: 4 videos\n"), done.stderr


def test_what_was_paid_for_since_the_conflict_is_joined_too(shop: Shop) -> None:
    clone = bare(shop)
    two_branches(clone)
    clone.git("merge", "-q", "theirs", fails=True)
    clone.git("checkout", "--ours", "--", LOCK)
    clone.shop.write(**MERGED, five="Fifth.")
    clone.shop.apply("-s", "five")
    assert clone.shop.run("lock", "merge").returncode == 0
    assert set(clone.shop.lock()["videos"]) == {*MERGED, "five"}
    clone.git("add", "--all")
    clone.git("commit", "-q", "-m", "merged")
    nothing_renders(clone, jobs=7)


def test_markers_that_were_staged_are_told_how_to_come_back(shop: Shop) -> None:
    clone = bare(shop)
    two_branches(clone)
    clone.git("merge", "-q", "theirs", fails=True)
    clone.git("add", LOCK)
    done = clone.shop.run("lock", "merge")
    assert (done.returncode, "git checkout -m -- vidbuild.lock" in done.stderr) == (1, True)
    clone.git("checkout", "-m", "--", LOCK)
    assert clone.shop.run("lock", "merge").returncode == 0


@pytest.mark.parametrize("removed_on", ["ours", "theirs"])
def test_a_removal_against_a_change(removed_on: str, clone: Clone) -> None:
    """Which was left alone goes; which the other side changed stays."""
    clone.branch("ours")
    clone.branch("theirs")
    changing = {"ours": "theirs", "theirs": "ours"}[removed_on]
    clone.git("checkout", "-q", removed_on)
    clone.shop.write()
    clone.shop.apply("--prune", "--expect", clone.shop.digest("--prune"))
    clone.commit("removed")
    clone.forget()
    clone.git("checkout", "-q", changing)
    clone.rendered("changed", one="First, changed.", two="Second.")
    clone.git("checkout", "-q", "ours")
    clone.tried("merge", "-q", "-m", "merged", "theirs")
    assert LOCK not in clone.git("diff", "--name-only", "--diff-filter=U")
    assert set(clone.shop.lock()["videos"]) == {"one"}
    sources(clone, one="First, changed.")
    clone.git("commit", "-q", "-m", "merged")
    nothing_renders(clone, jobs=3)


@pytest.mark.parametrize("removed_on", ["ours", "theirs"])
def test_a_side_that_removed_the_whole_file_says_nothing(removed_on: str, shop: Shop) -> None:
    clone = bare(shop)
    clone.branch("ours")
    clone.branch("theirs")
    changing = {"ours": "theirs", "theirs": "ours"}[removed_on]
    clone.git("checkout", "-q", removed_on)
    clone.git("rm", "-q", LOCK)
    clone.commit("no lock")
    clone.git("checkout", "-q", changing)
    clone.rendered("changed", one="First, changed.", two="Second.")
    clone.git("checkout", "-q", "ours")
    clone.git("merge", "-q", "theirs", fails=True)
    done = clone.shop.run("lock", "merge")
    assert (done.returncode, "had removed the file" in done.stderr) == (0, True), done.stderr
    assert set(clone.shop.lock()["videos"]) == {"one", "two"}


def crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


def same(data: bytes) -> bytes:
    return data


@pytest.mark.parametrize("spell", [same, crlf, lambda data: b"\xef\xbb\xbf" + data])
def test_the_driver_reads_three_files_and_writes_one(
    spell: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    for name, text in (("base", ""), ("ours", ONE), ("theirs", OTHER)):
        (tmp_path / name).write_bytes(spell(text.encode()) if text else b"")
    done = vidbuild("lock", "merge", "base", "ours", "theirs", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    joined = (tmp_path / "ours").read_bytes()
    assert b"\r" not in joined
    assert (joined.count(b'"one"'), joined.count(b'"other"')) == (1, 1)
    assert (tmp_path / "theirs").read_bytes() == spell(OTHER.encode())


def lock(name: str, *, owner: str = "small", version: int = 1) -> str:
    print_ = "sha256:" + "0" * 64
    render = '{"provider": "studio", "status": "completed", "video_id": "v1"}'
    entry = f'{{"fingerprint": "{print_}", "render": {render}, "request": {{}}}}'
    return f'{{"project": "{owner}", "version": {version}, "videos": {{"{name}": {entry}}}}}\n'


ONE, OTHER = lock("one"), lock("other")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("", ONE, ""), "VB503"),
        (("", "", OTHER), "VB503"),
        (("", ONE, "{"), "VB503"),
        (("{", ONE, OTHER), "VB503"),
        (("", ONE, lock("other", owner="large")), "VB505"),
        ((lock("one", owner="large"), ONE, OTHER), "VB505"),
        (("", ONE, lock("other", version=2)), "VB504"),
        (("", ONE, "<<<<<<< a\n=======\n>>>>>>> b\n"), "VB502"),
        (("", ONE, OTHER.replace('"fingerprint"', '"check": "000000000000", "fingerprint"')),
         "VB507"),
        (("", ONE, OTHER.replace("completed", "done")), "VB506"),
        (("", ONE, '{"version": 1, "videos": {}}'), "VB503"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_left(texts: tuple[str, ...], said: str, tmp_path: Path) -> None:
    names = ("base", "ours", "theirs")
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    done = vidbuild("lock", "merge", *names, cwd=tmp_path)
    assert (done.returncode, said in done.stderr, "hint:" in done.stderr) == (1, True, True)
    assert tuple((tmp_path / name).read_text("utf-8") for name in names) == texts
    assert len(list(tmp_path.iterdir())) == 3


def test_a_missing_file_and_a_wrong_count(tmp_path: Path) -> None:
    (tmp_path / "ours").write_text(ONE, "utf-8")
    (tmp_path / "theirs").write_text(OTHER, "utf-8")
    assert vidbuild("lock", "merge", "none", "ours", "none", cwd=tmp_path).returncode == 1
    assert vidbuild("lock", "merge", "ours", "theirs", cwd=tmp_path).returncode == 64
    assert vidbuild("lock", "merge", "none", "ours", "theirs", cwd=tmp_path).returncode == 0


def test_where_git_has_nothing_to_say(tmp_path: Path) -> None:
    project(tmp_path)
    outside = vidbuild("lock", "merge", cwd=tmp_path)
    assert (outside.returncode, "VB528" in outside.stderr) == (1, True)
    none = vidbuild("lock", "merge", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert (none.returncode, "git cannot be run" in none.stderr) == (1, True)


def test_no_conflict_is_no_error(clone: Clone) -> None:
    done = clone.shop.run("lock", "merge")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "git has no conflict in a lock here\n"


def test_thousands_are_joined_in_no_time(tmp_path: Path) -> None:
    """Ten thousand take a second of a core; a tenth of them is changed on either side."""

    def version(changed: range, at: str) -> Lock:
        return Lock(
            project="small", videos={f"v{i}": video(i, i in changed, at) for i in range(3000)}
        )

    versions = {
        "base": version(range(0), "2026-11-20T10:00:00Z"),
        "ours": version(range(0, 3000, 20), "2026-11-21T10:00:00Z"),
        "theirs": version(range(0, 3000, 30), "2026-11-22T10:00:00Z"),
    }
    for name, found in versions.items():
        (tmp_path / name).write_bytes(encode_lock(found))
    began = process_time()
    merge_files(*(tmp_path / name for name in versions))
    assert process_time() - began < 1.5
    joined = read_lock(tmp_path / "ours", project="small")
    assert joined.videos.keys() == versions["base"].videos.keys()
    assert joined.videos["v0"].render == versions["theirs"].videos["v0"].render
    assert joined.videos["v20"] == versions["ours"].videos["v20"]
    assert joined.videos["v1"] == versions["base"].videos["v1"]


def video(number: int, changed: bool, at: str) -> Entry:
    """A video with three files; another one where it was changed at that time."""
    word = f"{number}{at if changed else ''}"
    print_ = hashlib.sha256(word.encode()).hexdigest()
    outputs = {
        kind: Output(path=f"v{number}.{ending}", bytes=12345, sha256=print_)
        for kind, ending in (("video", "mp4"), ("subtitle", "srt"), ("thumbnail", "jpg"))
    }
    render = Render(
        provider="heygen", account="abc", fingerprint=f"sha256:{print_}", video_id=print_[:32],
        status=Status.completed, outputs=outputs, duration=12.4, cost_usd=0.83,
        completed_at=at if changed else "2026-11-20T10:00:00Z",
    )  # fmt: skip
    request = {"type": "avatar", "script": f"This is video {word}. " * 20, "title": word}
    return Entry(fingerprint=render.fingerprint, request=request, render=render)
