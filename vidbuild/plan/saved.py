"""Saved plans as bytes: what `plan -o` writes and an apply of that file reads.

The list behind the digest, and what is needed to send it: nothing else, so that an apply has
to look at today's records again. Private text is left out; it is resolved anew. A digest of the
file itself tells a file that was changed by hand. Not for deciding whether a plan still fits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from vidbuild import __version__
from vidbuild.diagnostics import EXIT_MISMATCH, Problems, problem
from vidbuild.plan.digest import digest
from vidbuild.request.fingerprint import canonical_json
from vidbuild.request.model import Media
from vidbuild.state.entries import Wrong, render_json, render_of
from vidbuild.state.records import Render

FORMAT_VERSION = 1
NO_PLAN = "VB724"
CHANGED = "VB725"
FOREIGN = "VB726"

_AGAIN = "make it again: `vidbuild plan -o FILE`"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedVideo:
    """One video to work on: its request as it would be sent (text masked where it is private),
    what else is known of it, and the renders that a resubmission gives up."""

    request: Mapping[str, Any]
    fingerprint: str
    revision: int = 1
    media: Mapping[str, Media] = field(default_factory=dict)
    protect: bool = False
    private: bool = False
    ignore_changes: tuple[str, ...] = ()
    abandons: tuple[Render, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A plan in a file. `changes` is the accepted list behind `digest`; `videos` are by name,
    `moved` the old names whose renders move to others. `facts` are renders as the provider knew
    them when the plan was made with `--refresh`.
    """

    project: str
    profile: str | None
    provider: str
    digest: str
    changes: tuple[Mapping[str, Any], ...]
    videos: Mapping[str, SavedVideo]
    moved: tuple[str, ...] = ()
    facts: tuple[Render, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    delete_remote: bool = False
    download: bool = True


def encode_saved(saved: Saved) -> bytes:
    """The file: JSON, one line a video, stable to the byte for the same plan."""
    requests = _requests(saved.changes)
    document = {
        "format_version": FORMAT_VERSION,
        "vidbuild": __version__,
        "project": saved.project,
        "profile": saved.profile,
        "provider": saved.provider,
        "vars": dict(saved.vars),
        "digest": saved.digest,
        "delete_remote": saved.delete_remote,
        "download": saved.download,
        "changes": list(saved.changes),
        "videos": {
            name: _video_json(saved.videos[name], requests.get(name))
            for name in sorted(saved.videos)
        },
        "moved": list(saved.moved),
        "facts": [render_json(render) for render in saved.facts],
    }
    document["checksum"] = _checksum(document)
    lines = ",\n".join(f"  {json.dumps(key)}: {_opened(document[key])}" for key in document)
    return f"{{\n{lines}\n}}\n".encode()


def decode_saved(data: bytes, *, file: str) -> Saved:
    """The plan in `data`; `file` is how messages name it.

    Raises `Problems`: exit code 1 for what is no saved plan, 7 for one that was changed by hand
    or has the format of another version.
    """
    document = _parsed(data, file)
    version = document.get("format_version")
    if "checksum" not in document or not isinstance(version, int):
        raise problem(
            NO_PLAN,
            f"{file} is not a saved plan",
            hint="`vidbuild plan -o FILE` saves one; what `plan --json` prints is for reading",
        )
    if version != FORMAT_VERSION:
        raise problem(
            FOREIGN,
            f"{file} has format {version}; this vidbuild reads {FORMAT_VERSION}",
            hint="plan and apply with the same vidbuild",
            exit_code=EXIT_MISMATCH,
        )
    try:
        saved = _saved(document)
        genuine = document["checksum"] == _checksum(document) and saved.digest == _digest(saved)
    except (Wrong, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _changed(file) from error
    if not genuine:
        raise _changed(file)
    return saved


def is_saved(data: bytes) -> bool:
    """Whether a file is a saved plan of any version, changed by hand or not; or empty."""
    try:
        document = json.loads(data) if data.strip() else {"checksum": None}
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "checksum" in document


def _changed(file: str) -> Problems:
    return problem(
        CHANGED,
        f"{file} was changed after it was saved",
        hint=_AGAIN,
        exit_code=EXIT_MISMATCH,
    )


def _parsed(data: bytes, file: str) -> dict[str, Any]:
    why = "it is not a JSON object"
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
        if isinstance(document, dict):
            return document
    except json.JSONDecodeError as error:
        why = f"{error.msg.lower()} in line {error.lineno}" if data.strip() else "it is empty"
    except (ValueError, RecursionError):
        why = "it is not JSON"
    raise problem(NO_PLAN, f"{file} is not a saved plan: {why}", hint=_AGAIN)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _checksum(document: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in document.items() if key != "checksum"}
    return "sha256:" + hashlib.sha256(canonical_json(rest)).hexdigest()


def _digest(saved: Saved) -> str:
    return digest(
        project=saved.project,
        profile=saved.profile,
        provider=saved.provider,
        items=saved.changes,
    )


def _opened(value: Any) -> str:
    """Lists and objects with a line for each member."""
    if isinstance(value, dict) and value:
        members = (f"    {json.dumps(key)}: {_line(each)}" for key, each in value.items())
        return "{\n" + ",\n".join(members) + "\n  }"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {_line(each)}" for each in value) + "\n  ]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, allow_nan=False, default=dict)


def _requests(changes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {item["name"]: item["request"] for item in changes if "request" in item}


def _video_json(video: SavedVideo, listed: Any) -> dict[str, Any]:
    """The members that say something; a request that stands in the list not once more."""
    body = {
        "request": None if video.request == listed else dict(video.request),
        "fingerprint": video.fingerprint,
        "revision": video.revision,
        "media": {path: asdict(media) for path, media in video.media.items()},
        "protect": video.protect,
        "private": video.private,
        "ignore_changes": list(video.ignore_changes),
        "abandons": [render_json(render) for render in video.abandons],
    }
    return {key: value for key, value in body.items() if value}


def _saved(document: Mapping[str, Any]) -> Saved:
    """The record of a document. Raises what wrong members raise."""
    changes = tuple(_item(item) for item in document["changes"])
    requests = _requests(changes)
    videos = _mapping(document["videos"])
    return Saved(
        project=_text(document["project"]),
        profile=document["profile"] and _text(document["profile"]),
        provider=_text(document["provider"]),
        digest=_text(document["digest"]),
        changes=changes,
        videos={n: _video({"request": requests.get(n), **_mapping(b)}) for n, b in videos.items()},
        moved=tuple(_text(name) for name in document["moved"]),
        facts=tuple(render_of(body, "facts") for body in document["facts"]),
        vars=_mapping(document["vars"]),
        delete_remote=_flag(document["delete_remote"]),
        download=_flag(document["download"]),
    )


def _item(item: Any) -> Mapping[str, Any]:
    _text(_mapping(item)["name"])
    return _mapping(item)


def _video(body: Mapping[str, Any]) -> SavedVideo:
    media = _mapping(body.get("media", {}))
    return SavedVideo(
        request=_mapping(body["request"]),
        fingerprint=_text(body["fingerprint"]),
        revision=_of(int, body.get("revision", 1)),
        media={path: Media(**_mapping(each)) for path, each in media.items()},
        protect=_flag(body.get("protect", False)),
        private=_flag(body.get("private", False)),
        ignore_changes=tuple(_text(each) for each in body.get("ignore_changes", ())),
        abandons=tuple(render_of(each, "abandons") for each in body.get("abandons", ())),
    )


def _of(kind: Callable[..., Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    return str(_of(str, value))


def _flag(value: Any) -> bool:
    return bool(_of(bool, value))


def _mapping(value: Any) -> dict[str, Any]:
    return dict(_of(dict, value))
