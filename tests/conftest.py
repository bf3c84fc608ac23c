"""What all tests share: the option that rewrites expected texts, and properties that repeat."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples in every run; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("repeat", derandomize=True, database=None, deadline=None, max_examples=40)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile("repeat")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite expected texts; read the difference in git"
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """True when expected texts are to be rewritten."""
    return bool(request.config.getoption("--update"))
