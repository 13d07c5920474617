"""Dry run and dev-inspect: the effects of a transaction that is not executed."""

from __future__ import annotations

import pytest

from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from proto.bcs import U64
from proto.errors import AuthorityError, UserInput
from proto.execution_status import Failure
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID
from proto.messages import Executed
from proto.object import AddressOwner
from proto.simulation import DevInspect, DryRun, SimulationRequest, SimulationResponse, TypedValue
from proto.transaction import (
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.type_tag import U64 as U64_TAG
from proto.type_tag import StructTag
from proto.user_input_error import GasPriceUnderRGP, IncorrectUserSignature
from tests.support.ledger import (
    ALICE,
    BOB,
    BUDGET,
    COIN_BALANCE,
    REFERENCE_GAS_PRICE,
    build_transaction,
    build_transfer,
    coins_of,
    execute,
    new_authority,
    small_genesis,
)

IOTA = StructTag(IOTA_FRAMEWORK_ADDRESS, "iota", "IOTA")
COIN = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (IOTA,))
SEND_100 = ProgrammableTransaction(
    (pure(U64, 100), pure(Address, BOB.address)),
    (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1))),
)


def unpaid(kind: ProgrammableTransaction, sender: Address, budget: int = BUDGET) -> TransactionData:
    return TransactionData(kind, sender, GasData((), sender, REFERENCE_GAS_PRICE, budget))


async def ask(authority: AuthorityState, question: DryRun | DevInspect) -> SimulationResponse:
    service = LocalAuthorityService(authority, small_genesis().digest(), AuthorityMetrics(), 10)
    return await service.handle_simulate(SimulationRequest(question))


async def test_a_dry_run_tells_the_effects_that_execution_has() -> None:
    authority = new_authority()
    coins = coins_of(ALICE, authority)
    transfer = build_transfer(ALICE, coins[0], coins[1], BOB.address)
    answer = await ask(authority, DryRun(transfer.transaction_data))
    assert authority.store.next_sequence == 0
    authorities = [authority, *(new_authority(number) for number in range(1, 4))]
    await execute(authorities, transfer)
    executed = authority.store.executed(transfer.digest())
    assert executed is not None
    assert authority.executed_message(executed).effects == answer.effects
    assert answer.mock_gas is None


async def test_without_coins_a_dry_run_makes_one_up() -> None:
    gas = GasData((), ALICE.address, REFERENCE_GAS_PRICE, BUDGET)
    answer = await ask(new_authority(), DryRun(TransactionData(SEND_100, ALICE.address, gas)))
    assert answer.effects.is_success
    assert answer.mock_gas in {value.object_id for value in answer.written}


async def test_the_coin_that_is_made_up_belongs_to_who_pays() -> None:
    gas = GasData((), BOB.address, REFERENCE_GAS_PRICE, BUDGET)
    answer = await ask(new_authority(), DryRun(TransactionData(SEND_100, ALICE.address, gas)))
    assert answer.effects.is_success
    paid = next(value for value in answer.written if value.object_id == answer.mock_gas)
    assert paid.owner == AddressOwner(BOB.address)


async def test_a_refusal_says_why() -> None:
    gas = GasData((), ALICE.address, REFERENCE_GAS_PRICE - 1, BUDGET)
    with pytest.raises(AuthorityError) as refused:
        await ask(new_authority(), DryRun(TransactionData(SEND_100, ALICE.address, gas)))
    assert refused.value.kind == UserInput(GasPriceUnderRGP(REFERENCE_GAS_PRICE - 1, REFERENCE_GAS_PRICE))


async def test_dev_inspect_returns_values_and_changed_arguments() -> None:
    authority = new_authority()
    coin = coins_of(ALICE, authority)[0]
    framework = ObjectID(IOTA_FRAMEWORK_ADDRESS)
    kind = ProgrammableTransaction(
        (ObjectInput(ImmOrOwnedObject(coin.reference())), pure(U64, 7)),
        (
            MoveCall(framework, "coin", "value", (IOTA,), (Input(0),)),
            SplitCoins(Input(0), (Input(1),)),
            MoveCall(framework, "coin", "destroy_zero", (IOTA,), (NestedResult(1, 0),)),
        ),
    )
    # Bob inspects Alice's coin: owners do not matter here.
    answer = await ask(authority, DevInspect(unpaid(kind, BOB.address)))
    assert not answer.effects.is_success
    assert answer.commands[0].returned == (TypedValue(COIN_BALANCE.to_bytes(8, "little"), U64_TAG),)
    mutated = answer.commands[1].mutated[0]
    assert mutated.argument == Input(0)
    assert mutated.value.type_ == COIN
    assert mutated.value.contents[32:] == (COIN_BALANCE - 7).to_bytes(8, "little")
    assert len(answer.commands) == 2


async def test_dev_inspect_without_the_failing_command_succeeds() -> None:
    question = DevInspect(unpaid(SEND_100, ALICE.address))
    answer = await ask(new_authority(), question)
    assert answer.effects.is_success
    assert len(answer.commands) == len(SEND_100.commands)


async def test_dev_inspect_with_all_checks_goes_by_the_rules_and_pays_with_what_is_named() -> None:
    authority = new_authority()
    coin = coins_of(ALICE, authority)[0]
    value = MoveCall(IOTA_FRAMEWORK_ADDRESS, "coin", "value", (IOTA,), (Input(0),))
    kind = ProgrammableTransaction((ObjectInput(ImmOrOwnedObject(coin.reference())),), (value,))
    with pytest.raises(AuthorityError) as refused:
        await ask(authority, DevInspect(unpaid(kind, BOB.address), skip_checks=False))
    assert isinstance(refused.value.kind, UserInput)
    assert isinstance(refused.value.kind.error, IncorrectUserSignature)
    gas = GasData((coins_of(ALICE, authority)[1].reference(),), ALICE.address, REFERENCE_GAS_PRICE, BUDGET)
    paid = TransactionData(kind, ALICE.address, gas)
    answer = await ask(authority, DevInspect(paid, skip_checks=False))
    assert answer.mock_gas is None
    assert answer.effects.gas_object() is not None
    assert answer.commands[0].returned[0].contents == COIN_BALANCE.to_bytes(8, "little")


async def test_inspecting_with_a_coin_that_cannot_pay_tells_so() -> None:
    authorities = [new_authority(number) for number in range(4)]
    gas = coins_of(ALICE, authorities[0])[0]
    one_nano = (pure(U64, 1), pure(Address, ALICE.address))
    commands = (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1)))
    (response, *_) = await execute(authorities, build_transaction(ALICE, gas, one_nano, commands))
    (result,) = response.results
    assert isinstance(result, Executed)
    ((poor, _),) = result.effects.created()
    payment = GasData((poor,), ALICE.address, REFERENCE_GAS_PRICE, BUDGET)
    answer = await ask(authorities[0], DevInspect(TransactionData(SEND_100, ALICE.address, payment)))
    status = answer.effects.status
    assert isinstance(status, Failure)
    assert answer.effects.gas_used.net_gas_usage <= 1
