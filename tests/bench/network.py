"""Transfers through four authorities, each a process, with the quorum driver in this one, on the same cores.

Alone: the time from submit to the effects certificate with nothing else going on, in bare gRPC round trips of
the same machine (tests/bench/echo.py): one after the other, and with a pause after each, so that nothing of
the one before it is still going on and every cache is cold. Together: transfers per second, and the CPU of an
authority for each. At half load: arrivals at random, half as many a second as went through together.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random

from aggregator.service.core import ClientService
from authority.genesis import Genesis, GenesisAccount
from cli import event_loop
from cli.network_files import GENESIS, REFERENCE_GAS_PRICE
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.ids import Address
from proto.memory import settle_memory
from proto.object import Object
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
from tests.bench.echo import round_trips
from tests.bench.report import Options, Report, quantile
from tests.support.local_network import LocalNetwork

USER = Ed25519KeyPair.from_seed(b"b" * 32)
USER_ADDRESS = address_of(SignatureScheme.ED25519, USER.public_key)
BALANCE = 10**10
_RECIPIENT = Address(b"\x07" * 32)

WARM_UP = 200
ALONE = 150
TOGETHER = 3000
HALF_LOAD = 1500
ROUND_TRIPS = 400
PAUSE_SECONDS = 0.02
"""Between transfers, and between the round trips that they are compared with."""
ROUND_TRIP_BYTES = 500

Submit = Callable[[SenderSignedData], Awaitable[object]]


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("Four authorities and the quorum driver, all on this machine")
    event_loop.run(_run(report, options))


async def _run(report: Report, options: Options) -> None:
    warm_up, alone = options.size(WARM_UP, 3), options.size(ALONE, 2)
    together, half_load = options.size(TOGETHER, 5), options.size(HALF_LOAD, 5)
    count = warm_up + 2 * alone + together + half_load
    with tempfile.TemporaryDirectory(prefix="movelite-bench-") as folder:
        account = GenesisAccount(USER_ADDRESS, (BALANCE,) * (2 * count))
        network = LocalNetwork(Path(folder) / "network", accounts=[account])
        try:
            await network.start_authorities()
            await network.wait_until_ready(network.names)
            report.progress("signing transfers")
            transfers = iter(transfers_of(network, count))
            service = ClientService.connect(network.network)
            submit = service.driver.submit
            await asyncio.gather(*(submit(next(transfers)) for _ in range(warm_up)))
            settle_memory()  # as `movelite service run` does
            for pause in (0.0, PAUSE_SECONDS):
                await _alone(report, submit, [next(transfers) for _ in range(alone)], options, pause)
            rate = await _together(report, network, submit, [next(transfers) for _ in range(together)])
            await _half_load(report, submit, list(transfers), rate / 2)
            await service.close()
        finally:
            network.close()


async def _alone(
    report: Report, submit: Submit, transfers: Sequence[SenderSignedData], options: Options, pause: float
) -> None:
    """Round trips before and after the transfers, so that both meet the same machine."""
    way, key = ("pauses between", "_paused") if pause else ("one after the other", "")
    report.progress(f"one transfer at a time, {way}")
    trips, count = [], options.size(ROUND_TRIPS // 2, 2)
    trips += await round_trips(count, bytes(ROUND_TRIP_BYTES), pause)
    samples = []
    for transfer in transfers:
        begin = time.perf_counter()
        await submit(transfer)
        samples.append(time.perf_counter() - begin)
        if pause:
            await asyncio.sleep(pause)
    trips += await round_trips(count, bytes(ROUND_TRIP_BYTES), pause)
    latency, trip = statistics.median(samples), statistics.median(trips)
    text = f"one transfer alone, submit to effects certificate (median), {way}"
    report.add(f"network_latency{key}_ms", latency * 1000, "ms", text)
    text = f"a bare gRPC round trip of 500 bytes (median), {way}"
    report.add(f"rpc_round_trip{key}_ms", trip * 1000, "ms", text)
    text = f"latency of one transfer alone, {way}"
    report.add(f"latency_vs_rpc_round_trip{key}", latency / trip, "round trips", text)


async def _together(
    report: Report, network: LocalNetwork, submit: Submit, transfers: Sequence[SenderSignedData]
) -> float:
    """All at once. Returns: transfers per second."""
    report.progress(f"{len(transfers)} transfers together")
    before, begin = network.cpu_seconds(), time.perf_counter()
    await asyncio.gather(*map(submit, transfers))
    rate = len(transfers) / (time.perf_counter() - begin)
    spent = [end - start for start, end in zip(before, network.cpu_seconds(), strict=True)]
    each = statistics.median(spent) / len(transfers)
    report.add("network_transfers_per_second", rate, "1/s", "certified transfers, all together")
    report.add("network_authority_cpu_us", each * 1e6, "µs CPU", "one authority, each transfer")
    report.add("network_transfers_per_core", 1 / each, "1/s", "certified transfers per authority core")
    return rate


async def _half_load(
    report: Report, submit: Submit, transfers: Sequence[SenderSignedData], rate: float
) -> None:
    """Latencies from when a transfer was due, with exponential times between them."""
    report.progress(f"{len(transfers)} transfers at half load")
    random, samples = Random(6), []
    clock = time.perf_counter

    async def send(transfer: SenderSignedData, due: float) -> None:
        await submit(transfer)
        samples.append(clock() - due)

    sending, due = [], clock()
    for transfer in transfers:
        due += random.expovariate(rate)
        await asyncio.sleep(due - clock())
        sending.append(asyncio.create_task(send(transfer, due)))
    await asyncio.gather(*sending)
    report.add("half_load_per_second", rate, "1/s", "half load: transfers offered")
    report.add("half_load_p50_ms", quantile(samples, 0.5) * 1000, "ms", "half load: latency, median")
    report.add(
        "half_load_p99_ms", quantile(samples, 0.99) * 1000, "ms", "half load: latency, 99th percentile"
    )


def transfers_of(network: LocalNetwork, count: int) -> list[SenderSignedData]:
    """Signed transfers of the user's coins, each with a gas coin of its own."""
    genesis = Genesis.load(network.folder / GENESIS)
    coins = [value for value in genesis.objects if value.coin_value == BALANCE]
    return [_transfer(coin, gas) for coin, gas in zip(coins[:count], coins[count : 2 * count], strict=True)]


def _transfer(coin: Object, gas: Object) -> SenderSignedData:
    inputs = (ObjectInput(ImmOrOwnedObject(coin.reference())), pure(Address, _RECIPIENT))
    kind = ProgrammableTransaction(inputs, (TransferObjects((Input(0),), Input(1)),))
    gas_data = GasData((gas.reference(),), USER_ADDRESS, REFERENCE_GAS_PRICE, 5_000_000)
    return signed_transaction(TransactionData(kind, USER_ADDRESS, gas_data), USER)
