"""One studio for all tests of the command line that need one on a port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.served import Served, serve
from tests.cli.shop import KEY, Shop
from tests.cli.yard import Yard


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A studio that renders at once and draws nothing."""
    data = tmp_path_factory.mktemp("simulated")
    with serve(data, "--render", "simulated", "--render-seconds", "0", "--key", KEY) as studio:
        yield studio


@pytest.fixture
def shop(simulated: Served, tmp_path: Path) -> Shop:
    """A paid project of its own."""
    return Shop(tmp_path / "shop", simulated, f"shop-{uuid4().hex[:12]}")


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A paid project of its own, beside a provider in memory."""
    return Yard(tmp_path / "yard").connect(monkeypatch)
