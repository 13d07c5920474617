"""A committee of four authorities and a few signed transactions."""

from __future__ import annotations

import pytest

from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair, address_of
from proto.ids import Digest, address_from_int
from proto.object import ObjectRef
from proto.transaction import (
    GasCoin,
    GasData,
    Input,
    ProgrammableTransaction,
    Pure,
    SenderSignedData,
    TransactionData,
    TransferObjects,
)
from proto.user_signature import signed_transaction

EPOCH = 3


def make_transfer(number: int, key: Ed25519KeyPair) -> TransactionData:
    """Give a gas coin away; number makes it different from others."""
    sender = address_of(key.scheme, key.public_key)
    coin = ObjectRef(address_from_int(0x1000 + number), 1, Digest(bytes([number]) * 32))
    kind = ProgrammableTransaction(
        inputs=(Pure(address_from_int(number)),), commands=(TransferObjects((GasCoin(),), Input(0)),)
    )
    return TransactionData(kind, sender, GasData((coin,), sender, 1000, 5_000_000))


@pytest.fixture
def user() -> Ed25519KeyPair:
    """A user's key."""
    return Ed25519KeyPair.from_seed(b"\x77" * 32)


@pytest.fixture
def authorities() -> list[Ed25519KeyPair]:
    """Keys of four authorities, in the order of the committee."""
    keys = [Ed25519KeyPair.from_seed(bytes([i]) * 32) for i in range(1, 5)]
    return sorted(keys, key=lambda key: key.public_key)


@pytest.fixture
def committee(authorities: list[Ed25519KeyPair]) -> Committee:
    """The four with equal stake."""
    return Committee.of(EPOCH, {AuthorityName(key.public_key): 2500 for key in authorities})


@pytest.fixture
def transactions(user: Ed25519KeyPair) -> list[SenderSignedData]:
    """Five signed transfers."""
    return [signed_transaction(make_transfer(number, user), user) for number in range(1, 6)]
