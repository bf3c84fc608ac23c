"""Video -> Request: nulls out, scripts normalised, files digested, checked, fingerprinted."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note, Problems
from vidbuild.project.model import Path, Video
from vidbuild.request.fingerprint import canonical_json, fingerprint, quick_json
from vidbuild.request.forms import Form, Forms
from vidbuild.request.media import check_use, read_media, too_large
from vidbuild.request.model import Media, Request
from vidbuild.request.normalise import normalise_script
from vidbuild.schema.api import Api
from vidbuild.schema.finding import Finding
from vidbuild.schema.shape import Shape
from vidbuild.schema.validate import WARNING, findings

# Gives the facts of the file that a field at a path names.
MediaAt = Callable[[str, Path], Media]


class Requests:
    """Makes requests of one project: each media file is read once."""

    def __init__(self, api: Api, *, provider: str, root: pathlib.Path) -> None:
        self.api = api
        self.provider = provider
        self.root = root
        self.limits = api.document.get("x-vidbuild-limits", {})
        self.media: dict[str, Media] = {}
        self.forms = Forms(api)

    def request(self, video: Video) -> tuple[Request, list[Diagnostic]]:
        """The video's request and warnings. Raises `Problems` with all that is wrong."""
        form = self.forms.get(self.forms.outline(video.fields))
        body = form.body(video.fields) if form is not None else None
        if form is not None and body is not None:
            return self.made(video, body, {}, form), []
        files: dict[str, Media] = {}
        warned: list[Diagnostic] = []

        def media_at(name: str, path: Path) -> Media:
            field = ".".join(map(str, path))
            files[field] = found = self.media_of(name, video, path)
            if advice := too_large(found, self.limits, span=video.origin(path)):
                warned.append(replace(advice, video=video.name, field=field))
            return found

        try:
            body = body_of(video.fields, self.api.request, (), media_at)
        except Unsendable as error:
            raise Problems([_unsendable(error, video)]) from None
        except Problems as problems:
            raise Problems([replace(d, video=video.name) for d in problems.diagnostics]) from None
        outline = self.forms.outline(body)
        form = self.forms.get(outline)
        if form is not None:
            return self.made(video, body, files, form), warned
        said = [_diagnostic(f, video) for f in findings(self.api, body, local_files=True)]
        if any(d.severity == "error" for d in said):
            raise Problems(said + warned)
        form = None if said else self.forms.learn(outline, body)
        return self.made(video, body, files, form), said + warned

    def media_of(self, name: str, video: Video, path: Path) -> Media:
        """The facts of a file, read once, that the field at `path` takes."""
        span = video.origin(path)
        try:
            if name not in self.media:
                file = self.root / name
                self.media[name] = read_media(file, name=name, limits=self.limits, span=span)
            kinds = _kinds_at(self.api.request, video.fields, path)
            check_use(self.media[name], kinds, self.limits, span=span)
        except Problems as problems:
            field = ".".join(map(str, path))
            raise Problems([replace(d, field=field) for d in problems.diagnostics]) from None
        return self.media[name]

    def made(
        self, video: Video, body: dict[str, Any], files: Mapping[str, Media], form: Form | None
    ) -> Request:
        canonical = self.forms.content(body, form)
        return Request(
            name=video.name,
            body=body,
            content=canonical,
            fingerprint=fingerprint(
                canonical,
                provider=self.provider,
                operation=self.api.operation,
                revision=video.revision,
                encode=quick_json if form and form.quick else canonical_json,
            ),
            provider=self.provider,
            revision=video.revision,
            media=files,
            tags=video.tags,
            protect=video.protect,
            private=video.private,
            ignore_changes=video.ignore_changes,
            row=video.row,
            depends_on=_with_files(video.depends_on, files),
            plain=form is not None and form.plain,
        )


def _with_files(files: tuple[str, ...], media: Mapping[str, Media]) -> tuple[str, ...]:
    return tuple(sorted({*files, *(each.file for each in media.values())})) if media else files


def _kinds_at(shape: Shape | None, value: Any, path: Path) -> Sequence[str]:
    """The kinds of media that the field at `path` takes: what it says, or the one around it."""
    kinds: Sequence[str] = ()
    for part in path:
        if shape is None:
            break
        chosen = shape.variant(value) or shape
        shape = chosen.items if isinstance(part, int) else chosen.member(part, value)
        value = value[part]
        kinds = shape.schema.get("x-vidbuild-media", kinds) if shape else kinds
    return kinds


class Unsendable(Exception):
    """A value at a path that JSON text in UTF-8 cannot hold."""

    def __init__(
        self, message: str, path: Path, hint: str = "write the value that you mean"
    ) -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


def body_of(
    values: Mapping[str, Any], shape: Shape | None, path: Path, media_at: MediaAt
) -> dict[str, Any]:
    """What is sent of fields: nulls out, scripts normalised, files as digests.

    Raises `Unsendable`, and whatever `media_at` raises.
    """
    body: dict[str, Any] = {}
    chosen = shape and (shape.variant(values) or shape)
    for name, value in values.items():
        if not name.isascii():
            _check_text(name, path)
        if value is not None:
            member = (chosen.properties.get(name) or chosen.rest) if chosen else None
            body[name] = _value(value, member, (*path, name), media_at)
    return body


def _value(value: Any, shape: Shape | None, path: Path, media_at: MediaAt) -> Any:
    match value:
        case str():
            if not value.isascii():
                _check_text(value, path)
            if shape is not None and shape.schema.get("x-vidbuild-script"):
                return normalise_script(value)
            return value
        case {"file": str(name)} if shape is not None and shape.asset:
            return {"sha256": media_at(name, path).sha256}
        case {"sha256": _} if shape is not None and shape.asset:
            raise Unsendable("a digest is no file to upload", path, "write {file: media/sound.mp3}")
        case dict():
            return body_of(value, shape, path, media_at)
        case list():
            items = shape.items if shape else None
            return [_value(item, items, (*path, i), media_at) for i, item in enumerate(value)]
        case float() if not isfinite(value):
            raise Unsendable(f"{value} is not a number that an API can take", path)
        case int() if abs(value) > _LARGEST:
            raise Unsendable("the number is too large for any API", path)
        case _:
            return value


# Unknown, of another variant, without effect: the name is at fault, not the value.
_ABOUT_NAMES = frozenset({"VB201", "VB209", WARNING})
_LARGEST = 10**300  # about the largest double


def _check_text(text: str, path: Path) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unsendable("the text holds half of a character (a lone surrogate)", path) from None


def _unsendable(error: Unsendable, video: Video) -> Diagnostic:
    return Diagnostic(
        code="VB218",
        message=str(error),
        hint=error.hint,
        span=video.origin(error.path),
        video=video.name,
        field=".".join(map(str, error.path)),
    )


def _diagnostic(finding: Finding, video: Video) -> Diagnostic:
    notes = tuple(Note(message="see also here", span=video.origin(p)) for p in finding.others)
    if video.row_span is not None:
        notes = (*notes, Note(message="for this row", span=video.row_span))
    return Diagnostic(
        code=finding.code,
        severity="warning" if finding.code == WARNING else "error",
        message=finding.message,
        hint=_as_written(finding, video),
        span=video.origin(finding.path, key=finding.code in _ABOUT_NAMES),
        video=video.name,
        field=".".join(map(str, finding.path)) or None,
        notes=notes,
    )


def _as_written(finding: Finding, video: Video) -> str | None:
    """The hint; where it says to quote a number, the number as the file has it: `2.10`."""
    quoting = re.match(r"put it in quotes: ", finding.hint or "")
    if quoting is None or (written := video.written(finding.path)) is None:
        return finding.hint
    return f'{quoting[0]}"{written}"'
