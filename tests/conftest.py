"""What all tests share: the option that rewrites expected texts, properties that repeat, and
a disk that is not waited for."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# The same examples in every run; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("repeat", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")


# Kept byte code spares every worker and every process that a test starts from compiling anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite expected texts; read the difference in git"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """True when expected texts are to be rewritten."""
    return bool(request.config.getoption("--update"))


class _Hasty(sqlite3.Connection):
    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith(("PRAGMA journal_mode", "PRAGMA synchronous")):
            super().execute("PRAGMA synchronous=OFF")
        if sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous"
        return super().execute(sql, *values)


@pytest.fixture(scope="session", autouse=True)
def nobody_pulls_the_plug() -> Iterator[None]:
    """What a process has written outlives the process; only a power cut needs more, and no
    test can make one. Waiting for the disk was half of the time that killed applies take."""
    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{"factory": _Hasty, **k}))
        yield
