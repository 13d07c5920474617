"""Queries: owned objects, dynamic fields, transactions and events by filter.

The filters are IOTA's; a condition of SQL is made of each filter on transactions and events.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aggregator.service import base58_text
from aggregator.service.answer_room import AnswerRoom, show
from aggregator.service.core import ClientService
from aggregator.service.index import EVERYTHING, Condition, both
from aggregator.service.move_layout import encode_json, render_field
from aggregator.service.object_json import CamelModel, Json, ObjectOptions, type_text
from aggregator.service.object_pages import object_page
from aggregator.service.parameters import (
    AddressParam,
    DigestParam,
    EventCursor,
    FieldName,
    page_size,
    read_u64,
)
from aggregator.service.read_api import ReadApi
from aggregator.service.rpc_error import invalid_params
from aggregator.service.transaction_json import TransactionOptions, event_json
from proto import bcs
from proto.errors import UserInputError
from proto.ids import (
    IOTA_FRAMEWORK_ADDRESS,
    Address,
    ObjectID,
    derive_dynamic_field_id,
    format_address,
    format_digest,
    parse_address,
    parse_digest,
)
from proto.messages import ObjectFound
from proto.object import AddressOwner, MoveObject, Object, ObjectOwner
from proto.type_tag import StructTag, TypeTag, format_type_tag, parse_struct_tag
from proto.user_input_error import Unsupported

MAX_FILTER_DEPTH = 8
MAX_FILTER_CHARACTERS = 8192
"""Characters of a filter as JSON. Each object of an account may be compared with each part of a filter, and
SQLite takes conditions of a thousand parts.
"""

MAX_INDEXED = 2**63 - 1
"""The largest number in SQLite."""


class ObjectQueryParam(CamelModel):
    """Which objects, and what to show of them."""

    filter: Any = None
    options: ObjectOptions | None = None


class TransactionQueryParam(CamelModel):
    """Which transactions, and what to show of them."""

    filter: Any = None
    options: TransactionOptions | None = None


class QueryApi:
    """Reads by filter."""

    def __init__(self, service: ClientService, reads: ReadApi) -> None:
        self._service = service
        self._reads = reads

    async def get_owned_objects(
        self,
        address: AddressParam,
        query: ObjectQueryParam | None = None,
        cursor: AddressParam | None = None,
        limit: int | None = None,
    ) -> Json:
        """Objects of an account, page by page."""
        query = query or ObjectQueryParam()
        matches = object_filter(query.filter)
        options = query.options or ObjectOptions()

        async def shown(value: Object) -> Json | None:
            if not matches(value):
                return None
            return await self._reads.object_response(ObjectFound(value, None), options)

        size = page_size(limit)
        owned = self._service.reader.owned_objects(address, cursor, size + 1)
        return await object_page(owned, size, shown)

    async def get_dynamic_fields(
        self, parent_object_id: AddressParam, cursor: AddressParam | None = None, limit: int | None = None
    ) -> Json:
        """Dynamic fields of an object, page by page."""
        size = page_size(limit)
        children = self._service.reader.children(parent_object_id, cursor, size + 1)
        return await object_page(children, size, self._field_json)

    async def get_dynamic_field_object(self, parent_object_id: AddressParam, name: FieldName) -> Json:
        """The object of a dynamic field, by its name."""
        return await self.get_dynamic_field_object_v2(parent_object_id, name)

    async def get_dynamic_field_object_v2(
        self, parent_object_id: AddressParam, name: FieldName, options: ObjectOptions | None = None
    ) -> Json:
        """The object of a dynamic field, by its name, with what options ask for."""
        shown = options or ObjectOptions(
            show_type=True,
            show_owner=True,
            show_content=True,
            show_previous_transaction=True,
            show_storage_rebate=True,
        )
        key = encode_json(await self._service.catalog.layout(name.type), name.value)
        wrapper = StructTag(IOTA_FRAMEWORK_ADDRESS, "dynamic_object_field", "Wrapper", (name.type,))
        for key_type in (name.type, wrapper):
            field_id = derive_dynamic_field_id(parent_object_id, bcs.encode(TypeTag, key_type), key)
            info = await self._service.reader.object(field_id)
            if not isinstance(info, ObjectFound):
                continue
            if key_type == wrapper and isinstance(info.object.data, MoveObject):
                info = await self._service.reader.object(ObjectID(Address(info.object.data.contents[-32:])))
            return await self._reads.object_response(info, shown)
        parent = format_address(parent_object_id)
        return {"error": {"code": "dynamicFieldNotFound", "parent_object_id": parent}}

    async def query_transaction_blocks(
        self,
        query: TransactionQueryParam | None = None,
        cursor: DigestParam | None = None,
        limit: int | None = None,
        descending_order: bool | None = None,
    ) -> Json:
        """Final transactions that match a filter, page by page."""
        query = query or TransactionQueryParam()
        condition = transaction_condition(query.filter)
        after = None if cursor is None else self._place(cursor)
        size, index = page_size(limit), self._service.index
        places = await index.query(condition, after, size + 1, bool(descending_order))
        options, room = query.options or TransactionOptions(), AnswerRoom()
        data: list[Json] = []
        for found in map(index.at, places[:size]):
            await asyncio.sleep(0)  # each may be a large one to read
            shown = None if found is None or room.is_full else await self._reads.response(found, options)
            if shown is None or not room.takes(shown):
                break
            data.append(shown)
            if "errors" in shown:
                room.end()
        return {
            "data": data,
            "nextCursor": data[-1]["digest"] if data else None,
            "hasNextPage": len(places) > len(data),
        }

    async def query_events(
        self,
        query: Any,
        cursor: EventCursor | None = None,
        limit: int | None = None,
        descending_order: bool | None = None,
    ) -> Json:
        """Events that match a filter, page by page."""
        after = (
            None if cursor is None else (self._place(cursor.tx_digest), min(cursor.event_seq, MAX_INDEXED))
        )
        size, index = page_size(limit), self._service.index
        condition = event_condition(query)
        places = await index.query_events(condition, after, size + 1, bool(descending_order))
        data: list[Json] = []
        room, events = AnswerRoom(), index.events_at(places[:size])
        for found, position, event in events:
            await asyncio.sleep(0)
            if room.is_full:
                break
            digest = found.receipt.effects.transaction_digest
            shown = await event_json(event, digest, position, found.timestamp_ms, self._service.catalog)
            if not room.takes(shown):
                break
            data.append(shown)
        return {
            "data": data,
            "nextCursor": data[-1]["id"] if data else None,
            "hasNextPage": len(places) > len(data),
        }

    def _place(self, digest: Any) -> int:
        sequence = self._service.index.sequence_of(digest)
        if sequence is None:
            raise invalid_params(f"the cursor {format_digest(digest)} is no transaction of this service")
        return sequence

    async def _field_json(self, field: Object) -> Json | None:
        return await dynamic_field_json(field, self._service)


async def dynamic_field_json(field: Object, service: ClientService) -> Json | None:
    """A dynamic field as lists show it; None for a child that is no field."""
    if not isinstance(field.data, MoveObject) or len(field.data.struct_tag.type_args) != 2:
        return None
    tag = field.data.struct_tag
    key_type, value_type = tag.type_args
    contents = field.data.contents
    name = await show(len(contents), render_field, await service.catalog.layout(tag), contents, "name")
    shown, object_type = field, format_type_tag(value_type)
    is_object = isinstance(key_type, StructTag) and key_type.module == "dynamic_object_field"
    if is_object and isinstance(key_type, StructTag):
        info = await service.reader.object(ObjectID(Address(field.data.contents[-32:])))
        if not isinstance(info, ObjectFound):
            return None
        key_type, name, shown = key_type.type_args[0], name["name"], info.object
        object_type = type_text(shown)
    key = encode_json(await service.catalog.layout(key_type), name)
    key_text = await show(len(key), base58_text.encode, key)
    return {
        "name": {"type": format_type_tag(key_type), "value": name},
        "bcsName": key_text,
        "type": "DynamicObject" if is_object else "DynamicField",
        "objectType": object_type,
        "objectId": format_address(shown.object_id),
        "version": shown.version,
        "digest": format_digest(shown.digest()),
    }


# ---- Filters


def _single(value: Any, what: str, depth: int = 0) -> tuple[str, Any]:
    """A filter is an object with one entry."""
    if depth == 0 and len(json.dumps(value)) > MAX_FILTER_CHARACTERS:
        raise invalid_params(f"a {what} filter has at most {MAX_FILTER_CHARACTERS} characters")
    if depth > MAX_FILTER_DEPTH:
        raise invalid_params(f"a {what} filter is nested at most {MAX_FILTER_DEPTH} deep")
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid_params(f"a {what} filter is an object with one entry, not {json.dumps(value)[:100]}")
    return next(iter(value.items()))


def _parsed(read: Callable[[str], Any], value: Any) -> Any:
    try:
        return read(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise invalid_params(str(error)) from error


def _indexed_number(value: Any) -> int:
    """A number that the index is asked for: those that it cannot hold stand for the largest that it can."""
    return min(read_u64(value), MAX_INDEXED)


def _field(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise invalid_params(f"the filter needs the field {name!r}")
    return value[name]


def _identifier(value: Any, name: str) -> str:
    """A field with the name of a module or function."""
    text = _field(value, name)
    if not isinstance(text, str) or not text.isascii():
        raise invalid_params(f"{name} is a name in Move")
    return text


def object_filter(shown: Any, depth: int = 0) -> Callable[[Object], bool]:
    """Whether an object matches IOTA's ObjectDataFilter. Raises: RpcError."""
    if shown is None:
        return lambda value: True
    kind, content = _single(shown, "object", depth)
    match kind:
        case "MatchAll" | "MatchAny" | "MatchNone":
            if not isinstance(content, list):
                raise invalid_params(f"{kind} needs a list of filters")
            inner = [object_filter(part, depth + 1) for part in content]
            if kind == "MatchAll":
                return lambda value: all(matches(value) for matches in inner)
            if kind == "MatchAny":
                return lambda value: any(matches(value) for matches in inner)
            return lambda value: not any(matches(value) for matches in inner)
        case "Package":
            package = _parsed(parse_address, content)
            return lambda value: value.struct_tag is not None and value.struct_tag.address == package
        case "MoveModule":
            place = (_parsed(parse_address, _field(content, "package")), _identifier(content, "module"))
            return lambda value: (
                value.struct_tag is not None and (value.struct_tag.address, value.struct_tag.module) == place
            )
        case "StructType":
            return _type_filter(_parsed(parse_struct_tag, content))
        case "AddressOwner":
            account = AddressOwner(_parsed(parse_address, content))
            return lambda value: value.owner == account
        case "ObjectOwner":
            parent = ObjectOwner(_parsed(parse_address, content))
            return lambda value: value.owner == parent
        case "ObjectId" | "ObjectIds":
            listed = content if isinstance(content, list) else [content]
            ids = {_parsed(parse_address, text) for text in listed}
            return lambda value: value.object_id in ids
        case "Version":
            version = _parsed(read_u64, content)
            return lambda value: value.version == version
        case _:
            raise invalid_params(f"unknown object filter {kind!r}")


def _type_filter(wanted: StructTag) -> Callable[[Object], bool]:
    """A type without arguments stands for all its instances."""

    def matches(value: Object) -> bool:
        tag = value.struct_tag
        if tag is None:
            return False
        same_name = (tag.address, tag.module, tag.name) == (wanted.address, wanted.module, wanted.name)
        return same_name and (not wanted.type_args or tag.type_args == wanted.type_args)

    return matches


def transaction_condition(shown: Any) -> Condition:
    """IOTA's TransactionFilter as a condition. Raises: RpcError."""
    if shown is None:
        return Condition("1")
    kind, content = _single(shown, "transaction")
    match kind:
        case "Checkpoint":
            return Condition("sequence = ?", (_parsed(_indexed_number, content),))
        case "MoveFunction":
            parts = [("package", _parsed(parse_address, _field(content, "package")))]
            parts += [
                (n, _identifier(content, n)) for n in ("module", "function") if content.get(n) is not None
            ]
            where = " AND ".join(f"{name} = ?" for name, _ in parts)
            values = tuple(value for _, value in parts)
            return Condition(f"sequence IN (SELECT sequence FROM calls WHERE {where})", values)
        case "InputObject":
            return _has("inputs", "object", _parsed(parse_address, content))
        case "ChangedObject":
            return _has("changed", "object", _parsed(parse_address, content))
        case "FromAddress":
            return Condition("sender = ?", (_parsed(parse_address, content),))
        case "ToAddress":
            return _has("recipients", "address", _parsed(parse_address, content))
        case "FromAndToAddress":
            sender = Condition("sender = ?", (_parsed(parse_address, _field(content, "from")),))
            recipient = _has("recipients", "address", _parsed(parse_address, _field(content, "to")))
            return both(sender, recipient)
        case "FromOrToAddress":
            address = _parsed(parse_address, _field(content, "addr"))
            sender = Condition("sender = ?", (address,))
            return both(sender, _has("recipients", "address", address), joined_by="OR")
        case "TransactionKind" | "TransactionKindIn":
            kinds = content if isinstance(content, list) else [content]
            return Condition("1" if "ProgrammableTransaction" in kinds else "0")
        case _:
            raise invalid_params(f"unknown transaction filter {kind!r}")


def transaction_subscription(shown: Any) -> Condition:
    """The filter of a subscription to transactions as a condition. Raises: RpcError."""
    kind, _ = _single(shown, "transaction")
    if kind in ("Checkpoint", "FromOrToAddress"):
        raise invalid_params(f"{kind} is not supported in subscriptions")
    return transaction_condition(shown)


def _has(table: str, column: str, value: bytes) -> Condition:
    return Condition(f"sequence IN (SELECT sequence FROM {table} WHERE {column} = ?)", (value,))


def event_condition(shown: Any, depth: int = 0) -> Condition:
    """IOTA's EventFilter as a condition. Raises: RpcError."""
    kind, content = _single(shown, "event", depth)
    match kind:
        case "All" | "Any" | "And" | "Or":
            if not isinstance(content, list):
                raise invalid_params(f"{kind} needs a list of filters")
            if not content:
                return Condition("1")
            parts = [event_condition(part, depth + 1) for part in content]
            return both(*parts, joined_by="AND" if kind in ("All", "And") else "OR")
        case "Sender":
            return Condition("sender = ?", (_parsed(parse_address, content),))
        case "Transaction":
            digest = _parsed(parse_digest, content)
            return Condition(
                "sequence = (SELECT sequence FROM transactions WHERE transactions.digest = ?)", (digest,)
            )
        case "Package":
            return Condition("package = ?", (_parsed(parse_address, content),))
        case "MoveModule" | "MoveEventModule":
            address = _parsed(parse_address, _field(content, "package"))
            columns = ("package", "module") if kind == "MoveModule" else ("type_address", "type_module")
            return Condition(
                f"{columns[0]} = ? AND {columns[1]} = ?", (address, _identifier(content, "module"))
            )
        case "MoveEventType":
            tag = _parsed(parse_struct_tag, content)
            if tag.type_args:
                return Condition("type = ?", (format_type_tag(tag),))
            named = (tag.address, tag.module, tag.name)
            return Condition("type_address = ? AND type_module = ? AND type_name = ?", named)
        case "MoveEventField":
            raise UserInputError(Unsupported("This query type is not supported by the full node."))
        case "TimeRange":
            between = [_parsed(_indexed_number, _field(content, name)) for name in ("startTime", "endTime")]
            return Condition("timestamp_ms >= ? AND timestamp_ms < ?", tuple(between))
        case _:
            raise invalid_params(f"unknown event filter {kind!r}")


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """What an event must hold at a JSON pointer; the index does not know contents of events."""

    path: str
    value: Any

    def matches(self, parsed: Any) -> bool:
        """Whether it does."""
        place = parsed
        for part in self.path.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(place, dict) and key in place:
                place = place[key]
            elif isinstance(place, list) and _is_place(key, len(place)):
                place = place[int(key)]
            else:
                return False
        return type(place) is type(self.value) and bool(place == self.value)


def _is_place(key: str, length: int) -> bool:
    """Whether text is the number of a part of a list. No int is made of thousands of digits: that raises."""
    return key.isdecimal() and len(key) <= len(str(length)) and int(key) < length


def event_subscription(shown: Any, depth: int = 0) -> tuple[Condition, tuple[FieldCondition, ...]]:
    """The filter of a subscription to events; MoveEventField stands alone or in All. Raises: RpcError."""
    kind, content = _single(shown, "event", depth)
    if kind == "MoveEventField":
        path, value = _field(content, "path"), _field(content, "value")
        if not isinstance(path, str) or path[:1] not in ("", "/"):
            raise invalid_params("path is a JSON pointer, such as /amount")
        return EVERYTHING, (FieldCondition(path, value),)
    if kind in ("All", "And") and isinstance(content, list) and content:
        parts = [event_subscription(part, depth + 1) for part in content]
        fields = tuple(one for _, found in parts for one in found)
        return both(*(condition for condition, _ in parts)), fields
    return event_condition(shown, depth), ()
