"""Coins and balances: the coin methods of iotax."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aggregator.rpc_codes import TRANSIENT_ERROR, RpcError
from aggregator.service.core import ClientService
from aggregator.service.move_layout import render_plain
from aggregator.service.object_json import Json
from aggregator.service.object_pages import MOST_LOOKED_AT, object_page
from aggregator.service.parameters import AddressParam, StructParam, TypeParam, page_size
from aggregator.service.rpc_error import invalid_params
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, format_address, format_digest
from proto.messages import ObjectFound
from proto.object import IOTA_COIN_TYPE, MoveObject, Object
from proto.type_tag import StructTag, TypeTag, format_type_tag

MOST_WAITING = 16
"""Large accounts that may be counted at the same time, in turns."""

_IOTA_METADATA: Json = {
    "decimals": 9,
    "name": "IOTA",
    "symbol": "IOTA",
    "description": "The main (gas)token of the IOTA Network.",
    "iconUrl": "https://iota.org/logo.png",
    "id": None,
}


class CoinApi:
    """Reads of coins."""

    def __init__(self, service: ClientService) -> None:
        self._service = service
        self._one_large_account = asyncio.Lock()
        self._large_accounts = 0

    async def get_coins(
        self,
        owner: AddressParam,
        coin_type: TypeParam | None = None,
        cursor: AddressParam | None = None,
        limit: int | None = None,
    ) -> Json:
        """Coins of one type (IOTA if none is named), page by page."""
        return await self._page(owner, coin_type or IOTA_COIN_TYPE, cursor, limit)

    async def get_all_coins(
        self, owner: AddressParam, cursor: AddressParam | None = None, limit: int | None = None
    ) -> Json:
        """Coins of every type, page by page."""
        return await self._page(owner, None, cursor, limit)

    async def get_balance(self, owner: AddressParam, coin_type: TypeParam | None = None) -> Json:
        """Sum of the coins of one type."""
        wanted = coin_type or IOTA_COIN_TYPE
        balances = await self._balances(owner)
        count, total = balances.get(format_type_tag(wanted), (0, 0))
        return _balance_json(format_type_tag(wanted), count, total)

    async def get_all_balances(self, owner: AddressParam) -> list[Json]:
        """Sums of the coins of each type."""
        balances = await self._balances(owner)
        return [_balance_json(text, count, total) for text, (count, total) in sorted(balances.items())]

    async def get_coin_metadata(self, coin_type: StructParam) -> Json | None:
        """Name, symbol and decimals of a coin; None if nobody described it."""
        if coin_type == IOTA_COIN_TYPE:
            return dict(_IOTA_METADATA)
        value = await self._made_at_publishing(coin_type, "CoinMetadata")
        if value is None or not isinstance(value.data, MoveObject):
            return None
        layout = await self._service.catalog.layout(value.data.struct_tag)
        fields = render_plain(layout, value.data.contents)
        return {
            "decimals": fields["decimals"],
            "name": fields["name"],
            "symbol": fields["symbol"],
            "description": fields["description"],
            "iconUrl": fields["icon_url"],
            "id": format_address(value.object_id),
        }

    async def get_total_supply(self, coin_type: StructParam) -> Json:
        """How much of a coin there is, as its treasury counts.

        Of IOTA what the genesis made: fees that are burned leave its supply with the end of an epoch.
        """
        if coin_type == IOTA_COIN_TYPE:
            return {"value": str(self._service.genesis_totals().supply)}
        value = await self._made_at_publishing(coin_type, "TreasuryCap")
        if value is None or not isinstance(value.data, MoveObject):
            text = format_type_tag(coin_type)
            raise invalid_params(f"Cannot find object with type [0x2::coin::TreasuryCap<{text}>]")
        supply = int.from_bytes(value.data.contents[32:40], "little")
        return {"value": str(supply)}

    async def _page(
        self, owner: Address, coin_type: TypeTag | None, cursor: Address | None, limit: int | None
    ) -> Json:
        async def shown(value: Object) -> Json | None:
            found = value.data.coin_type if isinstance(value.data, MoveObject) else None
            return None if found is None or coin_type not in (None, found) else _coin_json(value, found)

        size = page_size(limit)
        owned = self._service.reader.owned_objects(owner, cursor, size + 1)
        return await object_page(owned, size, shown)

    async def _balances(self, owner: Address) -> dict[str, tuple[int, int]]:
        """Count and sum by type. Large accounts are counted in turns, so that no crowd of them takes
        all the time that there is, and none all the time of the others.
        """
        found: dict[str, tuple[int, int]] = {}
        objects = self._service.reader.owned_objects(owner)
        if not await _count(objects, found):
            return found
        if self._large_accounts == MOST_WAITING:
            raise RpcError(TRANSIENT_ERROR, "too many large accounts are counted already; try again later")
        self._large_accounts += 1
        try:
            while True:
                async with self._one_large_account:
                    if not await _count(objects, found):
                        return found
        finally:
            self._large_accounts -= 1

    async def _made_at_publishing(self, coin_type: StructTag, name: str) -> Object | None:
        """The 0x2::coin::NAME<coin_type> that the package of a coin made when it was published."""
        package = await self._service.reader.package(coin_type.address)
        if package is None:
            return None
        published = await self._service.final_transaction(package.previous_transaction)
        if published is None:
            return None
        wanted = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", name, (coin_type,))
        for reference, _ in published.receipt.effects.created():
            info = await self._service.reader.object(reference.object_id)
            if isinstance(info, ObjectFound) and info.object.struct_tag == wanted:
                return info.object
        return None


def _coin_json(value: Object, coin_type: TypeTag) -> Json:
    return {
        "coinType": format_type_tag(coin_type),
        "coinObjectId": format_address(value.object_id),
        "version": str(value.version),
        "digest": format_digest(value.digest()),
        "balance": str(value.coin_value),
        "previousTransaction": format_digest(value.previous_transaction),
    }


async def _count(objects: AsyncIterator[Object], found: dict[str, tuple[int, int]]) -> bool:
    """Add the coins among the next objects to what is found by type; whether there may be more objects."""
    looked_at = 0
    async for value in objects:
        coin_type = value.data.coin_type if isinstance(value.data, MoveObject) else None
        if coin_type is not None and value.coin_value is not None:
            text = format_type_tag(coin_type)
            count, total = found.get(text, (0, 0))
            found[text] = (count + 1, total + value.coin_value)
        looked_at += 1
        if looked_at == MOST_LOOKED_AT:
            return True
    return False


def _balance_json(coin_type: str, count: int, total: int) -> Json:
    return {"coinType": coin_type, "coinObjectCount": count, "totalBalance": str(total)}
