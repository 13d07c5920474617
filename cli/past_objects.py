"""Objects as they were, read over JSON-RPC from any node that keeps them."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

from aggregator.rpc_answers import LOSSLESS
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


class RpcObjectHistory:
    """An ObjectHistory for a thread beside the event loop in which the client lives."""

    def __init__(self, rpc: RpcClient, loop: asyncio.AbstractEventLoop) -> None:
        self._rpc = rpc
        self._loop = loop

    def latest(self, object_id: ObjectID) -> Object | None:
        """The live object or package. Raises: RpcError, ServiceUnreachable, ReplayError."""
        answer = self._call("iota_getObject", format_address(object_id), LOSSLESS)
        return _shown(answer["data"], object_id) if "data" in answer else None

    def at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version. Raises: RpcError, ServiceUnreachable, ReplayError."""
        answer = self._call("iota_tryGetPastObject", format_address(object_id), version, LOSSLESS)
        return _past_object(answer, object_id, version, version)

    def at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version.

        Raises: RpcError, ServiceUnreachable, ReplayError.
        """
        answer = self._call("iota_tryGetObjectBeforeVersion", format_address(object_id), version)
        return _past_object(answer, object_id, 0, version)

    def _call(self, method: str, *params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = asyncio.run_coroutine_threadsafe(
            self._rpc.call(method, *params), self._loop
        ).result()
        return answer


def _past_object(
    answer: dict[str, Any], object_id: ObjectID, least: SequenceNumber, most: SequenceNumber
) -> Object | None:
    if answer["status"] != "VersionFound":
        return None
    found = _shown(answer["details"], object_id)
    if not least <= found.version <= most:
        raise ReplayError(f"the node shows another version of {format_address(object_id)} than {most}")
    return found


def _shown(shown: dict[str, Any], object_id: ObjectID) -> Object:
    found = object_from_json(shown)
    if found.object_id != object_id:
        raise ReplayError(f"the node shows another object than {format_address(object_id)}")
    return found


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
