"""The transaction context that Move code sees as 0x2::tx_context::TxContext."""

from __future__ import annotations

from dataclasses import dataclass, field

from movelite.natives.transaction_terms import TransactionTerms
from proto import bcs
from proto.bcs import U64
from proto.ids import Address, Digest, ObjectID, derive_object_id


@dataclass(frozen=True, slots=True)
class _TxContextLayout:
    sender: Address
    tx_hash: bytes
    epoch: U64
    epoch_timestamp_ms: U64
    ids_created: U64


@dataclass(slots=True)
class TxContext:
    """Who runs which transaction in which epoch, how many ids it has made, and how it pays."""

    sender: Address
    digest: Digest
    epoch: int
    epoch_timestamp_ms: int
    ids_created: int = 0
    terms: TransactionTerms = field(default_factory=TransactionTerms)

    def fresh_id(self) -> ObjectID:
        """The next new id of this transaction."""
        object_id = derive_object_id(self.digest, self.ids_created)
        self.ids_created += 1
        return object_id

    def to_bytes(self) -> bytes:
        """BCS of the Move struct."""
        layout = _TxContextLayout(
            self.sender, self.digest, self.epoch, self.epoch_timestamp_ms, self.ids_created
        )
        return bcs.encode(_TxContextLayout, layout)

    def update(self, data: bytes) -> None:
        """Take over the count of ids after a Move call.

        Raises: BcsError if data is no such struct.
        """
        self.ids_created = bcs.decode(_TxContextLayout, data).ids_created
