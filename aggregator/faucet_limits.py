"""How often a faucet gives: so many requests an hour of one client, and to one account."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from proto.errors import MoveliteError
from proto.ids import Address

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS

MAX_REMEMBERED = 100_000
"""Clients, and accounts; who has asked longest ago is forgotten first."""


class FaucetLimitReached(MoveliteError):
    """A client, or an account, has been given as often as it may. retry_after_seconds: until it may again."""

    def __init__(self, who: str, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"too many requests {who}: try again in {retry_after_seconds} seconds")


class FaucetLimits:
    """per_hour: requests that may come at once, and as many more in each hour; 0: any number."""

    def __init__(self, per_hour: int, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self.per_hour = per_hour
        self._now_ns = now_ns
        # When all requests of each are forgotten: one request is so after its part of an hour.
        self._clients: OrderedDict[str, int] = OrderedDict()
        self._recipients: OrderedDict[Address, int] = OrderedDict()

    def take(self, host: str, recipient: Address) -> None:
        """Count a request of a client. Raises: FaucetLimitReached, and then nothing is counted."""
        if not self.per_hour:
            return
        client = _client(host)
        self._check(self._clients.get(client, 0), "of this client")
        self._check(self._recipients.get(recipient, 0), "for this account")
        self._add(self._clients, client, 1)
        self._add(self._recipients, recipient, 1)

    def give_back(self, host: str, recipient: Address) -> None:
        """Count a request no more: nothing was given."""
        if self.per_hour:
            self._add(self._clients, _client(host), -1)
            self._add(self._recipients, recipient, -1)

    def _check(self, forgotten_ns: int, who: str) -> None:
        wait_ns = forgotten_ns - (self._now_ns() + HOUR_NS // self.per_hour * (self.per_hour - 1))
        if wait_ns > 0:
            raise FaucetLimitReached(who, -(-wait_ns // SECOND_NS))

    def _add(self, forgotten: OrderedDict[Any, int], key: object, requests: int) -> None:
        begin = max(forgotten.pop(key, 0), self._now_ns())
        forgotten[key] = begin + requests * (HOUR_NS // self.per_hour)
        if len(forgotten) > MAX_REMEMBERED:
            forgotten.popitem(last=False)


def _client(host: str) -> str:
    """Whom an address stands for: of IPv6 a network of 64 bits, for each client has one."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return address.exploded[:19] if isinstance(address, IPv6Address) else host
