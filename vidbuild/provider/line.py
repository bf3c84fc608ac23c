"""The way to a server: a request goes out as it is, and its answer is all that is kept of it.

Without cookies, redirects, passwords in an address and defaults to merge: what httpx's client
does about them with each answer takes longer than all the rest of an exchange. Where the
environment names a proxy the client is asked all the same: it knows which addresses go past it.
Not for what is asked and how often: that is `calls`.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import getproxies

import httpx

CONNECT = 10.0
# Nobody is asked to pack an answer; one that is packed once all the same can be read.
_USUAL = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"python-httpx/{httpx.__version__}",
}

# Sends, and answers when the head of the answer is there. Whoever asks closes the answer.
Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


def outgoing(
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> httpx.Request:
    """A request that waits `seconds` for each piece of its answer; `options` are the query and
    the body as httpx takes them. Raises `httpx.InvalidURL`.

    Waiting for a free connection is not the server's fault, and not counted.
    """
    connect = min(CONNECT, seconds)
    limits = {"connect": connect, "read": seconds, "write": seconds, "pool": None}
    return httpx.Request(
        method,
        url,
        headers=_USUAL | {name.lower(): text for name, text in (headers or {}).items()},
        extensions={"timeout": limits},
        **options,
    )


class Line:
    """Connections to one place, `most` at once. Close it when done.

    `transport` stands in for the network; `environment`: its proxies count.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport | None,
        most: int,
        *,
        verify: ssl.SSLContext | bool,
        environment: bool,
    ) -> None:
        limits = httpx.Limits(max_connections=most)
        self._client: httpx.AsyncClient | None = None
        if transport is None and environment and _has_proxies():
            self._client = httpx.AsyncClient(
                limits=limits,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                follow_redirects=False,
                verify=verify,
            )
        self._transport = transport or httpx.AsyncHTTPTransport(verify=verify, limits=limits)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The head of the answer. Raises `httpx.HTTPError`."""
        if self._client is not None:
            return await self._client.send(request, stream=True)
        response = await self._transport.handle_async_request(request)
        response.request = request
        return response

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        await self._transport.aclose()


def _has_proxies() -> bool:
    """Whether the environment, or the system, names one for what is asked here."""
    named = getproxies()
    return any(named.get(scheme) for scheme in ("http", "https", "all"))
