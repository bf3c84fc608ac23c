"""A server that answers nonsense: one clear error for that video, and the others go on.

All cases are videos of one project, applied once; then the server comes to its senses.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import content_of
from tests.cli.commands import project, vidbuild
from tests.cli.liar import Liar, lying, reply

KEY = "sk-heygen-test-1234567890"
SCALE = 300.0  # seconds of the clock in a second of the machine

TAKEN = b'{"data": {"video_id": "%s", "status": "waiting"}}'
HTML = reply(b"<html>Log in to the network</html>", kind="text/html")
BOMB = gzip.compress(bytes(20 << 20))
UNCLEAR = {"VB551"}
UNREAD = {"VB605", "VB606"}
UNFETCHED = {"VB557", "VB605", "VB606", "VB608"}


def packed(body: bytes, how: str) -> bytes:
    return reply(body, more=f"content-encoding: {how}\r\n")


def away(to: str, status: str = "302 Found") -> Any:
    return lambda url: reply(b"", status, more=f"location: {to.format(url=url)}\r\n")


ENDLESS = (b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n", b" " * 65536)
FLOOD = (b"HTTP/1.1 200 OK\r\n", b"x-flood: %s\r\n" % (b"x" * 1000))

# What any answer of the API can be instead of itself.
ANY: dict[str, Any] = {
    "html": HTML,
    "empty": reply(b""),
    "no-content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "no-http": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "half-of-json": reply(b'{"data": {"video_id": "v'),
    "half-of-body": b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{",
    "reset": b"HTTP/1.1 200",
    "list": reply([]),
    "null": reply(None),
    "number": reply(7),
    "data-is-a-list": reply({"data": ["v_1"]}),
    "id-is-a-number": reply({"data": {"video_id": 7, "id": 7}}),
    "id-leads-elsewhere": reply({"data": {"video_id": "../../users/me", "id": "../me"}}),
    "id-is-endless": reply({"data": {"video_id": "v" * 100_000, "id": "v" * 100_000}}),
    "id-is-half-a-character": reply({"data": {"video_id": "\ud800", "id": "\ud800"}}),
    "id-twice": reply(b'{"data": {"video_id": "a", "video_id": "b", "id": "a", "id": "b"}}'),
    "nan": reply(b'{"data": {"video_id": NaN, "id": NaN}}'),
    "huge-number": reply(b'{"data": {"video_id": "v", "n": ' + b"9" * 9999 + b"}}"),
    "deep": reply(b'{"data":' * 50_000),
    "utf-16": reply('{"data": {"video_id": "v_1", "id": "v_1"}}'.encode("utf-16")),
    "latin-1": reply(b'{"data": "\xe4"}'),
    "error-in-a-200": reply({"error": {"code": "internal_error", "message": "no\x1b[2J"}}),
    "never": None,
    "endless": ENDLESS,
    "flood": FLOOD,
    "bomb": packed(BOMB, "gzip"),
    "bomb-in-a-bomb": packed(gzip.compress(BOMB), "gzip, gzip"),
    "no-gzip": packed(b"{}", "gzip"),
    "half-of-gzip": packed(gzip.compress(b'{"data": {}}')[:-9], "gzip"),
    "unknown-packing": packed(b"{}", "br"),
    "loop": away("{url}/v3/videos"),
    "another-host": away("http://localhost:1/{url}", "307 Temporary Redirect"),
}
LINKS: dict[str, tuple[Any, set[str]]] = {
    "no-link": ({"video_url": None}, {"VB557"}),
    "link-is-a-list": ({"video_url": ["x"]}, {"VB557"}),
    "link-to-a-file": ({"video_url": "file:///etc/passwd"}, {"VB608"}),
    "link-to-ftp": ({"video_url": "ftp://127.0.0.1/x"}, {"VB608"}),
    "link-in-the-clear": ({"video_url": "http://192.0.2.1/x.mp4"}, {"VB608"}),
    "link-with-a-password": ({"video_url": "https://a:b@192.0.2.1/x"}, {"VB608"}),
    "link-is-words": ({"video_url": "not a link at all"}, {"VB608"}),
    "link-is-half-a-character": ({"video_url": "https://\ud800/x"}, UNFETCHED),
    "link-without-an-end": ({"video_url": "https://h/" + "x" * 100_000}, UNFETCHED),
    "link-with-a-bad-port": ({"video_url": "https://h:99999/"}, {"VB608"}),
}
FILES: dict[str, tuple[Any, set[str]]] = {
    "file-html": (HTML, UNFETCHED),
    "file-empty": (reply(b""), UNFETCHED),
    "file-text": (reply(b"this is no film", kind="video/mp4"), {"VB557"}),
    "file-cut": (b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nxx", UNFETCHED),
    "file-huge": (ENDLESS, {"VB608"}),
    "file-flood": (FLOOD, UNFETCHED),
    "file-loop": (away("{url}/files/file-loop"), {"VB608"}),
    "file-away": (away("file:///etc/passwd"), {"VB608"}),
    "file-bomb": (packed(gzip.compress(BOMB), "gzip, gzip"), UNFETCHED),
    "file-teapot": (reply(b"", "418 I'm a teapot"), {"VB608"}),
}
REFUSALS: dict[str, tuple[Any, set[str]]] = {
    "refused": (
        reply({"error": {"code": "\x1b[31m", "message": f"{KEY}\x1b[2J\nHello"}}, "400 No"),
        {"VB556"},
    ),
    "refused-by-html": (reply(b"<html>", "403 Forbidden", kind="text/html"), {"VB556"}),
    "refused-in-a-list": (reply([{"error": 7}], "422 Unprocessable"), {"VB556"}),
}
# What is odd beside a video that is whole: it counts for nothing.
ODD: dict[str, Any] = {
    "odd-length": {"duration": "2.5"},
    "odd-nan": {"duration": float("nan")},
    "odd-negative": {"duration": -1},
    "odd-huge": {"duration": 1e308, "completed_at": 1e308, "created_at": 10**400},
    "odd-times": {"completed_at": "yesterday", "created_at": "0001-01-01T00:00:00+23:59"},
    "odd-texts": {"completed_at": "9999-12-31T23:59:59-23:59", "created_at": -5},
    "odd-page": {"video_page_url": "javascript:alert(1)", "title": "\ud800\x1b[2J"},
    "odd-types": {"video_page_url": {"a": 1}, "thumbnail_url": 7, "failure_code": ["x"]},
    "odd-members": {"id": "odd-members", "new": [[[]]], "": None},
}
GOOD = ("good-1", "good-2", "good-3", "slow-1", "slow-2")
# What the bulk call says of those that take a while, before it comes to its senses.
ABOUT_ALL = [
    HTML,
    reply({"data": "x"}),
    reply({"data": [7, None, {"video_id": ["slow-1"], "status": "completed"}]}),
    reply({"data": [{"video_id": "slow-1", "status": "dancing"}], "has_more": True}),
    packed(gzip.compress(BOMB), "gzip, gzip"),
]


def expected() -> dict[str, set[str]]:
    """The codes that each bad video may fail with."""
    found = {f"create-{name}": UNCLEAR for name in ANY}
    found |= {f"video-{name}": UNREAD for name in ANY}
    for table in (LINKS, FILES, REFUSALS):
        found |= {name: codes for name, (_, codes) in table.items()}
    found["video-error-in-a-200"] = {"VB607"}
    return found


def lies() -> dict[str, Any]:
    found: dict[str, Any] = {f"create-{name}": ("create", lie) for name, lie in ANY.items()}
    found |= {f"video-{name}": ("video", lie) for name, lie in ANY.items()}
    found |= {name: ("links", lie) for name, (lie, _) in LINKS.items()}
    found |= {name: ("file", lie) for name, (lie, _) in FILES.items()}
    found |= {name: ("create", lie) for name, (lie, _) in REFUSALS.items()}
    return found | {name: ("links", lie) for name, lie in ODD.items()}


class Hasty:
    """Time that runs faster than the machine's."""

    began = time.time()

    def now(self) -> float:
        return self.began + (time.time() - self.began) * SCALE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SCALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the two applies came to, and the project's folder after the first."""

    folder: Path
    first: subprocess.CompletedProcess[str]
    events: list[dict[str, Any]]
    listed: subprocess.CompletedProcess[str]
    lock: str
    files: dict[str, bytes]
    second: subprocess.CompletedProcess[str]
    liar: Liar


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("nonsense") / "project"
    names = [*GOOD, *lies()]
    head = "vidbuild: 1\nproject: nonsense\noutput: {files: [video]}\n"
    head += "defaults: {type: avatar, avatar_id: presenter, voice_id: english}\n"
    project(folder, head + f"videos: {json.dumps({n: {'script': n} for n in names})}\n")
    with pytest.MonkeyPatch.context() as patch, lying(lies()) as liar:
        patch.setattr("vidbuild.clock.SystemClock", Hasty)
        patch.setattr("vidbuild.provider.client.SystemClock", Hasty)
        patch.setattr("vidbuild.apply.submit.PATIENCE", 30.0)
        # What is read is asked for again, a create that takes longer on a busy machine is unclear.
        for limit, seconds in {"READ": 0.5, "WRITE": 3.0}.items():
            patch.setattr(f"vidbuild.provider.calls.{limit}", seconds)
        env = {
            "HEYGEN_API_BASE": liar.url,
            "HEYGEN_API_KEY": KEY,
            "HEYGEN_CONFIG_DIR": str(folder / "nowhere"),
        }

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return vidbuild(*arguments, cwd=folder, env=env)

        liar.slow = {name for name in GOOD if name.startswith("slow")}
        liar.about_all = list(ABOUT_ALL)
        first = run("apply", "-y", "--json", "-j", "200")
        listed, lock = run("list", "--json"), (folder / "vidbuild.lock").read_text("utf-8")
        files = {p.name: p.read_bytes() for p in (folder / "build").iterdir() if p.is_file()}
        liar.healthy = True
        second = run("apply", "-y")
        events = [json.loads(line) for line in first.stdout.splitlines()]
        yield Scene(
            folder=folder,
            first=first,
            events=events,
            listed=listed,
            lock=lock,
            files=files,
            second=second,
            liar=liar,
        )


def failures(scene: Scene, name: str) -> list[dict[str, Any]]:
    return [e for e in scene.events if e["event"] == "failed" and e["name"] == name]


@pytest.mark.parametrize("name", sorted(expected()))
def test_nonsense_is_one_clear_error_of_its_video(scene: Scene, name: str) -> None:
    [failure] = failures(scene, name)
    assert failure["code"] in expected()[name], failure
    assert failure["message"]
    assert len(failure["message"]) < 800
    assert f"{name}.mp4" not in scene.files


@pytest.mark.parametrize("name", [*GOOD, *sorted(ODD)])
def test_the_others_go_on(scene: Scene, name: str) -> None:
    assert failures(scene, name) == []
    assert scene.files[f"{name}.mp4"] == content_of(f"https://files/{name}/video")


def test_no_traceback_no_key_and_nothing_that_steers_a_terminal(scene: Scene) -> None:
    assert scene.first.returncode == 6
    for said in (scene.first, scene.second, scene.listed):
        for text in (said.stdout, said.stderr):
            assert "Traceback" not in text
            assert KEY not in text
            assert "\x1b" not in text
    assert KEY not in scene.lock
    assert "javascript:" not in scene.lock


def test_what_was_recorded_can_be_read_back(scene: Scene) -> None:
    def no(word: str) -> None:
        raise AssertionError(word)

    assert scene.listed.returncode == 0, scene.listed.stderr
    json.loads(scene.lock, parse_constant=no)
    json.loads(scene.listed.stdout, parse_constant=no)


def test_nothing_is_written_elsewhere(scene: Scene) -> None:
    assert sorted(p.name for p in scene.folder.parent.iterdir()) == ["project"]
    known = {".vidbuild", "build", "vidbuild.lock", "vidbuild.yaml"}
    assert {p.name for p in scene.folder.iterdir()} <= known | {".gitattributes", ".gitignore"}
    assert {p.suffix for p in (scene.folder / "build").iterdir() if p.is_file()} <= {
        ".mp4",
        ".json",
    }


def test_the_next_apply_finishes_everything_and_nothing_was_paid_twice(scene: Scene) -> None:
    assert scene.second.returncode == 0, scene.second.stderr
    jobs = sorted(scene.liar.jobs.values())
    assert jobs == sorted([*GOOD, *lies()])
    for name in (*GOOD, *lies()):
        path = scene.folder / "build" / f"{name}.mp4"
        assert path.read_bytes() == content_of(f"https://files/{name}/video")


def test_every_answer_about_all_of_them_was_outlived(scene: Scene) -> None:
    assert (scene.liar.about_all, scene.liar.slow) == ([], set())


def test_the_key_came_with_calls_of_the_api_alone(scene: Scene) -> None:
    for head in scene.liar.requests:
        assert (KEY.encode() in head) == (b" /v3/" in head.split(b"\r\n", 1)[0])
