"""The API's errors in the user's words: what each code means for the run and what to do.

Codes come first; an unknown or missing one falls back to the HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vidbuild.provider.model import Refused

MAX_MESSAGE = 500
EXHAUSTED = "VB614"  # the code of a refusal that any other call would meet as well
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error answer, whatever its shape was: its text is cleaned and bounded."""

    status: int
    code: str
    message: str
    param: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do. `stops`: no other video can fare better; `credentials`: the key was refused."""

    hint: str
    stops: bool = False
    credentials: bool = False


_KEY = Advice(
    hint="check the API key: HEYGEN_API_KEY, the provider's key_env, or ~/.heygen/credentials",
    stops=True,
    credentials=True,
)
_SCOPE = Advice(
    hint="give the key the scopes videos:read, videos:write and assets, or use another key",
    stops=True,
    credentials=True,
)
_CREDIT = Advice(hint="top up the HeyGen wallet, then apply again", stops=True)
_PLAN = Advice(hint="the HeyGen plan does not include this; change the plan", stops=True)
_AVATAR = Advice(hint="check avatar_id: it takes a look's id, not a group's")
_VOICE = Advice(hint="check voice_id, or choose a voice that this account may use")
_FIELD = Advice(hint="correct the field and apply again")
_URL = Advice(hint="the URL must be public, without a login, and end in the file's extension")
_LATER = Advice(hint="apply again later")
_IDS = Advice(hint="check the ids in the request; they may belong to another account")
_OTHER = Advice(hint="it was deleted, or the key is of another account")

ADVICE: Mapping[str, Advice] = {
    "unauthorized": _KEY,
    "authentication_failed": _KEY,
    "forbidden": _SCOPE,
    "insufficient_credit": _CREDIT,
    "trial_limit_exceeded": _CREDIT,
    "quota_exceeded": Advice(hint="wait for the quota's reset, or top up", stops=True),
    "plan_upgrade_required": _PLAN,
    "subscription_required": _PLAN,
    "phone_verification_required": Advice(
        hint="verify the account's phone number at HeyGen", stops=True
    ),
    "not_found": _IDS,
    "resource_not_found": _IDS,
    "video_not_found": _OTHER,
    "template_not_found": _IDS,
    "webhook_not_found": _OTHER,
    "resource_access_denied": Advice(hint="the resource belongs to another account or space"),
    "ai_vendor_access_restricted": Advice(hint="choose another voice or engine"),
    "avatar_not_found": _AVATAR,
    "avatar_group_not_found": _AVATAR,
    "avatar_not_usable": Advice(hint="the avatar did not pass moderation; choose another"),
    "avatar_consent_required": Advice(hint="complete the avatar's consent at HeyGen"),
    "avatar_expired": Advice(hint="choose another avatar"),
    "voice_not_found": _VOICE,
    "voice_not_usable": _VOICE,
    "voice_unavailable": _VOICE,
    "voice_expired": _VOICE,
    "voice_provider_error": _LATER,
    "asset_not_found": Advice(hint="the uploaded file is gone or not visible yet; apply again"),
    "asset_not_available": Advice(hint="the uploaded file is still being read; apply again"),
    "invalid_parameter": _FIELD,
    "script_too_short": Advice(hint="lengthen the script"),
    "tts_text_invalid": Advice(hint="the voice cannot speak this script; change its text"),
    "content_policy_violation": Advice(hint="change the script or the media; HeyGen refuses them"),
    "download_failed": _URL,
    "no_audio_track": Advice(hint="give a recording that has sound"),
    "video_too_long": Advice(hint="shorten the script or the recording, or split the video"),
    "unlimited_mode_disabled": _PLAN,
    "ephemeral_upload_disabled": Advice(hint="give the file's public URL, or ask HeyGen"),
    "payload_too_large": Advice(hint="make the media files smaller"),
    "resource_limit_reached": Advice(hint="delete what is not needed at HeyGen"),
    "resource_limit_exceeded": Advice(hint="delete what is not needed at HeyGen"),
    "resource_not_ready": _LATER,
    "conflict": _LATER,
    "request_in_progress": _LATER,
    "rate_limit_exceeded": _LATER,
    "video_delete_failed": _LATER,
    "rendering_failed": Advice(hint="apply again; raise it with HeyGen if it stays"),
    "internal_error": _LATER,
    "service_unavailable": _LATER,
    "gateway_timeout": _LATER,
}

_BY_STATUS: Mapping[int, Advice] = {
    400: _FIELD,
    401: _KEY,
    402: _CREDIT,
    403: Advice(hint="check the scopes of the key and what the HeyGen plan includes"),
    404: _IDS,
    409: _LATER,
    413: ADVICE["payload_too_large"],
    422: _FIELD,
    429: _LATER,
}
_NONE = Advice(hint="")
_DETAILS = 3  # how many of an answer's single errors are told


def advice(code: str, status: int | None = None) -> Advice:
    """What to do about an error, or about a render's `failure_code` (no status)."""
    by_status = _LATER if status is not None and status >= 500 else _BY_STATUS.get(status or 0)
    return ADVICE.get(code) or by_status or _NONE


def hint(code: str) -> str | None:
    """What to do about a `failure_code`, where that is known."""
    return advice(code).hint or None


def fault(status: int, body: Any, request_id: str | None = None) -> Fault:
    """An error answer read leniently: `body` is its JSON, or its text where it is none."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        error = {"message": error} if isinstance(error, str) else {}
    details = list(_details(error))
    code = _text(error.get("code"))
    if not code or code == "error":
        code = f"http_{status}"
    message = _text(error.get("message")) or _text(error.get("detail"))
    more = [detail.words for detail in details if detail.message not in message]
    param = _text(error.get("param")) or next((each.path for each in details if each.path), "")
    return Fault(
        status=status,
        code=code,
        message=clean("; ".join([*([message] if message else []), *more]) or f"HTTP {status}"),
        param=param or None,
        request_id=request_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    """One of several errors in an answer."""

    message: str
    path: str

    @property
    def words(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def _details(error: Mapping[Any, Any]) -> Iterator[_Detail]:
    """The single errors of an answer, in either of the forms that are seen."""
    for name, words, place in (("errors", "message", "path"), ("detail", "msg", "loc")):
        listed = error.get(name)
        for each in listed[:_DETAILS] if isinstance(listed, list) else ():
            if isinstance(each, Mapping) and (message := _text(each.get(words))):
                yield _Detail(message=message, path=_path(each.get(place)))


def _path(value: Any) -> str:
    """A field's name, dotted; the body that it is in goes without saying."""
    parts = value if isinstance(value, list) else [value]
    named = [str(part) for part in parts if isinstance(part, str | int)]
    return clean(".".join(named)).removeprefix("body.")


def refused(said: Fault) -> Refused:
    """A create that was refused, with what that means for the rest of the run."""
    known = advice(said.code, said.status)
    return Refused(
        status=said.status,
        code=said.code,
        message=said.message,
        param=said.param,
        request_id=said.request_id,
        hint=known.hint or None,
        credentials=known.credentials,
        stops=known.stops,
    )


def clean(text: str) -> str:
    """One line of bounded length, without what could steer a terminal."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 3] + "..."


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""
