"""Video -> Request: nulls out, scripts normalised, files digested, checked, fingerprinted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems, Severity, Span
from vidbuild.project.model import Video
from vidbuild.request.fingerprint import fingerprint
from vidbuild.request.media import read_media
from vidbuild.request.model import Media, Request
from vidbuild.request.normalise import normalise_script
from vidbuild.schema.api import Api
from vidbuild.schema.canonical import content
from vidbuild.schema.finding import Finding
from vidbuild.schema.shape import Shape
from vidbuild.schema.validate import advise, check

Path = tuple[str | int, ...]
ReadMedia = Callable[[str, Span], Media]


class Requests:
    """Makes requests of one project: each media file is read once."""

    def __init__(self, api: Api, *, provider: str, root: Any) -> None:
        self.api = api
        self.provider = provider
        self.root = root
        self.limits = api.document.get("x-vidbuild-limits", {})
        self.media: dict[str, Media] = {}

    def request(self, video: Video) -> tuple[Request, list[Diagnostic]]:
        """The video's request and warnings. Raises `Problems` with all that is wrong."""
        files: dict[str, Media] = {}

        def media(name: str, path: Path) -> Media:
            if name not in self.media:
                span = video.origin(path)
                self.media[name] = read_media(
                    self.root / name, name=name, limits=self.limits, span=span
                )
            files[".".join(map(str, path))] = self.media[name]
            return self.media[name]

        try:
            body = _members(video.fields, self.api.request, (), media)
        except Problems as problems:
            raise Problems([replace(d, video=video.name) for d in problems.diagnostics]) from None
        if wrong := check(self.api, body, local_files=True):
            raise Problems([_diagnostic(finding, video) for finding in wrong])
        warnings = [_diagnostic(f, video, severity="warning") for f in advise(self.api, body)]
        canonical = content(self.api, body)
        request = Request(
            name=video.name,
            body=body,
            content=canonical,
            fingerprint=fingerprint(canonical, provider=self.provider,
                                    operation=self.api.operation, revision=video.revision),
            provider=self.provider,
            revision=video.revision,
            media=files,
            tags=video.tags,
            protect=video.protect,
            private=video.private,
            ignore_changes=video.ignore_changes,
            row=video.row,
            depends_on=video.depends_on,
        )  # fmt: skip
        return request, warnings


def _members(
    values: Mapping[str, Any], shape: Shape | None, path: Path, media: Callable[[str, Path], Media]
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        member = shape.member(name, values) if shape else None
        body[name] = _value(value, member, (*path, name), media)
    return body


def _value(value: Any, shape: Shape | None, path: Path, media: Callable[[str, Path], Media]) -> Any:
    match value:
        case {"file": str(name)} if shape is not None and shape.asset:
            return {"sha256": media(name, path).sha256}
        case str() if shape is not None and shape.schema.get("x-vidbuild-script"):
            return normalise_script(value)
        case dict():
            return _members(value, shape, path, media)
        case list():
            items = shape.items if shape else None
            return [_value(item, items, (*path, i), media) for i, item in enumerate(value)]
        case _:
            return value


def _diagnostic(finding: Finding, video: Video, *, severity: Severity = "error") -> Diagnostic:
    notes = tuple(Note(message="see also here", span=video.origin(p)) for p in finding.others)
    if video.row_span is not None:
        notes = (*notes, Note(message="for this row", span=video.row_span))
    return Diagnostic(
        code=finding.code,
        severity=severity,
        message=finding.message,
        hint=finding.hint,
        span=video.origin(finding.path),
        video=video.name,
        field=".".join(map(str, finding.path)) or None,
        notes=notes,
    )
