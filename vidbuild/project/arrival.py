"""Where a change comes from, as a record; new videos come from their block or row.

Light, for plans of new videos alone. Following a changed field back is `blame`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from vidbuild.project.model import Path, Source, Video
from vidbuild.source.nearby import place_of

# Of several causes of one change the first of these kinds is the main one: the wider its reach,
# the sooner it comes.
KINDS = (
    "provider", "profile", "base", "defaults", "outside", "variable", "template", "data",
    "media", "override", "video", "revision", "removed", "new_row", "new_video", "vanished",
    "render",
)  # fmt: skip
_ORDER = {kind: number for number, kind in enumerate(KINDS)}


def _no_line() -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """A place behind a change: equal `key`s are one place. `line` finds its line on demand.

    `what` is the var, the column or the field that is meant, where that helps.
    """

    kind: str
    key: Hashable
    file: str | None = None
    what: str | None = None
    line: Callable[[], int | None] = _no_line

    @property
    def rank(self) -> int:
        return _ORDER[self.kind]


def arrival(video: Video) -> Blame:
    """A name that was not there before."""
    layer = video.definition.layer
    if video.row_place is None:
        return Blame(
            kind="new_video", key=(layer.source.name, layer.pointer), file=layer.source.name,
            line=lambda: key_line(video),
        )  # fmt: skip
    row = video.row_place
    file = video.row_file or layer.source.name
    return Blame(
        kind="new_row", key=(layer.source.name, layer.pointer, file), file=file,
        line=lambda: row().line,
    )  # fmt: skip


def line_of(source: Source, path: Path) -> int | None:
    place = place_of(source.text, source.data, path, file=source.name)
    return place.line if place is not None else None


def key_line(video: Video) -> int | None:
    layer = video.definition.layer
    place = place_of(layer.source.text, layer.source.data, layer.pointer, file=layer.source.name)
    if place is None:
        return None
    return place.key[0] if place.key else place.line
