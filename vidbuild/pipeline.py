"""The table of contents: project file -> project -> videos -> requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidbuild.collecting import uncollected
from vidbuild.diagnostics import Diagnostic, Problems, folded
from vidbuild.project.cut import cut_texts
from vidbuild.project.expand import expand
from vidbuild.project.load import load_project
from vidbuild.project.model import Layer, Project, Video, placed
from vidbuild.project.sources import Sources
from vidbuild.request.build import Requests
from vidbuild.request.model import Request
from vidbuild.schema.api import Api, load_api


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Everything that the sources say. `broken` are the names of videos with errors, with
    the video where it got far enough to be known."""

    project: Project
    api: Api
    requests: Mapping[str, Request]
    videos: Mapping[str, Video] = field(default_factory=dict)
    broken: Mapping[str, Video | None] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Sources


def load(
    file: Path,
    *,
    profile: str | None = None,
    outside: Mapping[str, Any] | None = None,
    instead: Mapping[Path, str] | None = None,
) -> Loaded:
    """Reads the project; `instead` has texts to take for those of its files. Raises `Problems`
    for what concerns all of it; the errors of single videos are in `diagnostics`, each with its
    video."""
    file = file.parent.resolve() / file.name
    with uncollected():
        return _load(file, Sources(file.parent, instead), profile, outside or {})


def _load(file: Path, sources: Sources, profile: str | None, outside: Mapping[str, Any]) -> Loaded:
    project = load_project(file, sources, profile=profile, outside=outside)
    api = _api(project, sources)
    expanded = expand(project, sources, api.request)
    _raise_structural(expanded.diagnostics)
    maker = Requests(api, provider=project.provider.name, root=sources.root)
    requests: dict[str, Request] = {}
    found = [*project.warnings, *cut_texts(project.files, api.document), *expanded.diagnostics]
    found += sources.spellings.warnings
    broken = {d.video: expanded.unfinished.get(d.video)
              for d in found if d.video and d.severity == "error"}  # fmt: skip
    for video in expanded.videos:
        try:
            requests[video.name], warnings = maker.request(video)
            found += warnings
        except Problems as problems:
            found += problems.diagnostics
            broken[video.name] = video
    return Loaded(
        project=project,
        api=api,
        requests=requests,
        videos={video.name: video for video in expanded.videos},
        broken=broken,
        diagnostics=tuple(_heard(found, project)),
        sources=sources,
    )


def _api(project: Project, sources: Sources) -> Api:
    settings = project.source.data.get("api") or {}
    spec, operation = settings.get("spec"), settings.get("operation")
    if spec is None:
        return load_api(None, operation)
    with placed(Layer(kind="base", source=project.source, pointer=(), values={}), "api", "spec"):
        path = sources.resolve(spec, project.source.folder)
        sources.text(path)  # a file that cannot be read is reported at the line that names it
        return load_api(path, operation)


def _heard(found: list[Diagnostic], project: Project) -> Iterator[Diagnostic]:
    """Without the warnings that the project's policy ignores."""
    ignored = project.policy.get("lint", {}).get("ignore", ())
    return (d for d in found if d.severity == "error" or d.code not in ignored)


def _raise_structural(found: tuple[Diagnostic, ...]) -> None:
    """What belongs to no single video blocks everything; everything found is shown."""
    if any(d.severity == "error" and d.video is None for d in found):
        raise Problems(folded(found))
