"""The API's answers as records. A server's word is data: every type is checked, what is
unknown is left out, what is missing is None.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vidbuild.provider.errors import clean
from vidbuild.provider.model import Account, Remote, Spoken

# What may stand in a path and in a comma-separated query, and be typed by a user.
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,199}")
_TERMINAL = frozenset({"completed", "failed"})


def safe_id(value: Any) -> str | None:
    """A video's or asset's id, if it is one that can be used without harm."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def status(word: Any) -> str:
    """Only two words are the end; any other, known or not, means that it goes on."""
    return word if isinstance(word, str) and word in _TERMINAL else "submitted"


def member(body: Any, *names: str) -> Any:
    """`body[a][b]...`, or None where something on the way is missing or no object."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def remote(item: Any) -> Remote | None:
    """A `VideoDetail`; None where it has no usable id."""
    video_id = safe_id(member(item, "id"))
    if video_id is None or not isinstance(item, Mapping):
        return None
    return Remote(
        video_id=video_id,
        status=status(item.get("status")),
        title=_text(item.get("title")),
        created_at=_moment(item.get("created_at")),
        completed_at=_moment(item.get("completed_at")),
        duration=number(item.get("duration")),
        video_url=_text(item.get("video_url")),
        captioned_video_url=_text(item.get("captioned_video_url")),
        subtitle_url=_text(item.get("subtitle_url")),
        thumbnail_url=_text(item.get("thumbnail_url")),
        page_url=_text(item.get("video_page_url")),
        failure_code=_words(item.get("failure_code")),
        failure_message=_words(item.get("failure_message")),
    )


def account(body: Any, host: str) -> Account | None:
    """Who a key belongs to; None where the answer does not tell."""
    username = member(body, "data", "username")
    if not isinstance(username, str) or not username:
        return None
    wallet = member(body, "data", "wallet")
    usd = member(wallet, "currency") == "usd"
    return Account(
        hash=hashlib.sha256(f"{host}\n{username}".encode()).hexdigest()[:12],
        username=username,
        balance_usd=number(member(wallet, "remaining_balance")) if usd else None,
    )


def spoken(body: Any) -> Spoken | None:
    """A text that was spoken; None where the answer has no length of it."""
    seconds = number(member(body, "data", "duration"))
    if not seconds:
        return None
    return Spoken(seconds=seconds, audio_url=_text(member(body, "data", "audio_url")))


def between(video: Remote, since: float, until: float) -> bool:
    return video.created_at is not None and since <= video.created_at <= until


def before(video: Remote, since: float) -> bool:
    return video.created_at is not None and video.created_at < since


def number(value: Any) -> float | None:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _moment(value: Any) -> float | None:
    """Unix seconds, also of a time written out, as some older answers have it."""
    if not isinstance(value, str):
        return number(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _words(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None
