"""Network addresses as text: `/ip4/127.0.0.1/udp/8084`, protocols with their values, one after the other.

Protocols that name keys or hashes (p2p, onion, certhash) are not known here: nobody reaches a validator so.
Source: rust-multiaddr 0.17; iota-network-stack, multiaddr.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

_NUMBER = re.compile(r"\+?0*([0-9]{1,20})")


class InvalidMultiaddr(ValueError):
    """Text that is no network address."""


def _is_ip4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _is_ip6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def _is_number_below(limit: int) -> Callable[[str], bool]:
    def is_below(text: str) -> bool:
        number = _NUMBER.fullmatch(text)
        return number is not None and int(number[1]) < limit

    return is_below


def _is_anything(_: str) -> bool:
    return True


_PORT = _is_number_below(1 << 16)
_VALUES: dict[str, Callable[[str], bool] | None] = {
    **dict.fromkeys(("tcp", "udp", "dccp", "sctp"), _PORT),
    **dict.fromkeys(("dns", "dns4", "dns6", "dnsaddr"), _is_anything),
    **dict.fromkeys(("x-parity-ws", "x-parity-wss"), _is_anything),
    **dict.fromkeys(("http", "https", "tls", "noise", "plaintextv2", "ws", "wss", "utp", "udt")),
    **dict.fromkeys(("quic", "quic-v1", "webtransport", "webrtc", "p2p-circuit")),
    **dict.fromkeys(("p2p-webrtc-direct", "p2p-webrtc-star", "p2p-websocket-star", "p2p-stardust")),
    "ip4": _is_ip4,
    "ip6": _is_ip6,
    "memory": _is_number_below(1 << 64),
}
"""What each protocol takes for a value; None if it takes none. `unix` takes all that follows."""

_UDP_HOSTS = {"ip4", "ip6", "dns"}


def parse_multiaddr(text: str) -> list[tuple[str, str]]:
    """The protocols of an address, each with its value, or with "" if it takes none. Empty text has none.

    Raises: InvalidMultiaddr.
    """
    first, *parts = text.split("/")
    if first:
        raise InvalidMultiaddr(f"'{text}' does not begin with /")
    parts.reverse()
    protocols: list[tuple[str, str]] = []
    while parts:
        name = parts.pop()
        if name == "unix":
            protocols.append((name, "/".join(reversed(parts))))
            break
        if name not in _VALUES:
            raise InvalidMultiaddr(f"'{name}' is no protocol of an address")
        is_value = _VALUES[name]
        if is_value is None:
            protocols.append((name, ""))
        elif parts and is_value(parts[-1]):
            protocols.append((name, parts.pop()))
        else:
            raise InvalidMultiaddr(f"'{text}' has no value for {name}")
    return protocols


def require_udp(protocols: list[tuple[str, str]]) -> None:
    """Whether the address begins with a host and a UDP port, as peers need. Raises: InvalidMultiaddr."""
    names = [name for name, _ in protocols[:2]]
    if len(names) < 2 or names[0] not in _UDP_HOSTS or names[1] != "udp":
        raise InvalidMultiaddr("begins with no host and UDP port")
