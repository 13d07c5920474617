"""Publishing: what the network's limits refuse."""

from __future__ import annotations

import pytest

from movelite.bytecode.writer import serialize_module
from proto.execution_status import VMVerificationOrDeserializationError
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
