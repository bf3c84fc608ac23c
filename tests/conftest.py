"""What all tests share: the option that rewrites expected texts."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite expected texts; read the difference in git"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """True when expected texts are to be rewritten."""
    return bool(request.config.getoption("--update"))
