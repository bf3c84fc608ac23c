"""Videos that the provider has no more: their files are all there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.apply.cloud import content_of
from tests.apply.fleet import mortal
from tests.apply.site import Site
from vidbuild.files import write_atomic
from vidbuild.state.lock import encode_lock, read_lock
from vidbuild.state.records import Status

MOVES: Mapping[str, Mapping[str, str]] = {
    "rename": {"x": "One.", "b": "Two."},
    "swap": {"a": "Two.", "b": "One."},
    "twin": {"a": "One.", "b": "Two.", "c": "One."},
}


def gone(root: Path) -> Site:
    """A project of two videos that are only here."""
    root.mkdir()
    site = Site(root=root)
    site.write({"a": "One.", "b": "Two."})
    site.apply(site.propose())
    path = root / "vidbuild.lock"
    lock = read_lock(path, project="acme")
    videos = {
        name: replace(entry, render=replace(entry.render, status=Status.gone))
        for name, entry in lock.videos.items()
    }
    write_atomic(path, encode_lock(replace(lock, videos=videos)))
    for job in site.ledger.jobs.values():
        job.deleted = True
    assert pays(site) == []
    return site


def pays(site: Site) -> list[str]:
    return [change.name for change in site.propose().plan.changes if change.pays]


def moved(site: Site, videos: Mapping[str, str]) -> bool:
    """Whether every video lies under its own name."""
    ids = {str(job.body["script"]): job.video_id for job in site.ledger.jobs.values()}
    files = {path.name: path.read_bytes() for path in (site.root / "build").glob("*.mp4")}
    return files == {
        f"{name}.mp4": content_of(f"https://files/{ids[script]}/video")
        for name, script in videos.items()
    }


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize("move", MOVES)
def test_a_move_renders_nothing_then_and_later(tmp_path: Path, move: str, journal: bool) -> None:
    site = gone(tmp_path / "p")
    site.write(MOVES[move])
    assert pays(site) == []
    result = site.apply(site.propose())
    assert result is not None
    assert (result.exit_code, result.failures) == (0, ())
    assert moved(site, MOVES[move])
    if not journal:
        for path in (site.root / ".vidbuild" / "state").glob("journal.db*"):
            path.unlink()
    assert pays(site) == []
    assert len(site.ledger.jobs) == 2


@pytest.mark.parametrize("move", ["rename", "twin"])
def test_a_move_that_is_killed_anywhere_renders_nothing_later(tmp_path: Path, move: str) -> None:
    for at in range(1, 1000, 3):
        site = gone(tmp_path / f"p{at}")
        site.write(MOVES[move])
        with mortal():
            ended = site.apply(site.propose(), kill=at) is not None
        assert pays(site) == [], at
        site.apply(site.propose())
        assert moved(site, MOVES[move]), at
        assert len(site.ledger.jobs) == 2
        if ended:
            return
