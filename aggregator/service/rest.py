"""The same reads and submits as REST, documented at /docs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel

from aggregator.request_bounds import BoundedRoute
from aggregator.rpc_codes import (
    EXECUTION_CLIENT_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    TRANSIENT_ERROR,
    RpcError,
)
from aggregator.service.jsonrpc import JsonRpc

_STATUS = {INVALID_PARAMS: 400, INVALID_REQUEST: 400, EXECUTION_CLIENT_ERROR: 422, TRANSIENT_ERROR: 503}

_SHOW_OBJECT = {
    "showType": True,
    "showOwner": True,
    "showContent": True,
    "showPreviousTransaction": True,
    "showStorageRebate": True,
}
_SHOW_TRANSACTION = {
    "showInput": True,
    "showEffects": True,
    "showEvents": True,
    "showObjectChanges": True,
    "showBalanceChanges": True,
}


class SignedTransaction(BaseModel):
    """tx_bytes: Base64 of the BCS of TransactionData; signatures: Base64, each led by its flag."""

    tx_bytes: str
    signatures: list[str]


async def _call(rpc: JsonRpc, method: str, *params: Any) -> Any:
    try:
        return await rpc.call(method, list(params))
    except RpcError as error:
        detail = {"code": error.code, "message": error.message, "data": error.data}
        raise HTTPException(_STATUS.get(error.code, 500), detail) from error


async def _caller(request: Request) -> Callable[..., Awaitable[Any]]:
    """What calls a method of the service by its name."""
    return partial(_call, request.app.state.rpc)


Call = Annotated[Callable[..., Awaitable[Any]], Depends(_caller)]

routes = APIRouter(prefix="/v1", route_class=BoundedRoute)
"""For an application whose `state.rpc` has the methods of the service."""


@routes.get("/objects/{object_id}", tags=["objects"])
async def get_object(call: Call, object_id: str) -> Any:
    """An object with its content; 404 if it does not exist, or no more."""
    answer = await call("iota_getObject", object_id, _SHOW_OBJECT)
    if "error" in answer:
        raise HTTPException(404, answer["error"])
    return answer


@routes.get("/objects/{object_id}/versions/{version}", tags=["objects"])
async def get_object_version(call: Call, object_id: str, version: int) -> Any:
    """An object as it was at a version; 404 if there is no such version."""
    answer = await call("iota_tryGetPastObject", object_id, version, _SHOW_OBJECT)
    if answer["status"] != "VersionFound":
        raise HTTPException(404, answer)
    return answer


@routes.get("/objects/{object_id}/fields", tags=["objects"])
async def get_fields(call: Call, object_id: str, cursor: str | None = None, limit: int | None = None) -> Any:
    """Dynamic fields of an object."""
    return await call("iotax_getDynamicFields", object_id, cursor, limit)


@routes.get("/accounts/{address}/objects", tags=["accounts"])
async def get_owned(call: Call, address: str, cursor: str | None = None, limit: int | None = None) -> Any:
    """Objects of an account."""
    return await call("iotax_getOwnedObjects", address, {"options": _SHOW_OBJECT}, cursor, limit)


@routes.get("/accounts/{address}/balances", tags=["accounts"])
async def get_balances(call: Call, address: str) -> Any:
    """Balances of an account, by type of coin."""
    return await call("iotax_getAllBalances", address)


@routes.get("/accounts/{address}/coins", tags=["accounts"])
async def get_coins(
    call: Call,
    address: str,
    coin_type: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Any:
    """Coins of one type, IOTA if none is named."""
    return await call("iotax_getCoins", address, coin_type, cursor, limit)


@routes.get("/transactions/{digest}", tags=["transactions"])
async def get_transaction(call: Call, digest: str) -> Any:
    """A final transaction."""
    return await call("iota_getTransactionBlock", digest, _SHOW_TRANSACTION)


@routes.get("/transactions/{digest}/receipt", tags=["transactions"])
async def get_receipt(call: Call, digest: str) -> Any:
    """The proof that a transaction is final."""
    return await call("movelite_getReceipt", digest)


@routes.post("/transactions", tags=["transactions"])
async def execute(call: Call, transaction: SignedTransaction) -> Any:
    """Execute a signed transaction and wait until it is final."""
    return await call(
        "iota_executeTransactionBlock",
        transaction.tx_bytes,
        transaction.signatures,
        _SHOW_TRANSACTION,
    )


@routes.get("/packages/{package}/modules", tags=["packages"])
async def get_modules(call: Call, package: str) -> Any:
    """Interfaces of the modules of a package."""
    return await call("iota_getNormalizedMoveModulesByPackage", package)


@routes.get("/network/committee", tags=["network"])
async def get_committee(call: Call) -> Any:
    """Keys and stakes of the authorities."""
    return await call("iotax_getCommitteeInfo")


@routes.get("/network/gas-price", tags=["network"])
async def get_gas_price(call: Call) -> Any:
    """Nanos for a unit of gas."""
    return await call("iotax_getReferenceGasPrice")
