"""The inputs of transactions whose layout is known, checked without decoding anything.

It only ever says yes: what does not pass here goes to the checks of transaction_input.py, which can say why.
That whatever passes here passes there is a property test.
"""

from __future__ import annotations

from collections.abc import Callable

from proto.ids import ADDRESS_LENGTH, ObjectID
from proto.object import OwnedParts
from proto.protocol_config import ProtocolConfig
from proto.transaction_layout import PlainTransaction


def check_plain_input(
    transaction: PlainTransaction,
    get_parts: Callable[[ObjectID], OwnedParts | None],
    config: ProtocolConfig,
    reference_gas_price: int,
) -> tuple[OwnedParts, ...] | None:
    """The objects that a transaction refers to, or None if they have to be checked in full.

    get_parts: gives live objects of accounts.
    Each is live at the version and with the digest that is stated, is owned by the sender, and is no coin
    that may be regulated. Limits and commands were checked for the layout.
    """
    sender, references = transaction.sender, transaction.references
    inputs = []
    for reference in references:
        parts = get_parts(ObjectID(reference[:ADDRESS_LENGTH]))
        if parts is None or parts.reference != reference or parts.owner != sender:
            return None
        inputs.append(parts)
    balance = 0
    for coin in inputs[transaction.layout.paid_from :]:
        if coin.balance is None:
            return None
        balance += coin.balance
    price, budget = transaction.price, transaction.budget
    if (
        reference_gas_price <= price <= config.max_gas_price
        and config.base_tx_cost_fixed * price <= budget <= config.max_tx_gas
        and budget <= balance
        and len(set(references)) == len(references)
    ):
        return tuple(inputs)
    return None
