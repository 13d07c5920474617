"""The first state of a ledger: its committee, the framework packages, the system objects and the first coins.

Every authority starts from the same file; its digest names the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from authority.execution.engine import Executor
from authority.key_value import MemoryKeyValueStore
from authority.store import AuthorityStore
from proto import bcs
from proto.bcs import U64, BcsError
from proto.committee import AuthorityName, Committee, InvalidCommittee
from proto.ids import (
    CLOCK_ID,
    GENESIS_MARKER_DIGEST,
    IOTA_FRAMEWORK_ADDRESS,
    Address,
    Digest,
    ObjectID,
    blake2b_256,
    derive_object_id,
)
from proto.object import Object, new_gas_coin
from proto.transaction import MoveCall, Publish

MAX_GENESIS_BYTES = 1 << 30
MOST_NANOS = 2**64 - 1
"""Nanos of all coins together: one coin could not hold more."""


class GenesisError(Exception):
    """A genesis file that cannot be used."""


class InvalidMembers(Exception):
    """Authorities, or accounts, with which no network can begin."""


@dataclass(frozen=True, slots=True)
class GenesisAuthority:
    """A member of the first committee: its name for people, key, stake and network address (host:port)."""

    name: str
    public_key: AuthorityName
    stake: U64
    address: str


@dataclass(frozen=True, slots=True)
class Genesis:
    """The first state. objects ascend by id."""

    chain_start_timestamp_ms: U64
    protocol_version: U64
    reference_gas_price: U64
    authorities: tuple[GenesisAuthority, ...]
    objects: tuple[Object, ...]

    def committee(self) -> Committee:
        """The committee of epoch 0."""
        return Committee.of(0, {member.public_key: member.stake for member in self.authorities})

    def digest(self) -> Digest:
        """Names the network."""
        return Digest(blake2b_256(b"MoveliteGenesis::" + bcs.encode(Genesis, self)))

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(bcs.encode(Genesis, self))

    @staticmethod
    def load(path: Path) -> Genesis:
        """Read the file.

        Raises: GenesisError.
        """
        try:
            if path.stat().st_size > MAX_GENESIS_BYTES:
                raise GenesisError(f"{path} is too large for a genesis")
            genesis = bcs.decode(Genesis, path.read_bytes())
            check_members(genesis.authorities)
            return genesis
        except OSError as error:
            raise GenesisError(f"cannot read the genesis {path}: {error.strerror}") from error
        except (BcsError, InvalidMembers) as error:
            raise GenesisError(f"{path} is no genesis: {error}") from error


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """An address and the balances, in nanos, of the coins it begins with."""

    address: Address
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FrameworkPackage:
    """A package of the framework: bytecode at its own fixed id, and the packages it depends on."""

    id: ObjectID
    modules: tuple[bytes, ...]
    dependencies: tuple[ObjectID, ...]


def check_members(authorities: Sequence[GenesisAuthority]) -> None:
    """See that authorities can make a network: each has a name, a key and an address of its own.

    Raises: InvalidMembers.
    """
    for what, values in (
        ("key", [one.public_key for one in authorities]),
        ("name", [one.name for one in authorities]),
        ("address", [one.address for one in authorities]),
    ):
        first = {value: place for place, value in reversed(list(enumerate(values)))}
        twice = next((place for place, value in enumerate(values) if first[value] != place), None)
        if twice is not None:
            names = f"{authorities[first[values[twice]]].name} and {authorities[twice].name}"
            raise InvalidMembers(f"the authorities {names} have one {what}: each needs one of its own")
    try:
        Committee.of(0, {one.public_key: one.stake for one in authorities})
    except InvalidCommittee as error:
        raise InvalidMembers(str(error)) from error


def check_accounts(accounts: Sequence[GenesisAccount]) -> None:
    """See that no account can come to hold more than there are numbers for. Raises: InvalidMembers."""
    if sum(balance for account in accounts for balance in account.balances) > MOST_NANOS:
        raise InvalidMembers(f"the accounts have more than {MOST_NANOS} nanos together")


def build_genesis(
    executor: Executor,
    framework: Sequence[FrameworkPackage],
    authorities: Sequence[GenesisAuthority],
    accounts: Sequence[GenesisAccount],
    reference_gas_price: int,
) -> Genesis:
    """Make the first state. The same arguments give the same bytes.

    framework: dependencies first. Raises: InvalidMembers if the accounts have more than there may be.
    """
    check_accounts(accounts)
    objects: dict[ObjectID, Object] = {}
    reader = AuthorityStore(MemoryKeyValueStore())
    for package in framework:
        publish = Publish(package.modules, package.dependencies)
        written = executor.execute_genesis((publish,), GENESIS_MARKER_DIGEST, (), reader)
        objects.update(written)
        reader.put_genesis_objects(written.values())
    system = tuple(
        MoveCall(IOTA_FRAMEWORK_ADDRESS, module, "create", (), ())
        for module in ("clock", "deny_list", "random")
    )
    objects.update(executor.execute_genesis(system, GENESIS_MARKER_DIGEST, (), reader))
    ascending = tuple(sorted(authorities, key=lambda member: member.public_key))
    for coin in _coins(accounts, _coin_seed(executor.epoch_timestamp_ms, ascending)):
        objects[coin.object_id] = coin
    if CLOCK_ID not in objects:
        raise GenesisError("the framework made no clock")
    return Genesis(
        chain_start_timestamp_ms=executor.epoch_timestamp_ms,
        protocol_version=executor.config.version,
        reference_gas_price=reference_gas_price,
        authorities=ascending,
        objects=tuple(objects[object_id] for object_id in sorted(objects)),
    )


def _coin_seed(timestamp_ms: int, authorities: tuple[GenesisAuthority, ...]) -> Digest:
    """What ids of coins are made from. No other network has it, or its transactions could be sent here, too,
    when the same accounts and authorities begin anew.
    """
    members = bcs.encode(tuple[GenesisAuthority, ...], authorities)
    return Digest(blake2b_256(b"MoveliteGenesisCoins" + bcs.encode(U64, timestamp_ms) + members))


def _coins(accounts: Sequence[GenesisAccount], seed: Digest) -> list[Object]:
    coins: list[Object] = []
    for account in accounts:
        for balance in account.balances:
            coin_id = derive_object_id(seed, len(coins))
            coins.append(new_gas_coin(coin_id, account.address, balance))
    return coins
