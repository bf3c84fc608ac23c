"""How many examples a property gets, where one of them takes longer than most."""

from __future__ import annotations

from hypothesis import settings


def one_in(number: int) -> settings:
    """This part of the examples that the profile asks for."""
    default = settings.default
    assert default is not None
    return settings(max_examples=max(default.max_examples // number, 1))
