"""How an apply keeps its slots busy, and what that costs: thousands of jobs in virtual time.

    python bench/schedule.py [JOBS...]

Each run is a process of its own: a project of a CSV, planned, and applied through the real
client over a transport that answers from memory, ten jobs at once. Lengths of scripts are
lognormal; renders take half again as long as their video, give or take a third; once more
with renders whose length nobody can know. Prints the time it took against the least it can
take, the status calls a job, the CPU time a job, the process's own and the system's for
files and syncs together, without that of the answering side (files lie in memory where the
system has a place for that) and the memory above that of the plan; ends with 1 where something
is over its bar.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from vidbuild import studio

AT_ONCE = 10
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own in it
BAR_TIME, BAR_CALLS, BAR_CPU = 1.05, 1.2, 5.0
SPREADS = {"told": (0.6, 0.3), "unknown": (0.0, 0.5)}  # of lengths, and of rendering them
HEAD = """\
vidbuild: 1
project: bench
defaults: {type: avatar, avatar_id: Abigail, voice_id: voice}
videos:
  lesson:
    for_each: {file: rows.csv}
    name: lesson/{{ each.n }}
    title: Lesson {{ each.n }}
    script: "{{ each.text }}"
"""


@dataclass
class Cloud:
    """A provider behind a transport: `seconds` of rendering by script, and how long it was busy."""

    clock: Any
    seconds: dict[str, float]
    jobs: dict[str, tuple[float, float]] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    most: int = 0
    busy: float = 0.0
    running: list[float] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        began = time.process_time()
        kind, data = self.answer(request)
        self.asked[kind] = self.asked.get(kind, 0) + 1
        body = data if isinstance(data, bytes) else json.dumps({"data": data}).encode()
        headers = {
            "date": formatdate(self.clock.now(), usegmt=True),
            "content-length": str(len(body)),
        }
        response = httpx.Response(200, headers=headers, stream=Stream(body))
        self.busy += time.process_time() - began
        return response

    def answer(self, request: httpx.Request) -> tuple[str, Any]:
        path = request.url.path
        if path.startswith("/files/"):
            return "file", content(path.rpartition("/")[2])
        if path.endswith("/statuses"):
            ids = request.url.params["video_ids"].split(",")
            return "statuses", [{"video_id": each, "status": self.status(each)} for each in ids]
        if path.endswith("/me"):
            return "me", {"username": "me"}
        if request.method == "POST":
            key = request.headers["idempotency-key"]
            return "create", self.create(json.loads(request.content), key)
        return "video", self.detail(path.rpartition("/")[2])

    def create(self, body: dict[str, Any], key: str) -> dict[str, str]:
        now = self.clock.now()
        if key not in self.taken:
            self.taken[key] = video_id = hashlib.sha256(key.encode()).hexdigest()[:32]
            self.jobs[video_id] = (now, now + self.seconds[body["script"]])
            while self.running and self.running[0] <= now:
                heapq.heappop(self.running)
            heapq.heappush(self.running, self.jobs[video_id][1])
            self.most = max(self.most, len(self.running))
        return {"video_id": self.taken[key], "status": "waiting"}

    def status(self, video_id: str) -> str:
        return "completed" if self.jobs[video_id][1] <= self.clock.now() else "processing"

    def detail(self, video_id: str) -> dict[str, Any]:
        began, ends = self.jobs[video_id]
        found: dict[str, Any] = {"id": video_id, "status": self.status(video_id)}
        found["created_at"] = int(began)
        if found["status"] == "completed":
            links = {
                f"{kind}_url": f"https://api.heygen.com/files/{video_id}/{kind}"
                for kind in ("video", "subtitle", "thumbnail")
            }
            found |= {"completed_at": int(ends), "duration": 40.0, **links}
        return found


class Stream(httpx.AsyncByteStream):
    """A body as it comes from a socket: once, and not before it is asked for."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


class Transport(httpx.AsyncBaseTransport):
    """Every host there is."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.cloud.handle(request)


@cache
def content(kind: str) -> bytes:
    """The files that the studio answers with where it simulates."""
    names = {"video": "video.mp4", "subtitle": "subtitle.srt", "thumbnail": "thumbnail.jpg"}
    sample = Path(studio.__file__).parent / "sample" / names[kind]
    return sample.read_bytes()


def write_project(folder: Path, jobs: int, kind: str) -> dict[str, float]:
    """The project's files, and the seconds that each script takes to render."""
    draw, rows, seconds = random.Random(jobs), ["n,text"], {}  # noqa: S311 - no secret
    spread, noise = SPREADS[kind]
    for n in range(jobs):
        words = min(max(3, round(100 * math.exp(draw.gauss(0, spread)))), 1000)  # what one may have
        text = " ".join([f"This is lesson {n}.", *["more of it is said"] * (words // 4)])
        rows.append(f"{n:05},{text}")
        seconds[text] = 1.5 * len(text.split()) / 2.5 * math.exp(draw.gauss(0, noise))
    (folder / "vidbuild.yaml").write_text(HEAD)
    (folder / "rows.csv").write_text("\n".join(rows))
    return seconds


def run(jobs: int, kind: str) -> dict[str, float]:
    """One apply, measured in this process."""
    from vidbuild.apply.engine import apply
    from vidbuild.apply.work import Work
    from vidbuild.clock import VirtualClock
    from vidbuild.provider.client import HeyGen
    from vidbuild.provider.credentials import Credential
    from vidbuild.settings import Settings
    from vidbuild.state.journal import Journal
    from vidbuild.workspace.accepting import propose
    from vidbuild.workspace.opened import open_workspace
    from vidbuild.workspace.planning import PlanOptions

    with tempfile.TemporaryDirectory(prefix="vidbuild-bench-", dir=MEMORY) as name:
        folder, clock = Path(name), VirtualClock()
        cloud = Cloud(clock, write_project(folder, jobs, kind))
        workspace = open_workspace(Settings(directory=folder))
        proposal = propose(workspace, PlanOptions())
        client = HeyGen(
            base="https://api.heygen.com",
            credential=Credential(secret="bench", origin="bench"),  # noqa: S106 - nobody checks it
            transport=Transport(cloud),
            clock=clock,
        )
        with Journal(workspace.journal_path, project="bench") as journal:
            work = Work(
                provider=client,
                journal=journal,
                lock=workspace.lock,
                lock_path=workspace.lock_path,
                lock_shown="vidbuild.lock",
                project_dir=folder,
                output_dir=workspace.output_dir,
                api=workspace.loaded.api,
                clock=clock,
                emit=lambda _: None,
                accepted=proposal.accepted,
                jobs=AT_ONCE,
            )
            before, began, used = peak(), clock.now(), resource.getrusage(resource.RUSAGE_SELF)
            result = clock.run(apply(proposal.plan, work))
            now = resource.getrusage(resource.RUSAGE_SELF)
        took = [ends - begins for begins, ends in cloud.jobs.values()]
        least = max(sum(took) / AT_ONCE, *took)
        if result.exit_code or len(took) != jobs or cloud.most > AT_ONCE:
            raise SystemExit(f"went wrong: {result.failures[:3]}, {len(took)} jobs, {cloud.most}")
        return {
            "time": (clock.now() - began) / least,
            "calls": cloud.asked["statuses"] / jobs,
            "user": (now.ru_utime - used.ru_utime - cloud.busy) / jobs * 1000,
            "system": (now.ru_stime - used.ru_stime) / jobs * 1000,
            "memory": peak() - before,
            "plan": before,
        }


def peak() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(run(int(sys.argv[2]), sys.argv[3])))
        return
    wrong = False
    for jobs in [int(each) for each in sys.argv[1:]] or [500, 2000]:
        for kind in SPREADS:
            command = [sys.executable, __file__, "--one", str(jobs), kind]
            got = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            cpu = got["user"] + got["system"]
            print(
                f"schedule: {jobs:,} jobs, {AT_ONCE} at once, lengths {kind}: "
                f"{got['time']:.3f} of the least time, {got['calls']:.2f} status calls and "
                f"{cpu:.1f} ms of CPU a job ({got['user']:.1f} of its own, {got['system']:.1f} of "
                f"the system's), {got['memory']:.0f} MB above the plan's {got['plan']:.0f}"
            )
            held = jobs < 2000 or (got["time"] <= BAR_TIME and got["calls"] <= BAR_CALLS)
            # Beyond, writing the lock each five seconds is what counts, and grows with it.
            if not held or (cpu > BAR_CPU and jobs <= 2000):
                print("schedule: FAILED: over its bar")
                wrong = True
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
