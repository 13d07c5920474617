"""What 0x2::tx_context tells about how a transaction pays, beside the fields that its struct has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import NativeContext, NativeFunction
from movelite.vm.types import Type
from movelite.vm.values import Value

Results = tuple[Value, ...]
Types = tuple[Type, ...]
Arguments = Sequence[Value]


@dataclass(slots=True)
class TransactionTerms:
    """The terms of the running transaction: prices in nanos per unit of gas, the budget in nanos.

    sponsor: the address that pays, if it is not the sender.
    """

    reference_gas_price: int = 0
    gas_price: int = 0
    gas_budget: int = 0
    sponsor: bytes | None = None


def _terms(context: NativeContext) -> TransactionTerms:
    context.charge(context.extension(ObjectRuntime).config.tx_context_derive_id_cost_base)
    return context.extension(TransactionTerms)


def reference_gas_price(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """tx_context::native_rgp(): u64"""
    return (_terms(context).reference_gas_price,)


def gas_price(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """tx_context::native_gas_price(): u64"""
    return (_terms(context).gas_price,)


def sponsor(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """tx_context::native_sponsor(): vector<address>, of one address or none"""
    payer = _terms(context).sponsor
    return ([] if payer is None else [payer],)


def gas_budget(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """tx_context::native_gas_budget(): u64, for tests"""
    return (_terms(context).gas_budget,)


def set_terms(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """tx_context::set_terms(u64, u64, u64, vector<address>), for tests"""
    terms = _terms(context)
    terms.reference_gas_price, terms.gas_price, terms.gas_budget, payers = arguments
    terms.sponsor = payers[0] if payers else None
    return ()


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("tx_context", "native_gas_price"): gas_price,
    ("tx_context", "native_rgp"): reference_gas_price,
    ("tx_context", "native_sponsor"): sponsor,
}

TEST_FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("tx_context", "native_gas_budget"): gas_budget,
    ("tx_context", "set_terms"): set_terms,
}
"""Natives that only unit tests have."""
