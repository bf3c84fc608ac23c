"""Fixtures of the authoring tests."""

from tests.project.authoring import folder

__all__ = ["folder"]
