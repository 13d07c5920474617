"""Signed transactions that differ from others in fields of fixed size alone: read without decoding.

Most transactions have the same commands as others, over other objects, values and accounts. Their bytes then
differ in fields at the same places: a layout, learnt from one of them that was decoded, says where. All bytes
between the fields are compared, so what a layout reads is the same as what decoding would give.

A layout is for transactions of one Ed25519 signature, whose sender pays, over pure values and objects of a
version (immutable or owned), without expiration. All others are decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

from proto import bcs
from proto.bcs import write_uleb128
from proto.crypto import ED25519_PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH, SignatureScheme
from proto.ids import ADDRESS_LENGTH, DIGEST_LENGTH, Address
from proto.object import REFERENCE_BYTES
from proto.transaction import (
    CallArg,
    Command,
    ImmOrOwnedObject,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    SenderSignedData,
    TransactionData,
)

LENGTHS_KEPT = 1024
LAYOUTS_OF_A_LENGTH = 8
"""Lengths of transactions for which layouts are kept, and layouts of the same length: those learnt last."""

_PURE, _OBJECT = b"\x00", b"\x01\x00"
_NO_EXPIRATION, _ONE_SIGNATURE = b"\x00", b"\x01"
_SIGNATURE_BYTES = 1 + SIGNATURE_LENGTH + ED25519_PUBLIC_KEY_LENGTH
SIGNATURE = slice(-_SIGNATURE_BYTES, None)
"""Where the signature is in transactions that have a layout."""
_LENGTH_OF_DIGEST = REFERENCE_BYTES - DIGEST_LENGTH - 1
"""Where in a reference the length of its digest stands."""


_new_tuple = tuple.__new__
"""The class itself would call this through a function of Python's."""


class PlainTransaction(NamedTuple):
    """A transaction as its layout reads it. references: BCS of ObjectRefs, those of the payment last."""

    layout: TransactionLayout
    references: tuple[bytes, ...]
    pure: tuple[bytes, ...]
    sender: Address
    price: int
    budget: int


class TransactionLayout:
    """Where the fields are in transactions with certain commands and inputs.

    inputs: for each input its place among the references, or that of a pure value from the end: -1 is the
    first. references: how many there are; paid_from: the place of the first coin of the payment.
    """

    def __init__(self, kind: ProgrammableTransaction, payments: int) -> None:
        """payments: coins of the payment."""
        self.commands: tuple[Command, ...] = kind.commands
        self.inputs: list[int] = []
        self.pure_lengths: list[int] = []
        self.paid_from = 0
        fields = _Fields()
        fields.constant(SenderSignedData.bcs_prefix + TransactionData.bcs_prefix + b"\x00")
        fields.constant(write_uleb128(len(kind.inputs)))
        for argument in kind.inputs:
            self._add_input(argument, fields)
        fields.constant(bcs.encode(tuple[Command, ...], kind.commands))
        fields.field("sender", f"{ADDRESS_LENGTH}s")
        fields.constant(write_uleb128(payments))
        for _ in range(payments):
            fields.field("references", f"{REFERENCE_BYTES}s")
        for name, code in (("owner", f"{ADDRESS_LENGTH}s"), ("price", "Q"), ("budget", "Q")):
            fields.field(name, code)
        fields.constant(_NO_EXPIRATION + _ONE_SIGNATURE + bytes((_SIGNATURE_BYTES, SignatureScheme.ED25519)))
        fields.field("signature", f"{_SIGNATURE_BYTES - 1}s")
        self.references = self.paid_from + payments
        self._unpack = fields.struct().unpack
        self.length = fields.struct().size
        self.data = slice(len(SenderSignedData.bcs_prefix), self.length - _SIGNATURE_BYTES - 2)
        """Where the BCS of the TransactionData is."""
        self._constants, self._constants_of = tuple(fields.constants), fields.getter("constants")
        self._references_of, self._pure_of = fields.getter("references"), fields.getter("pure")
        self._head_of = fields.getter("sender", "owner", "price", "budget")

    def _add_input(self, argument: CallArg, fields: _Fields) -> None:
        if type(argument) is Pure:
            length = len(argument.value)
            fields.constant(_PURE + write_uleb128(length))
            fields.field("pure", f"{length}s")
            self.pure_lengths.append(length)
            self.inputs.append(-len(self.pure_lengths))
        else:
            fields.constant(_OBJECT)
            fields.field("references", f"{REFERENCE_BYTES}s")
            self.inputs.append(self.paid_from)
            self.paid_from += 1

    def read(self, raw: bytes) -> PlainTransaction | None:
        """The transaction in bytes of this length; None if it is another one."""
        fields = self._unpack(raw)
        if self._constants_of(fields) != self._constants:
            return None
        sender, owner, price, budget = self._head_of(fields)
        references = self._references_of(fields)
        if sender != owner:
            return None
        for reference in references:
            if reference[_LENGTH_OF_DIGEST] != DIGEST_LENGTH:
                return None
        return _new_tuple(PlainTransaction, (self, references, self._pure_of(fields), sender, price, budget))


class _Fields:
    """The fields of a layout and the constants between them, in order."""

    def __init__(self) -> None:
        self._codes: list[str] = []
        self._places: dict[str, list[int]] = {}
        self._pending = b""
        self.constants: list[bytes] = []

    def constant(self, data: bytes) -> None:
        """Bytes that are the same in all transactions of the layout."""
        self._pending += data

    def field(self, name: str, code: str) -> None:
        """Bytes that are not."""
        if self._pending:
            self.constants.append(self._pending)
            self._add("constants", f"{len(self._pending)}s")
            self._pending = b""
        self._add(name, code)

    def _add(self, name: str, code: str) -> None:
        self._places.setdefault(name, []).append(len(self._codes))
        self._codes.append(code)

    def struct(self) -> Struct:
        """What unpacks them all."""
        return Struct("<" + "".join(self._codes))

    def getter(self, *names: str) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
        """What picks the fields of these names."""
        places = [place for name in names for place in self._places.get(name, ())]
        match places:
            case []:
                return itemgetter(slice(0))
            case [one]:
                return itemgetter(slice(one, one + 1))
            case _:
                return itemgetter(*places)


def layout_of(signed: SenderSignedData) -> TransactionLayout | None:
    """The layout of a transaction, or None if it is not of the form that has one."""
    data = signed.transaction_data
    kind, gas = data.kind, data.gas_data
    if type(kind) is not ProgrammableTransaction or gas.owner != data.sender or data.expiration is not None:
        return None
    signatures = signed.tx_signatures
    if [len(one) for one in signatures] != [_SIGNATURE_BYTES] or signatures[0][0] != SignatureScheme.ED25519:
        return None
    for argument in kind.inputs:
        if type(argument) is ObjectInput and type(argument.object) is not ImmOrOwnedObject:
            return None
    return TransactionLayout(kind, len(gas.payment))


class LayoutTable:
    """The layouts that are known."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[TransactionLayout]] = {}

    def read(self, raw: bytes) -> PlainTransaction | None:
        """A transaction of a known layout."""
        for layout in self._by_length.get(len(raw), ()):
            found = layout.read(raw)
            if found is not None:
                return found
        return None

    def learn(self, signed: SenderSignedData) -> None:
        """Keep the layout of a transaction, if it has one."""
        layout = layout_of(signed)
        if layout is None or self.read(signed.to_bytes()) is not None:
            return
        if len(self._by_length) >= LENGTHS_KEPT:
            self._by_length.clear()
        known = self._by_length.setdefault(layout.length, [])
        known.insert(0, layout)
        del known[LAYOUTS_OF_A_LENGTH:]
