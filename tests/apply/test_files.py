"""Files on their way into the output folder: continued, refused by the system, led astray."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.apply.cloud import content_of
from tests.apply.test_engine import quiet
from tests.apply.world import World
from vidbuild.apply.place import Shelf, Staged
from vidbuild.apply.staging import STAGING, Staging
from vidbuild.apply.work import Result
from vidbuild.clock import SystemClock
from vidbuild.provider import saving
from vidbuild.provider.client import HeyGen
from vidbuild.provider.credentials import Credential
from vidbuild.provider.partial import Partial, keep, left_of, mark_of
from vidbuild.provider.retry import Policy
from vidbuild.state.journal import Journal
from vidbuild.state.records import Output, Render, Status
from vidbuild.studio.serve import serve
from vidbuild.studio.server import Studio

TAG = '"tag"'


class Noted(httpx.AsyncHTTPTransport):
    """The way to a studio; keeps which parts of its files were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str | None] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/v3/"):
            self.asked.append(request.headers.get("range"))
        return await super().handle_async_request(request)


@asynccontextmanager
async def on_a_port(studio: Studio) -> AsyncIterator[str]:
    """The studio's address while it is served: an answer can only be cut on a wire."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(studio, on_ready=url.set_result, port=0))
    try:
        yield await url
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def apply(world: World, **faults: float) -> tuple[Result, list[str | None]]:
    """One apply against the project's studio, and the ranges that its downloads asked for."""

    async def run() -> tuple[Result, list[str | None]]:
        studio = Studio(data=world.root / "studio", render="simulated", faults=faults)
        async with on_a_port(studio) as url:
            transport = Noted()
            client = HeyGen(
                base=url,
                credential=Credential(secret="studio-key", origin="test"),
                api=world.api,
                transport=transport,
                policy=Policy(base=0.0),
            )
            world.cloud = client  # type: ignore[assignment]
            try:
                return await world.carry_out(world.plan()), transport.asked
            finally:
                await client.close()

    return asyncio.run(run())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(root=tmp_path)


@pytest.fixture
def real(world: World) -> World:
    world.clock = SystemClock()  # type: ignore[assignment]
    return world


def told(result: Result) -> list[tuple[str | None, str]]:
    return [(failure.name, failure.code) for failure in result.failures]


def test_the_next_apply_goes_on_with_what_has_come(real: World) -> None:
    real.write(a="One.")
    result, asked = apply(real, cut_download=1.0)
    assert (result.exit_code, told(result)) == (6, [("a", "VB605")])
    assert set(real.files()) == {f"{STAGING}/{path.name}" for path in parts(real)}
    assert len([path for path in parts(real) if path.suffix == ".part"]) == 3
    result, asked = apply(real)
    assert (result.exit_code, told(result)) == (0, [])
    assert len(asked) == 3
    assert all(each and each != "bytes=0-" for each in asked)
    assert set(real.files()) == {"a.mp4", "a.srt", "a.jpg"}
    sample = Path(saving.__file__).parents[1] / "studio" / "sample" / "video.mp4"
    assert real.files()["a.mp4"] == sample.read_bytes()
    assert quiet(real)


def parts(world: World) -> list[Path]:
    return sorted((world.output_dir / STAGING).iterdir())


def test_names_of_one_video_download_it_once(world: World) -> None:
    world.write(a="One.", b="One.")
    world.apply()
    for path in world.output_dir.iterdir():
        path.unlink()
    world.cloud.calls.clear()
    assert set(world.actions().values()) == {"fetch"}
    assert world.apply().exit_code == 0
    downloads = Counter(call for call in world.cloud.calls if call.startswith("download"))
    assert (len(downloads), set(downloads.values())) == (3, {1})
    assert len(world.files()) == 6


# A studio that is closed while it opens a file to send leaves that to the collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <_io.FileIO")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_takes_no_more_is_told_and_the_next_apply_goes_on(
    real: World, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real.write(a="One.", b="Two.")
    with monkeypatch.context() as patch:

        def full(_: object) -> None:
            raise OSError(code, os.strerror(code))

        patch.setattr(saving, "_sync", full)
        result, _ = apply(real)
    assert told(result) == [("a", "VB559"), ("b", "VB559")] or told(result) == [
        ("b", "VB559"),
        ("a", "VB559"),
    ]
    assert os.strerror(code).lower() in result.failures[0].message
    assert "mp4" in result.failures[0].message
    assert str(real.root) not in result.failures[0].message
    assert real.files() == {}  # nothing keeps the disk full
    result, _ = apply(real)
    assert (result.exit_code, len(real.files())) == (0, 6)


def test_an_output_folder_that_is_a_file(world: World) -> None:
    world.write(a="One.")
    world.output_dir.write_bytes(b"mine")
    result = world.apply()
    assert told(result) == [("a", "VB559")]
    assert "build is a file, not a folder" in result.failures[0].message
    assert world.output_dir.read_bytes() == b"mine"
    world.output_dir.unlink()
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1}


@pytest.mark.parametrize("link", [STAGING, "sub", "sub/deep", "build"])
def test_links_lead_no_file_out_of_the_output_folder(world: World, link: str) -> None:
    world.put("sub/deep/a", "One.")
    outside = world.root / "outside"
    outside.mkdir()
    kept = outside / "kept"
    kept.write_bytes(b"kept")
    path = world.output_dir / link if link != "build" else world.root / "build"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)
    result = world.apply()
    if link == "build":  # where the user wants all of it
        assert result.exit_code == 0
        return
    assert told(result) == [("sub/deep/a", "VB559")]
    assert "link" in result.failures[0].message
    assert list(outside.iterdir()) == [kept]
    path.unlink()
    assert world.apply().exit_code == 0
    assert world.cloud.charged() == {"One.": 1}


def test_a_link_in_a_files_place_is_set_aside(world: World) -> None:
    world.write(a="One.")
    world.output_dir.mkdir()
    (world.output_dir / "a.mp4").symlink_to(world.root / "nowhere")
    assert world.apply().exit_code == 0
    assert (world.output_dir / "a.mp4.orig").is_symlink()
    assert (world.output_dir / "a.mp4").read_bytes() == content_of("https://files/v1/video")
    assert not (world.root / "nowhere").exists()


def test_a_file_that_another_program_holds_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Windows says of a file that is open: neither replaced nor renamed."""
    world.write(a="One.", b="Two.")
    assert world.apply().exit_code == 0
    before = world.files()
    world.write(a="Other.", b="Else.")
    with monkeypatch.context() as patch:
        replace = Path.replace

        def held(path: Path, target: Path) -> Path:
            if Path(target).name == "a.mp4":
                raise PermissionError(errno.EACCES, "The process cannot access the file")
            return replace(path, target)

        patch.setattr(Path, "replace", held)
        result = world.apply()
    assert told(result) == [("a", "VB559")]
    assert "close whatever has the file open" in str(result.failures[0].hint)
    after = world.files()
    assert after["a.mp4"] == before["a.mp4"]
    assert after["b.mp4"] != before["b.mp4"]
    assert not any(path.startswith(STAGING) for path in after)
    result = world.apply()
    assert (result.exit_code, world.cloud.charged()["Other."]) == (0, 1)


@pytest.mark.parametrize("broken", [1, 3])
def test_a_good_file_is_never_replaced_by_a_worse_one(world: World, broken: int) -> None:
    world.write(a="One.")
    world.apply()
    before = world.files()
    world.write(a="Two.")
    world.cloud.broken_downloads = 99
    assert told(world.apply()) == [("a", "VB557")]
    assert world.files()["a.mp4"] == before["a.mp4"]
    world.cloud.broken_downloads = broken
    assert world.apply().exit_code == 0
    assert world.files()["a.mp4"] == content_of("https://files/v2/video")


def test_of_what_a_kill_left_only_what_can_be_continued_stays(tmp_path: Path) -> None:
    wanted = Render(provider="heygen", fingerprint="f", status=Status.completed, video_id="../v1")
    with Journal(tmp_path / "journal.db", project="acme") as journal:
        shelf = Shelf(tmp_path / "build", root=tmp_path, journal=journal, known=(), receipts=())
        staging = shelf.staging
        good = begun(staging.partial("../v1", "video"))
        for stranger in (
            begun(staging.partial("v2", "video")),
            staging.partial("../v1", "subtitle"),
        ):
            stranger.write_bytes(b"12345")
        (good.parent / ".lock.json.x.tmp").write_bytes(b"")
        (good.parent / "folder").mkdir()
        staging.waiting("a.mp4").write_bytes(b"a copy")
        staging.clear([wanted])
        assert sorted(good.parent.iterdir()) == sorted([good, mark_of(good)])
        assert good.parent == tmp_path / "build" / STAGING
        staging.close()
        assert left_of(good) is not None
        other = staging.waiting("a.mp4")
        other.write_bytes(b"whole")
        file = Staged(kind="video", path="a.mp4", sha256="0" * 64, staged=other)
        assert isinstance(shelf.put("../v1", [file])["video"], Output)
        staging.close()  # the file is there: what was begun of it is not needed any more
        assert [path.name for path in (tmp_path / "build").iterdir()] == ["a.mp4"]


def begun(path: Path) -> Path:
    path.write_bytes(b"12345")
    keep(path, Partial(bytes=5, total=10, validator=TAG))
    return path


def test_an_altered_file_is_not_copied_to_find_out_that_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(a="One.")
    world.apply()
    (world.output_dir / "a.mp4").write_bytes(b"cut by somebody")
    copied: list[Path] = []
    monkeypatch.setattr(Staging, "copy", lambda _self, source, _path, **_: copied.append(source))
    assert world.actions() == {"a": "fetch"}
    assert world.apply().exit_code == 0
    assert copied == []
    assert (world.output_dir / "a.mp4").read_bytes() == content_of("https://files/v1/video")
    assert (world.output_dir / "a.mp4.orig").read_bytes() == b"cut by somebody"
