"""Running the command line as a user does: a process of its own, or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("VIDBUILD_", "HEYGEN_"))
    and name not in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR")
}


def vidbuild(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """One command to its end; `env` is added to an environment without our variables."""
    return subprocess.run(
        [sys.executable, "-m", "vidbuild", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**CLEAN, **(env or {})},
        input=stdin,
        timeout=120,
        check=False,
    )


SMALL = """\
vidbuild: 1
project: small
provider: studio
vars: {product: Acme}
defaults: {type: avatar, avatar_id: presenter, voice_id: english, resolution: 720p}
videos:
  hello:
    title: Hello
    script: Hello from {{ product }}.
  bye:
    title: Bye
    script: Goodbye from {{ product }}.
"""


def project(folder: Path, text: str = SMALL, **files: str) -> Path:
    """A project in `folder`, with more files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vidbuild.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
