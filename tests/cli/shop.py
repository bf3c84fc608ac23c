"""A paid project beside a studio on a port: its sources, its commands, and what it was charged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.commands import project, vidbuild
from tests.cli.served import Served

KEY = "sk-heygen-test-1234567890"

_HEAD = """\
vidbuild: 1
project: {name}
defaults: {{type: avatar, avatar_id: presenter, voice_id: english}}
output: {{files: [video]}}
"""


@dataclass(slots=True)
class Shop:
    """`videos` are the project's, by name: a script, or fields of a video."""

    folder: Path
    studio: Served
    name: str
    videos: dict[str, Any] = field(default_factory=dict)
    more: str = ""

    def write(self, **videos: Any) -> None:
        """The project has exactly these videos."""
        self.videos = {n: v if isinstance(v, dict) else {"script": v} for n, v in videos.items()}
        text = _HEAD.format(name=self.name) + self.more
        project(self.folder, text + f"videos: {json.dumps(self.videos)}\n")

    def run(
        self, *arguments: str | Path, key: str = KEY, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return vidbuild(*arguments, cwd=self.folder, env=self.env(key), stdin=stdin)

    def env(self, key: str = KEY) -> dict[str, str]:
        return {
            "HEYGEN_API_BASE": self.studio.url,
            "HEYGEN_API_KEY": key,
            "HEYGEN_CONFIG_DIR": str(self.folder / "nowhere"),
        }

    def apply(self, *arguments: str | Path) -> None:
        done = self.run("apply", "-y", *arguments)
        assert done.returncode == 0, done.stderr

    def digest(self, *arguments: str) -> str:
        found: str = json.loads(self.run("plan", "--json", *arguments).stdout)["digest"]
        return found

    def actions(self, *arguments: str) -> dict[str, str]:
        plan = json.loads(self.run("plan", "--json", "--all", *arguments).stdout)
        return {change["name"]: change["action"] for change in plan["changes"]}

    def jobs(self) -> list[Mapping[str, Any]]:
        """Every job of this project that was ever taken."""
        jobs = self.studio.ledger(KEY)["jobs"]
        return [j for j in jobs if j["idempotency_key"].startswith(f"vb1:{self.name}:")]

    def scripts(self) -> list[str]:
        return sorted(job["request"]["script"] for job in self.jobs())

    def deleted(self) -> list[str]:
        """The scripts of what was deleted at the provider."""
        gone = (j["request"]["script"] for j in self.jobs() if j["status"] == "deleted")
        return sorted(gone)

    def lock(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "vidbuild.lock").read_text("utf-8"))
        return found

    def state(self) -> dict[str, bytes]:
        """Everything that a refused command leaves as it is: sources, lock, outputs."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".vidbuild" not in path.parts
        }
