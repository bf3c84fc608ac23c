"""The same with the real engine: edits and applies in a row, against a provider that counts.

Fewer and longer runs than those without an engine, with real locks, journals and files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apply.cloud import content_of
from tests.apply.world import World
from vidbuild.state.records import Lock, Status

NAMES = ["a", "A", "b", "c/d"]
IDLE = {"unchanged", "orphan", "hold"}
FEW = settings(max_examples=max(10, settings().max_examples // 4))


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(root=Path(folder))


_chosen = st.lists(st.sampled_from(NAMES), unique=True)
FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "script": st.sampled_from(["One.", "Two.", "Three.", "FAIL."]),
        "title": st.sampled_from(["T", "U"]),
        "protect": st.sampled_from([False, False, True]),
    }
)


@st.composite
def wanted(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Names with their scripts; those that say FAIL fail at the provider."""
    chosen = {each.casefold(): each for each in draw(_chosen)}
    return {name: draw(FIELDS) for name in chosen.values()}


SEQUENCE = st.lists(
    st.tuples(wanted(), st.fixed_dictionaries({"wait": st.booleans(), "download": st.booleans()})),
    min_size=2,
    max_size=5,
)


def edit(here: World, videos: dict[str, dict[str, Any]]) -> None:
    here.sources.clear()
    for name, fields in videos.items():
        here.put(name, **fields)


def apply(here: World, **options: Any) -> None:
    """An apply, unless a protection refuses it."""
    plan = here.plan(download=options.get("download", True))
    if not any(change.protected and change.replaces for change in plan.changes):
        here.apply(plan, **options)


def whole(here: World) -> bool:
    """Every finished video's file is that of its own render."""
    files = here.files()
    return all(
        files[f"{name}.mp4"] == content_of(f"https://files/{entry.render.video_id}/video")
        for name, entry in here.lock().videos.items()
        if name in here.sources and entry.render.status is Status.completed
    )


@FEW
@given(SEQUENCE)
def test_paid_once_and_nothing_left_to_do(sequence: list[tuple[Any, Any]]) -> None:
    with world() as here:
        for videos, options in sequence:
            edit(here, videos)
            apply(here, **options)
        for name in here.sources:
            here.put(name, str(here.sources[name].body["script"]))  # titles again, no protection
        for _ in range(4):  # what fails does so three times at most
            here.apply()
        assert all(count == 1 for count in here.cloud.charged().values())
        left = {c.name: c.reason for c in here.plan().changes if c.action not in IDLE}
        assert set(left.values()) <= {"gave_up"}
        assert whole(here)


@FEW
@given(wanted(), st.permutations(["a", "b", "c/d", "z"]), st.booleans())
def test_permuted_names_move_their_files(
    videos: dict[str, dict[str, Any]], order: list[str], forget: bool
) -> None:
    with world() as here:
        edit(
            here, {n: {**v, "script": v["script"].replace("FAIL", "F")} for n, v in videos.items()}
        )
        here.apply()
        if forget:
            here.journal_path.unlink(missing_ok=True)
        before = here.lock()
        jobs = len(here.cloud.jobs)
        renamed = dict(zip(["a", "b", "c/d", "z"], order, strict=True))
        old, here.sources = here.sources, {}
        for name, request in old.items():
            new = renamed[name.casefold()]
            here.put(new if name.islower() else new.upper(), **_fields(request))
        plan = here.plan(prune=True)
        assert (plan.summary.renders, {c.action.value for c in plan.changes} & {"delete"}) == (
            0,
            set(),
        )
        here.apply(plan)
        assert len(here.cloud.jobs) == jobs
        assert whole(here)
        assert {c.action.value for c in here.plan(prune=True).changes} <= IDLE
        assert _videos(here.lock()) == _videos(before)


def _videos(lock: Lock) -> list[tuple[str, str]]:
    """Each content with the digest of its video."""
    outputs = [(e.fingerprint, e.render.outputs["video"]) for e in lock.videos.values()]
    return sorted((content, output.sha256) for content, output in outputs if output is not None)


def _fields(request: Any) -> dict[str, Any]:
    return {key: request.body[key] for key in ("script", "title")}


@FEW
@given(SEQUENCE)
def test_going_back_with_the_lock_alone_renders_nothing(sequence: list[tuple[Any, Any]]) -> None:
    names = ["a", "b", "c/d"]
    with world() as here:
        past = []
        for videos, _ in sequence:
            scripts = {name: videos.get(name, {"script": "None."})["script"] for name in names}
            past.append({n: s.replace("FAIL", "F") for n, s in scripts.items()})
            edit(here, {n: {"script": s} for n, s in past[-1].items()})
            here.apply()
        here.journal_path.unlink()
        jobs = len(here.cloud.jobs)
        for scripts in reversed(past):
            edit(here, {n: {"script": s} for n, s in scripts.items()})
            assert here.plan().summary.renders == 0
            here.apply()
            assert whole(here)
        assert len(here.cloud.jobs) == jobs


def test_a_failure_that_is_given_up_stays_so_under_another_name() -> None:
    """Without the journal only the lock can know; what it failed under renders something else."""
    with world() as here:
        edit(here, {"a": {"script": "FAIL."}, "b": {"script": "One."}})
        for _ in range(3):
            here.apply()
        assert here.plan().changes[0].reason == "gave_up"
        edit(here, {"a": {"script": "Two."}, "b": {"script": "FAIL."}})
        here.apply()
        here.journal_path.unlink()
        jobs = len(here.cloud.jobs)
        here.apply()
        assert len(here.cloud.jobs) == jobs
        assert [c.reason for c in here.plan().changes] == ["up_to_date", "gave_up"]
        edit(here, {"a": {"script": "Two."}, "b": {"script": "One."}})
        assert here.actions() == {"a": "unchanged", "b": "reuse"}
