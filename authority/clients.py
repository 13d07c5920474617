"""Who is one client: whoever shares an address, or an IPv6 network of 64 bits."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import unquote

MAX_REMEMBERED = 4096
"""Connections and hosts whose client is remembered."""


@lru_cache(maxsize=MAX_REMEMBERED)
def client_of(peer: str) -> str:
    """The client, from gRPC's name of a peer."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return peer
    return client_at(unquote(rest).rpartition(":")[0].strip("[]").partition("%")[0])


@lru_cache(maxsize=MAX_REMEMBERED)
def client_at(host: str) -> str:
    """The client at a host: its IPv4 address, or its IPv6 network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
