"""Sockets to listen at, for every server of a process."""

from __future__ import annotations

import socket


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket bound to a place, which does not listen yet. Port 0 takes any free one.

    host: a name, or an address, of IPv6 perhaps in brackets; :: takes IPv4 too. Raises: OSError.
    """
    host = host.strip("[]")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:  # a name that DNS has no form for
        raise OSError(0, f"{host} is no name of a host") from error
    family, kind, protocol, _, place = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        opened.bind(place)
    except OSError:
        opened.close()
        raise
    return opened


def place_of(opened: socket.socket) -> str:
    """host:port of a bound socket, as it stands in a URL."""
    host, port = opened.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
