"""Root causes: the places in the sources behind a plan's changes, with counts and dollars.

Each change has one main cause. Of several the first in the order of `KINDS` is taken, then the
first field, so that counts and dollars add up to the plan's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING

from vidbuild.plan.changes import field_path
from vidbuild.plan.cost import total
from vidbuild.plan.model import Action, Cause, Change, FieldChange
from vidbuild.project.arrival import KINDS, Blame, arrival
from vidbuild.project.model import Video

if TYPE_CHECKING:
    from vidbuild.project.blame import Blamer

_NONE = frozenset({Action.unchanged, Action.hold, Action.fetch, Action.resume})
_BUILD_KEYS = frozenset({"revision", "protect", "private"})
_FOLDED = frozenset({"video", "new_video", "removed", "template", "data"})
_FOLD_OVER = 20  # single places of one kind in one file; beyond it the file is one cause

_Groups = Mapping[Hashable, tuple[Blame, list[Change]]]


def root_causes(
    changes: Iterable[Change], videos: Mapping[str, Video], blamer: Callable[[], Blamer]
) -> tuple[Cause, ...]:
    """The causes of all changes that the sources made, the dearest first.

    What is only fetched, awaited or held has none. `blamer` is asked for where a field has to be
    followed back.
    """
    groups: dict[Hashable, tuple[Blame, list[Change]]] = {}
    arrivals: defaultdict[str, list[list[Change]]] = defaultdict(list)
    for change in changes:
        if change.action in _NONE:
            continue
        video = videos.get(change.name)
        new = _new_in(change, video)
        if new is not None and len(arrivals[new]) > _FOLD_OVER:
            arrivals[new][0].append(change)  # of more than so many the first will stand for all
            continue
        blame = _main(change, video, blamer)
        found = groups.setdefault((blame.kind, blame.key), (blame, []))[1]
        found.append(change)
        if new is not None:
            arrivals[new].append(found)
    causes = _joined(_cause(blame, found) for blame, found in _folded(groups))
    return tuple(sorted(causes, key=_order))


def _new_in(change: Change, video: Video | None) -> str | None:
    """The file that a new video of its own stands in."""
    if change.entry is not None or video is None or video.row_place is not None:
        return None
    return video.definition.layer.source.name


def _main(change: Change, video: Video | None, blamer: Callable[[], Blamer]) -> Blame:
    if change.request is None:
        return Blame(kind="vanished", key=None)
    if video is None:
        return Blame(kind="render", key=None)
    if change.entry is None:
        return arrival(video)
    found = [_of_field(change, field, video, blamer()) for field in change.fields]
    return min(found, key=lambda blame: blame.rank, default=Blame(kind="render", key=None))


def _of_field(change: Change, field: FieldChange, video: Video, blamer: Blamer) -> Blame:
    if field.path == "provider":
        return blamer.provider()
    if field.path in _BUILD_KEYS:
        return blamer.build_key(video, field.path)
    media = change.request.media.get(field.path) if change.request is not None else None
    return blamer.field(
        video, field_path(field.path), field.old, field.new, media.file if media else None
    )


def _folded(groups: _Groups) -> Iterable[tuple[Blame, list[Change]]]:
    """Very many single places in one file say less than the file with the first of them."""
    by_file: defaultdict[tuple[str, str | None], list[tuple[Blame, list[Change]]]]
    by_file = defaultdict(list)
    for blame, changes in groups.values():
        by_file[blame.kind, blame.file].append((blame, changes))
    for (kind, _), found in by_file.items():
        if kind in _FOLDED and len(found) > _FOLD_OVER:
            yield found[0][0], [change for _, changes in found for change in changes]
        else:
            yield from found


def _cause(blame: Blame, changes: list[Change]) -> Cause:
    return Cause(
        kind=blame.kind,
        file=blame.file,
        line=blame.line(),
        name=blame.what,
        videos=len(changes),
        cost_usd=total(c.estimate.cost_usd if c.pays else 0.0 for c in changes),
    )


def _joined(causes: Iterable[Cause]) -> Iterable[Cause]:
    """Places that turn out to be the same line."""
    same: defaultdict[tuple[object, ...], list[Cause]] = defaultdict(list)
    for cause in causes:
        same[cause.kind, cause.file, cause.line, cause.name].append(cause)
    for found in same.values():
        first = found[0]
        yield Cause(
            kind=first.kind,
            file=first.file,
            line=first.line,
            name=first.name,
            videos=sum(cause.videos for cause in found),
            cost_usd=total(cause.cost_usd for cause in found),
        )


def _order(cause: Cause) -> tuple[object, ...]:
    """The dearest first (an unknown cost before all), then the most videos, then by place."""
    cost = float("inf") if cause.cost_usd is None else cause.cost_usd
    place = (cause.file or "", cause.line or 0, cause.name or "")
    return (-cost, -cause.videos, KINDS.index(cause.kind), place)
