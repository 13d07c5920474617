"""The accounts of a test: keys and coins drawn from the seed that all tests share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from movelite.unit_test.std_rng import SEED_LENGTH, StdRng
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.ids import Address, ObjectID
from proto.object import Object, new_gas_coin

SEED = bytes.fromhex("1517c7c8eafafcb25e0fcab23eba5889e9c0829db3b341091ff9dd7be170c7f7")
GAS_FOR_TESTING = 300_000_000_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """An address and its gas coin as it is at the start."""

    address: Address
    coin: Object


def make_accounts(names: Sequence[str]) -> dict[str, Account]:
    """The accounts by name, ascending, and behind them the one without a name, which sends by default."""
    generator = StdRng(SEED)
    return {name: _draw(generator) for name in [*sorted(set(names)), ""]}


def _draw(generator: StdRng) -> Account:
    key = Ed25519KeyPair.from_seed(StdRng(generator.fill(SEED_LENGTH)).fill(32))
    address = address_of(SignatureScheme.ED25519, key.public_key)
    coin_id = ObjectID(Address(generator.byte_array(32)))
    return Account(address, new_gas_coin(coin_id, address, GAS_FOR_TESTING))
