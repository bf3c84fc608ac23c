"""Two at once: one commit applied from two clones, and two applies in one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import CLEAN
from tests.crash import judge
from tests.crash.nest import PACE, Nest
from tests.crash.scene import Scene, again
from tests.studio.media_kit import good
from vidbuild.state.join import join
from vidbuild.state.lock import encode_lock, read_lock

VIDEOS = {
    **{f"v{n}": {"script": f"Number {n}."} for n in range(12)},
    "twin": {"script": "Number 3."},
    "office": {
        "script": "Office.",
        "background": {"type": "image", "asset_id": {"file": "media/office.png"}},
    },
}
CONTENTS = len(VIDEOS) - 1


@pytest.fixture
def commit(nest: Nest, tmp_path: Path) -> Iterator[Scene]:
    """A project in git, and a studio that takes its time."""
    scene = Scene(nest=nest, root=tmp_path / "origin")
    (scene.project / "media").mkdir(parents=True)
    (scene.project / "media" / "office.png").write_bytes(good("png"))
    (scene.project / ".gitignore").write_text("/build/\n/.vidbuild/\n", "utf-8")
    scene.write(VIDEOS)
    git(scene.project, "init", "--quiet", "--initial-branch=main")
    git(scene.project, "add", ".")
    git(scene.project, "commit", "--quiet", "-m", "Videos")
    with scene.served("--render-seconds", "0.2", "--concurrency", "30"):
        yield scene


def git(folder: Path, *arguments: str) -> str:
    who = {
        f"GIT_{who}_{what}": "a@b.c"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    env = {**CLEAN, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def clone(scene: Scene, name: str) -> Scene:
    root = scene.root.with_name(name)
    root.mkdir()
    git(root, "clone", "--quiet", str(scene.project), "project")
    return Scene(nest=scene.nest, root=root, url=scene.url)


def test_one_commit_applied_from_two_clones_is_paid_once(commit: Scene) -> None:
    both = [clone(commit, name) for name in ("here", "there")]
    running = [
        scene.nest.start(["apply", "-y"], cwd=scene.project, env=scene.env, pace=PACE)
        for scene in both
    ]
    for scene, process in zip(both, running, strict=True):
        done = scene.nest.wait(process)
        assert done.code == 0, done.told
    check_both(commit, both)
    for scene in both:
        git(scene.project, "add", "vidbuild.lock")
        git(scene.project, "commit", "--quiet", "-m", "Rendered")
    merge(*both)
    judge.nothing_to_do(both[0], len(VIDEOS))


@pytest.mark.parametrize("fault", ["drop_after", "error_after", "rate_limit", "drop_before"])
def test_two_clones_and_lost_answers(commit: Scene, fault: str) -> None:
    """At the same time by all means: both are forked from one process, with answers lost."""
    both = [clone(commit, name) for name in ("here", "there")]
    with commit.served("--render-seconds", "0.1", "--fault", f"{fault}=0.3"):
        for scene in both:
            scene.url = commit.url
        running = [
            scene.nest.start(["apply", "-y"], cwd=scene.project, env=scene.env, pace=PACE)
            for scene in both
        ]
        codes = [
            scene.nest.wait(process).code for scene, process in zip(both, running, strict=True)
        ]
        assert set(codes) <= {0, 1, 6}, codes  # 1: the first question of all had no answer
        for scene in both:
            again(scene, most=4)
        check_both(commit, both)


def check_both(commit: Scene, both: list[Scene]) -> None:
    """One charge for each content; both have everything, and the same ids."""
    jobs = commit.ledger()["jobs"]
    assert len(jobs) == CONTENTS
    assert set(Counter(job["idempotency_key"] for job in jobs).values()) == {1}
    assert all(job["charged_usd"] > 0 for job in jobs)
    locks = [judge.lock_of(scene) for scene in both]
    ids = [{name: entry.render.video_id for name, entry in lock.videos.items()} for lock in locks]
    assert ids[0] == ids[1]
    assert set(ids[0]) == set(VIDEOS)
    for scene in both:
        judge.whole_files(scene)
        judge.nothing_left(scene)
        judge.nothing_to_do(scene, len(VIDEOS))
    base = read_lock(commit.project / "vidbuild.lock", project="crash")
    assert encode_lock(join(base, *locks)) == encode_lock(join(base, *reversed(locks)))


def merge(ours: Scene, theirs: Scene) -> None:
    """The other end's commit is merged; the two locks are joined, not mixed."""
    driver = f"{sys.executable} -m vidbuild lock merge %O %A %B"
    git(ours.project, "config", "merge.vidbuild.driver", driver)
    attributes = ours.project / ".git" / "info" / "attributes"
    attributes.write_text("vidbuild.lock merge=vidbuild\n", "utf-8")
    git(ours.project, "pull", "--quiet", "--no-rebase", "--no-edit", str(theirs.project), "main")
    assert git(ours.project, "status", "--porcelain") == ""


def test_the_second_apply_in_a_folder_is_told_who_holds_it(commit: Scene) -> None:
    first = commit.nest.start(["apply", "-y", "--json"], cwd=commit.project, env=commit.env)
    with (first.folder / "steps").open(encoding="utf-8") as steps:
        while "POST /v3/videos: after" not in steps.readline():
            pass
    second = commit.run("apply", "-y")
    assert second.code == 8, second.told
    assert f"process {first.pid} on " in second.stderr
    assert [json.loads(line)["event"] for line in commit.nest.wait(first).stdout.splitlines()][
        -1:
    ] == ["done"]
    assert len(commit.ledger()["jobs"]) == CONTENTS
    judge.whole_files(commit)
    assert commit.run("apply", "-y").code == 0
