"""Addresses that a server names: which of them may be asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from vidbuild.provider.credentials import loopback


def fetchable(url: str, base: str) -> bool:
    """Whether an address may be asked; `base` is the API's own."""
    try:
        parts, own = urlsplit(url), urlsplit(base)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return True
    # Plain http is for a studio: an API that is itself reached so, here or where it is.
    same = (parts.hostname, port) == (own.hostname, own.port)
    return parts.scheme == own.scheme == "http" and (same or loopback(parts.hostname))
