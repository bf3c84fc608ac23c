"""Workspace and a place in its sources -> the videos that an edit there would render."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vidbuild.diagnostics import Problems, folded
from vidbuild.plan.cost import estimate
from vidbuild.plan.model import Estimate
from vidbuild.plan.paces import learn_paces
from vidbuild.plan.selection import Selection, check_selection, select_names
from vidbuild.project.model import BUILD_KEYS, Layer, Path, Source, Video
from vidbuild.project.scope import Var
from vidbuild.project.uses import Use, UsesOf
from vidbuild.report.impact import Effect, Impact, Impacted
from vidbuild.request.model import Request
from vidbuild.source.locate import find
from vidbuild.source.nearby import is_idle, path_at
from vidbuild.workspace.impact_line import file_line
from vidbuild.workspace.opened import Workspace
from vidbuild.workspace.selected import found_in, subjects_of
from vidbuild.workspace.target import Target

_PAYS = frozenset({"provider", "revision"})
_RECORDED = frozenset({"protect", "private"})
# The fields of a video that come from the place; build keys by their own names.
Touch = Callable[[Request, Video], list[str]]


def impact(workspace: Workspace, target: Target, selection: Selection) -> Impact:
    """What an edit would do. Raises `Problems` for errors in what is selected, too."""
    loaded, project = workspace.loaded, workspace.loaded.project
    found = found_in(loaded, selection)
    if any(d.severity == "error" for d in found):
        raise Problems(folded(d for d in found if d.severity == "error"))
    subjects = subjects_of(loaded)
    chosen = select_names(selection, subjects)
    warnings = check_selection(selection, chosen, subjects)
    touch, note = _touch(workspace, target)
    touched = {
        name: touch(request, loaded.videos[name])
        for name, request in loaded.requests.items()
        if name in chosen and target.file in request.depends_on
    }
    effects = tuple(_impacted(workspace, touched, line=target.line))
    if note is None and not effects:
        note = "no rendered field comes from it" if touched else "no video depends on it"
    return Impact(
        project=project.name,
        profile=project.profile,
        provider=project.provider.name,
        file=target.file,
        line=target.line,
        videos=effects,
        note=note,
        diagnostics=(*folded(found), *warnings),
    )


def _impacted(
    workspace: Workspace, touched: dict[str, list[str]], *, line: int | None
) -> Iterator[Impacted]:
    """With the price of each render; of a line only the videos that it matters to."""
    loaded = workspace.loaded
    paces = learn_paces(loaded.api, workspace.lock)
    for name, fields in sorted(touched.items()):
        request = loaded.requests[name]
        effect = _effect(workspace, request, fields)
        if effect == "none" and line is not None:
            continue
        paid = estimate(loaded.api, request, paces) if effect == "render" else Estimate()
        yield Impacted(
            name=name,
            effect=effect,
            fields=tuple(dict.fromkeys(fields)),
            estimate=paid,
            protected=request.protect,
        )


def _effect(workspace: Workspace, request: Request, fields: list[str]) -> Effect:
    """Fields that are ignored or not recorded count for nothing."""
    api = workspace.loaded.api
    ignored = {*request.ignore_changes, *api.callbacks}
    left = [f for f in fields if f not in ignored and f.partition(".")[0] not in ignored]
    if any(field not in _RECORDED and field != api.title for field in left):
        return "render"
    return "update" if left else "none"


def _touch(workspace: Workspace, target: Target) -> tuple[Touch, str | None]:
    """How to ask a video for the fields that come from the place; a note where none can."""
    loaded = workspace.loaded
    uses = UsesOf(loaded.sources)
    if target.line is None:
        return _whole(uses, target), None
    source = next((s for s in loaded.project.files if s.name == target.file), None)
    if source is not None:
        if is_idle(source.text, target.line, file=source.name):
            return _nothing, "an empty line or a comment"
        return _InYaml(workspace, uses, source, target.line).fields, None
    return file_line(uses, loaded.sources, target, target.line).fields, None


def _nothing(_request: Request, _video: Video) -> list[str]:
    return []


def _whole(uses: UsesOf, target: Target) -> Touch:
    def fields(request: Request, video: Video) -> list[str]:
        found = [
            use.field
            for use in uses.uses(video, request.body)
            if target.file in use.files or ("each" in use.names and target.file == video.row_file)
        ]
        media = [path for path, each in request.media.items() if each.file == target.file]
        below = [
            _dotted(layer.pointer)
            for layer in video.definition.below
            if layer.source.name == target.file and not found
        ]
        return [*media, *map(_dotted, found), *below]

    return fields


@dataclass(frozen=True, slots=True)
class _InYaml:
    """A line of a project file: the value that it belongs to."""

    workspace: Workspace
    uses: UsesOf
    source: Source
    line: int
    path: Path = field(init=False)

    def __post_init__(self) -> None:
        path = path_at(self.source.text, self.line, file=self.source.name)
        object.__setattr__(self, "path", path)

    def fields(self, request: Request, video: Video) -> list[str]:
        if (keys := self.build_key(video)) is not None:
            return keys
        found = [
            _dotted(use.field)
            for use in self.uses.uses(video, request.body)
            if self.sets(use) or any(map(self.gives, use.vars)) or self.loops(use, video)
        ]
        return [*found, *self.may_set(video, found)]

    def may_set(self, video: Video, found: list[str]) -> Iterator[str]:
        """What an override would set under another condition, and whole layers that begin here."""
        for layer in (*video.definition.below, video.definition.layer):
            if layer.source.name != self.source.name:
                continue
            at = (*layer.pointer, "overrides")
            override = self.path[: len(at) + 1]
            if override[:-1] == at and self.path[len(at) + 1 :][:1] in ((), ("when",)):
                item = layer.values["overrides"][override[-1]]
                yield from map(str, item["set"])
            elif not found and self.path == layer.pointer and layer.kind != "video":
                yield _dotted(self.path)

    def sets(self, use: Use) -> bool:
        """Whether the field is set here: by a text of many lines, whether this one is run."""
        if not self.holds(use.layer.source, use.pointer):
            return False
        if not use.lines or not isinstance(use.raw, str):
            return True
        place = find(self.source.text, use.pointer, file=self.source.name)
        if place is None or place.style != "|" or self.line <= place.line:
            return True
        return (self.source.name, self.line - place.line) in use.lines

    def gives(self, var: Var) -> bool:
        return self.holds(var.layer.source, (*var.layer.pointer, *var.pointer))

    def holds(self, source: Source, pointer: Path) -> bool:
        """Whether a value lies at, in or around the line's; a video's name is no value."""
        if source.name != self.source.name or not self.path:
            return False
        if len(self.path) == _NAME_DEPTH and self.path[0] == "videos" and self.is_key():
            return False
        length = min(len(pointer), len(self.path))
        return pointer[:length] == self.path[:length]

    def is_key(self) -> bool:
        place = find(self.source.text, self.path, file=self.source.name)
        return place is not None and place.line > self.line

    def loops(self, use: Use, video: Video) -> bool:
        """Whether the field uses a row that this line makes, or how rows are made."""
        if "each" not in use.names:
            return False
        for layer in (video.definition.layer, *video.definition.below):
            at = (*layer.pointer, "for_each")
            if layer.source.name == self.source.name and self.path[: len(at)] == at:
                return self.is_row(self.path[: len(at) + 1], video)
        return False

    def is_row(self, path: Path, video: Video) -> bool:
        if not isinstance(path[-1], int) or video.row_span is None:
            return True
        place = find(self.source.text, path, file=self.source.name)
        return place is None or place.line == video.row_span.line

    def build_key(self, video: Video) -> list[str] | None:
        """What a line of the build's own keys touches; None for another line."""
        project = self.workspace.loaded.project
        if self.path in (("provider",), ("profiles", project.profile, "provider")):
            return ["provider"]
        definition = video.definition
        layers = (*definition.below, definition.layer, *project.above)
        for key in BUILD_KEYS - {"vars", "for_each", "overrides", "request"}:
            having = [layer for layer in layers if key in layer.values]
            at = [layer for layer in having if self.is_at(layer, key)]
            if at and at[-1] is having[-1] and key in _PAYS | _RECORDED:
                return [key]
            if at:
                return []
        return None

    def is_at(self, layer: Layer, key: str) -> bool:
        at = (*layer.pointer, key)
        return layer.source.name == self.source.name and self.path[: len(at)] == at


_NAME_DEPTH = 2


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
