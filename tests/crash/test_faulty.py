"""A campaign against a studio that fails in every way it can, applied until nothing is left.

Over real sockets, from a seed: one charge for each content that was completed, every failure
told with its code, and the next apply finishes the rest. A thousand videos and five seeds
with VIDBUILD_CRASH=all, otherwise sixty videos and one.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.crash import judge
from tests.crash.conftest import EVERYTHING
from tests.crash.nest import Done, Nest
from tests.crash.scene import Scene
from tests.studio.media_kit import good
from vidbuild.state.records import Render, Status

SEEDS = (1, 2, 3, 4, 5) if EVERYTHING else (1,)
VIDEOS = 1000 if EVERYTHING else 60
# A render may fail three times; then it is given up, and no apply tries again.
APPLIES = 3
RATES = {
    "rate_limit": 0.10,
    "error_before": 0.025,
    "error_after": 0.025,
    "drop_before": 0.015,
    "drop_after": 0.015,
    "cut_download": 0.03,
    "expired_link": 0.02,
    "render_failed": 0.02,
}
FAULTS = [word for name, rate in RATES.items() for word in ("--fault", f"{name}={rate}")]


def write(scene: Scene) -> None:
    """A campaign; every hundredth video has a picture behind it."""
    (scene.project / "media").mkdir(parents=True)
    for kind in ("png", "jpg"):
        (scene.project / "media" / f"office.{kind}").write_bytes(good(kind))
    videos: dict[str, Any] = {}
    for number in range(VIDEOS):
        videos[f"v{number}"] = {"script": f"Hello, number {number}."}
        if number % 50 == 0:
            kind = "png" if number % 100 else "jpg"
            picture = {"type": "image", "asset_id": {"file": f"media/office.{kind}"}}
            videos[f"v{number}"]["background"] = picture
    scene.write(videos)


def jobs_of(scene: Scene) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = scene.ledger()["jobs"]
    return jobs


def failed(jobs: list[dict[str, Any]]) -> set[str]:
    return {job["idempotency_key"] for job in jobs if job["status"] == "failed"}


def check_told(scene: Scene, done: Done, new: int) -> set[str]:
    """Whatever is not finished is told, with a code; gives the names of what can still be.

    `new` renders have failed in this apply.
    """
    events = [json.loads(line) for line in done.stdout.splitlines()]
    told = {event["name"]: event for event in events if event["event"] == "failed"}
    assert done.code == (6 if told else 0), done.told
    assert all(event["code"].startswith("VB") and event["message"] for event in told.values())
    renders = [event for event in told.values() if event["code"] == "VB555"]
    assert len(renders) == new
    assert {event["failure_code"] for event in renders} <= {"rendering_failed"}
    lock = judge.lock_of(scene)
    over = {name for name, entry in lock.videos.items() if is_over(entry.render)}
    left = {name for name, entry in lock.videos.items() if not is_whole(entry.render)}
    left |= {f"v{number}" for number in range(VIDEOS)} - lock.videos.keys()
    assert left - over <= told.keys() <= left, done.told
    return left - over


def is_whole(render: Render) -> bool:
    kinds = {"video", "subtitle", "thumbnail"}
    return render.status is Status.completed and render.outputs.keys() == kinds


def is_over(render: Render) -> bool:
    return render.status is Status.failed and render.attempt >= APPLIES


def check_paid(jobs: list[dict[str, Any]]) -> None:
    """One job a key, one charge a content, and a second attempt only after a first one failed."""
    keys = Counter(job["idempotency_key"] for job in jobs)
    assert set(keys.values()) == {1}
    done = Counter(key.rpartition(":")[0] for key in keys.keys() - failed(jobs))
    assert set(done.values()) == {1}
    assert all((job["charged_usd"] > 0) == (job["status"] == "completed") for job in jobs)
    for key in keys:
        content, _, attempt = key.rpartition(":")
        assert attempt == "1" or f"{content}:{int(attempt) - 1}" in failed(jobs), key


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_campaign_in_bad_weather(nest: Nest, tmp_path: Path, seed: int) -> None:
    scene = Scene(nest=nest, root=tmp_path)
    write(scene)
    with scene.served("--seed", str(seed), "--render-seconds", "0.02", *FAULTS):
        for _ in range(APPLIES):
            before = failed(jobs_of(scene))
            done = scene.run("apply", "-y", "--json")
            jobs = jobs_of(scene)
            left = check_told(scene, done, len(failed(jobs) - before))
            check_paid(jobs)
            if not left:
                break
        assert not left
        judge.whole_files(scene)
        judge.nothing_left(scene)
        plan = scene.run("plan", "--detailed-exitcode")
        assert plan.code == 0, plan.told
        assert len(scene.ask("/v3/assets?username=studio")["data"]) == 2
