"""The project's OS lock, the names of outputs, and which files are good."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apply.world import make_request
from tests.state.test_join import render
from vidbuild.diagnostics import EXIT_HELD, Problems
from vidbuild.schema.api import load_api
from vidbuild.state.hold import hold
from vidbuild.state.outputs import look_at, output_paths, receipt_of, receipt_path
from vidbuild.state.recorded import Receipt
from vidbuild.state.records import Output, Render

HOLDER = """
import sys, time
from pathlib import Path
from vidbuild.state.hold import hold
with hold(Path(sys.argv[1]), now=1_800_000_000.0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_holds_the_project(tmp_path: Path) -> None:
    path = tmp_path / ".vidbuild" / "state" / "apply.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Problems) as caught, hold(path, now=0):
            pass
        assert caught.value.exit_code == EXIT_HELD
        assert f"process {holder.pid}" in str(caught.value)
        assert "2027-01-15T08:00:00Z" in str(caught.value)
        holder.stdin.close()
        holder.wait(10)
    with hold(path, now=0):  # free again
        pass
    with hold(path, now=0), pytest.raises(Problems), hold(path, now=0):
        pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "apply.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
        holder.wait(10)
    with hold(path, now=0):
        pass


@pytest.mark.parametrize(
    ("more", "video"),
    [
        ({}, "a/b.mp4"),
        ({"output_format": "webm"}, "a/b.webm"),
        ({"output_format": "mp4"}, "a/b.mp4"),
    ],
)
def test_names_become_paths(more: dict[str, Any], video: str) -> None:
    request = make_request("a/b", "One.", **more)
    paths = output_paths(load_api(), request, ("video", "subtitle", "thumbnail"))
    assert paths == {"video": video, "subtitle": "a/b.srt", "thumbnail": "a/b.jpg"}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Render, dict[str, Receipt]]:
    """A file in place, the render that records it, and its receipt."""
    file = tmp_path / "build" / "tour.mp4"
    file.parent.mkdir()
    file.write_bytes(b"video")
    sha256 = hashlib.sha256(b"video").hexdigest()
    output = Output(path="tour.mp4", bytes=5, sha256=sha256)
    receipt = receipt_of(
        file, name=receipt_path(file, root=tmp_path), sha256=sha256, video_id="v1", kind="video"
    )
    return file, render(1, outputs={"video": output, "subtitle": None}), {receipt.path: receipt}


def stands(file: Path, of: Render, receipts: dict[str, Receipt]) -> str:
    root = file.parent.parent
    expected = {"video": "tour.mp4", "subtitle": "tour.srt"}
    return look_at(file.parent, expected, of, receipts=receipts, root=root)


def test_a_file_is_good_missing_or_altered(
    made: tuple[Path, Render, dict[str, Receipt]],
) -> None:
    file, of, receipts = made
    assert stands(file, of, receipts) == stands(file, of, {}) == "good"
    os.utime(file, ns=(1, 1))  # touched: read again, still the same
    assert stands(file, of, receipts) == "good"
    file.write_bytes(b"other")
    assert stands(file, of, receipts) == stands(file, of, {}) == "altered"
    file.unlink()
    assert stands(file, of, receipts) == "missing"


def test_a_download_of_the_recorded_video_is_good_whatever_the_lock_says(
    made: tuple[Path, Render, dict[str, Receipt]],
) -> None:
    """Another machine got other bytes for the same video: both are right."""
    file, _, receipts = made
    theirs = Output(path="tour.mp4", bytes=9, sha256="f" * 64)
    merged = render(1, outputs={"video": theirs, "subtitle": None})
    assert stands(file, merged, receipts) == "good"
    assert stands(file, merged, {}) == "altered"
    assert (
        stands(file, render(2, outputs={"video": theirs, "subtitle": None}), receipts) == "altered"
    )


def test_what_was_never_fetched_is_missing(
    made: tuple[Path, Render, dict[str, Receipt]],
) -> None:
    file, _, receipts = made
    assert stands(file, render(1), receipts) == "missing"
    elsewhere = Output(path="old.mp4", bytes=5, sha256=hashlib.sha256(b"video").hexdigest())
    moved = render(1, outputs={"video": elsewhere, "subtitle": None})
    assert stands(file, moved, receipts) == "missing"
