"""Stopping an apply: signals and time limits, with many videos and a provider that is slow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLEAN
from tests.cli.served import Served, serve
from tests.cli.shop import KEY, Shop
from tests.forks import Forked

MANY = {f"video-{n:03}": f"Text number {n}." for n in range(300)}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A studio whose renders outlast every test, and that takes its time to answer."""
    data = tmp_path_factory.mktemp("slow")
    rendering = ("--render", "simulated", "--render-seconds", "3600", "--concurrency", "1000")
    slow = ("--fault", "slow=0.2", "--seed", "2")
    with serve(data, *rendering, *slow, "--key", KEY, patient=False) as studio:
        yield studio


def started(
    shop: Shop, *arguments: str, start: type[subprocess.Popen[str]] = Forked
) -> subprocess.Popen[str]:
    """An apply that has submitted something."""
    process = start(
        [sys.executable, "-m", "vidbuild", "apply", "-y", "--json", *arguments],
        cwd=shop.folder, env={**CLEAN, **shop.env()}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "submitted":
            return process
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_submits_nothing_further_and_the_lock_is_there_within_two_seconds(
    slow: Served, tmp_path: Path, how: signal.Signals
) -> None:
    shop = Shop(tmp_path, slow, f"stop-{how.name.lower()}")
    shop.write(**MANY)
    process = started(shop, "-j", "20")
    process.send_signal(how)
    sent = time.monotonic()
    out, err = process.communicate(timeout=30)
    took = time.monotonic() - sent
    assert process.returncode == 130, err
    assert took < 2 + 3 * load(), took
    taken = len(shop.jobs())
    videos: dict[str, Any] = shop.lock()["videos"]
    done = json.loads(out.splitlines()[-1])
    assert (done["event"], done["exit_code"]) == ("done", 130)
    assert 1 <= taken <= len(videos) <= 20
    assert {entry["render"]["status"] for entry in videos.values()} <= {"submitted", "intent"}


def test_a_second_signal_ends_at_once(slow: Served, tmp_path: Path) -> None:
    shop = Shop(tmp_path, slow, "twice")
    shop.write(**MANY)
    # How it ends is the interpreter's matter too.
    process = started(shop, start=subprocess.Popen)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    _, err = process.communicate(timeout=30)
    # The second may find an interpreter that is ending already, which then ends of the signal.
    assert process.returncode in (130, -signal.SIGINT), err
    assert "Traceback" not in err


def test_a_time_limit_ends_with_4_and_bounds_what_comes_before_the_first_create(
    slow: Served, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, slow, "late")
    shop.write(**MANY)
    began = time.monotonic()
    done = shop.run("apply", "-y", "--timeout", "0.001")
    assert done.returncode == 4, done.stderr
    assert "stopped waiting before anything was submitted" in done.stderr
    assert not (shop.folder / "vidbuild.lock").exists()
    done = shop.run("apply", "-y", "--timeout", "0.7")
    assert done.returncode == 4, done.stderr
    assert time.monotonic() - began < 10 * (1 + load())


def load() -> float:
    """How much busier the machine is than it can be."""
    return max(os.getloadavg()[0] / (os.cpu_count() or 1) - 1, 0.0)
