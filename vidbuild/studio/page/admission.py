"""Who may see the page: without a key everybody who reaches the studio, else who knows the key.

A browser asks for the key itself (HTTP Basic, any user name) and sends it to this origin alone,
its port included: a cookie would also go to every other server on the machine, and a link with a
key in it would stay in histories. The page only reads, so nobody gains from sending a browser
here.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.requests import Request

CHALLENGE = {"www-authenticate": 'Basic realm="vidbuild studio", charset="UTF-8"'}


def admitted(key: str | None, request: Request) -> bool:
    """Whether a request carries the key, as a browser or as a client of the API sends it."""
    if key is None:
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "basic":
            given = _password(token)
        case "bearer":
            given = token.strip()
        case _:
            given = request.headers.get("x-api-key", "")
    return hmac.compare_digest(given.encode(), key.encode())


def _password(token: str) -> str:
    try:
        text = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]
