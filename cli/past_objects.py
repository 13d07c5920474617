"""Objects as they were, read over JSON-RPC from any node that keeps them."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

from aggregator.rpc_client import RpcClient
from authority.replay import ReplayError
from cli.wallet import owner_of
from proto.ids import ObjectID, SequenceNumber, format_address, parse_address, parse_digest
from proto.object import (
    MoveObject,
    MovePackage,
    Object,
    ObjectData,
    TypeOrigin,
    UpgradeInfo,
    compress_type,
)
from proto.type_tag import parse_struct_tag

_LOSSLESS = {"showOwner": True, "showPreviousTransaction": True, "showBcs": True, "showStorageRebate": True}


class RpcObjectHistory:
    """An ObjectHistory for a thread beside the event loop in which the client lives."""

    def __init__(self, rpc: RpcClient, loop: asyncio.AbstractEventLoop) -> None:
        self._rpc = rpc
        self._loop = loop

    def latest(self, object_id: ObjectID) -> Object | None:
        """The live object or package. Raises: RpcError, ReplayError."""
        answer = self._call("iota_getObject", format_address(object_id), _LOSSLESS)
        return object_from_json(answer["data"]) if "data" in answer else None

    def at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version. Raises: RpcError, ReplayError."""
        answer = self._call("iota_tryGetPastObject", format_address(object_id), version, _LOSSLESS)
        return _past_object(answer)

    def at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version. Raises: RpcError, ReplayError."""
        answer = self._call("iota_tryGetObjectBeforeVersion", format_address(object_id), version)
        return _past_object(answer)

    def _call(self, method: str, *params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = asyncio.run_coroutine_threadsafe(
            self._rpc.call(method, *params), self._loop
        ).result()
        return answer


def _past_object(answer: dict[str, Any]) -> Object | None:
    return object_from_json(answer["details"]) if answer.get("status") == "VersionFound" else None


def object_from_json(shown: dict[str, Any]) -> Object:
    """An object from its lossless JSON. Raises: ReplayError if that is not the object of its own digest."""
    found = Object(
        _data(shown["bcs"]),
        owner_of(shown["owner"]),
        parse_digest(shown["previousTransaction"]),
        int(shown["storageRebate"]),
    )
    if found.digest() != parse_digest(shown["digest"]):
        raise ReplayError(f"the node shows object {shown['objectId']} other than it is by its digest")
    return found


def _data(raw: dict[str, Any]) -> ObjectData:
    if raw["dataType"] == "moveObject":
        type_ = compress_type(parse_struct_tag(raw["type"]))
        return MoveObject(type_, int(raw["version"]), b64decode(raw["bcsBytes"]))
    origins = [
        TypeOrigin(origin["module_name"], origin["datatype_name"], parse_address(origin["package"]))
        for origin in raw["typeOriginTable"]
    ]
    linkage = {
        parse_address(id_): UpgradeInfo(parse_address(info["upgraded_id"]), int(info["upgraded_version"]))
        for id_, info in raw["linkageTable"].items()
    }
    modules = {name: b64decode(code) for name, code in raw["moduleMap"].items()}
    return MovePackage(parse_address(raw["id"]), int(raw["version"]), modules, tuple(origins), linkage)
