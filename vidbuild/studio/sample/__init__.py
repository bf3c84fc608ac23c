"""One second of video that stands in for a draft where rendering is only simulated.

The files beside this module were made by `python -m vidbuild.studio.sample.make`.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
_NAMES = frozenset({"video.mp4", "video.webm", "subtitle.srt", "thumbnail.jpg"})


def path(name: str) -> Path | None:
    """The file that goes by a result's name, None where a result has no such file."""
    return _FOLDER / name if name in _NAMES else None
