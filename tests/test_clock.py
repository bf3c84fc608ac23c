"""The virtual clock: time passes when everything waits, at once, and in the right order."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from vidbuild.clock import VirtualClock

DAY = 24 * 3600.0


@given(st.lists(st.integers(0, 10_000_000), max_size=30))
def test_sleepers_wake_when_they_wanted_to(waits: list[int]) -> None:
    clock, woken = VirtualClock(start=0.0), list[float]()

    async def sleep(seconds: int) -> float:
        await clock.sleep(seconds)
        woken.append(clock.now())
        return clock.now()

    async def scene() -> list[float]:
        return await asyncio.gather(*(sleep(each) for each in waits))

    times = clock.run(scene())
    assert all(abs(at - wait) < 1e-3 for at, wait in zip(times, waits, strict=True))
    assert woken == sorted(woken)


def test_a_month_takes_a_moment_and_time_outs_keep_the_same_time() -> None:
    clock = VirtualClock()

    async def scene() -> str:
        try:
            async with asyncio.timeout(30 * DAY):
                await clock.sleep(31 * DAY)
        except TimeoutError:
            return "too late"
        return "in time"

    start, before = time.monotonic(), clock.now()
    assert clock.run(scene()) == "too late"
    assert time.monotonic() - start < 5
    assert abs(clock.now() - before - 30 * DAY) < 1


def test_a_thread_is_waited_for_before_time_passes() -> None:
    clock = VirtualClock()

    async def scene() -> None:
        async with asyncio.timeout(1):
            await asyncio.to_thread(time.sleep, 0.05)

    before = clock.now()
    clock.run(scene())
    assert clock.now() == before


def test_a_conversation_over_loopback_takes_no_time() -> None:
    clock = VirtualClock()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))
        writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with asyncio.timeout(1):
            for _ in range(20):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"hello")
                assert await reader.read() == b"hello"
                writer.close()
        server.close()

    before = clock.now()
    clock.run(scene())
    assert clock.now() - before < 1
