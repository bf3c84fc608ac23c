"""How the served studio holds under load: 10,000 simulated jobs from ten clients.

    python bench/studio.py [JOBS]

Each client creates a video under a key, asks for it until it is done, and goes on to the next.
Clients speak plain HTTP over sockets of their own, so that what is measured is the studio and
not a client library. Prints what the creates took, how many requests were answered a second,
and the server's memory along the way; ends with 1 where something went wrong.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIENTS = 10
BAR_P99 = 0.050
BAR_GROWTH = 8.0  # megabytes from the first tenth to the end
COMMAND = [
    sys.executable, "-m", "vidbuild", "studio", "serve", "--port", "0", "--render", "simulated",
    "--render-seconds", "0.02", "--render-spread", "0.5", "--seed", "1",
    "--concurrency", str(CLIENTS),
]  # fmt: skip
BODY = {
    "type": "avatar",
    "avatar_id": "Abigail_expressive_2024112501",
    "voice_id": "73c0b6a2e29d4d38aca41454bf58c955",
    "title": "Welcome",
    "script": "Hello, and welcome to Acme Cloud. This is one of ten thousand. " * 8,
    "background": {"type": "color", "value": "#101820"},
}


@dataclass
class Tally:
    """What the clients have seen: seconds of each create, answers by status, memory in MB."""

    creates: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    requests: int = 0


class Connection:
    """One kept-alive connection that says one request after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        said = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "x-api-key: k"]
        if body is not None:
            lines += ["content-type: application/json", f"idempotency-key: {key}"]
        lines += [f"content-length: {len(said)}", "", ""]
        self._writer.write("\r\n".join(lines).encode() + said)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        answer = await self._reader.readexactly(int(fields["content-length"]))
        return int(head.split()[1]), json.loads(answer)

    def close(self) -> None:
        self._writer.close()


async def client(port: int, work: Iterator[int], tally: Tally, pid: int | None, every: int) -> None:
    connection = Connection(*await asyncio.open_connection("127.0.0.1", port))
    for number in work:
        if pid is not None and number % every == 0:
            tally.memory.append(resident(pid))
        start = time.perf_counter()
        status, made = await connection.ask("POST", "/v3/videos", BODY, f"k{number}")
        tally.creates.append(time.perf_counter() - start)
        count(tally, status)
        done = status != 200
        while not done:
            await asyncio.sleep(0.01)
            path = f"/v3/videos/{made['data']['video_id']}"
            status, detail = await connection.ask("GET", path)
            count(tally, status)
            done = status != 200 or detail["data"]["status"] in ("completed", "failed")
    connection.close()


def count(tally: Tally, status: int) -> None:
    tally.requests += 1
    tally.statuses[status] = tally.statuses.get(status, 0) + 1


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this needs /proc")


async def load(port: int, jobs: int, pid: int | None) -> tuple[Tally, float]:
    """Puts jobs through a studio on a port; with the id of its process, watches its memory."""
    tally, work = Tally(), iter(range(jobs))
    start = time.perf_counter()
    every = max(1, jobs // 10)
    await asyncio.gather(*(client(port, work, tally, pid, every) for _ in range(CLIENTS)))
    if pid is not None:
        tally.memory.append(resident(pid))
    return tally, time.perf_counter() - start


def ledger(port: int) -> Any:
    async def ask() -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = "GET /_studio/ledger HTTP/1.0\r\nhost: 127.0.0.1\r\nx-api-key: k\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])

    return asyncio.run(ask())


def faults(tally: Tally, said: Any, jobs: int) -> Iterator[str]:
    """What is wrong, if anything."""
    if set(tally.statuses) != {200}:
        yield f"answers: {tally.statuses}"
    states = {job["status"] for job in said["jobs"]}
    if len(said["jobs"]) != jobs or states != {"completed"}:
        yield f"the ledger has {len(said['jobs'])} jobs: {states}"
    if said["requests"]["POST /v3/videos"] != jobs:
        yield f"the ledger has {said['requests']['POST /v3/videos']} creates"
    if tally.memory and tally.memory[-1] - tally.memory[1] > BAR_GROWTH:
        yield f"memory grows by {tally.memory[-1] - tally.memory[1]:.1f} MB"


def slow(tally: Tally) -> Iterator[str]:
    """What has missed its bar, on a machine that does nothing else."""
    if at(tally.creates, 0.99) > BAR_P99:
        yield f"the bar of {BAR_P99 * 1000:.0f} ms for the slowest hundredth"


def at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="vidbuild-bench-") as folder:
        command = [*COMMAND, "--data", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline().rsplit(":", 1)[1])
                tally, seconds = asyncio.run(load(port, jobs, server.pid))
                said = ledger(port)
                after = resident(server.pid)
            finally:
                server.terminate()
    times = [at(tally.creates, share) * 1000 for share in (0.5, 0.99, 1.0)]
    print(
        f"studio: {jobs:,} jobs from {CLIENTS} clients in {seconds:.0f} s, "
        f"{tally.requests / seconds:.0f} requests a second; "
        "a create takes {:.1f} ms, p99 {:.1f} ms, at most {:.0f} ms".format(*times)
    )
    shown = " ".join(f"{each:.1f}" for each in tally.memory)
    print(f"studio: memory at each tenth {shown} MB, after the ledger {after:.1f} MB")
    wrong = [*faults(tally, said, jobs), *slow(tally)]
    for each in wrong:
        print(f"studio: FAILED: {each}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
