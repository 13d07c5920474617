"""Runs transactions for their effects alone: dry run and dev-inspect. Nothing is locked or stored.

Source: iota-core, authority (dry_exec_transaction, dev_inspect_transaction_block).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from authority.execution.context import ExecutionMode
from authority.execution.engine import ExecutionResult, Executor
from authority.execution.inputs import InputObjects, ObjectReader
from authority.execution.recorder import Recorder
from authority.transaction_input import check_transaction_input, load_unchecked_input
from proto.ids import Address, Digest, ObjectID, derive_object_id
from proto.object import Object, new_gas_coin
from proto.simulation import CommandOutcome, DevInspect, DryRun, SimulationRequest, SimulationResponse
from proto.transaction import TransactionData
from proto.transaction_checks import check_transaction_data

DRY_RUN_COIN_NANOS = 10**18
DEV_INSPECT_COIN_NANOS = 10**12
"""Balance of the coin that pays where the caller brings none."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a transaction would do. inputs: its objects as they are; mock_gas: the coin made up for it."""

    result: ExecutionResult
    inputs: InputObjects
    mock_gas: ObjectID | None
    command_results: tuple[CommandOutcome, ...] = ()

    def message(self) -> SimulationResponse:
        """The answer to whoever asked."""
        result = self.result
        error = result.error
        return SimulationResponse(
            effects=result.effects,
            events=result.events,
            inputs=tuple(self.inputs.objects[key] for key in sorted(self.inputs.objects)),
            written=tuple(result.written.values()),
            mock_gas=self.mock_gas,
            error=None if error is None else error.source,
            commands=self.command_results,
        )


def simulate(
    executor: Executor, reader: ObjectReader, reference_gas_price: int, request: SimulationRequest
) -> SimulationResponse:
    """What is asked for. Raises: UserInputError."""
    price = reference_gas_price
    match request.question:
        case DryRun(transaction):
            return dry_run(executor, reader, transaction, price).message()
        case DevInspect(transaction, skip_checks):
            return dev_inspect(executor, reader, transaction, price, skip_checks=skip_checks).message()


def dry_run(
    executor: Executor, reader: ObjectReader, transaction: TransactionData, reference_gas_price: int
) -> Simulation:
    """Run a transaction as it would be executed; without payment, a coin of the gas owner is made up.

    Raises: UserInputError.
    """
    check_transaction_data(transaction, executor.config, gas_required=False)
    mock = None
    digest = transaction.digest()
    if not transaction.gas_data.payment:
        mock = _mock_coin(digest, transaction.gas_data.owner, DRY_RUN_COIN_NANOS)
        transaction = _paid_by(transaction, mock)
    checked = check_transaction_input(
        transaction, reader, executor.config, reference_gas_price, given=() if mock is None else (mock,)
    )
    executor.check_modules_for_signing(transaction)
    result = executor.execute(transaction, digest, checked.inputs, reader)
    return Simulation(result, checked.inputs, None if mock is None else mock.object_id)


def dev_inspect(
    executor: Executor,
    reader: ObjectReader,
    transaction: TransactionData,
    reference_gas_price: int,
    *,
    skip_checks: bool = True,
) -> Simulation:
    """Run commands and tell what they return; without payment, a coin of the gas owner is made up.

    With skip_checks, the rules of ownership, visibility, argument values and budgets do not hold, and objects
    may be given at old versions. Raises: UserInputError.
    """
    check_transaction_data(transaction, executor.config, gas_required=False)
    digest = transaction.digest()
    mock = None
    if not transaction.gas_data.payment:
        mock = _mock_coin(digest, transaction.gas_data.owner, DEV_INSPECT_COIN_NANOS)
        transaction = _paid_by(transaction, mock)
    given = () if mock is None else (mock,)
    if skip_checks:
        inputs = load_unchecked_input(transaction, reader, given)
        coins = [inputs.objects[reference.object_id] for reference in transaction.gas_data.payment]
        balance = sum(coin.coin_value or 0 for coin in coins)
        gas = replace(transaction.gas_data, budget=min(executor.config.max_tx_gas, balance))
        transaction = replace(transaction, gas_data=gas)
    else:
        checked = check_transaction_input(
            transaction, reader, executor.config, reference_gas_price, given=given
        )
        inputs = checked.inputs
    executor.check_modules_for_signing(transaction)
    recorder = Recorder()
    mode = ExecutionMode.DEV_INSPECT if skip_checks else ExecutionMode.NORMAL
    result = executor.execute(transaction, digest, inputs, reader, mode, recorder)
    return Simulation(result, inputs, None if mock is None else mock.object_id, tuple(recorder.results))


def _mock_coin(digest: Digest, owner: Address, balance: int) -> Object:
    return new_gas_coin(derive_object_id(digest, 2**64 - 1), owner, balance)


def _paid_by(transaction: TransactionData, coin: Object) -> TransactionData:
    return replace(transaction, gas_data=replace(transaction.gas_data, payment=(coin.reference(),)))
