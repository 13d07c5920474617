"""The inputs of transactions whose layout is known, checked without decoding anything.

It only ever says yes: what does not pass here goes to the checks of transaction_input.py, which can say why.
That whatever passes here passes there is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from proto.ids import ObjectID
from proto.object import Object, OwnedParts, PlainInputs
from proto.protocol_config import ProtocolConfig
from proto.transaction_layout import PlainTransaction

_OWNED = {OwnedParts}
_reference, _owner = attrgetter("reference"), attrgetter("owner")


def check_plain_input(
    transaction: PlainTransaction,
    live: Mapping[ObjectID, Object | OwnedParts | None],
    get_parts: Callable[[ObjectID], OwnedParts | None],
    config: ProtocolConfig,
    reference_gas_price: int,
) -> PlainInputs | None:
    """The objects that a transaction refers to, or None if they have to be checked in full.

    live: objects that are at hand; get_parts: gives live objects of accounts.
    Each is live at the version and with the digest that is stated, is owned by the sender, and is no coin
    that may be regulated. Limits and commands were checked for the layout.
    """
    layout, ids, references, _, sender, price, budget = transaction
    parts: list[Any] = [*map(live.get, ids)]
    if {*map(type, parts)} != _OWNED:
        parts = [*map(get_parts, ids)]
        if None in parts:
            return None
    if (*map(_reference, parts),) != references or {*map(_owner, parts)} != {sender}:
        return None
    inputs: PlainInputs = dict(zip(ids, parts, strict=True))
    if len(inputs) < len(ids):
        return None
    balance = 0
    for coin in parts[layout.paid_from :]:
        if coin.balance is None:
            return None
        balance += coin.balance
    if (
        budget <= balance
        and reference_gas_price <= price <= config.max_gas_price
        and config.base_tx_cost_fixed * price <= budget <= config.max_tx_gas
    ):
        return inputs
    return None
