"""What the tests of this room share: a process to fork from, and scenes made once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.crash.nest import Nest, opened
from tests.crash.scene import Scene, prepare

# `make crash` goes through all points and seeds; otherwise a few of each kind.
EVERYTHING = os.environ.get("VIDBUILD_CRASH") == "all"


@pytest.fixture(scope="session")
def nest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nest]:
    with opened(tmp_path_factory.mktemp("nest")) as nest:
        yield nest


@pytest.fixture(scope="session")
def prepared(nest: Nest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return prepare(nest, tmp_path_factory.mktemp("prepared") / "scene")
