"""Fixtures of the request tests."""

from tests.project.authoring import folder

__all__ = ["folder"]
