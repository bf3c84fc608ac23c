"""Many jobs at once through the command's own process: none lost, none doubled, none wrong, also
when it is killed in the middle. `make bench-studio` does it with ten thousand and a clock."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import studio as bench

from tests.forks import Forked
from vidbuild.studio.store import open_store
from vidbuild.studio.videos import ledger


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`vidbuild studio serve` on a free port."""
    command = [*bench.COMMAND, "--data", str(folder), *options]
    with Forked(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("Studio listening on http://127.0.0.1:")
            yield process, int(said.rsplit(":", 1)[1])
        finally:
            process.kill()


def test_some_hundred_jobs_from_ten_clients_are_all_done_and_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, port):
        pid = process.pid if Path("/proc/self/status").exists() else None
        tally, _ = asyncio.run(bench.load(port, 300, pid))
        assert list(bench.faults(tally, bench.ledger(port), 300)) == []


def _ledger(folder: Path) -> list[dict[str, Any]]:
    db = open_store(folder, wallet=0.0)
    try:
        return [json.loads(each) for each in ledger(db)]
    finally:
        db.close()


async def _create(port: int, key: str) -> str | None:
    """The id of a video, asked for once; None where no answer came."""
    try:
        connection = bench.Connection(*await asyncio.open_connection("127.0.0.1", port))
        try:
            status, said = await connection.ask("POST", "/v3/videos", bench.BODY, key)
        finally:
            connection.close()
    except (OSError, asyncio.IncompleteReadError):
        return None
    return str(said["data"]["video_id"]) if status == 200 else None


async def _until_killed(
    process: subprocess.Popen[str], port: int, keys: list[str]
) -> dict[str, str]:
    """What eight clients at once were promised before the studio died."""
    promised: dict[str, str] = {}
    work = iter(keys)

    async def client() -> None:
        for key in work:
            video_id = await _create(port, key)
            if video_id is not None:
                promised[key] = video_id
            if len(promised) == 25:
                process.kill()

    await asyncio.gather(*(client() for _ in range(8)))
    return promised


def test_a_studio_killed_under_load_keeps_every_promise_and_charges_once(tmp_path: Path) -> None:
    options = ("--concurrency", "1000", "--render-seconds", "0")
    keys = [f"k{n}" for n in range(60)]
    promised: dict[str, str] = {}
    for turn in range(3):
        with serving(tmp_path, *options) as (process, port):
            again = asyncio.run(_until_killed(process, port, keys[turn * 10 :]))
        assert all(promised.get(key, video_id) == video_id for key, video_id in again.items())
        promised |= again
    with serving(tmp_path, *options) as (_, port):

        async def ask_all() -> dict[str, str | None]:
            return {key: await _create(port, key) for key in keys}

        final = asyncio.run(ask_all())
        left = bench.ledger(port)
    assert final | promised == final
    assert sorted(job["idempotency_key"] for job in left["jobs"]) == sorted(keys)
    assert {job["video_id"] for job in left["jobs"]} == set(final.values())
    jobs = _ledger(tmp_path)
    spent = sum(job["charged_usd"] for job in jobs)
    assert {job["status"] for job in jobs} == {"completed"}
    assert len({job["charged_usd"] for job in jobs}) == 1
    db = open_store(tmp_path, wallet=0.0)
    held, wallet = db.execute("SELECT held, spent FROM wallet").fetchone()
    db.close()
    assert (held, wallet) == (100_000.0, pytest.approx(spent))


def test_the_command_says_what_is_wrong_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("in the way")
    command = [sys.executable, "-m", "vidbuild", "studio", "serve", "--data", str(tmp_path / "s")]
    done = subprocess.run([*command, "--port", "0"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "VB802" in done.stderr
    assert "Traceback" not in done.stderr
