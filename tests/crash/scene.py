"""Twelve videos that one apply has to bring about by every way there is, and their studio.

Each use of the scene begins with a copy of the project and of the studio's folder, so that
it always begins with the same state.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from tests.crash.nest import PACE, Done, Nest
from tests.crash.reaper import Point
from tests.studio.media_kit import good

KEY = "sk-heygen-test-1234567890"

_HEAD = """\
vidbuild: 1
project: crash
defaults: {type: avatar, avatar_id: presenter, voice_id: english}
"""


def _image(file: str) -> dict[str, Any]:
    return {"type": "image", "asset_id": {"file": f"media/{file}"}}


BEFORE: dict[str, Any] = {
    "old": {"script": "Renamed."},
    "left": {"script": "Left."},
    "right": {"script": "Right."},
    "edited": {"script": "Edited, before."},
    "torn": {"script": "Torn."},
    "flop": {"script": "Flop."},
    "late": {"script": "Late."},
}
AFTER: dict[str, Any] = {
    "new": {"script": "Renamed."},  # reuse: old is gone
    "left": {"script": "Right."},  # two reuses: they change places
    "right": {"script": "Left."},
    "edited": {"script": "Edited.", "background": _image("office.png")},  # rerender
    "torn": {"script": "Torn."},  # fetch: its file is lost
    "flop": {"script": "Flop."},  # retry: its render failed
    "late": {"script": "Late."},  # resume: in flight
    "office": {"script": "Office.", "background": _image("office.png")},  # the same upload
    "poster": {"script": "Poster.", "background": _image("poster.jpg")},
    "twin/a": {"script": "Twin."},  # one render for both
    "twin/b": {"script": "Twin."},
    "plain": {"script": "A long script, which is the first to be sent, because it is long."},
}
UPLOADS = 2
SEED = ("--seed", "1")  # a later one counts


@dataclass(slots=True, kw_only=True)
class Scene:
    """A project's folder beside a studio that is served at `url`. `lists` are the digests of
    earlier applies that have not come to their end."""

    nest: Nest
    root: Path
    url: str = ""
    lists: frozenset[str] = frozenset()

    @property
    def project(self) -> Path:
        return self.root / "project"

    def write(self, videos: Mapping[str, Any]) -> None:
        """The project has exactly these videos."""
        self.project.mkdir(parents=True, exist_ok=True)
        text = f"{_HEAD}videos: {json.dumps(videos)}\n"
        (self.project / "vidbuild.yaml").write_text(text, "utf-8")

    def run(self, *arguments: str, at: Point | None = None, pace: float = PACE) -> Done:
        """One command, killed at a point if one is given."""
        return self.nest.run(arguments, cwd=self.project, env=self.env, at=at, pace=pace)

    @property
    def env(self) -> dict[str, str]:
        return {
            "HEYGEN_API_BASE": self.url,
            "HEYGEN_API_KEY": KEY,
            "HEYGEN_CONFIG_DIR": str(self.root / "nowhere"),
        }

    @contextmanager
    def served(self, *arguments: str) -> Iterator[None]:
        with self.nest.serve(self.root / "studio", KEY, *SEED, *arguments) as url:
            self.url = url
            yield

    def ledger(self) -> dict[str, Any]:
        """Every job and charge, as the studio tells them."""
        return self.ask("/_studio/ledger")

    def ask(self, path: str) -> dict[str, Any]:
        """The studio's answer, however often it has to be asked for."""
        # Certificates would take longer to read than the answer.
        with httpx.Client(trust_env=False, verify=False) as http:  # noqa: S501 - loopback
            for _ in range(20):
                with suppress(httpx.TransportError):
                    answer = http.get(self.url + path, headers={"x-api-key": KEY})
                    if answer.status_code == 200:
                        found: dict[str, Any] = answer.json()
                        return found
        raise AssertionError(path)

    def journal(self, query: str) -> frozenset[Any]:
        """The first column of what the journal answers, if there is one."""
        path = self.project / ".vidbuild" / "state" / "journal.db"
        if not path.exists():
            return frozenset()
        db = sqlite3.connect(path)
        try:
            return frozenset(row[0] for row in db.execute(query))
        finally:
            db.close()


def prepare(nest: Nest, root: Path) -> Scene:
    """The scene up to where the apply begins: an earlier lock, a failed render, one in flight."""
    scene = Scene(nest=nest, root=root)
    (scene.project / "media").mkdir(parents=True)
    for kind, name in (("png", "office.png"), ("jpg", "poster.jpg")):
        (scene.project / "media" / name).write_bytes(good(kind))
    scene.write(BEFORE)
    with scene.served("--fault", "render_failed=1"):
        assert scene.run("apply", "-y", "-s", "flop").code == 6
    with scene.served():
        assert scene.run("apply", "-y", "--exclude", "flop", "--exclude", "late").code == 0
    with scene.served("--render-seconds", "1"):
        assert scene.run("apply", "-y", "--no-wait", "-s", "late").code == 0
    (scene.project / "build" / "torn.mp4").unlink()
    scene.write(AFTER)
    return replace(scene, lists=scene.journal("SELECT digest FROM applies"))


@contextmanager
def begun(prepared: Scene, root: Path, options: Sequence[str]) -> Iterator[Scene]:
    """A copy of the scene with its studio served; gone afterwards."""
    shutil.copytree(prepared.root, root)
    scene = replace(prepared, root=root)
    try:
        with scene.served(*options):
            yield scene
    finally:
        shutil.rmtree(root)


def again(scene: Scene, most: int = 1) -> None:
    """Applies until all is done, which takes one apply unless more are allowed."""
    for _ in range(most):
        done = scene.run("apply", "-y")
        if done.code == 0:
            return
    raise AssertionError(done.told)
