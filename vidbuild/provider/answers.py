"""The API's answers as records. A server's word is data: every type is checked, what is
unknown is left out, what is missing is None.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from vidbuild.provider.errors import clean
from vidbuild.provider.model import Account, Remote, Spoken

# What may stand in a path and in a comma-separated query, and be typed by a user.
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,199}")
_TERMINAL = frozenset({"completed", "failed"})
# Bounds of what is believed: a moment between 1970 and the year 3000, a length of under twelve
# days, a sum that a float tells to the cent.
_MOMENTS = 32_503_680_000.0
_SECONDS = 1e6
_USD = 1e12
# An address of a result is signed, and long; one of a page is shown to people.
_LINK = re.compile(r"[!-~]{1,8000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list. `token` leads to the next; `broken`: there is one, and no way to it."""

    items: Sequence[Any]
    token: str | None = None
    broken: bool = False


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


def page(body: Any) -> Page | None:
    """A page of a list, with its paging members beside `data` or, as batches have it, in it;
    None where there is no list."""
    holder, items = body, member(body, "data")
    if isinstance(items, Mapping):
        holder, items = items, items.get("items")
    if not isinstance(items, list):
        return None
    token, more = member(holder, "next_token"), member(holder, "has_more")
    token = token if isinstance(token, str) and token and more is not False else None
    return Page(items=items, token=token, broken=more is True and token is None)


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
        duration=number(item.get("duration"), most=_SECONDS),
        video_url=_text(item.get("video_url")),
        captioned_video_url=_text(item.get("captioned_video_url")),
        subtitle_url=_text(item.get("subtitle_url")),
        thumbnail_url=_text(item.get("thumbnail_url")),
        page_url=_page_url(item.get("video_page_url")),
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
    balance = member(wallet, "remaining_balance")
    return Account(
        hash=hashlib.sha256(f"{host}\n{username}".encode()).hexdigest()[:12],
        username=clean(username),
        balance_usd=number(balance, most=_USD) if usd else None,
        reloads=member(wallet, "auto_reload", "enabled") is True,
    )


def spoken(body: Any) -> Spoken | None:
    """A text that was spoken; None where the answer has no length of it."""
    seconds = number(member(body, "data", "duration"), most=_SECONDS)
    if not seconds:
        return None
    return Spoken(seconds=seconds, audio_url=_text(member(body, "data", "audio_url")))


def between(video: Remote, since: float, until: float) -> bool:
    return video.created_at is not None and since <= video.created_at <= until


def before(video: Remote, since: float) -> bool:
    return video.created_at is not None and video.created_at < since


def number(value: Any, *, most: float = math.inf) -> float | None:
    """A finite number that is not negative, nor more than `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and 0 <= found <= most else None


def moment(value: float | None) -> float | None:
    """Unix seconds that can be a time of this service."""
    return number(value, most=_MOMENTS)


def _moment(value: Any) -> float | None:
    """Unix seconds, also of a time written out, as some older answers have it."""
    if not isinstance(value, str):
        return moment(value)
    try:
        written = datetime.fromisoformat(value)
        return moment((written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _page_url(value: Any) -> str | None:
    """An address to show and to click on."""
    if not isinstance(value, str) or not _LINK.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in ("http", "https") and parts.hostname else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _words(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None
