"""Publishing: what the network's limits refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from movelite.bytecode.writer import serialize_module
from movelite.facade import ledger_runtime
from proto.execution_status import VMInvariantViolation, VMVerificationOrDeserializationError
from proto.ids import Address, ObjectID
from proto.object import new_gas_coin
from proto.transaction import Input, Publish, Result, TransferObjects, pure
from tests.support.ir import assemble
from tests.support.ledger import ALICE, build_transaction, framework
from tests.support.memory_ledger import make_template

COIN = ObjectID(Address(bytes([9]) * 32))


@pytest.mark.parametrize(("addresses", "is_accepted"), [(100, True), (101, False)])
def test_a_module_has_as_many_addresses_as_the_protocol_allows(addresses: int, is_accepted: bool) -> None:
    module = assemble("module 0x0.m { f() { label b0: return; } }")
    module.address_identifiers += [bytes([i]) * 32 for i in range(1, addresses)]
    ledger = make_template(framework()).ledger([new_gas_coin(COIN, ALICE.address, 10**12)])
    gas = ledger.history.get_object(COIN)
    assert gas is not None
    commands = (Publish((serialize_module(module),), ()), TransferObjects((Result(0),), Input(0)))
    owner = pure(Address, ALICE.address)
    signed = build_transaction(ALICE, gas, (owner,), commands, budget=10**9)
    error = ledger.execute(signed.transaction_data).error
    if is_accepted:
        assert error is None
    else:
        assert error is not None and error.status == VMVerificationOrDeserializationError()


@pytest.mark.parametrize("stored_are_verified", [True, False])
def test_modules_that_are_published_are_verified_wherever_they_are_found(stored_are_verified: bool) -> None:
    base = assemble("module 0x0.base { public f(): u64 { label b0: return 1; } }")
    user = assemble("module 0x0.user { import 0x0.base; g(): u64 { label b0: return base.f(); } }", [base])
    bad = assemble("module 0x0.base { public f(): u64 { label b0: return true; } }")
    ledger = make_template(framework()).ledger([new_gas_coin(COIN, ALICE.address, 10**12)])
    runtime = ledger_runtime(stored_are_verified=stored_are_verified)
    ledger.executor = replace(ledger.executor, runtime=runtime)
    refused = VMVerificationOrDeserializationError()
    for bundle, status in (
        ([user, bad], VMInvariantViolation()),
        ([bad, user], refused),
        ([base, user], None),
    ):
        gas = ledger.history.get_object(COIN)
        assert gas is not None
        publish = Publish(tuple(map(serialize_module, bundle)), ())
        commands = (publish, TransferObjects((Result(0),), Input(0)))
        signed = build_transaction(ALICE, gas, (pure(Address, ALICE.address),), commands, budget=10**9)
        error = ledger.execute(signed.transaction_data).error
        assert (None if error is None else error.status) == status
