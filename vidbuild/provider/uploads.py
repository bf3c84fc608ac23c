"""Local files to the provider: in one request where it takes them so, else through a slot.

A slot is an address in some storage. It gets the bytes and never the key, and the file is
usable once the API has been told that they are there.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidbuild.diagnostics import Problems
from vidbuild.provider import failures, retry, verdicts
from vidbuild.provider.answers import member, safe_id
from vidbuild.provider.calls import WRITE, Calls, Place
from vidbuild.provider.links import fetchable
from vidbuild.provider.media import Checked
from vidbuild.provider.routes import limit
from vidbuild.provider.wire import Answer, Lost

# Ten minutes, and more for what a slow line needs at 256 KB a second.
_SECONDS = 600.0
_SLOWEST = 256 * 1024
_SLOTS = 2  # an address that has expired is asked for once more
_EXPIRED = frozenset({401, 403, 404, 410})
# Seconds between looks at a file that the provider is still reading. A create that comes too
# early is refused and costs nothing, so there is an end to it.
_LOOKS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_VISIBLE = (5.0, 10.0, 15.0)

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_VALUE = re.compile(r"[!-~]([ -~]{0,4000}[!-~])?")
# Ours to say, whatever the answer says.
_OURS = frozenset({"content-length", "host", "connection", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where the bytes of one file go, and with which headers."""

    asset_id: str
    url: str
    headers: Mapping[str, str]
    most: int | None


async def upload(calls: Calls, path: Path, *, mime: str, sha256: str) -> str:
    """The id of a file that has been uploaded. What arrives has this digest.

    Raises `Problems`: VB609 for a file that is another one or cannot be read, VB611 for one
    that is larger than the provider takes, and what any call raises.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise failures.unread(error) from None
    with file:
        checked = Checked(file, sha256)
        if checked.bytes <= limit(calls.api, "upload_bytes", 32 << 20):
            return await _whole(calls, checked, path.name, mime)
        return await _through_slots(calls, checked, path.name, mime, sha256)


async def _whole(calls: Calls, checked: Checked, name: str, mime: str) -> str:
    got = await _ask(
        calls,
        checked,
        "uploadAsset",
        seconds=_patience(checked),
        options={"files": {"file": (name, checked, mime)}, "headers": _key(), "place": "uploads"},
    )
    return _id(calls, member(got.body, "data", "asset_id"))


async def _through_slots(calls: Calls, checked: Checked, name: str, mime: str, sha256: str) -> str:
    """The bytes to a slot; to a second one where the first has expired meanwhile."""
    left = _SLOTS
    while True:
        left -= 1
        slot = await _open(calls, checked, name, mime, sha256)
        got = await _put(calls, slot, checked)
        if isinstance(got, Answer) and 200 <= got.status < 300:
            return await _complete(calls, slot.asset_id, sha256)
        if isinstance(got, Answer) and got.status in _EXPIRED and left:
            continue
        raise failures.unstored(slot.url, verdicts.told(got))


async def _open(calls: Calls, checked: Checked, name: str, mime: str, sha256: str) -> Slot:
    order = {
        "filename": name,
        "content_type": mime,
        "size_bytes": checked.bytes,
        "checksum_sha256": sha256,
    }
    got = await _ask(
        calls, checked, "createAssetUpload", seconds=WRITE, options=_json(order, _key())
    )
    slot = _slot(got.body, calls.base)
    if slot is None:
        raise failures.nonsense(calls.named, "its answer holds no address to upload to")
    if slot.most is not None and checked.bytes > slot.most:
        raise failures.too_large(slot.most)
    return slot


def _slot(body: Any, base: str) -> Slot | None:
    """The slot of an answer, if it is one that can be used without harm."""
    data = member(body, "data")
    asset_id, url = safe_id(member(data, "asset_id")), member(data, "upload_url")
    given = member(data, "upload_headers")
    most = member(data, "max_bytes")
    if asset_id is None or not isinstance(url, str) or not fetchable(url, base):
        return None
    headers: dict[str, str] = {}
    for name, value in (given if isinstance(given, Mapping) else {}).items():
        text = str(value) if isinstance(value, str | int) else ""
        if not (_NAME.fullmatch(str(name)) and _VALUE.fullmatch(text)):
            return None
        if name.lower() not in _OURS:
            headers[name] = text
    usable = isinstance(most, int) and not isinstance(most, bool) and most > 0
    return Slot(asset_id=asset_id, url=url, headers=headers, most=most if usable else None)


async def _put(calls: Calls, slot: Slot, checked: Checked) -> Answer | Lost:
    """The last answer of the storage, which never sees the key."""
    headers = {**slot.headers, "content-length": str(checked.bytes)}
    place: Place = "uploads" if calls.owns(slot.url) else "other"
    sends = 0
    while True:
        sends += 1
        got = await calls.exchange(
            place,
            "PUT",
            slot.url,
            seconds=_patience(checked),
            headers=headers,
            content=checked.pieces(),
        )
        if checked.trouble is not None:
            raise checked.trouble
        if sends >= calls.policy.tries or not _again(got):
            return got
        await calls.rest(sends, verdicts.wait(got))


def _again(got: Answer | Lost) -> bool:
    return got.loss != "tls" if isinstance(got, Lost) else retry.transient(got.status, None)


async def _complete(calls: Calls, asset_id: str, sha256: str) -> str:
    """Tells the API that the bytes are there, and waits until it has read them."""
    order = _json({"checksum_sha256": sha256})
    for pause in (*_VISIBLE, None):
        # A slot is as new as anything else, and may not be visible to all of the API at once.
        absent = frozenset({404}) if pause is not None else frozenset()
        got = await calls.ask(
            "completeAssetUpload", absent=absent, seconds=WRITE, options=order, asset_id=asset_id
        )
        if got is not None:
            break
        await calls.sleep(pause or 0.0)
    word = member(got and got.body, "data", "status")
    for pause in _LOOKS:
        if word in (None, "completed"):
            break
        if word == "failed":
            raise failures.unusable(calls.named)
        await calls.sleep(pause)
        try:
            word = await _standing(calls, asset_id) or word
        except Problems:
            break  # the create will say
    return asset_id


async def _standing(calls: Calls, asset_id: str) -> Any:
    """How far an upload is, in the API's word."""
    found = await calls.listing("listAssetStatuses", {"asset_ids": asset_id})
    for item in found.items:
        # The answer is shared with videos, down to the name of its id.
        if asset_id in (member(item, "video_id"), member(item, "asset_id")):
            return member(item, "status")
    return None


async def _ask(calls: Calls, checked: Checked, operation: str, **options: Any) -> Answer:
    try:
        got = await calls.ask(operation, **options)
    except Problems as problems:
        raise checked.trouble or problems from None
    if got is None or checked.trouble is not None:
        raise checked.trouble or AssertionError(operation)
    return got


def _id(calls: Calls, value: Any) -> str:
    asset_id = safe_id(value)
    if asset_id is None:
        raise failures.nonsense(calls.named, "its answer to an upload has no asset id")
    return asset_id


def _key() -> dict[str, str]:
    # Of this upload alone: a repeat in this call must not store the file twice.
    return {"Idempotency-Key": uuid.uuid4().hex}


def _json(order: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "content": json.dumps(order, ensure_ascii=False, allow_nan=False).encode(),
        "headers": {**(headers or {}), "Content-Type": "application/json"},
    }


def _patience(checked: Checked) -> float:
    return _SECONDS + checked.bytes / _SLOWEST
