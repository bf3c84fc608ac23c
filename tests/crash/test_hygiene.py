"""Every byte that is sent, said or written: the key is in requests to the API's host alone.

What the client does with single answers is in `tests/provider/test_key_hygiene.py`; here are
whole commands, with what they print and leave behind, killed and failing ones included.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crash.listeners import Hosts, Listener, listening
from tests.crash.nest import PACE, Done, Nest
from tests.crash.reaper import Point
from tests.studio.media_kit import good

KEY = "hgk0Zq7secret4Wf1Xs2key9Tn8"
WRONG = "hgk0Zq7another5Wf1Xs2key9Tn8"

_PROJECT = """\
vidbuild: 1
project: hygiene
provider: {provider}
defaults: {{type: avatar, avatar_id: presenter, voice_id: english, callback_url: "{stranger}/told"}}
videos: {videos}
"""


def in_variable(folder: Path, key: str) -> tuple[dict[str, str], str]:
    return {"HEYGEN_API_KEY": key}, "heygen"


def in_key_env(folder: Path, key: str) -> tuple[dict[str, str], str]:
    """A name that does not say what it holds."""
    return {"ACME_LOGIN": key}, "{name: heygen, key_env: ACME_LOGIN}"


def in_file(folder: Path, key: str) -> tuple[dict[str, str], str]:
    return _stored(folder, json.dumps({"api_key": key})), "heygen"


def as_token(folder: Path, key: str) -> tuple[dict[str, str], str]:
    return _stored(folder, json.dumps({"oauth": {"access_token": key}})), "heygen"


def _stored(folder: Path, text: str) -> dict[str, str]:
    (folder / "store").mkdir(exist_ok=True)
    (folder / "store" / "credentials").write_text(text, "utf-8")
    return {"HEYGEN_CONFIG_DIR": str(folder / "store")}


PLACES = (in_variable, in_key_env, in_file, as_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    nest: Nest
    folder: Path
    hosts: Hosts
    env: dict[str, str]
    looked_at: dict[Path, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def run(self, *arguments: str, at: Point | None = None, trap: str = "") -> Done:
        """A command; nothing that it says, nor any file that there is after it, has the key."""
        done = self.nest.run(arguments, cwd=self.project, env=self.env, at=at, trap=trap, pace=PACE)
        assert KEY not in done.stdout + done.stderr, arguments
        assert list(self.unclean()) == [], arguments
        return done

    def unclean(self) -> Iterator[Path]:
        """Files with the key. One that was clean is read again when it has changed."""
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or "store" in path.parts:
                continue
            found = path.stat()
            state = (found.st_ino, found.st_size, found.st_mtime_ns)
            if self.looked_at.get(path) == state:
                continue
            if KEY.encode() in path.read_bytes():
                yield path
            self.looked_at[path] = state


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def scene(request: pytest.FixtureRequest, nest: Nest, tmp_path: Path) -> Iterator[Scene]:
    """A project, three hosts, and a key in one of the places where it can be."""
    place: Callable[[Path, str], tuple[dict[str, str], str]] = request.param
    env, provider = place(tmp_path, KEY)
    for name in ("home", "tmp", "project/media"):
        (tmp_path / name).mkdir(parents=True)
    with (
        nest.serve(tmp_path / "studio", KEY, "--render-seconds", "0.05", "--seed", "1") as studio,
        listening(studio) as hosts,
    ):
        env |= {
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
            "HEYGEN_API_BASE": hosts.api.url,
        }
        (tmp_path / "project" / "vidbuild.yaml").write_text(
            _PROJECT.format(
                provider=provider, stranger=hosts.stranger.url, videos=json.dumps(_videos(tmp_path))
            ),
            "utf-8",
        )
        yield Scene(nest=nest, folder=tmp_path, hosts=hosts, env=env)


def _videos(folder: Path) -> dict[str, Any]:
    media = folder / "project" / "media"
    (media / "small.png").write_bytes(good("png"))
    (media / "large.png").write_bytes(good("png"))
    with (media / "large.png").open("r+b") as file:
        file.truncate((32 << 20) + 1)  # more than one request takes: it goes to a slot
    videos: dict[str, Any] = {f"v{n}": {"script": f"Number {n}."} for n in range(4)}
    for name in ("small", "large"):
        picture = {"type": "image", "asset_id": {"file": f"media/{name}.png"}}
        videos[name] = {"script": f"With a {name} picture.", "background": picture}
    videos["secret"] = {"script": "Nobody's business.", "private": True}
    return videos


def test_the_key_is_in_requests_to_the_api_alone(scene: Scene) -> None:
    hosts = scene.hosts
    hosts.api.away = {"/v3/videos/statuses": hosts.stranger.url, "/v3/videos/": hosts.stranger.url}
    hosts.storage.away = {"/files/": hosts.stranger.url}
    scene.run("plan", "-v", "-o", "saved.plan")
    assert scene.run("apply", "-y", "-v", at=("call: POST /v3/videos: after", 2)).killed
    assert list((scene.project / ".vidbuild" / "state").glob("journal.db-wal"))
    bug = scene.run("apply", "-y", "-v", trap="vidbuild.apply.engine.begin")
    assert (bug.code, "Traceback" in bug.stderr, "This is a bug" in bug.stderr) == (1, True, True)
    hosts.api.echoed = {"/v3/videos", "/v3/assets"}
    echoed = scene.run("apply", "saved.plan", "-v", "--json")
    assert (echoed.code, "***" in echoed.stdout) == (6, True), echoed.told
    hosts.api.away = {}
    assert scene.run("apply", "-y").code == 0
    for command in (["plan", "--refresh", "-v"], ["status"], ["refresh"], ["list", "--json"]):
        assert scene.run(*command).code == 0, command
    check_requests(hosts)


def test_a_wrong_key_is_not_shown_either(scene: Scene) -> None:
    place = {"HEYGEN_API_KEY", "ACME_LOGIN"} & scene.env.keys()
    for name in place:
        scene.env[name] = WRONG
    if not place:
        store = scene.folder / "store" / "credentials"
        store.write_text(store.read_text("utf-8").replace(KEY, WRONG), "utf-8")
    refused = scene.run("apply", "-y", "-v")
    assert refused.code == 3
    assert WRONG not in refused.stdout + refused.stderr
    assert all(KEY.encode() not in sent for sent in everything(scene.hosts))


def check_requests(hosts: Hosts) -> None:
    """Every host has been asked; only the API was told the key, once, where it belongs."""
    for sent in hosts.api.sent:
        head, _, _ = sent.partition(b"\n\n")
        fields = [line.split(": ", 1) for line in head.decode().splitlines()[1:]]
        own = [value for name, value in fields if name.lower() in ("x-api-key", "authorization")]
        assert own in ([KEY], [f"Bearer {KEY}"])
        assert sent.count(KEY.encode()) == 1
    for sent in (*hosts.storage.sent, *hosts.stranger.sent):
        assert KEY.encode() not in sent
        assert not any(word in sent.lower() for word in (b"authorization", b"x-api-key", b"cookie"))
    paths = {line.rsplit("/", 1)[0].rstrip("0123456789abcdef/") for line in lines(hosts.storage)}
    assert paths == {"GET /files", "PUT /uploads"}
    seen = lines(hosts.stranger)
    assert any(line.startswith("GET /files/") for line in seen)  # a redirected download
    assert any(line.startswith("POST /told") for line in seen)  # a callback
    assert not any("/v3/" in line for line in seen)  # a redirected call is not followed


def everything(hosts: Hosts) -> Iterator[bytes]:
    for listener in (hosts.api, hosts.storage, hosts.stranger):
        yield from listener.sent


def lines(listener: Listener) -> list[str]:
    return [sent.split(b"\n", 1)[0].decode() for sent in listener.sent]
