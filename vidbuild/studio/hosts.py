"""Against DNS rebinding: a studio that needs no key answers to this machine's own names alone.

A web page from anywhere can let its name point to 127.0.0.1 and would then read the studio as
its own origin. What a browser still tells truly is the name that it was given: the Host header.
"""

from __future__ import annotations

import ipaddress
import re

from starlette.types import ASGIApp, Receive, Scope, Send

from vidbuild.studio.answers import ApiError, answer, encode

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:[0-9]*)?")


def loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def local_names_only(app: ASGIApp) -> ASGIApp:
    """The app, with 403 for requests to any name that is not a loopback one."""

    async def with_names(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _local(scope):
            message = (
                "This studio accepts any key, so it answers to 127.0.0.1 and localhost alone. "
                "Start it with --key to reach it by another name."
            )
            refusal = answer(encode(ApiError(403, "forbidden", message).body), 403)
            await refusal(scope, receive, send)
        else:
            await app(scope, receive, send)

    return with_names


def _local(scope: Scope) -> bool:
    """No browser leaves the header out; what does is a client of long ago."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    parts = [_HOST.fullmatch(value) for value in given]
    return all(part is not None and _own(part[1].strip("[]").lower()) for part in parts)


def _own(name: str) -> bool:
    """Browsers look up no name in `localhost` (RFC 6761), so it cannot be pointed elsewhere."""
    return loopback(name) or name.endswith(".localhost")
