"""Values between the commands of a programmable transaction.

Contents stay BCS until a Move call needs them, so that transfers and coin commands never enter the VM.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from movelite.bytecode.file_format import COPY, AbilitySet
from movelite.vm.types import Type
from proto.ids import Address, ObjectID, SequenceNumber
from proto.object import CoinType, GasCoinType, MoveObjectType, Owner


class Usage(Enum):
    """How a value was used last."""

    BY_VALUE = auto()
    BORROW_MUTABLE = auto()
    BORROW_IMMUTABLE = auto()


@dataclass(frozen=True, slots=True)
class PureValue:
    """Bytes of a pure input that no command has given a type yet."""

    contents: bytes

    is_copyable = True
    is_tainted = False


@dataclass(frozen=True, slots=True)
class RawValue:
    """A typed value that is no object."""

    type_: Type
    abilities: AbilitySet
    contents: bytes
    is_tainted: bool

    @property
    def is_copyable(self) -> bool:
        """True if its type has copy."""
        return bool(self.abilities & COPY)


@dataclass(frozen=True, slots=True)
class ObjectValue:
    """An object: a struct with key. is_tainted: it came out of or went by &mut into a public function."""

    type_: Type
    object_type: MoveObjectType
    has_public_transfer: bool
    contents: bytes
    is_tainted: bool = False

    is_copyable = False

    @property
    def id(self) -> ObjectID:
        """The object's id, which its contents begin with."""
        return ObjectID(Address(self.contents[:32]))

    @property
    def is_coin(self) -> bool:
        """True for 0x2::coin::Coin of anything."""
        return isinstance(self.object_type, CoinType | GasCoinType)

    @property
    def balance(self) -> int:
        """Balance of a coin."""
        return int.from_bytes(self.contents[32:40], "little")

    def with_balance(self, balance: int) -> ObjectValue:
        """The same coin with another balance."""
        contents = self.contents[:32] + balance.to_bytes(8, "little")
        return ObjectValue(self.type_, self.object_type, self.has_public_transfer, contents, self.is_tainted)


@dataclass(frozen=True, slots=True)
class ReceivingValue:
    """A receiving argument: what was sent to an object and may be received from it."""

    id: ObjectID
    version: SequenceNumber
    assigned_type: Type | None = None

    is_copyable = False
    is_tainted = False

    @property
    def contents(self) -> bytes:
        """BCS of 0x2::transfer::Receiving."""
        return self.id + self.version.to_bytes(8, "little")


Value = PureValue | RawValue | ObjectValue | ReceivingValue


@dataclass(frozen=True, slots=True)
class InputMetadata:
    """What an input object was before the transaction."""

    id: ObjectID
    version: SequenceNumber
    owner: Owner
    is_mutable: bool


@dataclass(slots=True)
class Slot:
    """A place that an argument names: an input, the gas coin or a result. value is None when taken."""

    value: Value | None
    metadata: InputMetadata | None = None
    last_usage: Usage | None = None
