"""An apply of twelve videos is killed with SIGKILL wherever it leaves a trace, and begun again.

By the studio's ledger every content is rendered once, and nothing else may show that there
was a kill: not in the lock, the files, the journal or the next plan. With VIDBUILD_CRASH=all
at every point, otherwise at a few points of each kind, drawn from a seed.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.crash import judge
from tests.crash.conftest import EVERYTHING
from tests.crash.nest import Done
from tests.crash.reaper import ANY, Point
from tests.crash.scene import UPLOADS, Scene, again, begun

PARTS = 6 if EVERYTHING else 1
FEW = 9  # points of one studio otherwise
STEADY = ("--render-seconds", "0.05")
# What goes wrong without an error answer: with those replayed, a key would be spoilt for a day.
LOSSY = ("--fault", "drop_before=0.1", "--fault", "drop_after=0.1", "--fault", "rate_limit=0.05")
STUDIOS: dict[str, tuple[str, ...]] = {
    "errors are forgotten": (*STEADY, "--fault", "error_before=0.05", "--fault", "error_after=0.1"),
    "errors are replayed": (*STEADY, "--replay-errors", *LOSSY),
}
# Steps that come as often as time allows: the last ones of them may not come again.
_UNSURE = (
    "call: GET /v3/videos/statuses",
    "call: GET /v3/videos/ID",
    "file: replace lock",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The same apply without a kill: what it leaves, and the points that it goes through."""

    outcome: judge.Outcome
    points: tuple[Point, ...]


_references: dict[tuple[str, ...], Reference] = {}
_numbers = count()


# Calls that are repeated until something has happened: so many of them are tried, not all.
_POLLS = {"call: GET /v3/videos/statuses": 6, "call: GET /v3/videos/ID": 20}


def reference(prepared: Scene, options: Sequence[str]) -> Reference:
    """Made once for each studio."""
    known = tuple(options)
    if known not in _references:
        with begun(prepared, place(prepared), options) as scene:
            done = scene.run("apply", "-y")
            assert done.code == 0, done
            judge_all(scene, uploads=UPLOADS)
            _references[known] = Reference(
                outcome=judge.outcome(scene), points=tuple(points(done.steps))
            )
    return _references[known]


def points(steps: Sequence[str]) -> Iterator[Point]:
    seen: Counter[str] = Counter()
    for step in steps:
        seen[step] += 1
        if seen[step] <= _POLLS.get(step.rpartition(":")[0], len(steps)):
            yield step, seen[step]


def place(prepared: Scene) -> Path:
    return prepared.root.with_name(f"scene-{next(_numbers)}")


def judge_all(scene: Scene, *, uploads: int) -> None:
    judge.paid_once(scene)
    judge.complete(scene)
    judge.nothing_left(scene)
    judge.nothing_to_do(scene)
    assert judge.outcome(scene).uploads <= uploads


def spread(points: Sequence[Point], few: int, seed: str) -> list[Point]:
    """A few points, as many different steps as can be."""
    draw = random.Random(seed)  # noqa: S311 - to repeat
    mixed = draw.sample(points, len(points))
    turn = Counter[str]()
    ranked = []
    for point in mixed:
        turn[point[0]] += 1
        ranked.append((turn[point[0]], point))
    return [point for _, point in sorted(ranked, key=lambda each: each[0])[:few]]


def killed(scene: Scene, at: Point) -> Done:
    """One apply that is killed there, unless it ends before it comes to that point."""
    done = scene.run("apply", "-y", at=at)
    assert done.killed or (done.code == 0 and at[0].startswith(_UNSURE)), done.told
    return done


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("studio", STUDIOS)
def test_killed_and_begun_again(prepared: Scene, studio: str, part: int) -> None:
    options = STUDIOS[studio]
    wanted = reference(prepared, options)
    assert len(wanted.points) >= 300
    chosen = wanted.points if EVERYTHING else spread(wanted.points, FEW, studio)
    with failing_points() as tried:
        for at in chosen[part::PARTS]:
            with tried(at), begun(prepared, place(prepared), options) as scene:
                done = killed(scene, at)
                again(scene)
                judge_all(scene, uploads=UPLOADS + in_doubt(done))
                same(judge.outcome(scene), wanted.outcome)


def in_doubt(done: Done) -> int:
    """How many uploads were under way at a kill: nobody knows whether they have arrived."""
    steps = Counter(done.steps)
    begun = steps["call: POST /v3/assets: before"]
    return min(begun, UPLOADS) - steps["journal: insert assets: after"]


def same(found: judge.Outcome, wanted: judge.Outcome) -> None:
    assert found.jobs == wanted.jobs
    assert found.videos == wanted.videos


@contextmanager
def failing_points() -> Iterator[Callable[[object], AbstractContextManager[None]]]:
    """Goes on after a point that fails, and tells of all of them at the end."""
    failures: list[str] = []

    @contextmanager
    def tried(at: object) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(f"{at} ({frame.name}: {frame.line}): {error}")

    yield tried
    assert not failures, f"{len(failures)} points:\n" + "\n".join(failures)


LOST: dict[str, tuple[str, ...]] = {"journal": ("journal.db*",), "lock": ("vidbuild.lock",)}
LOST["both"] = (*LOST["journal"], *LOST["lock"])


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("studio", STUDIOS)
def test_killed_and_records_lost(prepared: Scene, studio: str, lost: str) -> None:
    """Whatever of its own records an apply has lost, nothing is paid again."""
    options = STUDIOS[studio]
    wanted = reference(prepared, options)
    with failing_points() as tried:
        for at in spread(wanted.points, 12 if EVERYTHING else 1, f"{studio} {lost}"):
            with tried(at), begun(prepared, place(prepared), options) as scene:
                killed(scene, at)
                for pattern in LOST[lost]:
                    for path in scene.project.rglob(pattern):
                        path.unlink()
                again(scene, most=3)  # one that is known to have failed may be met anew
                judge.paid_once(scene)
                judge.complete(scene, strays=lost != "journal")
                judge.nothing_left(scene)
                judge.nothing_to_do(scene)
                assert judge.outcome(scene).jobs == wanted.outcome.jobs


@pytest.mark.parametrize("studio", STUDIOS)
def test_killed_twice(prepared: Scene, studio: str) -> None:
    options = STUDIOS[studio]
    wanted = reference(prepared, options)
    draw = random.Random(studio)  # noqa: S311 - to repeat
    with failing_points() as tried:
        for first in spread(wanted.points, 24 if EVERYTHING else 1, f"{studio} twice"):
            second = (ANY, draw.randrange(1, 300))
            with (
                tried((first, second)),
                begun(prepared, place(prepared), options) as scene,
            ):
                doubt = in_doubt(killed(scene, first))
                doubt += in_doubt(scene.run("apply", "-y", at=second))
                again(scene)
                judge_all(scene, uploads=UPLOADS + doubt)
                same(judge.outcome(scene), wanted.outcome)
