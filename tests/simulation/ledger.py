"""The ledger of a run at genesis: our framework, a committee of any shape, clients and cheats with coins."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from authority.genesis import Genesis, GenesisAccount, GenesisAuthority, build_genesis
from authority.key_value import MemoryKeyValueStore
from authority.store import AuthorityStore
from proto.committee import Committee
from proto.crypto import Ed25519KeyPair
from proto.ids import Address, Digest, ObjectID
from proto.object import AddressOwner, Object, ObjectRef
from proto.transaction import (
    CallArg,
    Command,
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from tests.simulation.memory import RememberingKey, remember
from tests.simulation.scenario import CLIENTS, SHAPES
from tests.support.ledger import Account, framework, new_executor

GAS_PRICE = 1000
BUDGET = 50_000_000
COIN_BALANCE = 10**12
CHEATS = 4
"""Accounts that spend twice; each scenario uses one for each time."""
ACCOUNT = CLIENTS + CHEATS
"""Who uses an account of the client library."""

KEYS = tuple(RememberingKey.from_seed(bytes([number]) * 32) for number in range(1, max(map(len, SHAPES)) + 1))
USERS = tuple(
    Account(Ed25519KeyPair.from_seed(f"user {number}".encode().ljust(32, b"\0")))
    for number in range(CLIENTS + CHEATS + 1)
)
"""Clients, then cheats, then who has an account."""


@lru_cache(maxsize=1)
def _first_genesis() -> Genesis:
    remember()
    authorities = [GenesisAuthority("any", KEYS[0].name, 1, "127.0.0.1:1")]
    accounts = [GenesisAccount(user.address, (COIN_BALANCE, COIN_BALANCE)) for user in USERS]
    return build_genesis(new_executor(), framework(), authorities, accounts, GAS_PRICE)


@lru_cache(maxsize=64)
def genesis(stakes: tuple[int, ...]) -> Genesis:
    """The genesis of a committee with these stakes; authority i has KEYS[i]."""
    members = [
        GenesisAuthority(f"authority-{number}", KEYS[number].name, stake, f"127.0.0.1:{9000 + number}")
        for number, stake in enumerate(stakes)
    ]
    return replace(_first_genesis(), authorities=tuple(sorted(members, key=lambda one: one.public_key)))


@lru_cache(maxsize=64)
def committee(stakes: tuple[int, ...]) -> Committee:
    """The committee with these stakes."""
    return genesis(stakes).committee()


@lru_cache(maxsize=64)
def chain(stakes: tuple[int, ...]) -> Digest:
    """Digest of the genesis."""
    return Digest(genesis(stakes).digest())


@lru_cache(maxsize=64)
def first_disk(stakes: tuple[int, ...]) -> MemoryKeyValueStore:
    """What an authority's disk holds at genesis."""
    key_value = MemoryKeyValueStore()
    unit = AuthorityStore(key_value).begin()
    unit.add_objects(genesis(stakes).objects)
    unit.add_genesis(chain(stakes))
    unit.commit()
    return key_value


@lru_cache(maxsize=64)
def coins_of(user: int) -> tuple[ObjectRef, ObjectRef]:
    """The two coins that a user begins with."""
    owner = AddressOwner(USERS[user].address)
    first, second = (value.reference() for value in _first_genesis().objects if value.owner == owner)
    return first, second


@lru_cache(maxsize=1)
def first_ids() -> frozenset[ObjectID]:
    """Objects at genesis."""
    return frozenset(value.object_id for value in _first_genesis().objects)


def worth(value: Object | None) -> int:
    """Nanos that an object holds: the balance of a gas coin, and its storage rebate."""
    if value is None:
        return 0
    return value.storage_rebate + ((value.coin_value or 0) if value.is_gas_coin else 0)


@lru_cache(maxsize=1)
def supply() -> int:
    """Nanos in all objects at genesis."""
    return sum(map(worth, _first_genesis().objects))


def owned(reference: ObjectRef) -> ObjectInput:
    """An argument that is an owned object."""
    return ObjectInput(ImmOrOwnedObject(reference))


def signed(
    user: int, gas: ObjectRef, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]
) -> SenderSignedData:
    """A signed transaction, made once for the same arguments."""
    return _signed(user, gas, inputs, commands)


@lru_cache(maxsize=20_000)
def _signed(
    user: int, gas: ObjectRef, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]
) -> SenderSignedData:
    account = USERS[user]
    gas_data = GasData((gas,), account.address, GAS_PRICE, BUDGET)
    kind = ProgrammableTransaction(inputs, commands)
    return account.sign(TransactionData(kind, account.address, gas_data))


def transfer(user: int, gas: ObjectRef, coin: ObjectRef, recipient: Address) -> SenderSignedData:
    """A signed transfer of a coin."""
    inputs = (owned(coin), pure(Address, recipient))
    return signed(user, gas, inputs, (TransferObjects((Input(0),), Input(1)),))


def consumed(transaction: SenderSignedData) -> list[ObjectRef]:
    """The object versions that a transaction uses up, payment among them.

    Read from the transaction itself, and on purpose not by the code that locks.
    """
    data = transaction.transaction_data
    references = list(data.gas_data.payment)
    for argument in getattr(data.kind, "inputs", ()):
        reference = getattr(getattr(argument, "object", None), "reference", None)
        if reference is not None:
            references.append(reference)
    return references


def object_key(reference: ObjectRef) -> tuple[ObjectID, int]:
    """What names an object version."""
    return reference.object_id, reference.version
