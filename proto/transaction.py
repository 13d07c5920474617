"""Transactions: what a client builds and signs.

Source: iota-types, transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from proto import bcs
from proto.bcs import U16, U64, Remembered
from proto.ids import Address, Digest, ObjectID, SequenceNumber, blake2b_256, hash_after
from proto.kept_bytes import KeepsBytes
from proto.object import ObjectRef
from proto.record import record
from proto.system_transaction import (
    AuthenticatorStateUpdateV1,
    ConsensusCommitPrologueV1,
    EndOfEpochTransaction,
    GenesisTransaction,
    RandomnessStateUpdate,
)
from proto.type_tag import TypeTag


@record
class ImmOrOwnedObject:
    """An immutable object, or one that the sender owns, at one version."""

    reference: ObjectRef


@record
class SharedObject:
    """A shared object; mutable: whether the transaction may change it."""

    id: ObjectID
    initial_shared_version: SequenceNumber
    mutable: bool


@record
class Receiving:
    """An object sent to an object, to be received in this transaction."""

    reference: ObjectRef


ObjectArg = ImmOrOwnedObject | SharedObject | Receiving


@record
class Pure:
    """BCS of a value that is no object."""

    value: bytes


@record
class ObjectInput:
    """An object as input (`CallArg::Object`)."""

    object: ObjectArg


CallArg = Pure | ObjectInput


@record
class GasCoin:
    """The coin that pays for gas."""


@record
class Input:
    """An input of the transaction."""

    index: U16


@record
class Result:
    """The only result of an earlier command."""

    command: U16


@record
class NestedResult:
    """One of several results of an earlier command."""

    command: U16
    result: U16


Argument = GasCoin | Input | Result | NestedResult


@record
class MoveCall:
    """Call a Move function."""

    package: ObjectID
    module: str
    function: str
    type_arguments: tuple[TypeTag, ...]
    arguments: tuple[Argument, ...]


@record
class TransferObjects:
    """Give objects to an address."""

    objects: tuple[Argument, ...]
    address: Argument


@record
class SplitCoins:
    """Make a new coin for each amount."""

    coin: Argument
    amounts: tuple[Argument, ...]


@record
class MergeCoins:
    """Put the balances of sources into target and delete them."""

    target: Argument
    sources: tuple[Argument, ...]


@record
class Publish:
    """Publish a package; gives an UpgradeCap."""

    modules: tuple[bytes, ...]
    dependencies: tuple[ObjectID, ...]


@record
class MakeMoveVec:
    """Make a vector; type_tag may be left out if there is an element that is an object."""

    type_tag: TypeTag | None
    elements: tuple[Argument, ...]


@record
class Upgrade:
    """Upgrade a package with a ticket; gives an UpgradeReceipt."""

    modules: tuple[bytes, ...]
    dependencies: tuple[ObjectID, ...]
    package: ObjectID
    ticket: Argument


Command = MoveCall | TransferObjects | SplitCoins | MergeCoins | Publish | MakeMoveVec | Upgrade


@record
class ProgrammableTransaction:
    """Commands over inputs and over each other's results, executed as one."""

    inputs: tuple[CallArg, ...]
    commands: Annotated[tuple[Command, ...], Remembered()]

    def object_args(self) -> Iterator[ObjectArg]:
        """The objects among the inputs."""
        return (argument.object for argument in self.inputs if isinstance(argument, ObjectInput))


TransactionKind = (
    ProgrammableTransaction
    | GenesisTransaction
    | ConsensusCommitPrologueV1
    | AuthenticatorStateUpdateV1
    | EndOfEpochTransaction
    | RandomnessStateUpdate
)


@record
class GasData:
    """Who pays: coins, their owner, price in nanos for a unit, most nanos that may be spent."""

    payment: tuple[ObjectRef, ...]
    owner: Address
    price: U64
    budget: U64


@record
class TransactionData:
    """What is signed (version 1, the only one). expiration: the last epoch in which it is valid."""

    bcs_prefix: ClassVar[bytes] = b"\x00"
    kind: TransactionKind
    sender: Address
    gas_data: GasData
    expiration: U64 | None = None

    @property
    def signers(self) -> tuple[Address, ...]:
        """Addresses that must sign: the sender, and the owner of the gas if another."""
        owner = self.gas_data.owner
        return (self.sender,) if owner == self.sender else (self.sender, owner)

    @property
    def is_system(self) -> bool:
        """Whether only the system makes transactions of this kind."""
        return not isinstance(self.kind, ProgrammableTransaction)

    @property
    def is_sponsored(self) -> bool:
        """Whether someone other than the sender pays."""
        return self.gas_data.owner != self.sender

    def digest(self) -> Digest:
        """Digest of the transaction, without its signatures."""
        return transaction_digest(self)

    def shared_objects(self) -> tuple[SharedObject, ...]:
        """Shared inputs of a programmable transaction."""
        if not isinstance(self.kind, ProgrammableTransaction):
            return ()
        return tuple(argument for argument in self.kind.object_args() if isinstance(argument, SharedObject))

    def receiving_objects(self) -> tuple[ObjectRef, ...]:
        """References of the objects to be received."""
        if not isinstance(self.kind, ProgrammableTransaction):
            return ()
        return tuple(a.reference for a in self.kind.object_args() if isinstance(a, Receiving))


def transaction_digest(data: TransactionData) -> Digest:
    """Blake2b of `TransactionData::` and the BCS."""
    return Digest(blake2b_256(b"TransactionData::" + bcs.encode(TransactionData, data)))


@dataclass(frozen=True)
class SenderSignedData(KeepsBytes):
    """A transaction with its users' signatures (bytes led by their flag, in any order). It keeps its BCS.

    On the wire: a vector of exactly one, and the intent of a transaction (0, 0, 0), before the data.
    """

    bcs_prefix: ClassVar[bytes] = b"\x01\x00\x00\x00"
    transaction_data: TransactionData
    tx_signatures: tuple[bytes, ...]

    def digest(self) -> Digest:
        """Digest of the transaction, without its signatures."""
        return transaction_digest(self.transaction_data)

    def to_bytes(self) -> bytes:
        """BCS."""
        return self.encoded

    @staticmethod
    def from_bytes(data: bytes) -> SenderSignedData:
        """Read BCS.

        Raises: BcsError.
        """
        return bcs.decode(SenderSignedData, data)

    def data_in(self, raw: bytes) -> bytes:
        """The BCS of the TransactionData in the BCS of the whole (a slice of raw: BCS is canonical)."""
        signatures = self.tx_signatures
        tail = len(bcs.write_uleb128(len(signatures)))
        tail += sum(len(bcs.write_uleb128(len(signature))) + len(signature) for signature in signatures)
        return raw[len(self.bcs_prefix) : len(raw) - tail]


def split_sender_signed(raw: bytes) -> tuple[SenderSignedData, bytes]:
    """The signed transaction in raw, and the BCS of its TransactionData (a slice of raw: BCS is canonical).

    Raises: BcsError.
    """
    signed = SenderSignedData.from_bytes(raw)
    return signed, signed.data_in(raw)


_transaction_hash = hash_after(b"TransactionData::")


def digest_of_bytes(transaction_data_bcs: bytes) -> Digest:
    """Transaction digest from the BCS of TransactionData."""
    return Digest(_transaction_hash(transaction_data_bcs))


def pure(schema: object, value: object) -> Pure:
    """A pure input from a value and its BCS schema."""
    return Pure(bcs.encode(schema, value))
