"""Where the studio delivers to: only where the user's own endpoint or callback says, and of
those only where that cannot be turned against somebody.

Link-local and multicast addresses are nobody's receivers; a cloud's metadata service is at
one. What else is out of bounds depends on who can reach the studio: see `Reach`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

import httpx

from vidbuild.studio.hosts import loopback

_LONGEST = 2048


class Reach(Enum):
    """Where a studio may deliver to."""

    SELF = "self"  # inside another process: nothing leaves the machine
    EVERYWHERE = "everywhere"  # on a port of this machine: its user says where
    OUTSIDE = "outside"  # on the network: callers must not reach this machine's own services


class Unreachable(Exception):
    """An address that nothing is delivered to, with the reason. Trying again is no use."""


def parse(text: str) -> httpx.URL:
    """An address that could be delivered to. Raises `Unreachable` for any other."""
    try:
        if len(text) > _LONGEST:
            raise Unreachable(f"it is longer than {_LONGEST} characters")
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Unreachable("it is not a URL") from None
    if url.scheme not in ("http", "https") or not host:
        raise Unreachable("it is not an https URL")
    if url.port is not None and not 0 < url.port < 65536:
        raise Unreachable("its port is none")
    if url.userinfo:
        raise Unreachable("it holds a user name")
    if url.scheme == "http" and not loopback(host):
        raise Unreachable("plain http is for this machine's own addresses")
    return url


async def locate(url: httpx.URL, reach: Reach) -> str:
    """The IP address to deliver to: the one that was judged, whatever the name says later."""
    host = url.host
    try:
        found: list[IPv4Address | IPv6Address] = [ipaddress.ip_address(host)]
    except ValueError:
        found = await _look_up(host, reach)
    for address in found:
        plain = getattr(address, "ipv4_mapped", None) or address
        if allowed(plain, reach):
            return str(plain)
    raise Unreachable(
        "a studio without a port delivers to this machine only"
        if reach is Reach.SELF
        else "nothing is delivered to such an address"
    )


def allowed(address: IPv4Address | IPv6Address, reach: Reach) -> bool:
    if address.is_loopback:
        return reach is not Reach.OUTSIDE
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return reach is not Reach.SELF


async def _look_up(host: str, reach: Reach) -> list[IPv4Address | IPv6Address]:
    if host == "localhost" or host.endswith(".localhost"):
        return [ipaddress.IPv4Address("127.0.0.1")]
    if reach is Reach.SELF:
        return []  # not even a name is asked for
    infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(info[4][0]) for info in infos]
