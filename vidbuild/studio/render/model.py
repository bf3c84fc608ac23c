"""What goes into a render and what comes out. Imports nothing heavy: workers pickle these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One draft to make: a full create body, and where the uploaded files lie.

    `video_id` names the files in `output_dir` and nothing else, so that the same request
    gives the same bytes. `assets` maps an asset id to a local path. `speech` is a folder for
    what has been spoken before (see `shelf`).
    """

    video_id: str
    request: Mapping[str, Any]
    assets: Mapping[str, str] = field(default_factory=dict)
    output_dir: str
    speech: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Paths of the finished files, the length in seconds, and what could not be shown right."""

    video: str
    subtitle: str
    thumbnail: str
    duration: float
    warnings: tuple[str, ...] = ()


class RenderError(Exception):
    """A render that the API reports as failed, with its `failure_code` and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)  # both arguments: it must survive a trip between processes
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
