"""Regulated coins: who may not use a coin, as its issuer has written into the deny list.

Any coin but the gas coin may have such a list.

Setting values hold from the epoch after they were written; a transaction is refused at once, executed by the
values that its epoch began with. Source: iota-types, deny_list_v1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from authority.execution.errors import ExecutionError
from authority.execution.inputs import ObjectReader
from movelite.natives.std_natives import unprefixed_name
from proto import bcs
from proto.bcs import U64, BcsError
from proto.errors import UserInputError
from proto.execution_status import AddressDeniedForCoin, CoinTypeGlobalPause
from proto.ids import (
    DENY_LIST_ID,
    IOTA_FRAMEWORK_ADDRESS,
    Address,
    ObjectID,
    derive_dynamic_field_id,
)
from proto.object import AddressOwner, CoinType, MoveObject, MoveObjectType, Object, Owner
from proto.type_tag import StructTag, TypeTag
from proto.user_input_error import AddressDeniedForCoin as AddressDenied
from proto.user_input_error import CoinTypeGlobalPause as GlobalPause

COIN_TYPE_INDEX = 0
"""The kind of configuration that the deny list keeps for coins."""

_CONFIG_KEY = StructTag(
    IOTA_FRAMEWORK_ADDRESS,
    "dynamic_object_field",
    "Wrapper",
    (StructTag(IOTA_FRAMEWORK_ADDRESS, "deny_list", "ConfigKey"),),
)
_ADDRESS_KEY = StructTag(IOTA_FRAMEWORK_ADDRESS, "deny_list", "AddressKey")
_GLOBAL_PAUSE_KEY = StructTag(IOTA_FRAMEWORK_ADDRESS, "deny_list", "GlobalPauseKey")
_GLOBAL_PAUSE = b"\x00"


@dataclass(frozen=True, slots=True)
class _ConfigKey:
    per_type_index: U64
    per_type_key: bytes


@dataclass(frozen=True, slots=True)
class _SettingData:
    newer_value_epoch: U64
    newer_value: bool | None
    older_value: bool | None


@dataclass(frozen=True, slots=True)
class _Setting:
    data: _SettingData | None


def check_deny_list_for_signing(sender: Address, objects: Iterable[Object], reader: ObjectReader) -> None:
    """Refuse a sender that is denied a coin it brings. Raises: UserInputError."""
    moved = [value.data.type_ for value in objects if type(value.data) is MoveObject]
    found = {unprefixed_name(type_.coin_type) for type_ in moved if type(type_) is CoinType}
    for coin_type in sorted(found):
        config = _config_of(coin_type, reader)
        if config is None:
            continue
        if _is_set(config, _GLOBAL_PAUSE_KEY, _GLOBAL_PAUSE, None, reader):
            raise UserInputError(GlobalPause(coin_type))
        if _is_set(config, _ADDRESS_KEY, sender, None, reader):
            raise UserInputError(AddressDenied(sender, coin_type))


def new_coin_owners(written: Iterable[tuple[MoveObjectType | None, Owner]]) -> dict[str, set[Address]]:
    """Who owns written coins other than the gas coin's, by type."""
    owners: dict[str, set[Address]] = {}
    for type_, owner in written:
        if type(type_) is CoinType and type(owner) is AddressOwner:
            owners.setdefault(unprefixed_name(type_.coin_type), set()).add(owner.address)
    return owners


def check_deny_list_of_owners(owners: Mapping[str, set[Address]], epoch: int, reader: ObjectReader) -> None:
    """Fail a transaction that gives a coin to an address denied when the epoch began.

    Raises: ExecutionError.
    """
    for coin_type, config in _configs(owners, reader):
        if _is_set(config, _GLOBAL_PAUSE_KEY, _GLOBAL_PAUSE, epoch, reader):
            raise ExecutionError(CoinTypeGlobalPause(coin_type))
        for owner in sorted(owners[coin_type]):
            if _is_set(config, _ADDRESS_KEY, owner, epoch, reader):
                raise ExecutionError(AddressDeniedForCoin(owner, coin_type))


def _configs(owners: Mapping[str, set[Address]], reader: ObjectReader) -> Iterator[tuple[str, ObjectID]]:
    for coin_type in sorted(owners):
        config = _config_of(coin_type, reader)
        if config is not None:
            yield coin_type, config


def _config_of(coin_type: str, reader: ObjectReader) -> ObjectID | None:
    """The object that holds the settings of a coin."""
    key = bcs.encode(_ConfigKey, _ConfigKey(COIN_TYPE_INDEX, coin_type.encode()))
    value = _dynamic_field(DENY_LIST_ID, _CONFIG_KEY, key, reader)
    return None if value is None else ObjectID(Address(value))


def _is_set(config: ObjectID, key_type: TypeTag, key: bytes, epoch: int | None, reader: ObjectReader) -> bool:
    """A setting: as it was when epoch began, or without one as it is now."""
    value = _dynamic_field(config, key_type, key, reader)
    if value is None:
        return False
    try:
        setting = bcs.decode(_Setting, value).data
    except BcsError:
        return False
    if setting is None:
        return False
    is_newer = epoch is None or setting.newer_value_epoch < epoch
    return bool(setting.newer_value if is_newer else setting.older_value)


def _dynamic_field(parent: ObjectID, key_type: TypeTag, key: bytes, reader: ObjectReader) -> bytes | None:
    """BCS of the value of a dynamic field."""
    field_id = derive_dynamic_field_id(Address(parent), bcs.encode(TypeTag, key_type), key)
    found = reader.get_object(field_id)
    data = None if found is None else found.data
    return data.contents[len(field_id) + len(key) :] if isinstance(data, MoveObject) else None
