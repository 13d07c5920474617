"""The inputs of transactions whose layout is known, checked without decoding anything.

It only ever says yes: what does not pass here goes to the checks of transaction_input.py, which can say why.
That whatever passes here passes there is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proto.ids import ADDRESS_LENGTH, ObjectID
from proto.object import Object, OwnedParts, PlainInputs
from proto.protocol_config import ProtocolConfig
from proto.transaction_layout import PlainTransaction


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
    layout, references, _, sender, price, budget = transaction
    inputs: PlainInputs = {}
    balances = []
    for reference in references:
        object_id = ObjectID(reference[:ADDRESS_LENGTH])
        parts = live.get(object_id)
        if type(parts) is not OwnedParts:
            parts = get_parts(object_id)
            if parts is None:
                return None
        own_id, _, live_reference, _, _, balance, _, owner, _, _, _ = parts
        if live_reference != reference or owner != sender:
            return None
        inputs[own_id] = parts
        balances.append(balance)
    paid = [balance for balance in balances[layout.paid_from :] if balance is not None]
    if len(inputs) < len(references) or len(paid) < len(references) - layout.paid_from:
        return None
    if (
        budget <= sum(paid)
        and reference_gas_price <= price <= config.max_gas_price
        and config.base_tx_cost_fixed * price <= budget <= config.max_tx_gas
    ):
        return inputs
    return None
