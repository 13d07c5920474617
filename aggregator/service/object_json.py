"""Objects in IOTA's JSON.

Source: iota-json-rpc-types, iota_object.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from aggregator.service.answer_room import show
from aggregator.service.move_layout import UnreadableValue, render_typed
from aggregator.service.move_values import TypeCatalog
from movelite.bytecode.disassembler import DisassemblerOptions, TextTooLong, disassemble
from movelite.bytecode.reader import deserialize_module
from proto.ids import OBJECT_DIGEST_DELETED, OBJECT_DIGEST_WRAPPED, format_address, format_digest
from proto.messages import ObjectFound, ObjectGone, ObjectInfo
from proto.object import (
    AddressOwner,
    Immutable,
    MoveObject,
    MovePackage,
    Object,
    ObjectOwner,
    ObjectRef,
    Owner,
    Shared,
)
from proto.type_tag import format_type_tag

Json = dict[str, Any]

MOST_TYPE_TEXT = 2_000_000
"""Characters of types in the text of a package, each of its modules with an equal share: a third of a second.
Of the framework's 64 modules none has more than 16,000."""


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


MOST_NAMES = 100
"""Names in a JSON object of a request; honest ones have ten at most."""


class CamelModel(BaseModel):
    """A JSON object with camelCase names; unknown ones are refused."""

    model_config = ConfigDict(alias_generator=_camel, populate_by_name=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_count(cls, given: Any) -> Any:
        """Refuse at once what would have an error for each name."""
        if isinstance(given, dict) and len(given) > MOST_NAMES:
            raise ValueError(f"at most {MOST_NAMES} names")
        return given


class ObjectOptions(CamelModel):
    """What to show of an object."""

    show_type: bool = False
    show_owner: bool = False
    show_previous_transaction: bool = False
    show_display: bool = False
    show_content: bool = False
    show_bcs: bool = False
    show_storage_rebate: bool = False


def owner_json(owner: Owner) -> Any:
    """An owner."""
    match owner:
        case AddressOwner(address):
            return {"AddressOwner": format_address(address)}
        case ObjectOwner(address):
            return {"ObjectOwner": format_address(address)}
        case Shared(version):
            return {"Shared": {"initial_shared_version": version}}
        case Immutable():
            return "Immutable"


def reference_json(reference: ObjectRef) -> Json:
    """A reference as effects and gas payments show it: the version is a number."""
    return {
        "objectId": format_address(reference.object_id),
        "version": reference.version,
        "digest": format_digest(reference.digest),
    }


def type_text(value: Object) -> str:
    """The type of an object, `package` for packages."""
    tag = value.struct_tag
    return "package" if tag is None else format_type_tag(tag)


async def object_json(value: Object, options: ObjectOptions, catalog: TypeCatalog) -> Json:
    """The data of an object as far as options ask for it."""
    data: Json = {
        "objectId": format_address(value.object_id),
        "version": str(value.version),
        "digest": format_digest(value.digest()),
    }
    if options.show_type:
        data["type"] = type_text(value)
    if options.show_owner:
        data["owner"] = owner_json(value.owner)
    if options.show_previous_transaction:
        data["previousTransaction"] = format_digest(value.previous_transaction)
    if options.show_storage_rebate:
        data["storageRebate"] = str(value.storage_rebate)
    if options.show_content:
        data["content"] = await _content(value, catalog)
    if options.show_bcs:
        data["bcs"] = _raw(value)
    return data


async def _content(value: Object, catalog: TypeCatalog) -> Json:
    match value.data:
        case MoveObject() as move:
            layout = await catalog.layout(move.struct_tag)
            shown = await show(len(move.contents), render_typed, layout, move.contents)
            return {"dataType": "moveObject", **shown}
        case MovePackage() as package:
            modules = sorted(package.module_map.items())
            room = MOST_TYPE_TEXT // max(1, len(modules))
            disassembled = {name: await show(len(code), _disassembled, code, room) for name, code in modules}
            return {"dataType": "package", "disassembled": disassembled}


def _disassembled(code: bytes, room: int) -> str:
    try:
        return disassemble(deserialize_module(code), options=DisassemblerOptions(most_type_text=room))
    except TextTooLong:
        return f"// The types of this module have more than {room} characters."


def _raw(value: Object) -> Json:
    match value.data:
        case MoveObject() as move:
            return {
                "dataType": "moveObject",
                "type": format_type_tag(move.struct_tag),
                "version": move.version,
                "bcsBytes": b64encode(move.contents).decode(),
            }
        case MovePackage() as package:
            return {
                "dataType": "package",
                "id": format_address(package.id),
                "version": package.version,
                "moduleMap": {
                    name: b64encode(code).decode() for name, code in sorted(package.module_map.items())
                },
                "typeOriginTable": [
                    {
                        "module_name": origin.module_name,
                        "datatype_name": origin.datatype_name,
                        "package": format_address(origin.package),
                    }
                    for origin in package.type_origin_table
                ],
                "linkageTable": {
                    format_address(id_): {
                        "upgraded_id": format_address(info.upgraded_id),
                        "upgraded_version": info.upgraded_version,
                    }
                    for id_, info in sorted(package.linkage_table.items())
                },
            }


async def object_response(info: ObjectInfo, options: ObjectOptions, catalog: TypeCatalog) -> Json:
    """The answer to a question for the latest version."""
    match info:
        case ObjectFound(value):
            try:
                return {"data": await object_json(value, options, catalog)}
            except UnreadableValue as error:
                return {"error": {"code": "display", "error": str(error)}}
        case ObjectGone(object_id, version, wrapped):
            return {
                "error": {
                    "code": "deleted",
                    "object_id": format_address(object_id),
                    "version": version,
                    "digest": format_digest(OBJECT_DIGEST_WRAPPED if wrapped else OBJECT_DIGEST_DELETED),
                }
            }
        case _:
            return {"error": {"code": "notExists", "object_id": format_address(info.object_id)}}


async def past_object_response(
    info: ObjectInfo, version: int, options: ObjectOptions, catalog: TypeCatalog
) -> Json:
    """The answer to a question for one version."""
    match info:
        case ObjectFound(value):
            return {"status": "VersionFound", "details": await object_json(value, options, catalog)}
        case ObjectGone(object_id, gone, wrapped):
            digest = OBJECT_DIGEST_WRAPPED if wrapped else OBJECT_DIGEST_DELETED
            return {"status": "ObjectDeleted", "details": reference_json(ObjectRef(object_id, gone, digest))}
        case _:
            shown_id = format_address(info.object_id)
            if info.latest_version is None:
                return {"status": "ObjectNotExists", "details": shown_id}
            if version > info.latest_version:
                details = {
                    "object_id": shown_id,
                    "asked_version": version,
                    "latest_version": info.latest_version,
                }
                return {"status": "VersionTooHigh", "details": details}
            return {"status": "VersionNotFound", "details": [shown_id, version]}
