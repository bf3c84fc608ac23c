"""Request: what vidbuild would send for one video, and what it knows about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A local file in an asset field. `file` is relative to the project folder.

    `seconds`, `width` and `height` (pixels) are None where the file does not tell.
    """

    file: str
    sha256: str
    bytes: int
    mime: str
    seconds: float | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One video's resolved request.

    `body` is the request as it would be sent, metadata included, nulls out, defaults as
    written, each local file as `{"sha256": hex}`. `content` is its canonical form: metadata and
    defaults out. `fingerprint` is `"sha256:" + hex` of that. `media` maps a dotted field path
    ("background.asset_id", list positions as numbers) to the local file that stands there.
    `plain` is known of a body that Python's own encoder writes canonically.
    """

    name: str
    body: Mapping[str, Any]
    content: Mapping[str, Any]
    fingerprint: str
    provider: str
    revision: int = 1
    media: Mapping[str, Media] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    protect: bool = False
    private: bool = False
    ignore_changes: tuple[str, ...] = ()
    row: Mapping[str, Any] | None = None
    depends_on: tuple[str, ...] = ()
    plain: bool = False
