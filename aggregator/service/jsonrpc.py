"""JSON-RPC 2.0: a table of methods, and the dispatcher that reads parameters and shapes errors."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from inspect import signature
from math import isfinite
from typing import Any

from pydantic import ValidationError, validate_call

from aggregator.request_bounds import MAX_PARTS, has_many_parts
from aggregator.rpc_codes import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from aggregator.service.absent import ABSENT
from aggregator.service.answer_room import TOO_LONG
from aggregator.service.builder_api import BuilderApi
from aggregator.service.checkpoint_api import CheckpointApi
from aggregator.service.coin_api import CoinApi
from aggregator.service.core import ClientService
from aggregator.service.governance_api import GovernanceApi
from aggregator.service.move_api import MoveApi
from aggregator.service.query_api import QueryApi
from aggregator.service.read_api import ReadApi
from aggregator.service.rpc_error import to_rpc_error
from aggregator.service.simulation_api import SimulationApi
from aggregator.service.statistics_api import StatisticsApi
from aggregator.service.write_api import WriteApi

MAX_BATCH = 100
"""Calls in one batch."""
MAX_BATCH_CHARACTERS = 16 << 20
"""Characters of the answers to a batch; calls beyond that are answered with an error."""
MOST_AT_ONCE = 10
"""Calls of a batch that are answered side by side; transactions are all sent at once."""
EXECUTE = "iota_executeTransactionBlock"

_OPEN_RPC = {"openrpc": "1.2.6", "info": {"title": "IOTA JSON-RPC", "version": "0.8.0-alpha"}}
"""The OpenRPC document whose methods these are; the SDK asks for its version."""

_log = logging.getLogger(__name__)

Method = Callable[..., Awaitable[Any]]


class Apis:
    """All methods of the service by area."""

    def __init__(self, service: ClientService) -> None:
        self.service = service
        self.reads = ReadApi(service)
        self.writes = WriteApi(service, self.reads)
        self.simulations = SimulationApi(service)
        self.coins = CoinApi(service)
        self.queries = QueryApi(service, self.reads)
        self.moves = MoveApi(service)
        self.builds = BuilderApi(service)
        self.governance = GovernanceApi(service)
        self.checkpoints = CheckpointApi(service)
        self.statistics = StatisticsApi(service)

    def methods(self) -> dict[str, Method]:
        """Every method by its name in JSON-RPC; each reads its parameters from JSON."""
        table = {
            **self._node_methods(),
            **self._indexer_methods(),
            **self._builder_methods(),
            "movelite_getProgress": self.writes.get_progress,
            "movelite_getReceipt": self.reads.get_receipt,
        }
        names = sorted(table)
        table["rpc.methods"] = _constant({"methods": names})
        document = {**_OPEN_RPC, "methods": [{"name": name} for name in names]}
        table["rpc.discover"] = _constant(document)
        return {name: validate_call(method) for name, method in table.items()}

    def _node_methods(self) -> dict[str, Method]:
        reads, moves, checkpoints, governance = self.reads, self.moves, self.checkpoints, self.governance
        return {
            "iota_getObject": reads.get_object,
            "iota_multiGetObjects": reads.multi_get_objects,
            "iota_tryGetPastObject": reads.try_get_past_object,
            "iota_tryGetObjectBeforeVersion": reads.try_get_object_before_version,
            "iota_tryMultiGetPastObjects": reads.try_multi_get_past_objects,
            "iota_getTransactionBlock": reads.get_transaction_block,
            "iota_multiGetTransactionBlocks": reads.multi_get_transaction_blocks,
            "iota_getEvents": reads.get_events,
            "iota_getTotalTransactionBlocks": reads.get_total_transaction_blocks,
            "iota_isTransactionIndexedOnNode": reads.is_transaction_indexed_on_node,
            "iota_getLatestCheckpointSequenceNumber": checkpoints.get_latest_checkpoint_sequence_number,
            "iota_getCheckpoint": checkpoints.get_checkpoint,
            "iota_getCheckpoints": checkpoints.get_checkpoints,
            "iota_getChainIdentifier": governance.get_chain_identifier,
            "iota_getProtocolConfig": governance.get_protocol_config,
            EXECUTE: self.writes.execute_transaction_block,
            "iota_dryRunTransactionBlock": self.simulations.dry_run_transaction_block,
            "iota_devInspectTransactionBlock": self.simulations.dev_inspect_transaction_block,
            "iota_getNormalizedMoveModulesByPackage": moves.get_normalized_move_modules_by_package,
            "iota_getNormalizedMoveModule": moves.get_normalized_move_module,
            "iota_getNormalizedMoveStruct": moves.get_normalized_move_struct,
            "iota_getNormalizedMoveFunction": moves.get_normalized_move_function,
            "iota_getMoveFunctionArgTypes": moves.get_move_function_arg_types,
        }

    def _indexer_methods(self) -> dict[str, Method]:
        coins, queries, governance, statistics = self.coins, self.queries, self.governance, self.statistics
        return {
            "iotax_getTotalTransactions": self.reads.get_total_transaction_blocks,
            "iotax_getCoins": coins.get_coins,
            "iotax_getAllCoins": coins.get_all_coins,
            "iotax_getBalance": coins.get_balance,
            "iotax_getAllBalances": coins.get_all_balances,
            "iotax_getCoinMetadata": coins.get_coin_metadata,
            "iotax_getTotalSupply": coins.get_total_supply,
            "iotax_getOwnedObjects": queries.get_owned_objects,
            "iotax_getDynamicFields": queries.get_dynamic_fields,
            "iotax_getDynamicFieldObject": queries.get_dynamic_field_object,
            "iotax_getDynamicFieldObjectV2": queries.get_dynamic_field_object_v2,
            "iotax_queryTransactionBlocks": queries.query_transaction_blocks,
            "iotax_queryEvents": queries.query_events,
            "iotax_getReferenceGasPrice": governance.get_reference_gas_price,
            "iotax_getLatestIotaSystemState": governance.get_latest_iota_system_state,
            "iotax_getLatestIotaSystemStateV2": governance.get_latest_iota_system_state_v2,
            "iotax_getCommitteeInfo": governance.get_committee_info,
            "iotax_getStakes": governance.get_stakes,
            "iotax_getTimelockedStakes": governance.get_stakes,
            "iotax_getStakesByIds": governance.get_stakes_by_ids,
            "iotax_getTimelockedStakesByIds": governance.get_timelocked_stakes_by_ids,
            "iotax_getValidatorsApy": governance.get_validators_apy,
            "iotax_getCurrentEpoch": governance.get_current_epoch,
            "iotax_getEpochs": governance.get_epochs,
            "iotax_getEpochMetrics": governance.get_epoch_metrics,
            "iotax_getNetworkMetrics": statistics.get_network_metrics,
            "iotax_getMoveCallMetrics": statistics.get_move_call_metrics,
            "iotax_getLatestAddressMetrics": statistics.get_latest_address_metrics,
            "iotax_getCheckpointAddressMetrics": statistics.get_checkpoint_address_metrics,
            "iotax_getAllEpochAddressMetrics": statistics.get_all_epoch_address_metrics,
        }

    def _builder_methods(self) -> dict[str, Method]:
        builds = self.builds
        return {
            "unsafe_transferObject": builds.transfer_object,
            "unsafe_transferIota": builds.transfer_iota,
            "unsafe_pay": builds.pay,
            "unsafe_payIota": builds.pay_iota,
            "unsafe_payAllIota": builds.pay_all_iota,
            "unsafe_moveCall": builds.move_call,
            "unsafe_splitCoin": builds.split_coin,
            "unsafe_splitCoinEqual": builds.split_coin_equal,
            "unsafe_mergeCoins": builds.merge_coins,
            "unsafe_publish": builds.publish,
            "unsafe_batchTransaction": builds.batch_transaction,
        }


def _constant(answer: dict[str, Any]) -> Method:
    async def tell() -> dict[str, Any]:
        return answer

    return tell


class JsonRpc:
    """Answers requests of JSON-RPC 2.0."""

    def __init__(self, methods: dict[str, Method]) -> None:
        self._methods = methods
        self._nullable = {name: _nullable(method) for name, method in methods.items()}

    async def answer(self, body: bytes) -> str | None:
        """The JSON of the response to a request or batch; None if it has notifications alone.

        In ASCII: what a client is told of its own request may hold text that has no UTF-8.
        """
        try:
            request = read_json(body)
        except RpcError as error:
            return as_text(failure(None, error))
        if not isinstance(request, list):
            response = await self._one(request)
            return None if response is None else as_text(response)
        if not request or len(request) > MAX_BATCH:
            message = f"a batch has 1 to {MAX_BATCH} calls"
            return as_text(failure(None, RpcError(INVALID_REQUEST, message)))
        return await self._batch(request)

    async def _batch(self, requests: list[Any]) -> str | None:
        """The responses that there are, some after the others: each may be large while it is made."""
        turns, starts, left = asyncio.Semaphore(MOST_AT_ONCE), asyncio.Lock(), MAX_BATCH_CHARACTERS

        async def answered(request: Any) -> str | None:
            nonlocal left
            is_write = isinstance(request, dict) and request.get("method") == EXECUTE
            async with nullcontext() if is_write else turns:
                if not is_write:
                    async with starts:  # one in each turn of the loop: most wait for nothing
                        await asyncio.sleep(0)
                    if left < 0:
                        return as_text(failure(_id_of(request), RpcError(INVALID_REQUEST, TOO_LONG)))
                response = await self._one(request)
            text = None if response is None else as_text(response)
            left -= len(text or "")
            return text

        texts = [text for text in await asyncio.gather(*map(answered, requests)) if text is not None]
        return f"[{','.join(texts)}]" if texts else None

    async def call(self, name: str, params: Any) -> Any:
        """The result of a method.

        Raises: RpcError.
        """
        method = self._methods.get(name)
        if method is None:
            reason = ABSENT.get(name)
            raise RpcError(METHOD_NOT_FOUND, "Method not found" + (f": {reason}" if reason else ""))
        try:
            if isinstance(params, dict):
                return await method(**{**dict.fromkeys(self._nullable[name]), **params})
            return await method(*(params or ()))
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(str(part) for part in problem["loc"])
            message = f"Invalid params: {place}: {problem['msg'].removeprefix('Value error, ')}"
            raise RpcError(INVALID_PARAMS, message) from error
        except RpcError:
            raise
        except Exception as error:
            raise to_rpc_error(error) from error

    async def _one(self, request: Any) -> Any | None:
        if not is_request(request):
            return failure(None, RpcError(INVALID_REQUEST, "Invalid Request"))
        id_, params = request.get("id"), request.get("params")
        if not isinstance(params, list | dict | None):
            return failure(id_, RpcError(INVALID_PARAMS, "Invalid params: a list or an object"))
        try:
            result = await self.call(request["method"], params)
        except RpcError as error:
            return None if "id" not in request else failure(id_, error)
        except Exception:
            _log.exception("%s failed", request["method"])
            return failure(id_, RpcError(INTERNAL_ERROR, "Internal error"))
        return None if "id" not in request else {"jsonrpc": "2.0", "id": id_, "result": result}


def read_json(body: bytes) -> Any:
    """The value of JSON that was sent. Raises: RpcError if it is none, or has too many parts."""
    if has_many_parts(body):
        raise RpcError(INVALID_REQUEST, f"a request has at most {MAX_PARTS} parts")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, "Parse error") from error


def as_text(response: Any) -> str:
    """JSON without spaces."""
    return json.dumps(response, separators=(",", ":"))


def _id_of(request: Any) -> Any:
    return request.get("id") if is_request(request) else None


def _nullable(method: Method) -> list[str]:
    """Parameters without a default that may be null: a call with names may leave them out."""
    parameters = signature(method).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and "None" in str(one.annotation)]


def is_request(request: Any) -> bool:
    """Whether it names a method, and has an id that can be sent back."""
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        return False
    match request.get("id"):
        case float(number):
            return isfinite(number)
        case id_:
            return isinstance(id_, str | int | None)


def failure(id_: Any, error: RpcError) -> Any:
    """The response that tells an error."""
    shown = {"code": error.code, "message": error.message}
    if error.data is not None:
        shown["data"] = error.data
    return {"jsonrpc": "2.0", "id": id_, "error": shown}
