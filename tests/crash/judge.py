"""What must be so after an apply that was killed and begun again: nothing of it may show."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.scene import AFTER, Scene
from vidbuild.state.lock import read_lock
from vidbuild.state.records import Lock, Status

# What a render is beside its place in time: ids and times differ from run to run.
_PASSING = ("video_id", "completed_at", "sent_at", "page_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`jobs` are keys with status and charge, `videos` the lock without what is passing."""

    jobs: tuple[tuple[str, str, float], ...]
    videos: dict[str, Any]
    uploads: int


def outcome(scene: Scene) -> Outcome:
    ledger = scene.ledger()
    jobs = ((j["idempotency_key"], j["status"], j["charged_usd"]) for j in ledger["jobs"])
    lock = json.loads((scene.project / "vidbuild.lock").read_text("utf-8"))
    return Outcome(
        jobs=tuple(sorted(jobs)),
        videos={name: _lasting(entry) for name, entry in sorted(lock["videos"].items())},
        uploads=len(scene.ask("/v3/assets?username=studio")["data"]),
    )


def _lasting(entry: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in entry["render"].items() if name not in _PASSING}
    assets = {path: asset["sha256"] for path, asset in entry.get("assets", {}).items()}
    return {"fingerprint": entry["fingerprint"], "request": entry["request"], "assets": assets,
            "render": kept, "history": len(entry.get("history", ()))}  # fmt: skip


def paid_once(scene: Scene) -> None:
    """By the ledger: one job that did not fail for each content, one for each key."""
    jobs = scene.ledger()["jobs"]
    keys = Counter(job["idempotency_key"] for job in jobs)
    assert set(keys.values()) == {1}, keys
    contents = Counter(_content(job) for job in jobs if job["status"] != "failed")
    assert set(contents.values()) == {1}, contents
    assert {job["status"] for job in jobs} <= {"completed", "failed"}
    assert all((job["charged_usd"] > 0) == (job["status"] == "completed") for job in jobs)


def _content(job: dict[str, Any]) -> str:
    body = {name: value for name, value in job["request"].items() if name != "title"}
    return json.dumps(body, sort_keys=True)


def lock_of(scene: Scene) -> Lock:
    """The lock; a damaged one is refused on reading."""
    return read_lock(scene.project / "vidbuild.lock", project="crash")


def complete(scene: Scene, *, strays: bool = False) -> None:
    """Every video is recorded as rendered, and its files are there."""
    lock = lock_of(scene)
    assert set(lock.videos) == set(AFTER)
    for name, entry in lock.videos.items():
        assert entry.render.status is Status.completed, name
        assert {past.status for past in entry.history} <= {Status.completed}, name
        assert entry.render.outputs.keys() == {"video", "subtitle", "thumbnail"}, name
    whole_files(scene, strays=strays)


def whole_files(scene: Scene, *, strays: bool = False) -> None:
    """Every recorded file is as it was recorded, and nothing else is beside them. There may be
    `strays` where records were lost: of names that have left, or set aside."""
    build, expected = scene.project / "build", set()
    for entry in lock_of(scene).videos.values():
        for output in entry.render.outputs.values():
            assert output is not None
            data = (build / output.path).read_bytes()
            own = (len(data), hashlib.sha256(data).hexdigest())
            assert own == (output.bytes, output.sha256), output.path
            expected.add(output.path)
    found = set(_files(build)) - {"manifest.json"}
    if strays:
        found = {name for name in found if ".orig" not in name and not name.startswith("old.")}
    assert found == expected, found ^ expected


def nothing_left(scene: Scene) -> None:
    """No file half done, no intent without an answer, no list to go on with."""
    names = {path.name for path in scene.project.iterdir()} - {".git", ".gitignore"}
    assert names <= {"vidbuild.yaml", "vidbuild.lock", "media", "build", ".vidbuild"}, names
    assert not (scene.project / "build" / ".partial").exists()
    state = scene.project / ".vidbuild" / "state"
    strays = {path.name for path in state.iterdir()} - {"journal.db", "apply.lock"}
    assert not strays, strays
    assert not scene.journal("SELECT key FROM intents WHERE state='open' OR body IS NOT NULL")
    assert scene.journal("SELECT digest FROM applies") <= scene.lists


def nothing_to_do(scene: Scene, videos: int = len(AFTER)) -> None:
    plan = scene.run("plan", "--detailed-exitcode")
    said = f"Nothing to do: {videos} videos" in plan.stdout
    assert (plan.code, said) == (0, True), plan.told


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()
