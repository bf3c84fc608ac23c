"""The list of finished videos for whatever publishes them: `manifest.json` in the output folder.

One line a video, by name, the same bytes for the same state. Not for videos that are not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.report.as_json import finite
from vidbuild.state.records import Output, Render

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A video whose files lie in the output folder, `files` by kind. A private one has neither
    `title` nor `row`."""

    name: str
    render: Render
    files: Mapping[str, Output]
    title: str | None = None
    row: Mapping[str, Any] | None = None
    tags: frozenset[str] = frozenset()
    private: bool = False


def manifest_json(
    videos: Iterable[Finished], *, project: str, profile: str | None, provider: str
) -> bytes:
    """The whole file, in UTF-8."""
    head = {
        "format_version": FORMAT_VERSION,
        "project": project,
        "profile": profile,
        "provider": provider,
    }
    lines = [f"  {_json(key)}: {_json(value)}" for key, value in head.items()]
    listed = [f"    {_json(_record(each))}" for each in sorted(videos, key=lambda v: v.name)]
    lines.append('  "videos": [' + ("\n" + ",\n".join(listed) + "\n  ]" if listed else "]"))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def is_manifest(data: bytes, *, project: str, profile: str | None) -> bool:
    """Whether a file is a manifest of this project and profile, and not somebody else's."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(body, dict) or not isinstance(body.get("videos"), list):
        return False
    known = (body.get("format_version"), body.get("project"), body.get("profile", ""))
    return known == (FORMAT_VERSION, project, profile)


def _record(video: Finished) -> dict[str, Any]:
    render = video.render
    return {
        "name": video.name,
        "video_id": render.video_id,
        "title": video.title,
        "seconds": render.duration,
        "completed_at": render.completed_at,
        "page_url": render.page_url,
        "private": video.private,
        "tags": sorted(video.tags),
        "row": video.row,
        "files": {
            kind: {"path": file.path, "bytes": file.bytes, "sha256": file.sha256}
            for kind, file in sorted(video.files.items())
        },
    }


def _json(value: Any) -> str:
    """One line. For what UTF-8 or JSON has no way to say, half a surrogate pair or an infinite
    number in a table, it has an escape or null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(finite(value))
    return text
