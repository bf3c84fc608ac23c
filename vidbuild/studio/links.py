"""Links to results that expire: signed, so that no key is needed to follow them."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from vidbuild.studio.answers import ApiError

LIFETIME = 7 * 24 * 3600


def sign(secret: bytes, path: str, expires: int) -> str:
    """The query that opens `path` until `expires` (unix seconds)."""
    return f"expires={expires}&signature={_signature(secret, path, expires)}"


def opens(secret: bytes, path: str, *, expires: str, signature: str, now: float) -> bool:
    """Whether a query is one of ours and its time is not over."""
    if not (expires.isascii() and expires.isdecimal() and len(expires) < 16):
        return False
    expected = _signature(secret, path, int(expires))
    return hmac.compare_digest(signature.encode(), expected.encode()) and now < int(expires)


def require(secret: bytes, request: Request, *, now: float) -> None:
    """Raises `ApiError` (403) unless the request came by a signed link that still opens."""
    asked = request.query_params
    expires, signature = asked.get("expires", ""), asked.get("signature", "")
    if not opens(secret, request.url.path, expires=expires, signature=signature, now=now):
        raise ApiError(403, "forbidden", "This link has expired or is not ours.")


def _signature(secret: bytes, path: str, expires: int) -> str:
    return hmac.new(secret, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()[:40]
