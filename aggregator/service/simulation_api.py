"""What transactions would do: iota_dryRunTransactionBlock and iota_devInspectTransactionBlock.

Source: iota-json-rpc-types, iota_transaction (DryRunTransactionBlockResponse, DevInspectResults).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from aggregator.rpc_codes import RpcError
from aggregator.service.answer_room import MOST_CHARACTERS, AnswerRoom
from aggregator.service.changes import ChangedObjects, balance_changes, object_changes
from aggregator.service.core import ClientService
from aggregator.service.object_json import CamelModel, Json
from aggregator.service.parameters import MOST_LISTED, AddressParam, Base64Param, ObjectRefParam, U64Param
from aggregator.service.rpc_error import invalid_params
from aggregator.service.transaction_json import (
    argument_json,
    effects_json,
    events_json,
    transaction_data_json,
)
from proto import bcs
from proto.bcs import BcsError
from proto.effects import TransactionEffects
from proto.ids import Digest
from proto.object import ObjectRef
from proto.protocol_config import PROTOCOL_CONFIG
from proto.simulation import CommandOutcome, DevInspect, DryRun, SimulationResponse, TypedValue
from proto.transaction import GasData, ProgrammableTransaction, TransactionData, TransactionKind
from proto.type_tag import format_type_tag


class DevInspectArguments(CamelModel):
    """Further arguments of dev-inspect."""

    gas_sponsor: AddressParam | None = None
    gas_budget: U64Param | None = None
    gas_objects: Annotated[list[ObjectRefParam], MOST_LISTED] | None = None
    skip_checks: bool | None = None
    show_raw_txn_data_and_effects: bool | None = None


class SimulationApi:
    """Asks the authorities for effects; more than a third of the stake must say the same."""

    def __init__(self, service: ClientService) -> None:
        self._service = service

    async def dry_run_transaction_block(self, tx_bytes: Base64Param) -> Json:
        """What a transaction (BCS of TransactionData) would do; without gas coins one is made up."""
        data: TransactionData = _decode(TransactionData, tx_bytes)
        found = await self._service.reader.simulate(DryRun(data))
        changed = await ChangedObjects.of_simulation(found, self._service.reader)
        shown: Json = {
            "effects": effects_json(found.effects),
            "events": await self._events(found),
            "objectChanges": object_changes(found.effects, data.sender, changed),
            "balanceChanges": balance_changes(found.effects, changed.without(found.mock_gas)),
            "input": await transaction_data_json(data, self._service.catalog),
        }
        if found.error is not None:
            shown["executionErrorSource"] = found.error
        return shown

    async def dev_inspect_transaction_block(
        self,
        sender_address: AddressParam,
        tx_bytes: Base64Param,
        gas_price: U64Param | None = None,
        epoch: U64Param | None = None,
        additional_args: DevInspectArguments | None = None,
    ) -> Json:
        """What commands (BCS of TransactionKind) would do and return, by no rules of ownership unless asked.

        The epoch is always the current one, as in IOTA.
        """
        more = additional_args or DevInspectArguments()
        kind = _decode(TransactionKind, tx_bytes)
        if not isinstance(kind, ProgrammableTransaction):
            raise invalid_params("only programmable transactions can be inspected")
        price = gas_price or (await self._service.health()).reference_gas_price
        payment = tuple(ObjectRef(*reference) for reference in more.gas_objects or ())
        budget = more.gas_budget or PROTOCOL_CONFIG.max_tx_gas
        gas = GasData(payment, more.gas_sponsor or sender_address, price, budget)
        inspected = TransactionData(kind, sender_address, gas)
        question = DevInspect(inspected, more.skip_checks is not False)
        found = await self._service.reader.simulate(question)
        shown: Json = {"effects": effects_json(found.effects), "events": await self._events(found)}
        if found.error is None:
            shown["results"] = _outcomes_json(found.commands)
        else:
            shown["error"] = found.error
        if more.show_raw_txn_data_and_effects:
            shown["rawTxnData"] = list(bcs.encode(TransactionData, inspected))
            shown["rawEffects"] = list(bcs.encode(TransactionEffects, found.effects))
        return shown

    async def _events(self, found: SimulationResponse) -> list[Json]:
        digest = Digest(found.effects.transaction_digest)
        return await events_json(found.events, digest, None, self._service.catalog)


def _decode(schema: Any, raw: bytes) -> Any:
    if len(raw) > PROTOCOL_CONFIG.max_tx_size_bytes:
        raise invalid_params(f"a transaction has at most {PROTOCOL_CONFIG.max_tx_size_bytes} bytes")
    try:
        return bcs.decode(schema, raw)
    except BcsError as error:
        raise invalid_params(f"Deserialization error: {error}") from error


def _outcomes_json(outcomes: Sequence[CommandOutcome]) -> list[Json]:
    """What each command changed and returned. Raises: RpcError if it does not fit in an answer."""
    values = [value for one in outcomes for value in (*one.returned, *(m.value for m in one.mutated))]
    if sum(len(value.contents) for value in values) > MOST_CHARACTERS // 4:  # a byte is up to four
        raise _too_much_returned()
    shown, room = [], AnswerRoom()
    for outcome in outcomes:
        shown.append(_outcome_json(outcome))
        if not room.takes(shown[-1]):
            raise _too_much_returned()
    return shown


def _too_much_returned() -> RpcError:
    return invalid_params("what these commands return does not fit in an answer")


def _outcome_json(outcome: CommandOutcome) -> Json:
    """What one command changed and returned; empty lists are left out."""
    shown: Json = {}
    if outcome.mutated:
        shown["mutableReferenceOutputs"] = [
            [argument_json(mutated.argument), *_value_json(mutated.value)] for mutated in outcome.mutated
        ]
    if outcome.returned:
        shown["returnValues"] = [_value_json(value) for value in outcome.returned]
    return shown


def _value_json(value: TypedValue) -> list[Any]:
    return [list(value.contents), format_type_tag(value.type_)]
