"""Objects whose digests effects name: one authority that shows them is enough, and cannot lie."""

from __future__ import annotations

from dataclasses import replace

from aggregator.ledger_reader import LedgerReader
from proto.messages import ObjectFound, ObjectInfoResponse, ObjectUnknown
from proto.object import Object, ObjectRef
from tests.support.network import Network


def poorer(value: Object) -> Object:
    """The same object at the same version, with another digest."""
    return replace(value, storage_rebate=value.storage_rebate + 1)


def asked_of(network: Network) -> list[int]:
    """How often each authority was asked."""
    return [len(switch.calls) for switch in network.switches]


async def read(network: Network, *references: ObjectRef) -> dict[ObjectRef, Object]:
    return await LedgerReader(network.aggregator()).named(references)


async def test_one_authority_is_enough() -> None:
    network = Network()
    first, second = network.coins[:2]
    found = await read(network, first.reference(), second.reference())
    assert found == {first.reference(): first, second.reference(): second}
    assert asked_of(network) == [1, 0, 0, 0]


async def test_nobody_is_asked_for_nothing() -> None:
    network = Network()
    assert await read(network) == {}
    assert asked_of(network) == [0, 0, 0, 0]


async def test_the_others_are_asked_for_what_it_does_not_have_or_when_it_is_not_there() -> None:
    coin = Network().coins[0]
    behind, silent = Network(), Network()
    behind.switches[0].corrupt["handle_object_info"] = lambda _: ObjectInfoResponse(
        (ObjectUnknown(coin.object_id, None),)
    )
    silent.switches[0].is_on = False
    for network in (behind, silent):
        assert await read(network, coin.reference()) == {coin.reference(): coin}


async def test_who_shows_another_object_of_that_version_is_named_and_left_out() -> None:
    network = Network()
    coin = network.coins[0]
    network.switches[0].corrupt["handle_object_info"] = lambda _: ObjectInfoResponse(
        (ObjectFound(poorer(coin), None),)
    )
    aggregator = network.aggregator()
    assert await LedgerReader(aggregator).named([coin.reference()]) == {coin.reference(): coin}
    assert [client.suspicion is not None for client in aggregator.clients.values()] == [
        True,
        False,
        False,
        False,
    ]


async def test_what_nobody_has_is_left_out() -> None:
    network = Network()
    unknown = replace(network.coins[0].reference(), version=7)
    assert await read(network, unknown) == {}
