"""What all tests share: the option that rewrites expected texts, properties that repeat, and
a disk that is not waited for."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import CodeType
from typing import Any, cast

import pytest
from hypothesis import settings

# The same examples in every run; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("repeat", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")


def _in_memory() -> str | None:
    """A folder that no disk is behind, with room for what tests write, and programs."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 - pytest's folders in it are the user's own
    except (OSError, AttributeError):
        return None
    fits = found.f_bavail * found.f_frsize > 2 << 30 and not found.f_flag & os.ST_NOEXEC
    return "/dev/shm" if fits and os.access("/dev/shm", os.W_OK | os.X_OK) else None  # noqa: S108


# Thousands of small files take a third less time there. Whoever has set TMPDIR, or gives
# --basetemp, has it there.
if folder := _in_memory():
    os.environ.setdefault("TMPDIR", folder)


# Kept byte code spares every worker and every process that a test starts from compiling anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Until all tests are collected, next to everything that is made is kept.
gc.disable()


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite expected texts; read the difference in git"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """True when expected texts are to be rewritten."""
    return bool(request.config.getoption("--update"))


_folders = count()


@pytest.fixture
def tmp_path(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """A folder of the test's own, kept where it fails. pytest's looks through those of all
    tests before it for the next number; thousands of tests wait seconds for that."""
    folder = tmp_path_factory.getbasetemp() / f"t{next(_folders)}"
    folder.mkdir()
    failed = request.session.testsfailed
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder, ignore_errors=True)


class _Hasty(sqlite3.Connection):
    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith(("PRAGMA journal_mode", "PRAGMA synchronous")):
            super().execute("PRAGMA synchronous=OFF")
        if sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous"
        return super().execute(sql, *values)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Tests use the same few templates again and again: each text is compiled once."""
    from vidbuild.project.template import Templates

    compiled: Any = Templates.compile
    codes: dict[tuple[Any, ...], CodeType] = {}

    def compile_once(self: Templates, *given: Any) -> CodeType:
        if type(self) is not Templates:  # those that explain compile it in their own way
            return cast("CodeType", compiled(self, *given))
        if given not in codes:
            codes[given] = compiled(self, *given)
        return codes[given]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_pulls_the_plug() -> Iterator[None]:
    """What a process has written outlives the process; only a power cut needs more, and no
    test can make one. Waiting for the disk was half of the time that killed applies take."""
    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{"factory": _Hasty, **k}))
        yield
