"""A paid project beside a provider in memory whose time is turned by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.apply.cloud import Cloud, VirtualClock
from tests.cli.commands import project, vidbuild
from vidbuild import workspace

_HEAD = """\
vidbuild: 1
project: yard
{more}defaults: {{type: avatar, avatar_id: presenter, voice_id: english}}
output: {{files: [video]}}
"""
# Every module that talks to a provider takes it from one place.
_ASKING = [
    path.stem
    for path in Path(workspace.__file__).parent.glob("*.py")
    if "import guard_account, open_provider" in path.read_text("utf-8")
]


@dataclass(slots=True)
class Yard:
    """`videos` are the project's, by name: a script, or fields of a video."""

    folder: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    cloud: Cloud = field(init=False)
    more: str = ""

    def __post_init__(self) -> None:
        self.cloud = Cloud(clock=self.clock)

    def connect(self, monkeypatch: pytest.MonkeyPatch) -> Yard:
        """From now on every command talks to this yard's cloud, in its time."""

        @asynccontextmanager
        async def opened(*_: Any, **__: Any) -> AsyncIterator[Cloud]:
            yield self.cloud

        for module in _ASKING:
            monkeypatch.setattr(f"vidbuild.workspace.{module}.open_provider", opened)
        monkeypatch.setattr("vidbuild.clock.SystemClock", lambda: self.clock)
        return self

    def write(self, **videos: Any) -> None:
        """The project has exactly these videos; `a__b` is named `a/b`."""
        named = {n.replace("__", "/"): v for n, v in videos.items()}
        found = {n: v if isinstance(v, dict) else {"script": v} for n, v in named.items()}
        text = _HEAD.format(more=self.more) + f"videos: {json.dumps(found)}\n"
        project(self.folder, text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return vidbuild(*arguments, cwd=self.folder)

    def ok(self, *arguments: str, code: int = 0) -> str:
        """What a command prints that ends with this code."""
        done = self.run(*arguments)
        assert done.returncode == code, done.stderr
        return done.stdout

    def send(self, *arguments: str) -> None:
        """Everything is submitted and nothing is waited for."""
        self.ok("apply", "-y", "--no-wait", *arguments)

    def later(self, seconds: float) -> None:
        self.clock.time += seconds

    def status(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.ok("status", "--json", *arguments))["videos"]
        return found

    def events(self, *arguments: str, code: int = 0) -> list[tuple[str, str | None]]:
        lines = self.ok("wait", "--json", *arguments, code=code).splitlines()
        found = map(json.loads, lines)
        return [(e["event"], e["name"]) for e in found if e["event"] != "progress"]

    @property
    def lock_path(self) -> Path:
        return self.folder / "vidbuild.lock"

    @property
    def journal_path(self) -> Path:
        return self.folder / ".vidbuild/state/journal.db"

    def lock(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.lock_path.read_text("utf-8"))["videos"]
        return found

    def edit_lock(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Another machine, or an earlier day, has written the lock."""
        lock = json.loads(self.lock_path.read_text("utf-8"))
        change(lock["videos"])
        for entry in lock["videos"].values():
            entry.pop("check", None)
        self.lock_path.write_text(json.dumps(lock), "utf-8")

    def statuses(self) -> dict[str, str]:
        """Each name's own render."""
        return {name: entry["render"]["status"] for name, entry in self.lock().items()}

    def history(self, name: str) -> list[str]:
        return [render["status"] for render in self.lock()[name].get("history", [])]

    def files(self) -> dict[str, str]:
        """The videos in the output folder, by the id of the video that they are of."""
        build = self.folder / "build"
        return {
            path.relative_to(build).as_posix(): path.read_bytes().split(b"mdat")[1][:2].decode()
            for path in sorted(build.rglob("*.mp4"))
        }

    def everything(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def calls(self, *arguments: str) -> list[str]:
        """What a command asks the provider, whatever it ends with."""
        before = len(self.cloud.calls)
        self.run(*arguments)
        return [call.split()[0] for call in self.cloud.calls[before:]]
