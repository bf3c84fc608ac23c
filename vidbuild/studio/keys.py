"""Who may call what: keys, tokens and their scopes.

A key followed by `+` and scopes has only these: `KEY+videos:read,avatars:read`. So everybody
who has a key can try what a client does with a lesser one, without an account that makes such.
"""

from __future__ import annotations

import hmac
import re

from starlette.requests import Request

from vidbuild.studio.answers import ApiError

_SCOPE = r"[a-z]+(?:-[a-z]+)*:(?:read|write)"
_SCOPED = re.compile(rf"(?P<key>.+)\+(?P<scopes>{_SCOPE}(?:,{_SCOPE})*)")


def admit(key: str | None, request: Request, scope: str | None) -> None:
    """Refuses who has no key (401), and whose key lacks the scope (403). None: any key does."""
    given, scopes = _given(request), None
    scoped = _SCOPED.fullmatch(given)
    if scoped and not _same(key, given):
        given, scopes = scoped["key"], scoped["scopes"].split(",")
    if not given or not (key is None or _same(key, given)):
        raise ApiError(401, "unauthorized", "The API key is missing or wrong.")
    if scopes is not None and scope is not None and scope not in scopes:
        raise ApiError(403, "forbidden", f"This needs a key with the scope {scope}.")


def _given(request: Request) -> str:
    """The API key, or the bearer token where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")


def _same(key: str | None, given: str) -> bool:
    return key is not None and hmac.compare_digest(given.encode(), key.encode())
