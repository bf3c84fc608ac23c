"""The studio on a port: real sockets, real renders, signals and sudden death."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.studio.studio_kit import AVATAR, http_to, run, served
from vidbuild.diagnostics import EXIT_USAGE, Problems
from vidbuild.studio.rendering import Crashed, Worker
from vidbuild.studio.serve import serve
from vidbuild.studio.server import Studio, spoken_seconds
from vidbuild.studio.store import open_store
from vidbuild.studio.videos import find

LONG = {**AVATAR, "script": "This goes on for a while. " * 60, "resolution": "720p"}


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def workers(data: Path) -> list[int]:
    """Processes that render for the studio in `data`: they hold its log open."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            log = (entry / "fd" / "2").readlink()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if log == (data / "worker.log").resolve() and b"vidbuild.studio.worker" in command:
            found.append(int(entry.name))
    return found


def test_a_port_serves_what_the_app_does(tmp_path: Path) -> None:
    with served(tmp_path, "simulated") as (_, url), http_to(url) as http:
        made = http.post("/v3/videos", json=AVATAR, headers={"Idempotency-Key": "k1"})
        video_id = made.json()["data"]["video_id"]
        assert len(made.headers.get_list("date")) == 1
        assert "server" not in made.headers
        link = http.get(f"/v3/videos/{video_id}").json()["data"]["video_url"]
        assert link.startswith(f"{url}/files/")
        assert httpx.get(link, trust_env=False).content[4:8] == b"ftyp"
        assert http.get("/nowhere").status_code == 404
        chunked = http.post("/v3/videos", content=iter([b"{", b"}"]))
        assert chunked.status_code == 400


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quietly_and_its_workers(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as (process, url):
        with http_to(url) as http:
            video_id = http.post("/v3/videos", json=LONG).json()["data"]["video_id"]
            until(lambda: bool(workers(tmp_path)))
        # The whole group, as a terminal does it: workers get Ctrl-C too.
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "closed\n", "")
        until(lambda: not workers(tmp_path))
    # The workers left Ctrl-C to their parent, and the job is nobody's again.
    assert (tmp_path / "worker.log").read_text() == ""
    db = open_store(tmp_path, wallet=0.0)
    left = find(db, video_id)
    db.close()
    assert left is not None
    assert (left.status, left.owner, left.crashes) == ("pending", None, 0)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at /proc")
def test_a_killed_studio_finishes_its_job_once_when_it_comes_back(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k1"}
    with served(tmp_path) as (process, url), http_to(url) as http:
        video_id = http.post("/v3/videos", json=LONG, headers=headers).json()["data"]["video_id"]
        until(lambda: bool(workers(tmp_path)))
        until(lambda: _status(http, video_id) == "processing")
        process.kill()
        process.wait()
        until(lambda: not workers(tmp_path))
    with served(tmp_path) as (_, url), http_to(url) as http:
        until(lambda: _status(http, video_id) == "completed", 60)
        again = http.post("/v3/videos", json=LONG, headers=headers)
        assert again.json()["data"]["video_id"] == video_id
        ledger = http.get("/_studio/ledger").json()
        [job] = ledger["jobs"]
        assert job["charged_usd"] > 0
        me = http.get("/v3/users/me").json()["data"]
        assert me["wallet"]["remaining_balance"] == pytest.approx(100_000 - job["charged_usd"])


def _status(http: httpx.Client, video_id: str) -> str:
    return str(http.get(f"/v3/videos/{video_id}").json()["data"]["status"])


def test_two_processes_on_one_folder_take_a_key_once(tmp_path: Path) -> None:
    def ask(number_and_url: tuple[int, str]) -> tuple[int, str]:
        number, url = number_and_url
        with http_to(url) as http:
            headers = {"Idempotency-Key": f"k{number % 5}"}
            while True:
                response = http.post("/v3/videos", json=AVATAR, headers=headers)
                if response.status_code != 409:
                    return number % 5, response.json()["data"]["video_id"]

    with served(tmp_path, "simulated") as (_, one), served(tmp_path, "simulated") as (_, two):
        work = [(n, (one, two)[n % 2]) for n in range(40)]
        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(ask, work))
        with http_to(two) as http:
            jobs = http.get("/_studio/ledger").json()["jobs"]
    assert len(jobs) == 5
    assert {(int(job["idempotency_key"][1:]), job["video_id"]) for job in jobs} == answers


def test_another_machine_needs_a_key(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.test"):  # noqa: S104 - to be refused
        opened = Studio(data=tmp_path / "s", render="simulated")
        with pytest.raises(Problems) as raised:
            run(serve(opened, on_ready=lambda _: None, host=host, port=0))
        assert raised.value.diagnostics[0].code == "VB804"
        assert raised.value.exit_code == EXIT_USAGE
    assert not (tmp_path / "s").exists()


def test_a_port_that_is_taken_is_a_problem(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        opened = Studio(data=tmp_path / "s", render="simulated")
        with pytest.raises(Problems) as raised:
            run(serve(opened, on_ready=lambda _: None, port=taken.getsockname()[1]))
    assert raised.value.diagnostics[0].code == "VB803"


@pytest.mark.parametrize("lacking", ["starlette", "python_multipart", "av", "PIL"])
def test_without_the_extra_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setattr(
        "vidbuild.studio.server.find_spec", lambda name: None if name == lacking else object()
    )
    with pytest.raises(Problems) as raised:
        Studio(data=tmp_path)
    [diagnostic] = raised.value.diagnostics
    assert diagnostic.code == "VB801"
    assert diagnostic.hint == "pip install 'vidbuild[studio]'"
    assert lacking in diagnostic.message


def test_opening_starts_no_process_and_closing_leaves_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Studio(data=tmp_path) as opened:
            assert opened._rendering is not None
            assert opened._rendering._idle == []
            assert not (tmp_path / "worker.log").exists()

    run(scene())
    assert list((tmp_path / "owners").iterdir()) == []


class Failing:
    """A worker that crashes a number of times, then answers with a failure."""

    def __init__(self, crashes: int) -> None:
        self.crashes = crashes
        self.stopped = 0

    async def render(self, _job: object) -> dict[str, object]:
        if self.crashes:
            self.crashes -= 1
            raise Crashed
        return {"failure": {"code": "tts_text_invalid", "message": "cannot be spoken"}}

    async def stop(self) -> None:
        self.stopped += 1


@pytest.mark.parametrize(
    ("crashes", "code"), [(0, "tts_text_invalid"), (1, "tts_text_invalid"), (2, "rendering_failed")]
)
def test_a_crash_is_tried_once_more_and_a_failure_is_final_and_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashes: int, code: str
) -> None:
    worker = Failing(crashes)

    async def start(_folder: Path) -> Failing:
        return worker

    async def scene() -> None:
        monkeypatch.setattr(Worker, "start", start)
        async with Studio(data=tmp_path) as opened:
            transport = httpx.ASGITransport(app=opened.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://studio", headers={"x-api-key": "k"}
            ) as http:
                video_id = (await http.post("/v3/videos", json=AVATAR)).json()["data"]["video_id"]
                while True:
                    found = (await http.get(f"/v3/videos/{video_id}")).json()["data"]
                    if found["status"] == "failed":
                        break
                    await asyncio.sleep(0.01)
                assert found["failure_code"] == code
                assert found["failure_message"]
                assert found["video_url"] is None
                ledger = (await http.get("/_studio/ledger")).json()
                assert ledger["jobs"][0]["charged_usd"] == 0
        assert worker.stopped == crashes + (crashes < 2)

    run(scene())


class Counting:
    """A worker that takes a moment, and knows how many do so at a time."""

    now = most = started = 0

    async def render(self, job: dict[str, str]) -> dict[str, object]:
        Counting.now += 1
        Counting.most = max(Counting.most, Counting.now)
        await asyncio.sleep(0.01)
        Counting.now -= 1
        made = [Path(job["output_dir"]) / name for name in ("a.mp4", "b.srt", "c.jpg")]
        for path in made:
            path.touch()
        draft = dict(zip(("video", "subtitle", "thumbnail"), map(str, made), strict=True))
        return {"draft": {**draft, "duration": 2.0}}

    async def stop(self) -> None:
        pass


def test_as_many_jobs_as_workers_are_rendered_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(_folder: Path) -> Counting:
        Counting.started += 1
        return Counting()

    async def scene() -> None:
        monkeypatch.setattr(Worker, "start", start)
        async with Studio(data=tmp_path, workers=2) as opened:
            transport = httpx.ASGITransport(app=opened.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://studio", headers={"x-api-key": "k"}
            ) as http:
                for _ in range(7):
                    await http.post("/v3/videos", json=AVATAR)
                jobs: list[dict[str, str]] = []
                while not jobs or any(job["status"] != "completed" for job in jobs):
                    jobs = (await http.get("/_studio/ledger")).json()["jobs"]
                    await asyncio.sleep(0.01)
        assert (len(jobs), Counting.most, Counting.started) == (7, 2, 2)

    run(scene())


def test_a_worker_that_dies_is_a_crash_and_the_next_one_is_fine(tmp_path: Path) -> None:
    job = {"video_id": "v", "request": {"type": "nonsense"}, "output_dir": str(tmp_path / "v")}

    async def scene() -> None:
        worker = await Worker.start(tmp_path)
        with pytest.raises(Crashed):
            # A job that the worker cannot even read ends it, with a traceback in the log.
            await worker.render({"no": "job"})
        await worker.stop()
        assert "Traceback" in (tmp_path / "worker.log").read_text()
        again = await Worker.start(tmp_path)
        try:
            with pytest.raises(Crashed):
                await asyncio.gather(again.render(job), again.stop())
        finally:
            await again.stop()

    run(scene())


def test_a_worker_ends_with_its_parent_in_the_middle_of_a_job(tmp_path: Path) -> None:
    endless = {**AVATAR, "script": "This goes on for a while. " * 190, "resolution": "4k"}
    job = {"video_id": "v", "request": endless, "output_dir": str(tmp_path)}

    async def scene() -> int:
        worker = await Worker.start(tmp_path)
        rendering = asyncio.create_task(worker.render(job))
        await asyncio.sleep(0.3)
        assert worker._process.stdin is not None
        # What a worker sees when its parent dies.
        worker._process.stdin.close()
        async with asyncio.timeout(10):
            code = await worker._process.wait()
        with pytest.raises(Crashed):
            await rendering
        return code

    assert run(scene()) == 0


def test_workers_know_nobodys_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEYGEN_API_KEY", "secret")

    def environment_of(worker: Worker) -> bytes:
        file = Path(f"/proc/{worker._process.pid}/environ")
        # Empty until the new program runs.
        return next(found for _ in range(100_000) if (found := file.read_bytes()))

    async def scene() -> bytes:
        worker = await Worker.start(tmp_path)
        try:
            return environment_of(worker)
        finally:
            await worker.stop()

    if Path("/proc/self/environ").exists():
        environment = run(scene())
        assert b"HEYGEN" not in environment
        assert b"PATH=" in environment


@pytest.mark.parametrize(
    ("request_body", "seconds"),
    [
        ({"script": "one two three four five"}, 2.0),
        ({"script": 'one <break time="1s"/> two three four five'}, 2.0),
        ({"scenes": [{"input": {"script": "a b c d e"}}, {"duration": 4}]}, 6.0),
        ({"duration": 5, "type": "cinematic_avatar"}, 5.0),
        ({"audio_url": "https://x.test/a.mp3"}, 1.0),
        ({"script": ["no", "text"], "duration": "5"}, 1.0),
    ],
)
def test_a_simulated_video_lasts_as_long_as_its_words(
    request_body: dict[str, object], seconds: float
) -> None:
    assert spoken_seconds(request_body) == seconds
