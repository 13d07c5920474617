"""What an account of the client library keeps to itself."""

from __future__ import annotations

from typing import Any

from aggregator.account import account
from aggregator.account.cache import ObjectCache
from aggregator.account.locks import ObjectLocks
from tests.simulation.mutations.registry import mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("an account pays with coins that are in use", Rule.SPEND_ONCE)
def _shared_coins() -> None:
    put(ObjectLocks, "is_taken", lambda self, object_id: False)


@mutation("an account takes objects back before their transaction has an end", Rule.SPEND_ONCE)
def _hasty_account() -> None:
    keep = account.Account._keep_unknown

    def hasty(self: Any, flight: Any, told: Any, error: Exception) -> None:
        if flight.digest not in self._unknown:
            self._locks.give_back((*flight.owned, *flight.payment))
        keep(self, flight, told, error)

    put(account.Account, "_keep_unknown", hasty)


@mutation("an account believes old news", Rule.SPEND_ONCE, Rule.FINALITY)
def _gullible_account() -> None:
    put(ObjectCache, "apply", nothing)


@mutation("an account believes that gas costs nothing", Rule.SPEND_ONCE)
def _free_gas() -> None:
    put(account, "left_in_gas", lambda before, kind, effects: before)
