"""Uploaded files: their rows, and what kind of file some bytes are.

The kind is read from the bytes, as the API does; the name and the declared type are hearsay.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Ids of this form are minted here, so one that is unknown is a mistake; any other id belongs
# to somebody's account elsewhere, and a placeholder stands in for it.
_MINTED = re.compile(r"asset_[0-9a-f]{32}")

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "application/pdf": "pdf",
    "application/x-subrip": "srt",
}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "text/srt": "application/x-subrip",
    "text/plain": "application/x-subrip",
    "audio/mp4": "video/mp4",
    "audio/webm": "video/webm",
}
_SRT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\d+\s*\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> ")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAsset:
    """One uploaded file. `path` is relative to the studio's folder; `seq` counts them."""

    seq: int = 0
    asset_id: str
    name: str
    mime: str
    bytes: int
    path: str
    uploaded_at: float


def add_asset(db: sqlite3.Connection, asset: StoredAsset) -> None:
    db.execute(
        "INSERT INTO assets (asset_id, name, mime, bytes, path, uploaded_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (asset.asset_id, asset.name, asset.mime, asset.bytes, asset.path, asset.uploaded_at),
    )


def find_asset(db: sqlite3.Connection, asset_id: str) -> StoredAsset | None:
    row = db.execute("SELECT * FROM assets WHERE asset_id = ?", (asset_id,)).fetchone()
    return None if row is None else StoredAsset(**dict(row))


def asset_page(db: sqlite3.Connection, *, limit: int, before: int | None) -> list[StoredAsset]:
    """Newest first, at most `limit`, older than the row `before`."""
    query = "SELECT * FROM assets WHERE seq < COALESCE(?, seq + 1) ORDER BY seq DESC LIMIT ?"
    return [StoredAsset(**dict(row)) for row in db.execute(query, (before, limit))]


def delete_asset(db: sqlite3.Connection, asset_id: str) -> bool:
    """Forgets a file; whether there was one."""
    done = db.execute("DELETE FROM assets WHERE asset_id = ?", (asset_id,))
    return done.rowcount == 1


def stored(db: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, StoredAsset]:
    """The uploaded files that a request refers to, by id."""
    found = ((asset_id, find_asset(db, asset_id)) for _, asset_id in references(body, _is_asset))
    return {asset_id: asset for asset_id, asset in found if asset is not None}


def missing(db: sqlite3.Connection, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """The path and id of the first file that a request refers to and nobody has."""
    for path, asset_id in references(body, _is_asset):
        lost = _MINTED.fullmatch(asset_id) and find_asset(db, asset_id) is None
        if lost or asset_id.startswith("missing_"):
            return path, asset_id
    return None


def references(node: Any, wanted: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text (or text in a list) under a key that `wanted` accepts: (dotted path, text)."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(node, Mapping):
        pairs = node.items()
    elif isinstance(node, list):
        pairs = enumerate(node)
    for key, value in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(key, str) and wanted(key):
            yield from _texts(value, here)
        else:
            yield from references(value, wanted, here)


def kind(head: bytes) -> str | None:
    """The MIME type of a file that begins with `head`, of those that the API takes."""
    match head:
        case _ if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png"
        case _ if head.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
        case _ if head[4:8] == b"ftyp":
            return "video/mp4"
        case _ if head.startswith(b"\x1a\x45\xdf\xa3"):
            return "video/webm"
        case _ if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
            return "audio/wav"
        case _ if head.startswith(b"ID3") or _mp3_frame(head):
            return "audio/mpeg"
        case _ if head.startswith(b"%PDF-"):
            return "application/pdf"
        case _ if _SRT.match(head):
            return "application/x-subrip"
        case _:
            return None


def agrees(declared: str | None, found: str) -> bool:
    """Whether a declared type is another word for what the bytes say, or says nothing."""
    if declared in (None, "", "application/octet-stream"):
        return True
    word = str(declared).split(";")[0].strip().lower()
    return _ALIASES.get(word, word) == found


def extension(mime: str) -> str:
    return _EXTENSIONS[mime]


def _mp3_frame(head: bytes) -> bool:
    """Eleven bits of sync, then Layer III: a byte order mark has the first, not the second."""
    return head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE6 == 0xE2


def _is_asset(key: str) -> bool:
    return key.endswith("asset_id")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from ((f"{path}.{n}", item) for n, item in enumerate(value) if isinstance(item, str))
