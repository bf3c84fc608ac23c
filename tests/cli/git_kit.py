"""Clones of one repository with a project in it, and a real git between them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cli.commands import CLEAN
from tests.cli.shop import Shop
from vidbuild.workspace.starting import start_project

DRIVER = f'"{sys.executable}" -m vidbuild lock merge %O %A %B'
_ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Clone:
    """A working tree of a team's project, in which git and vidbuild are run."""

    shop: Shop

    @property
    def folder(self) -> Path:
        return self.shop.folder

    def git(self, *arguments: str, fails: bool = False) -> str:
        done = self.tried(*arguments)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=_ENVIRONMENT, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def rendered(self, message: str, **videos: object) -> None:
        """These are the project's videos; they are applied and committed."""
        self.shop.write(**videos)
        self.shop.apply()
        self.commit(message)

    def branch(self, name: str, *, of: str = "main") -> None:
        self.git("checkout", "-q", "-b", name, of)

    def forget(self) -> None:
        """Nothing but what git has: what another machine would know."""
        shutil.rmtree(self.folder / ".vidbuild", ignore_errors=True)
        shutil.rmtree(self.folder / "build", ignore_errors=True)


def begin(shop: Shop, *, driver: bool = True) -> Clone:
    """A repository with the starter's files for git, on a branch called main."""
    clone = Clone(shop)
    shop.folder.mkdir()
    clone.git("init", "-q", "-b", "main")
    if driver:
        clone.git("config", "merge.vidbuild.driver", DRIVER)
    start_project(shop.folder)
    return clone


_ENVIRONMENT = {
    **CLEAN,
    "PYTHONPATH": str(_ROOT),
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_EDITOR": "true",
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Someone"), ("EMAIL", "someone@example.com"))
    },
}
