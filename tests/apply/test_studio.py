"""The engine with its real neighbours: the client and the studio in-process, simulated."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.apply.test_engine import quiet
from tests.apply.world import World
from vidbuild.apply.work import Result
from vidbuild.clock import SystemClock
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.state.records import Status
from vidbuild.studio.server import Studio

BASE = "http://studio.localhost"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(root=tmp_path)
    made.clock = SystemClock()  # type: ignore[assignment]
    return made


def apply(world: World, **options: Any) -> tuple[Result, list[dict[str, Any]]]:
    """One apply against the project's studio, and the studio's ledger afterwards."""

    async def run() -> tuple[Result, list[dict[str, Any]]]:
        async with Studio(data=world.root / "studio", render="simulated") as studio:
            transport = httpx.ASGITransport(app=studio.app)
            client = HeyGen(
                base=BASE,
                credential=Credential(secret="studio-key", origin="test"),
                api=world.api,
                transport=transport,
            )
            world.cloud = client  # type: ignore[assignment]
            try:
                result = await world.carry_out(world.plan(), **options)
                async with httpx.AsyncClient(transport=transport, base_url=BASE) as asking:
                    headers = {"x-api-key": "studio-key"}
                    answer = await asking.get("/_studio/ledger", headers=headers)
                return result, answer.json()["jobs"]
            finally:
                await client.close()

    return asyncio.run(run())


def test_everything_is_rendered_once_and_the_key_is_nowhere(world: World) -> None:
    world.write(a="One.", b="Two.", c="Two.")
    office = world.media("media/office.png", b"\x89PNG\r\n\x1a\n" + bytes(64))
    world.put(
        "d",
        "Four.",
        background={"type": "image", "asset_id": {"sha256": office.sha256}},
        media={"background.asset_id": office},
    )
    result, jobs = apply(world)
    assert (result.exit_code, result.failures) == (0, ())
    assert len(jobs) == 3
    keys = {job["idempotency_key"] for job in jobs}
    assert keys == {f"vb1:acme:{world.sources[name].fingerprint[7:]}:1" for name in ("a", "b", "d")}
    assert {e.render.status for e in world.lock().videos.values()} == {Status.completed}
    assert quiet(world)
    for path in (world.lock_path, world.journal_path):
        assert b"studio-key" not in path.read_bytes()
    result, jobs = apply(world)
    assert (result.exit_code, len(jobs)) == (0, 3)


def test_a_lost_lock_and_journal_pay_nothing(world: World) -> None:
    world.write(a="One.", b="Two.")
    apply(world)
    before = json.loads(world.lock_path.read_text())
    world.lock_path.unlink()
    world.journal_path.unlink()
    result, jobs = apply(world)
    assert (result.exit_code, len(jobs)) == (0, 2)
    assert json.loads(world.lock_path.read_text()) == before


def test_submitted_without_waiting_and_finished_by_the_next_apply(world: World) -> None:
    world.write(a="One.", b="Two.")
    result, _ = apply(world, wait=False)
    assert result.exit_code == 0
    result, jobs = apply(world)
    assert (result.exit_code, len(jobs)) == (0, 2)
    assert quiet(world)
