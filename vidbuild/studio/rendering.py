"""Real drafts: jobs go from the store to worker processes, results go back.

Workers are plain child processes, so that a crash costs one job, memory is given back when
the studio closes, and nothing outlives a killed parent (see `worker`).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.studio import assets, ending, videos
from vidbuild.studio.desk import Desk

MAX_CRASHES = 2
# A draft takes seconds; one that takes this long never ends.
_TIMEOUT = 1800.0
# Found wherever this process found it, and behind everything else: a folder of packages put
# in front, as PYTHONPATH would, could stand in for the standard library.
_MAIN = "import sys; sys.path.append(sys.argv[1]); from vidbuild.studio.worker import main; main()"
_PACKAGES = str(Path(__file__).resolve().parents[2])
_LAST_WORDS = 2.0
_LOG = "worker.log"
_FOLDER, _SHELF = Path("videos"), "speech"


# How often a render is asked whether anybody still wants it.
_LOOK = 0.2


class Crashed(Exception):
    """The worker ended without an answer."""


class Dropped(Exception):
    """The video was deleted while it was rendered."""


class Worker:
    """One child process, one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, folder: Path) -> Worker:
        """Starts a process whose complaints go to a log in `folder`."""
        with (folder / _LOG).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # a module in the user's folder must not stand in for one of ours
                "-c",
                _MAIN,
                _PACKAGES,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=_environment(),
                limit=1 << 20,
                # Out of the reach of a terminal's Ctrl-C, also while it is starting.
                start_new_session=True,
            )
        return cls(process)

    async def render(self, job: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer. Raises `Crashed` where it gives none."""
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            raise Crashed
        try:
            async with asyncio.timeout(_TIMEOUT):
                sink.write(json.dumps(job).encode() + b"\n")
                await sink.drain()
                answer = json.loads(await source.readline())
        except (ValueError, OSError, TimeoutError):
            await self._last_words()
            raise Crashed from None
        return dict(answer)

    async def _last_words(self) -> None:
        """A worker that has failed writes its traceback after it has closed its output."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._process.wait()

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a render ended: a duration and a folder, or a failure's code and message."""

    duration: float | None = None
    folder: str | None = None
    code: str = ""
    message: str = ""


# Asked for: it would come to nothing anyhow, so nothing is made.
SPOILT = Outcome(code=ending.FAULT[0], message=ending.FAULT[1])


class Rendering:
    """Keeps up to `workers` processes busy while there is something to render."""

    def __init__(self, desk: Desk, workers: int) -> None:
        self._desk = desk
        self._workers = workers
        self._idle: list[Worker] = []
        self._busy: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Sees that as many jobs as can be are being rendered. Cheap when nothing is new."""
        while len(self._busy) < self._workers:
            video = self._next()
            if video is None:
                return
            task = asyncio.create_task(self._work(video))
            self._busy.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, (OSError, sqlite3.Error)):
            self._desk.trouble(error)

    async def close(self) -> None:
        """Stops at once; what was being rendered is given back for the next time."""
        busy = list(self._busy)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._idle))
        self._idle.clear()

    async def _work(self, first: videos.Video) -> None:
        """Renders one job after another with one worker, until nothing is left."""
        worker: Worker | None = None
        video: videos.Video | None = first
        try:
            while video is not None:
                try:
                    worker = worker or await self._worker()
                    outcome = await self._while_wanted(worker, video)
                    self._record(video, outcome)
                except Dropped:
                    await self._drop(worker, video)
                    worker = None
                except (Crashed, OSError) as error:
                    await _stop(worker)
                    worker = None
                    self._record(video, _crash(video, error))
                video = self._next()
        except BaseException:
            # Cancelled in the middle: the job is somebody else's, the worker nobody's.
            if video is not None:
                with suppress(sqlite3.Error):
                    videos.release(self._desk.db, video.video_id, crashed=False)
            await _stop(worker)
            worker = None
            raise
        finally:
            self._idle += [worker] if worker is not None else []

    async def _while_wanted(self, worker: Worker, video: videos.Video) -> Outcome:
        """Renders a video; raises `Dropped` soon after it was deleted, by this process or not."""
        render = asyncio.create_task(self._render(worker, video))
        try:
            while not (await asyncio.wait({render}, timeout=_LOOK))[0]:
                if not videos.wanted(self._desk.db, video.video_id):
                    raise Dropped
        finally:
            render.cancel()
        outcome = await render
        if not videos.wanted(self._desk.db, video.video_id):
            raise Dropped
        return outcome

    async def _drop(self, worker: Worker | None, video: videos.Video) -> None:
        await _stop(worker)
        folder = self._desk.folder / _FOLDER / video.video_id
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _next(self) -> videos.Video | None:
        owner = self._desk.owner
        if not videos.anything_for(self._desk.db, owner.name):
            return None
        return videos.claim(self._desk.db, owner.name, owner.alive)

    async def _worker(self) -> Worker:
        return self._idle.pop() if self._idle else await Worker.start(self._desk.folder)

    async def _render(self, worker: Worker, video: videos.Video) -> Outcome:
        if self._desk.faults.fails(video.seq):
            return SPOILT
        folder = _FOLDER / video.video_id
        target = self._desk.folder / folder
        await asyncio.to_thread(_empty, target)
        files = assets.stored(self._desk.db, video.request)
        answer = await worker.render(
            {
                "video_id": video.video_id,
                "request": dict(video.request),
                "assets": {i: str(self._desk.folder / a.path) for i, a in files.items()},
                "output_dir": str(target),
                "speech": str(self._desk.folder / _SHELF),
            }
        )
        if "failure" in answer:
            failure = answer["failure"]
            return Outcome(code=str(failure["code"]), message=str(failure["message"]))
        draft = answer["draft"]
        for said in draft.get("warnings", ()):
            self._desk.remark(video.video_id, said)
        await asyncio.to_thread(_name, draft, target)
        return Outcome(duration=float(draft["duration"]), folder=folder.as_posix())

    def _record(self, video: videos.Video, outcome: Outcome | None) -> None:
        desk, now = self._desk, self._desk.now
        if outcome is None:
            videos.release(desk.db, video.video_id, crashed=True)
        elif outcome.duration is None:
            ending.give_up(desk, video, at=now, code=outcome.code, message=outcome.message)
        else:
            seconds, folder = outcome.duration, outcome.folder
            ending.finish(desk, video, at=now, duration=seconds, folder=folder)
        desk.settle()


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _crash(video: videos.Video, error: Exception) -> Outcome | None:
    """None: another try. A job that keeps killing its worker has failed."""
    if video.crashes + 1 < MAX_CRASHES:
        return None
    why = str(error) or f"no answer came; {_LOG} in the studio's folder says more"
    return Outcome(code="rendering_failed", message=f"The renderer has failed: {why}")


async def _stop(worker: Worker | None) -> None:
    if worker is not None:
        await worker.stop()


def _name(draft: dict[str, Any], target: Path) -> None:
    """Gives the renderer's files the names that links know them by."""
    for kind, stem in (("video", "video"), ("subtitle", "subtitle"), ("thumbnail", "thumbnail")):
        made = Path(draft[kind])
        made.replace(target / f"{stem}{made.suffix}")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _environment() -> dict[str, str]:
    """Ours, without anybody's key."""
    return {name: text for name, text in os.environ.items() if not name.startswith("HEYGEN_")}
