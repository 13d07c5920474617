"""Balance changes: who gained or spent what, in the order of the peers."""

from __future__ import annotations

from aggregator.service.changes import ChangedObjects, balance_changes
from proto.effects import GasCostSummary, TransactionEffects
from proto.execution_status import Success
from proto.ids import GENESIS_MARKER_DIGEST, Address, Digest, ObjectID, address_from_int, format_address
from proto.object import (
    IOTA_COIN_TYPE,
    AddressOwner,
    CoinType,
    MoveObject,
    Object,
    coin_contents,
    new_gas_coin,
)
from proto.type_tag import TypeTag, format_type_tag, parse_type_tag

ALICE, BOB = Address(b"\xa0" * 32), Address(b"\xb0" * 32)
EFFECTS = TransactionEffects(
    Success(), 0, GasCostSummary(0, 0, 0, 0, 0), Digest(b"t" * 32), None, None, (), 2, ()
)


def coin(number: int, coin_type: TypeTag, owner: Address, balance: int) -> Object:
    """A coin of any type."""
    object_id = ObjectID(address_from_int(number))
    if coin_type == IOTA_COIN_TYPE:
        return new_gas_coin(object_id, owner, balance)
    data = MoveObject(CoinType(coin_type), 1, coin_contents(object_id, balance))
    return Object(data, AddressOwner(owner), GENESIS_MARKER_DIGEST, 0)


def changes(before: list[Object], after: list[Object]) -> list[tuple[str, str, str]]:
    """Who, which coin and how much."""
    both = ({value.object_id: value for value in values} for values in (before, after))
    shown = balance_changes(EFFECTS, ChangedObjects(*both))
    return [(one["owner"]["AddressOwner"], one["coinType"], one["amount"]) for one in shown]


def test_coins_of_an_owner_are_ordered_by_package_and_not_by_text() -> None:
    names = ("0x2::iota::IOTA", "0x1f::a::A", "0x1f::a1::A", "0x1f::lp::LP<u8, u16>", "0x1f::lp::LP<u16, u8>")
    types = [parse_type_tag(name) for name in names]
    coins = [coin(9 - place, tag, ALICE, 5) for place, tag in enumerate(types)]
    assert [name for _, name, _ in changes([], coins)] == [format_type_tag(tag) for tag in types]


def test_what_one_owner_gives_another_gains_and_what_stays_is_not_told() -> None:
    gold = parse_type_tag("0x1f::gold::GOLD")
    before = [coin(1, IOTA_COIN_TYPE, BOB, 9), coin(2, gold, BOB, 4)]
    after = [coin(1, IOTA_COIN_TYPE, BOB, 2), coin(2, gold, BOB, 4), coin(3, IOTA_COIN_TYPE, ALICE, 7)]
    assert changes(before, after) == [
        (format_address(ALICE), "0x2::iota::IOTA", "7"),
        (format_address(BOB), "0x2::iota::IOTA", "-7"),
    ]
