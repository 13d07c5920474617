"""Certified transfers through four authorities, each a process, with the quorum driver in this one.

One at a time: the time from submit to a receipt, beside a bare round trip to one authority. In batches:
transfers per second, all processes sharing the machine, and the CPU that one authority spends on each.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from aggregator.service.core import ClientService
from authority.genesis import Genesis, GenesisAccount
from cli.network_files import GENESIS, REFERENCE_GAS_PRICE
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.ids import Address
from proto.messages import HealthRequest
from proto.object import Object
from proto.rpc.client import GrpcAuthorityClient
from proto.transaction import (
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.user_signature import signed_transaction
from tests.bench.report import Report
from tests.support.local_network import LocalNetwork

_USER = Ed25519KeyPair.from_seed(b"b" * 32)
_ADDRESS = address_of(SignatureScheme.ED25519, _USER.public_key)
_BALANCE = 10**10

WARM_UP = 50
SINGLES = 100
TOGETHER = 2000
ROUND_TRIPS = 200


def run(report: Report) -> None:
    """All figures of this file."""
    asyncio.run(_run(report))


async def _run(report: Report) -> None:
    count = WARM_UP + SINGLES + TOGETHER
    with tempfile.TemporaryDirectory(prefix="movelite-bench-") as folder:
        account = GenesisAccount(_ADDRESS, (_BALANCE,) * (2 * count))
        network = LocalNetwork(Path(folder) / "network", accounts=[account])
        try:
            await network.start_authorities()
            transfers = _transfers(network, count)
            await _measure(report, network, transfers)
        finally:
            network.close()


async def _measure(report: Report, network: LocalNetwork, transfers: list[SenderSignedData]) -> None:
    service = ClientService.connect(network.network)
    submit = service.driver.submit
    await asyncio.gather(*map(submit, transfers[:WARM_UP]))
    round_trip = await _round_trip_seconds(network)
    singles = []
    for transfer in transfers[WARM_UP : WARM_UP + SINGLES]:
        begin = time.perf_counter()
        await submit(transfer)
        singles.append(time.perf_counter() - begin)
    latency = statistics.median(singles)
    cpu = network.cpu_seconds()
    begin = time.perf_counter()
    await asyncio.gather(*map(submit, transfers[WARM_UP + SINGLES :]))
    wall = time.perf_counter() - begin
    spent = [after - before for before, after in zip(cpu, network.cpu_seconds(), strict=True)]
    await service.close()

    report.add("network_latency_ms", latency * 1000, "ms", "one transfer alone, submit to receipt (median)")
    report.add("rpc_round_trip_ms", round_trip * 1000, "ms", "a bare gRPC round trip (median)")
    text = "latency of one transfer, in round trips"
    report.add("latency_vs_rpc_round_trip", latency / round_trip, "times", text)
    text = "certified transfers through four authorities, together"
    report.add("network_transfers_per_second", TOGETHER / wall, "1/s", text)
    text = "CPU of one authority per transfer, through the network"
    report.add("network_authority_cpu_us", statistics.median(spent) / TOGETHER * 1e6, "µs", text)


async def _round_trip_seconds(network: LocalNetwork) -> float:
    client = GrpcAuthorityClient(network.network.members[0].address)
    samples = []
    for _ in range(ROUND_TRIPS):
        begin = time.perf_counter()
        await client.handle_health(HealthRequest())
        samples.append(time.perf_counter() - begin)
    await client.close()
    return statistics.median(samples)


def _transfers(network: LocalNetwork, count: int) -> list[SenderSignedData]:
    genesis = Genesis.load(network.folder / GENESIS)
    coins = [value for value in genesis.objects if value.coin_value == _BALANCE]
    return [_transfer(coin, gas) for coin, gas in zip(coins[:count], coins[count:], strict=True)]


def _transfer(coin: Object, gas: Object) -> SenderSignedData:
    inputs = (ObjectInput(ImmOrOwnedObject(coin.reference())), pure(Address, Address(b"\x07" * 32)))
    kind = ProgrammableTransaction(inputs, (TransferObjects((Input(0),), Input(1)),))
    gas_data = GasData((gas.reference(),), _ADDRESS, REFERENCE_GAS_PRICE, 5_000_000)
    return signed_transaction(TransactionData(kind, _ADDRESS, gas_data), _USER)
